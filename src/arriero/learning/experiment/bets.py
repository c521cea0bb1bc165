"""E-processes: bets against a hypothesis that nobody can expect to win while it is true.

A bet starts with 1 and is multiplied by a fair factor at every observation. While the hypothesis
holds, it reaches 1/alpha with probability at most alpha, over all looks together (Ville 1939;
Ramdas, Grünwald, Vovk, Shafer 2023, "Game-theoretic statistics and safe anytime-valid inference").
Each is a mixture over alternatives and so a function of counts alone. All values are logarithms.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

EFFECT = 0.60  # the paired win rate that the mixture is made for (issue: the learning loop, bars)
WEIGHT = (
    50.0  # how firmly, in pairs: Beta(30, 20), cut off at 1/2; other rates cost a few pairs more
)
STEPS = 24


def log_pairs(wins: float, losses: float) -> float:
    """Against "the challenger wins at most half of the decisive pairs".

    A Beta mixture over win rates above 1/2, on a grid: any mixture is a fair bet.
    """
    won, lost, prior = _pair_grid()
    return log_sum(
        [w + wins * up + losses * down for w, up, down in zip(prior, won, lost, strict=True)]
    )


@lru_cache(maxsize=1)
def _pair_grid() -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    rates = [0.5 + 0.5 * (step + 0.5) / STEPS for step in range(STEPS)]
    a, b = WEIGHT * EFFECT, WEIGHT * (1 - EFFECT)
    density = [(a - 1) * math.log(p) + (b - 1) * math.log(1 - p) for p in rates]
    whole = log_sum(density)
    return (
        tuple(math.log(2 * p) for p in rates),
        tuple(math.log(2 * (1 - p)) for p in rates),
        tuple(one - whole for one in density),
    )


@dataclass(frozen=True, slots=True)
class Stratum:
    """Values from 0 to 1 of units, each counted once, while the challenger had this share of units.

    `bad_*` are sums of (1 - value): for a thumb, how many were down.
    """

    share: float
    champion: int
    bad_champion: float
    challenger: int
    bad_challenger: float


ODDS = tuple(-5.5 + 0.75 * step for step in range(13))  # of a bad value: 0.4 % to 97 %
SHIFTS = (0.3, 0.6, 0.9, 1.4, 2.2, 3.5)  # of the log odds: 3 to 20 points at 30 % bad


def log_harm(strata: Sequence[Stratum]) -> float:
    """Against "the challenger's values are at least as good", exact at every n and any split.

    Each unit was given its arm at random with a known share, so a factor p_arm(y) / p(y), p being
    the mixture of both arms, is fair whatever the common rate (after Turner, Ly, Grünwald 2024,
    "Generic E-variables for exact sequential k-sample tests that allow for optional stopping").
    For values between 0 and 1 its logarithm is bounded from below, which keeps it a fair bet.
    """
    totals = [-math.log(len(ODDS) * len(SHIFTS))] * (len(ODDS) * len(SHIFTS))
    for one in strata:
        if not 0 < one.share < 1:
            continue
        good_champion = one.champion - one.bad_champion
        good_challenger = one.challenger - one.bad_challenger
        totals = [
            sofar
            + one.bad_champion * a
            + good_champion * b
            + one.bad_challenger * c
            + good_challenger * d
            for sofar, (a, b, c, d) in zip(totals, _harm_grid(one.share), strict=True)
        ]
    return log_sum(totals)


@lru_cache(maxsize=64)
def _harm_grid(share: float) -> tuple[tuple[float, float, float, float], ...]:
    grid = []
    for odds in ODDS:
        for shift in SHIFTS:
            p, q = 1 / (1 + math.exp(-odds)), 1 / (1 + math.exp(-odds - shift))
            both = (1 - share) * p + share * q
            grid.append(
                (
                    math.log(p / both),
                    math.log((1 - p) / (1 - both)),
                    math.log(q / both),
                    math.log((1 - q) / (1 - both)),
                )
            )
    return tuple(grid)


def log_mismatch(units: Sequence[tuple[float, int, int]]) -> float:
    """Against "units got the challenger with the share that was set".

    `units` has (share, units of the champion, units of the challenger), counted where first seen.
    A Beta(1/2, 1/2) mixture for each share (Lindon, Malek 2022, "Anytime-valid inference for
    multinomial count data").
    """
    total = 0.0
    for share, champion, challenger in units:
        if share <= 0 or share >= 1:
            stray = challenger if share <= 0 else champion
            if stray:
                return math.inf
            continue
        mixed = (
            math.lgamma(0.5 + champion)
            + math.lgamma(0.5 + challenger)
            - math.lgamma(1.0 + champion + challenger)
            - math.log(math.pi)
        )
        total += mixed - champion * math.log1p(-share) - challenger * math.log(share)
    return total


def log_sum(logs: Sequence[float]) -> float:
    """The logarithm of the sum of exponentials."""
    most = max(logs)
    return most + math.log(sum([math.exp(one - most) for one in logs]))
