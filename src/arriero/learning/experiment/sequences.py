"""Confidence sequences: intervals that hold at every look at once.

`asymptotic` (Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas 2024, "Time-uniform central limit theory
and asymptotic confidence sequences", Annals of Statistics 52(6), Prop. 2.5) is for any mean and large
n; `proportion` (Robbins' Beta mixture, 1970) is for yes or no, exact at every n.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

BISECTIONS = 40  # 2^-40 of the searched range: far below what is printed


class Interval(NamedTuple):
    """All values that are not refuted."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Sums:
    """How many values there were, their sum, and the sum of their squares."""

    n: int = 0
    total: float = 0.0
    squares: float = 0.0

    def plus(self, value: float) -> Sums:
        return Sums(self.n + 1, self.total + value, self.squares + value * value)

    def __add__(self, other: Sums) -> Sums:
        return Sums(self.n + other.n, self.total + other.total, self.squares + other.squares)

    @property
    def mean(self) -> float:
        return self.total / self.n if self.n else 0.0

    @property
    def variance(self) -> float:
        """The sample variance; 0 for fewer than two values."""
        if self.n < 2:
            return 0.0
        return max(0.0, (self.squares - self.total * self.total / self.n) / (self.n - 1))


def margin(n: float, variance: float, alpha: float, tuned_at: float) -> float:
    """Half the width at `n` values, two-sided at level `alpha`; narrowest near `tuned_at` values."""
    if n < 2 or variance <= 0:
        return math.inf
    log = -2 * math.log(alpha)
    rho2 = (log + math.log(log) + 1) / tuned_at
    spread = n * variance * rho2 + 1
    return math.sqrt(spread / (n * n * rho2) * math.log(spread / (alpha * alpha)))


def asymptotic(sums: Sums, alpha: float, tuned_at: float) -> Interval:
    """The mean of one stream, such as of paired differences."""
    half = margin(sums.n, sums.variance, alpha, tuned_at)
    return Interval(sums.mean - half, sums.mean + half)


def difference(champion: Sums, challenger: Sums, alpha: float, tuned_at: float) -> Interval:
    """The challenger's mean less the champion's, at any split."""
    half = difference_margin(champion, challenger, alpha, tuned_at)
    effect = challenger.mean - champion.mean
    return Interval(effect - half, effect + half)


def difference_margin(champion: Sums, challenger: Sums, alpha: float, tuned_at: float) -> float:
    """Half the width of `difference`: the sequence of the inverse-probability-weighted mean."""
    if champion.n < 2 or challenger.n < 2:
        return math.inf
    n = champion.n + challenger.n
    spread = champion.variance / champion.n + challenger.variance / challenger.n
    return margin(n, n * spread, alpha, tuned_at)


def proportion(successes: float, n: int, alpha: float) -> Interval:
    """The share of successes, exact at every n: all p that a Beta(1/2, 1/2) mixture does not refute.

    `successes` may be a sum of values from 0 to 1: the sequence is then conservative.
    """
    if n == 0:
        return Interval(0.0, 1.0)
    mixed = _log_beta(0.5 + successes, 0.5 + n - successes) - _log_beta(0.5, 0.5)
    refuted = mixed + math.log(alpha)  # p is refuted when its log-likelihood is below this

    def kept(p: float) -> bool:
        return _log_likelihood(successes, n, p) >= refuted

    seen = successes / n
    low = 0.0 if kept(0.0) else edge(kept, seen, 0.0)
    high = 1.0 if kept(1.0) else edge(kept, seen, 1.0)
    return Interval(low, high)


def edge(kept: Callable[[float], bool], inside: float, outside: float) -> float:
    """Where `kept` ends on the way from `inside` to `outside`, told on the outer side."""
    for _ in range(BISECTIONS):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if kept(middle) else (inside, middle)
    return outside


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _log_likelihood(successes: float, n: int, p: float) -> float:
    failures = n - successes
    if (p <= 0 and successes > 0) or (p >= 1 and failures > 0):
        return -math.inf
    won = successes * math.log(p) if successes > 0 else 0.0
    lost = failures * math.log1p(-p) if failures > 0 else 0.0
    return won + lost
