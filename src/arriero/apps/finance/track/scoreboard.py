"""How often predictions were right, by horizon and sector, beside what "it rises" alone would have scored.

Overlapping predictions of one company are not independent, so beside the count stands an effective n: at most
one prediction of a company per horizon's length counts in full. Intervals are of so many trials.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from arriero.apps.finance.track.predictions import Outcome, Prediction
from arriero.apps.finance.values import HORIZONS, Rating
from arriero.core.statistics import Interval, scored

TRADING_SHARE = 252 / 365.25  # of calendar days


@dataclass(frozen=True, slots=True)
class Score:
    """One group of predictions. Shares are of what was scored; an empty group has none."""

    group: str
    made: int
    scored: int
    rated: int  # scored and a direction: BUY or SELL
    coverage: float  # share of the scored that had a direction
    right: Interval | None  # of BUY and SELL
    held_right: Interval | None  # of HOLD
    always_up: (
        float | None
    )  # how often the price rose in those with a direction: the laziest product
    effective: float  # independent predictions among them
    brier: float | None  # of P(up)
    brier_skill: float | None  # against the base rate that stood beside it
    inside: Interval | None  # of the intervals
    level: float | None  # what the intervals promise


def scoreboard(predictions: Sequence[Prediction], *, backdated: bool = False) -> Sequence[Score]:
    """All, then each horizon, then each sector. Withdrawn ones are counted as made and scored like the others:
    leaving them out would be picking.
    """
    mine = [one for one in predictions if one.backdated is backdated]
    by_horizon = _grouped(mine, lambda one: HORIZONS.get(one.days, f"{one.days} days"))
    order = {name: place for place, name in enumerate(HORIZONS.values())}
    rows = [score("all", mine)]
    rows += [
        score(name, by_horizon[name])
        for name in sorted(by_horizon, key=lambda it: (order.get(it, len(order)), it))
    ]
    by_sector = _grouped(mine, lambda one: one.sector or "unknown sector")
    return [*rows, *(score(name, by_sector[name]) for name in sorted(by_sector))]


def score(group: str, predictions: Sequence[Prediction]) -> Score:
    """The score of one group."""
    done = [one for one in predictions if one.outcome is not None]
    directed = [one for one in done if one.rating in {Rating.BUY, Rating.SELL}]
    held = [one for one in done if one.rating is Rating.HOLD]
    up = [one.outcome.change > 0 for one in directed if one.outcome]
    stated = [
        (one.p_up, one.base_rate, one.outcome.change > 0)
        for one in done
        if one.outcome and one.p_up is not None and one.base_rate is not None
    ]
    brier = _mean([(p - rose) ** 2 for p, _, rose in stated])
    lazy = _mean([(base - rose) ** 2 for _, base, rose in stated])
    spanned = [one for one in done if one.outcome and one.outcome.inside is not None]
    levels = {one.level for one in done if one.level is not None}
    return Score(
        group=group,
        made=len(predictions),
        scored=len(done),
        rated=len(directed),
        coverage=len(directed) / len(done) if done else 0.0,
        right=_share(directed, lambda it: bool(it.right)),
        held_right=_share(held, lambda it: bool(it.right)),
        always_up=_mean([float(rose) for rose in up]),
        effective=_effective(directed),
        brier=brier,
        brier_skill=None if brier is None or not lazy else 1 - brier / lazy,
        inside=_share(spanned, lambda it: bool(it.inside)),
        level=levels.pop() if len(levels) == 1 else None,
    )


def _grouped(
    predictions: Sequence[Prediction], key: Callable[[Prediction], str]
) -> dict[str, list[Prediction]]:
    found: dict[str, list[Prediction]] = defaultdict(list)
    for one in predictions:
        found[key(one)].append(one)
    return found


def _effective(predictions: Sequence[Prediction]) -> float:
    """Each prediction counts by how much of its horizon the one before it did not cover."""
    total = 0.0
    for mine in _grouped(predictions, lambda one: f"{one.ticker} {one.days}").values():
        ordered = sorted(mine, key=lambda one: one.as_of)
        total += 1.0
        for before, after in pairwise(ordered):
            apart = (after.as_of - before.as_of).days * TRADING_SHARE
            total += min(1.0, apart / after.days)
    return total


def _share(predictions: Sequence[Prediction], right: Callable[[Outcome], bool]) -> Interval | None:
    if not predictions:
        return None
    hits = sum(one.outcome is not None and right(one.outcome) for one in predictions)
    return scored(hits / len(predictions), _effective(predictions))


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
