"""Whether what is asked, or how it is answered, is no longer what it was. Pure.

A distribution drifts when the change is large (effect), not chance (p, corrected by Holm for how many
are looked at), and there at several looks in a row (persistence): each alone cries wolf. A drift is
a reason to ask people for labels and ratings, not a proof that anything got worse; quality has its own
alarm, a CUSUM.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import cbrt, exp, log, log2, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING

from arriero.core.statistics import percentile
from arriero.core.words import Run

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

BINS = 10  # deciles of the reference, as PSI is used in credit scoring
SMOOTHING = 0.5  # added to a count, so that an empty bin gives no infinity
EXPECTED = 5  # of a label on either side, as of Cochran's rule for the chi-squared
PERMUTATIONS = 1_999  # the smallest p is 0.0005: below 0.01 after Holm's correction for 20 readings
MOST = 500  # vectors of a side that are compared: a second on one core


class Method(StrEnum):
    """How a distribution is compared."""

    PSI = "psi"
    KS = "ks"
    MMD = "mmd"
    JS = "js"


@dataclass(frozen=True, slots=True)
class Sample:
    """What was seen in a span of time: labels and numbers by name, and vectors of what was asked."""

    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    numbers: Mapping[str, Sequence[float]] = field(default_factory=dict)
    vectors: Vectors | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One comparison at one look: how large the change is (in the method's own unit) and its p-value."""

    name: str
    method: Method
    effect: float
    p: float
    n: int


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on a change counts. PSI 0.2 and JS 0.1 are the usual limits of practice (Siddiqi,
    "Credit risk scorecards", 2006; Evidently's default). KS 0.2 is a normal variable's shift by half a
    standard deviation. MMD 0.005 is what 30 % of a bank's questions among 300 of the sample shop's
    make with the packaged encoder (measured: 20 % make 0.002, all 0.053).
    """

    effects: Mapping[Method, float] = field(
        default_factory=lambda: {Method.PSI: 0.2, Method.KS: 0.2, Method.MMD: 0.005, Method.JS: 0.1}
    )
    alpha: float = 0.01
    looks: int = 3
    least: int = 50


@dataclass(frozen=True, slots=True)
class Watch:
    """For how many looks in a row each comparison has been large and no chance."""

    streaks: Mapping[str, int] = field(default_factory=dict)


DEFAULT = Limits()


def look(
    watch: Watch, readings: Sequence[Reading], limits: Limits = DEFAULT
) -> tuple[Watch, tuple[Reading, ...]]:
    """The watch after this look, and the readings that are an alarm: large, no chance, and persistent."""
    surprising = holm([reading.p for reading in readings], limits.alpha)
    streaks: dict[str, int] = {}
    alarms: list[Reading] = []
    for reading, sure in zip(readings, surprising, strict=True):
        key = f"{reading.name}:{reading.method}"
        large = reading.effect >= limits.effects[reading.method]
        streaks[key] = watch.streaks.get(key, 0) + 1 if sure and large else 0
        if streaks[key] >= limits.looks:
            alarms.append(reading)
    return Watch(streaks), tuple(alarms)


def readings(
    before: Sample, now: Sample, *, seed: int, limits: Limits = DEFAULT
) -> tuple[Reading, ...]:
    """Every comparison that both sides have enough of; fewer than `limits.least` of a side say nothing."""
    found: list[Reading] = []
    for name in sorted(before.labels.keys() & now.labels.keys()):
        was, is_ = Counter(before.labels[name]), Counter(now.labels[name])
        if min(was.total(), is_.total()) >= limits.least:
            told = jensen_shannon(was, is_), g_test(was, is_)
            found.append(Reading(name, Method.JS, *told, is_.total()))
    for name in sorted(before.numbers.keys() & now.numbers.keys()):
        low, high = before.numbers[name], now.numbers[name]
        if min(len(low), len(high)) >= limits.least:
            distance, p = kolmogorov_smirnov(low, high)
            found.append(Reading(name, Method.KS, distance, p, len(high)))
            found.append(Reading(name, Method.PSI, psi(low, high), p, len(high)))
    one, other = before.vectors, now.vectors
    if one is not None and other is not None and min(len(one), len(other)) >= limits.least:
        found.append(Reading("questions", Method.MMD, *mmd(one, other, seed=seed), len(other)))
    return tuple(found)


def sample_of(runs: Sequence[Run], vectors: Vectors | None = None) -> Sample:
    """What runs say: their labels, how they were answered and ended, scores, times, lengths."""
    labels: dict[str, list[str]] = {"origin": [], "ended": []}
    numbers: dict[str, list[float]] = {"score": [], "duration_ms": [], "tokens_out": []}
    for run in runs:
        labels["origin"].append(run.origin)
        labels["ended"].append(run.ended.value)
        for name, value in run.labels.items():
            labels.setdefault(name, []).append(value)
        numbers["duration_ms"].append(run.duration_ms)
        if run.tokens_out:
            numbers["tokens_out"].append(float(run.tokens_out))
        if run.score is not None:
            numbers["score"].append(run.score)
    return Sample(labels, numbers, vectors)


def holm(ps: Sequence[float], alpha: float) -> list[bool]:
    """Which of several p-values are below chance together (Holm, Scand. J. Stat. 6, 1979)."""
    order = sorted(range(len(ps)), key=ps.__getitem__)
    found = [False] * len(ps)
    for rank, place in enumerate(order):
        if ps[place] > alpha / (len(ps) - rank):
            break
        found[place] = True
    return found


def psi(before: Sequence[float], now: Sequence[float]) -> float:
    """The population stability index over deciles of what was before; below 0.1 nothing happened."""
    edges = sorted({percentile(before, 100 * at / BINS) for at in range(1, BINS)})
    was, is_ = _binned(before, edges), _binned(now, edges)
    shares = (
        ((one + SMOOTHING) / (len(before) + SMOOTHING * len(was)),
         (other + SMOOTHING) / (len(now) + SMOOTHING * len(was)))
        for one, other in zip(was, is_, strict=True)
    )  # fmt: skip
    return sum((new - old) * log(new / old) for old, new in shares)


def _binned(values: Sequence[float], edges: Sequence[float]) -> list[int]:
    counts = [0] * (len(edges) + 1)
    for value in values:
        counts[bisect_left(edges, value)] += 1
    return counts


def kolmogorov_smirnov(one: Sequence[float], other: Sequence[float]) -> tuple[float, float]:
    """The largest distance of two distribution functions, and its asymptotic p-value.

    Two-sample test with Stephens' correction for small samples ("Use of the Kolmogorov-Smirnov ...
    statistics without extensive tables", JRSS B 32, 1970).
    """
    first, second = sorted(one), sorted(other)
    distance, at, of = 0.0, 0, 0
    while at < len(first) and of < len(second):
        value = min(first[at], second[of])
        while at < len(first) and first[at] == value:
            at += 1
        while of < len(second) and second[of] == value:
            of += 1
        distance = max(distance, abs(at / len(first) - of / len(second)))
    size = sqrt(len(first) * len(second) / (len(first) + len(second)))
    return distance, _kolmogorov((size + 0.12 + 0.11 / size) * distance)


def _kolmogorov(value: float) -> float:
    if value < 0.3:  # the series does not converge there, and p is 1 to nine digits
        return 1.0
    terms = ((2.0 if k % 2 else -2.0) * exp(-2 * (k * value) ** 2) for k in range(1, 101))
    return min(1.0, max(0.0, sum(terms)))


def jensen_shannon(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    """The Jensen-Shannon divergence of two counts of labels in bits: 0 alike, 1 nothing in common.

    Lin, "Divergence measures based on the Shannon entropy", IEEE Trans. Inf. Theory 37 (1991).
    """
    totals = sum(one.values()), sum(other.values())
    found = 0.0
    for label in one.keys() | other.keys():
        p, q = one.get(label, 0) / totals[0], other.get(label, 0) / totals[1]
        middle = (p + q) / 2
        found += sum(share * log2(share / middle) / 2 for share in (p, q) if share)
    return max(0.0, found)


def g_test(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    """The p-value of two counts of labels coming from one distribution (likelihood ratio, chi-squared).

    Labels of which fewer than five are expected on a side count as one; the tail by Wilson and Hilferty,
    "The distribution of chi-square", PNAS 17 (1931), which at p = 0.0003 is a third too large.
    """
    sides = sum(one.values()), sum(other.values())
    share = min(sides) / sum(sides)
    pairs: list[tuple[int, int]] = []
    rare = 0, 0
    for label in one.keys() | other.keys():
        pair = one.get(label, 0), other.get(label, 0)
        if sum(pair) * share >= EXPECTED:
            pairs.append(pair)
        else:
            rare = rare[0] + pair[0], rare[1] + pair[1]
    pairs += [rare] if any(rare) else []
    if len(pairs) < 2:
        return 1.0
    terms = (
        count * log(count / (sum(pair) * side / sum(sides)))
        for pair in pairs
        for count, side in zip(pair, sides, strict=True)
        if count
    )
    return _chi_squared(2 * sum(terms), len(pairs) - 1)


def _chi_squared(value: float, freedom: int) -> float:
    spread = 2 / (9 * freedom)
    z = (cbrt(max(0.0, value) / freedom) - (1 - spread)) / sqrt(spread)
    return 1 - NormalDist().cdf(z)


def mmd(one: Vectors, other: Vectors, *, seed: int) -> tuple[float, float]:
    """The squared maximum mean discrepancy (unbiased) of two sets of vectors, and its permutation p.

    Gretton et al., "A kernel two-sample test", JMLR 13 (2012): a Gaussian kernel with the median
    distance as its width. At most 500 vectors of a side are compared.
    """
    import numpy as np  # noqa: PLC0415  # only who has vectors has it

    chance = np.random.default_rng(seed)
    both = [side[chance.permutation(len(side))[:MOST]].astype(np.float64) for side in (one, other)]
    first, size = len(both[0]), len(both[0]) + len(both[1])
    joined = np.concatenate(both)
    squares = (joined**2).sum(axis=1)
    distances = np.maximum(squares[:, None] + squares[None, :] - 2 * joined @ joined.T, 0.0)
    width = float(np.median(distances[np.triu_indices(size, 1)])) or 1.0
    kernel = np.exp(-distances / width)
    np.fill_diagonal(kernel, 0.0)

    # Column 0 is the real split (1: the first side), each other one a random split of the same sizes.
    splits = np.zeros((size, PERMUTATIONS + 1))
    splits[:first, 0] = 1.0
    for column in range(1, PERMUTATIONS + 1):
        splits[chance.permutation(size)[:first], column] = 1.0
    within = np.einsum("ij,ij->j", splits, kernel @ splits)
    to_all = kernel.sum(axis=1) @ splits
    across, without = to_all - within, kernel.sum() - 2 * to_all + within
    second = size - first
    squared = (
        within / (first * (first - 1))
        + without / (second * (second - 1))
        - 2 * across / (first * second)
    )
    # With a hair's breadth: equal splits differ in their last digits.
    p = float((squared >= squared[0] - 1e-12).mean())
    return float(squared[0]), p


@dataclass(frozen=True, slots=True)
class Cusum:
    """How much worse quality has been than `target`, summed up; an alarm from `limit` on.

    Page, "Continuous inspection schemes", Biometrika 41 (1954), one-sided and in standard deviations. A
    slack of 0.5 and a limit of 5 are Montgomery's: about 900 answers between false alarms, and 10
    until a fall by one standard deviation is seen. `since` counts the answers since it last was zero.
    """

    target: float
    deviation: float
    slack: float = 0.5
    limit: float = 5.0
    sum: float = 0.0
    since: int = 0

    def after(self, quality: float) -> Cusum:
        """After one more answer of this quality."""
        fallen = (self.target - quality) / self.deviation - self.slack
        total = max(0.0, self.sum + fallen)
        return Cusum(
            self.target, self.deviation, self.slack, self.limit, total,
            self.since + 1 if total else 0,
        )  # fmt: skip

    @property
    def alarm(self) -> bool:
        return self.sum >= self.limit

    @property
    def fallen(self) -> float:
        """By how much quality fell since it began to, in its own unit; 0 when it did not."""
        return self.deviation * (self.slack + self.sum / self.since) if self.since else 0.0
