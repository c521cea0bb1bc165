"""Walk forward: fit before a day, forecast after it, fit anew every year; thresholds stay as they were first set.

A forecast rests on returns up to its day, the model on windows that had ended five days before its own (purged and
embargoed). Nothing of the outcomes is looked at except to score them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from arriero.apps.finance.trend.edge import chances, median
from arriero.apps.finance.trend.features import MONTH, coming, features, risen
from arriero.apps.finance.trend.fitting import RULE, fit
from arriero.apps.finance.trend.intervals import multiples
from arriero.apps.finance.trend.model import HORIZONS, Fitted, Flags
from arriero.apps.finance.trend.prices import YEAR, Floats, Prices
from arriero.core.errors import InputError

Days = NDArray[np.int64]
AGAIN = timedelta(days=365)


@dataclass(frozen=True, slots=True, eq=False)
class Directions:
    """Forecasts of whether the next 21 days are more volatile than the last; `rule` is the one-line rule's margin."""

    day: Days
    stock: Days
    higher: Floats
    claimed: Flags
    rose: Flags
    rule: Floats

    @property
    def right(self) -> Flags:
        return np.asarray((self.higher > 0.5) == self.rose)

    @property
    def right_by_rule(self) -> Flags:
        return np.asarray((self.rule > 0) == self.rose)

    def surest_by_rule(self) -> Flags:
        """As many forecasts as are claimed, those with the widest margin of the rule."""
        order = np.argsort(-np.abs(self.rule), kind="stable")
        chosen = np.zeros(len(order), dtype=np.bool_)
        chosen[order[: int(self.claimed.sum())]] = True
        return chosen


@dataclass(frozen=True, slots=True, eq=False)
class Returns:
    """Forecasts of the log return over `days` days: P(up) and interval, with what came."""

    days: int
    day: Days
    stock: Days
    up: Floats
    base: Floats
    claimed: Flags
    spread: Floats
    expected: Floats
    low: Floats
    high: Floats
    moved: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """All forecasts from `split` on, for every stock and day whose outcome is known."""

    split: date
    fits: tuple[Fitted, ...]
    directions: Directions
    returns: tuple[Returns, ...]

    def over(self, days: int) -> Returns:
        return next(one for one in self.returns if one.days == days)


def middle(panel: Sequence[Prices]) -> date:
    """The day in the middle of all days: fit before, test after."""
    days = sorted({day for prices in panel for day in prices.days})
    if not days:
        raise InputError("there are no prices to split; give some years of them")
    return days[len(days) // 2]


def walk(panel: Sequence[Prices], split: date) -> Walk:
    """Raises `InputError` when there is too little before the split to fit, or nothing after it to score."""
    last = max(prices.days[-1] for prices in panel)
    starts = [split]
    while starts[-1] + AGAIN <= last - AGAIN / 4:
        starts.append(starts[-1] + AGAIN)
    first = fit(panel, split)
    fits = [first, *(replace(fit(panel, day), threshold=first.threshold) for day in starts[1:])]
    return follow(panel, fits, starts)


def follow(panel: Sequence[Prices], fits: Sequence[Fitted], starts: Sequence[date]) -> Walk:
    """Forecasts by models that are there: each from its day on, until the next one's."""
    ends = [*starts[1:], date.max]
    directions, returns = [], []
    for stock, prices in enumerate(panel):
        if len(prices.returns) <= YEAR + MONTH:
            continue
        day = np.array([one.toordinal() for one in prices.days[1:]], dtype=np.int64)
        table = features(prices.returns)
        for fitted, start, end in zip(fits, starts, ends, strict=True):
            there = (day >= start.toordinal()) & (day < end.toordinal())
            there &= np.arange(len(day)) >= YEAR - 1
            if there.any():
                directions.append(_direction(prices, table, fitted, there, day, stock))
                returns.append(
                    [_return(prices, table, fitted, there, day, stock, h) for h in HORIZONS]
                )
    if not directions:
        raise InputError(
            f"no stock has a day after {starts[0]} with a year of prices before it; give more prices"
        )
    return Walk(
        starts[0],
        tuple(fits),
        Directions(*(np.concatenate(column) for column in zip(*directions, strict=True))),
        tuple(
            Returns(days, *(np.concatenate(column) for column in zip(*rows, strict=True)))
            for days, rows in zip(HORIZONS, zip(*returns, strict=True), strict=True)
        ),
    )


def _direction(
    prices: Prices, table: Floats, fitted: Fitted, there: Flags, day: Days, stock: int
) -> tuple[NDArray[np.generic], ...]:
    rose = risen(prices.returns)
    known = there & ~np.isnan(rose)
    higher = fitted.higher(prices.returns, table)
    columns = (higher, fitted.claimed(higher), rose > 0, table[:, RULE])
    return (day[known], np.full(int(known.sum()), stock), *(column[known] for column in columns))


def _return(
    prices: Prices, table: Floats, fitted: Fitted, there: Flags, day: Days, stock: int, days: int
) -> tuple[NDArray[np.generic], ...]:
    returns = prices.returns
    spread = fitted.spread(returns, table, days)
    moved = coming(returns, days)
    told = chances(returns, table, spread, days)
    centre = median(told, returns, spread, days)
    width = spread * multiples(moved - centre, spread, fitted.level(days), days, YEAR - 1)
    known = there & ~np.isnan(moved)
    columns = (
        *(told.up, told.base, told.claimed, spread),
        *(centre, centre - width, centre + width, moved),
    )
    return (day[known], np.full(int(known.sum()), stock), *(column[known] for column in columns))
