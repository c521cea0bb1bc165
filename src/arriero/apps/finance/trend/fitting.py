"""Fit the model of `model.py` to prices before a day. Closed forms, no randomness; a window that reaches past
the day is not looked at (purged), nor are the five days before those (embargo).

The direction of volatility is fitted with a ridge ten times as heavy as the data, which leaves hardly more than
each feature's own covariance with the outcome: over few market years that carries further than least squares
(tried on prices before 2015 and 2009 alone; see bars/LOG.md). It has no intercept, because volatility does not
rise for ever; one fitted to some quiet years would say that it falls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from arriero.apps.finance.trend.features import MONTH, TINY, coming, features, realised
from arriero.apps.finance.trend.model import HORIZONS, MISSES, Fitted, Flags, Level
from arriero.apps.finance.trend.prices import YEAR, Floats, Prices
from arriero.core.errors import InputError

RIDGE = 10.0  # of the direction; see above
EASE = 0.1  # of the levels
FAR = 1.0  # log ratios beyond this count as this: one crash is not to decide
EMBARGO = 5  # trading days
COVERED = (
    0.45  # share of days that are claimed where it is fitted, so that 35 % are left where it drifts
)
LEAST = 1_500  # rows: six stock-years after the first


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The days of many stocks that a horizon may be learned from."""

    table: Floats
    outcome: Floats


def fit(panel: Sequence[Prices], until: date) -> Fitted:
    """The model as it could have been fitted on `until`. Raises `InputError` when there is too little before."""
    direction = _rows(panel, until, MONTH, _change)
    if len(direction.outcome) < LEAST:
        raise InputError(
            f"{len(direction.outcome)} days before {until} are too few to fit; give {LEAST:,} or more, each stock after its first year"
        )
    weights = _ridge(direction.table, np.clip(direction.outcome, -FAR, FAR), RIDGE)
    score = direction.table @ weights
    slope = _slope(score, direction.outcome > 0)
    sure = np.abs(1 / (1 + np.exp(-slope * score)) - 0.5)
    return Fitted(
        until=until.isoformat(),
        stocks=len(panel),
        rows=len(score),
        weights=_kept(weights),
        slope=_round(slope),
        threshold=_round(float(np.quantile(sure, 1 - COVERED))),
        levels=tuple(_level(panel, until, days) for days in HORIZONS),
    )


def _change(returns: Floats, days: int) -> Floats:
    """Log ratio of the volatility of the next `days` days to that of the last 21."""
    squares = coming(returns * returns, days) / days
    return np.asarray(
        0.5 * np.log(np.maximum(squares, 0) + TINY) - np.log(realised(returns, MONTH))
    )


def _rows(
    panel: Sequence[Prices], until: date, days: int, outcome: Callable[[Floats, int], Floats]
) -> Rows:
    tables, outcomes = [], []
    for prices in panel:
        end = (
            sum(day < until for day in prices.days) - 1 - days - EMBARGO
        )  # the last return that counts
        if end <= YEAR:
            continue
        tables.append(features(prices.returns)[YEAR - 1 : end])
        outcomes.append(outcome(prices.returns, days)[YEAR - 1 : end])
    if not tables:
        return Rows(np.zeros((0, 1)), np.zeros(0))
    return Rows(np.concatenate(tables), np.concatenate(outcomes))


def _ridge(table: Floats, outcome: Floats, ridge: float) -> Floats:
    """Weights without an intercept; the penalty counts each feature in its own root mean square."""
    scale = np.sqrt(np.mean(table**2, axis=0)) + TINY
    unit = table / scale
    inside = unit.T @ unit / len(unit) + ridge * np.eye(unit.shape[1])
    return np.asarray(np.linalg.solve(inside, unit.T @ outcome / len(unit)) / scale)


def _slope(score: Floats, risen: Flags) -> float:
    """Logistic regression on one score, through one half at zero (Newton)."""
    slope = 1.0
    for _ in range(30):
        chance = 1 / (1 + np.exp(-slope * score))
        bend = float(np.sum(chance * (1 - chance) * score**2)) + TINY
        slope += float(np.sum((risen - chance) * score)) / bend
    return slope


def _level(panel: Sequence[Prices], until: date, days: int) -> Level:
    rows = _rows(panel, until, days, _change)
    centre = rows.table.mean(axis=0)
    aim = np.clip(rows.outcome, -2.0, 2.0)
    weights = _ridge(rows.table - centre, aim - aim.mean(), EASE)
    weights = np.asarray(_kept(weights))
    intercept = _round(float(aim.mean() - centre @ weights))
    draft = Level(days, intercept, tuple(weights.tolist()), (), 0.5)
    moves, spreads = _moves(panel, until, draft)
    past = np.quantile(np.abs(moves) / spreads, 1 - np.asarray(MISSES))
    return Level(days, intercept, draft.weights, _kept(past), _round(float(np.mean(moves > 0))))


def _moves(panel: Sequence[Prices], until: date, level: Level) -> tuple[Floats, Floats]:
    """Log returns over the level's horizon, and how far they were expected to go."""
    moves = _rows(panel, until, level.days, coming)
    months = _rows(panel, until, level.days, lambda returns, _: realised(returns, MONTH))
    ratio = level.intercept + moves.table @ np.asarray(level.weights)
    spreads = months.outcome * np.exp(np.clip(ratio, -2, 2)) * np.sqrt(level.days)
    return moves.outcome, np.asarray(spreads)


def _kept(values: Floats) -> tuple[float, ...]:
    return tuple(_round(float(value)) for value in values)


def _round(value: float) -> float:
    """Six significant digits: more than the data know, and the same on every machine's algebra library."""
    return float(f"{value:.6g}")
