"""The statistics that every number we print needs, in the standard library alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import sqrt
from statistics import NormalDist

BINS = 15  # the bin count of Guo et al. (2017), which published ECE values share


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and the bounds of its confidence interval."""

    value: float
    low: float
    high: float


def wilson(successes: int, trials: int, *, confidence: float = 0.95) -> Interval:
    """A share with Wilson's score interval, which keeps its coverage near 0 and 1.

    Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
    No trials give (0, 0, 1): nothing is known. Raises `ValueError` unless 0 <= successes <= trials.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes of {trials} trials is no share")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence} is not between 0 and 1")
    if trials == 0:
        return Interval(0.0, 0.0, 1.0)
    return scored(successes / trials, trials, confidence=confidence)


def clustered(groups: Sequence[tuple[int, int]], *, confidence: float = 0.95) -> Interval:
    """The share over (successes, trials) of groups whose trials are alike, such as the values of one company.

    Wilson's interval at the number of independent trials that would be as informative: the trials over the
    design effect, the variance between groups over that of independent trials (Kish, "Survey sampling",
    1965; Korn and Graubard, Survey Methodology 24, 1998). Where all succeed or none, and of one group,
    nothing tells how alike they are: each group counts as one trial.
    """
    if any(not 0 <= one <= of for one, of in groups):
        raise ValueError("a group has more successes than trials")
    kept = [(one, of) for one, of in groups if of]
    trials, count = sum(of for _, of in kept), len(kept)
    if not kept:
        return Interval(0.0, 0.0, 1.0)
    share = sum(one for one, _ in kept) / trials
    alone = share * (1 - share) / trials
    if not alone or count == 1:
        return scored(share, count, confidence=confidence)
    between = sum((one - share * of) ** 2 for one, of in kept) * count / (count - 1) / trials**2
    return scored(share, trials / max(1.0, between / alone), confidence=confidence)


def scored(share: float, trials: float, *, confidence: float = 0.95) -> Interval:
    """Wilson's interval of a share that is worth so many independent trials, which need not be a whole number."""
    z2 = NormalDist().inv_cdf((1 + confidence) / 2) ** 2
    centre = share + z2 / (2 * trials)
    half = sqrt(z2 * (share * (1 - share) / trials + z2 / (4 * trials * trials)))
    scale = 1 + z2 / trials
    low = 0.0 if share == 0 else (centre - half) / scale
    high = 1.0 if share == 1 else (centre + half) / scale
    return Interval(share, low, high)


def paired(won: int, lost: int, pairs: int) -> Interval:
    """The difference of two shares over the same `pairs`, `won` by the one alone and `lost` by the one alone, with its 95 % interval.

    Tango, "Equivalence test and confidence interval for the difference in proportions for the
    paired-sample design", Statistics in Medicine 17 (1998), in the adjusted Wald form of Bonett and Price
    (Journal of Educational and Behavioral Statistics 37, 2012): half a pair is added to each discordant
    cell, which keeps its coverage in small samples. No pairs give (0, -1, 1): nothing is known.
    """
    if won < 0 or lost < 0 or won + lost > pairs:
        raise ValueError(f"{won} won and {lost} lost of {pairs} pairs cannot be")
    if pairs == 0:
        return Interval(0.0, -1.0, 1.0)
    up, down = (won + 1) / (pairs + 2), (lost + 1) / (pairs + 2)
    z = NormalDist().inv_cdf(0.975)
    half = z * sqrt(max(0.0, (up + down - (up - down) ** 2) / (pairs + 2)))
    middle = up - down
    return Interval((won - lost) / pairs, max(-1.0, middle - half), min(1.0, middle + half))


def expected_calibration_error(
    confidences: Sequence[float], correct: Sequence[bool], *, bins: int = BINS
) -> float:
    """Mean distance between confidence and accuracy over bins of equal mass, weighted by size.

    Naeini et al., "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015, with
    equal-mass bins (Nixon et al., "Measuring calibration in deep learning", CVPRW 2019): equal-width
    bins leave most bins empty when a classifier is usually sure. Equal confidences share how often they
    are right, so that the order of the rows plays no part where a bin ends among them.
    """
    if len(confidences) != len(correct):
        raise ValueError(f"{len(confidences)} confidences but {len(correct)} results")
    pairs: list[tuple[float, float]] = []
    ordered = sorted(zip(confidences, correct, strict=True), key=lambda pair: pair[0])
    for confidence, same in groupby(ordered, key=lambda pair: pair[0]):
        right = [one for _, one in same]
        pairs += [(confidence, sum(right) / len(right))] * len(right)
    edges = [len(pairs) * index // bins for index in range(bins + 1)]
    gaps = (
        abs(sum(confidence - right for confidence, right in pairs[start:end]))
        for start, end in pairwise(edges)
    )
    return sum(gaps) / len(pairs) if pairs else 0.0


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which `percent` (0..100) of `values` lie, interpolated linearly.

    Definition 7 of Hyndman and Fan, "Sample quantiles in statistical packages" (1996), which is
    NumPy's default. Raises `ValueError` for no values.
    """
    if not values:
        raise ValueError("no values have no percentile")
    if not 0 <= percent <= 100:
        raise ValueError(f"percent {percent} is not between 0 and 100")
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
