"""From which likeness on an approved answer may be given: fitted for a budget of false hits. Pure.

A threshold an intent, above every near-miss of that intent that the guards let through, and a floor
for all. The floor is the lowest at which the upper bound of false hits is within the budget when each
approved question is judged by thresholds that were fitted without it (leave one group out).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, lgamma, log, log1p

BUDGET = 0.01
CONFIDENCE = 0.95
ENOUGH = 8  # near-misses of an intent, below which only exact questions are answered
MARGIN = 0.01  # above the likest near-miss
FLOORS = (0.60, 0.65, 0.70, 0.75, 0.80, 0.85, 0.90, 0.95)


@dataclass(frozen=True, slots=True)
class Trial:
    """A new question beside an approved one: how like (cosine), whether the guards let it through,
    and whether the same answer is `right` for both. Trials of one `approved` question are one group.
    """

    intent: str
    approved: str
    likeness: float
    agrees: bool
    right: bool


@dataclass(frozen=True, slots=True)
class Fitted:
    """Thresholds by intent; an intent that is not there gets exact answers only.

    `bound` is the upper bound of false hits, at 95 % confidence, from `trials` near-misses of questions
    left out; `floor` is None when no floor was good enough.
    """

    thresholds: Mapping[str, float]
    floor: float | None
    bound: float
    trials: int


def fit(trials: Sequence[Trial], *, budget: float = BUDGET) -> Fitted:
    """The thresholds of the lowest floor that keeps the budget; none when nothing does."""
    left_out = _left_out(trials)
    false = count = 0
    for floor in FLOORS:
        false = count = 0
        for trial in trials:
            own = left_out.get((trial.intent, trial.approved))
            if trial.right or own is None:
                continue
            count += 1
            false += trial.agrees and trial.likeness >= max(own, floor)
        # No bound is below the share itself, and of many false ones it takes seconds.
        if false <= budget * count and (bound := upper_bound(false, count)) <= budget:
            return Fitted(thresholds(trials, floor), floor, bound, count)
    return Fitted({}, None, upper_bound(false, count), count)


def thresholds(trials: Iterable[Trial], floor: float) -> Mapping[str, float]:
    """Of each intent with enough near-misses: above the likest that the guards let through."""
    found: dict[str, list[float]] = defaultdict(list)
    for trial in trials:
        if not trial.right:
            found[trial.intent].append(_above(trial))
    return {
        intent: max(floor, *likest)
        for intent, likest in sorted(found.items())
        if len(likest) >= ENOUGH
    }


def upper_bound(false: int, trials: int, confidence: float = CONFIDENCE) -> float:
    """The one-sided upper bound of a share: no larger one is as unlikely as 1 - confidence.

    Clopper and Pearson, "The use of confidence or fiducial limits", Biometrika 26 (1934); 1 without
    trials. It takes the trials as independent, which near-misses of one question are not quite.
    """
    if trials <= false:
        return 1.0
    low, high = false / trials, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _at_most(false, trials, middle) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def _at_most(false: int, trials: int, share: float) -> float:
    """The chance of at most `false` successes in `trials`; in logarithms, since the parts leave every float."""
    return sum(
        exp(
            lgamma(trials + 1) - lgamma(k + 1) - lgamma(trials - k + 1)
            + k * log(share) + (trials - k) * log1p(-share)
        )
        for k in range(false + 1)
    )  # fmt: skip


def _left_out(trials: Iterable[Trial]) -> Mapping[tuple[str, str], float]:
    """Of each group: the threshold of its intent without it; groups whose intent has none then are not there."""
    likest: dict[str, dict[str, float]] = defaultdict(dict)
    near: Counter[tuple[str, str]] = Counter()
    for trial in trials:
        if not trial.right:
            known = likest[trial.intent]
            known[trial.approved] = max(known.get(trial.approved, 0.0), _above(trial))
            near[trial.intent, trial.approved] += 1
    found: dict[tuple[str, str], float] = {}
    for intent, groups in likest.items():
        first, second = ([*sorted(groups.items(), key=lambda one: -one[1]), ("", 0.0)])[:2]
        whole = sum(near[intent, name] for name in groups)
        for name in groups:
            if whole - near[intent, name] >= ENOUGH:
                found[intent, name] = second[1] if name == first[0] else first[1]
    return found


def _above(trial: Trial) -> float:
    """Above a near-miss that the guards let through; what they stop needs no threshold."""
    return trial.likeness + MARGIN if trial.agrees else 0.0
