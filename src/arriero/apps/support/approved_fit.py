"""From which likeness on an approved answer may be given: fitted for a budget of false hits. Pure.

A threshold an intent, above every near-miss of that intent that the guards let through, and a floor
for all. The floor is the lowest at which the upper bound of false hits is within the budget when each
approved question is judged by thresholds that were fitted without it (leave one group out).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import comb

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
    left_out = {group: thresholds(without, 0.0) for group, without in _without_each(trials)}
    bound, count = 1.0, 0
    for floor in FLOORS:
        false = count = 0
        for trial in trials:
            own = left_out[trial.intent, trial.approved].get(trial.intent)
            if trial.right or own is None:
                continue
            count += 1
            false += trial.agrees and trial.likeness >= max(own, floor)
        bound = upper_bound(false, count)
        if bound <= budget:
            return Fitted(thresholds(trials, floor), floor, bound, count)
    return Fitted({}, None, bound, count)


def thresholds(trials: Iterable[Trial], floor: float) -> Mapping[str, float]:
    """Of each intent with enough near-misses: above the likest that the guards let through."""
    found: dict[str, list[float]] = defaultdict(list)
    for trial in trials:
        if not trial.right:
            found[trial.intent].append(trial.likeness + MARGIN if trial.agrees else 0.0)
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
    """The chance of at most `false` successes in `trials`."""
    return sum(comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in range(false + 1))


def _without_each(
    trials: Sequence[Trial],
) -> Iterable[tuple[tuple[str, str], Sequence[Trial]]]:
    """Each group's name, with the trials of its intent without it."""
    by_intent: dict[str, list[Trial]] = defaultdict(list)
    for trial in trials:
        by_intent[trial.intent].append(trial)
    for intent, of_intent in by_intent.items():
        for name in {trial.approved for trial in of_intent}:
            yield (intent, name), [one for one in of_intent if one.approved != name]
