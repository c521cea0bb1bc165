"""Fit the model of `model.py` to prices before a day. Closed forms, no randomness; a window that reaches past
the day is not looked at (purged), nor are the five days before those (embargo).

The direction of volatility is fitted with a ridge ten times as heavy as the data, which leaves hardly more than
each feature's own covariance with the outcome: over few market years that carries further than least squares
(tried on prices before 2015 and 2009 alone; see bars/LOG.md). Half of that is added in the one feature that says
most by itself, the year's volatility against the month's: it held in every decade. There is no intercept, because
volatility does not rise for ever; one fitted to some quiet years would say that it falls. A lighter ridge is
averaged with it, logit by logit. The slope is the one under which the forecasts are likeliest after their level is
corrected as it will be (`recalibrated`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from arriero.apps.finance.trend.features import MONTH, NAMES, TINY, coming, features, realised
from arriero.apps.finance.trend.model import HORIZONS, MISSES, Fitted, Flags, Level
from arriero.apps.finance.trend.prices import YEAR, Floats, Prices
from arriero.apps.finance.trend.recalibrated import chances, recalibrated
from arriero.core.errors import InputError

RIDGE = 10.0  # of the direction; see above
LIGHTER = 1.0  # of the other half of it
SLOPES = (1.0, 1.15, 1.3, 1.45, 1.6)  # times the slope of the uncorrected forecasts
EASE = 0.1  # of the levels
FAR = 1.0  # log ratios beyond this count as this: one crash is not to decide
EMBARGO = 5  # trading days
COVERED = 0.4  # share of days that are claimed where it is fitted; 35 % have to be left elsewhere
LEAN = 0.5  # how much the rule "a year's volatility against a month's" counts beside the regression
RULE = NAMES.index("volatility_252")
FOLDS = 4  # stretches of time
LEAST = 1_500  # rows: six stock-years after the first


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The days of many stocks that a horizon may be learned from: what was known, and what came."""

    stock: NDArray[np.int64]
    day: NDArray[np.int64]
    table: Floats
    month: Floats  # realised volatility of the last 21 days
    change: Floats  # log ratio of the volatility of the horizon to it
    moved: Floats  # log return over the horizon

    def among(self, chosen: Flags) -> Rows:
        return Rows(*(getattr(self, name)[chosen] for name in self.__slots__))


def fit(panel: Sequence[Prices], until: date) -> Fitted:
    """The model as it could have been fitted on `until`. Raises `InputError` when there is too little before."""
    rows = _rows(panel, until, MONTH)
    if len(rows.day) < LEAST:
        raise InputError(
            f"{len(rows.day)} days before {until} are too few to fit; give {LEAST:,} or more, each stock after its first year"
        )
    weights, slope, score = _direction(rows)
    sure = np.abs(chances(_corrected(slope * score, rows)) - 0.5)
    return Fitted(
        until=until.isoformat(),
        stocks=len(panel),
        rows=len(score),
        weights=_kept(weights),
        slope=_round(slope),
        threshold=_round(float(np.quantile(sure, 1 - COVERED))),
        levels=tuple(_level(_rows(panel, until, days), days) for days in HORIZONS),
    )


def _change(returns: Floats, days: int) -> Floats:
    """Log ratio of the volatility of the next `days` days to that of the last 21."""
    squares = coming(returns * returns, days) / days
    return np.asarray(
        0.5 * np.log(np.maximum(squares, 0) + TINY) - np.log(realised(returns, MONTH))
    )


def _rows(panel: Sequence[Prices], until: date, days: int) -> Rows:
    found = []
    for stock, prices in enumerate(panel):
        before = sum(day < until for day in prices.days)
        there = slice(YEAR - 1, max(YEAR - 1, before - 1 - days - EMBARGO))
        returns = prices.returns
        columns = (
            np.full(len(returns), stock),
            np.array([day.toordinal() for day in prices.days[1:]], dtype=np.int64),
            features(returns),
            realised(returns, MONTH),
            _change(returns, days),
            coming(returns, days),
        )
        found.append([column[there] for column in columns])
    if not found:
        raise InputError("there are no prices to fit to; give some years of them")
    return Rows(*(np.concatenate(column) for column in zip(*found, strict=True)))


def _ridge(table: Floats, outcome: Floats, ridge: float) -> Floats:
    """Weights without an intercept; the penalty counts each feature in its own root mean square."""
    scale = np.sqrt(np.mean(table**2, axis=0)) + TINY
    unit = table / scale
    inside = unit.T @ unit / len(unit) + ridge * np.eye(unit.shape[1])
    return np.asarray(np.linalg.solve(inside, unit.T @ outcome / len(unit)) / scale)


def _direction(rows: Rows) -> tuple[Floats, float, Floats]:
    """Weights, slope, and the score that the weights give each row."""
    aim, risen = np.clip(rows.change, -FAR, FAR), rows.change > 0
    heavy = _leaning(rows.table, _ridge(rows.table, aim, RIDGE))
    light = _ridge(rows.table, aim, LIGHTER)
    both = [each * _slope(rows.table @ each, risen) for each in (heavy, light)]
    weights = np.asarray(_kept((both[0] + both[1]) / 2))
    score = np.asarray((rows.table * weights).sum(axis=1))

    def likelihood(slope: float) -> float:
        chance = chances(_corrected(slope * score, rows))
        return float(np.mean(np.log(np.where(risen, chance, 1 - chance))))

    return weights, max(SLOPES, key=likelihood), score


def _corrected(score: Floats, rows: Rows) -> Floats:
    """Each stock's logits with the level that its own past forecasts ask for."""
    rose = (rows.change > 0).astype(np.float64)
    edges = np.flatnonzero(np.diff(rows.stock)) + 1
    parts = zip(np.split(score, edges), np.split(rose, edges), strict=True)
    return np.concatenate([recalibrated(each, came, MONTH) for each, came in parts])


def _leaning(table: Floats, weights: Floats) -> Floats:
    """The weights in units of their own score's spread, and the one-line rule in its own, half as much."""
    lean = np.zeros(len(weights))
    lean[RULE] = LEAN / float(np.std(table[:, RULE]))
    return np.asarray(weights / float(np.std(table @ weights)) + lean)


def _slope(score: Floats, risen: Flags) -> float:
    """Logistic regression on one score, through one half at zero (Newton)."""
    slope = 1.0
    for _ in range(30):
        chance = 1 / (1 + np.exp(-slope * score))
        bend = float(np.sum(chance * (1 - chance) * score**2)) + TINY
        slope += float(np.sum((risen - chance) * score)) / bend
    return slope


def _level(rows: Rows, days: int) -> Level:
    """Weights from all rows; how far moves go beyond the forecast from rows that it was not fitted to.

    Cross-conformal (Vovk, Annals of Mathematics and AI 74, 2015) over stretches of time: neighbours of a day
    know its outcome, so that drawing days at random would make every interval too narrow.
    """
    edges = np.quantile(rows.day, np.linspace(0, 1, FOLDS + 1)[1:-1])
    fold = np.searchsorted(edges, rows.day, side="right")
    sizes = []
    for number in range(FOLDS):
        inside = fold == number
        first, last = rows.day[inside].min(), rows.day[inside].max()
        apart = 2 * days  # calendar days that `days` trading days take at most, and more
        away = (rows.day < first - apart) | (rows.day > last + apart)
        if away.sum() >= LEAST / 2:
            sizes.append(_sizes(_weighted(rows.among(away), days), rows.among(inside)))
    level = _weighted(rows, days)
    beyond = np.concatenate(sizes) if sizes else _sizes(level, rows)
    reach = np.quantile(beyond, 1 - np.asarray(MISSES))
    return replace(level, reach=_kept(reach))


def _weighted(rows: Rows, days: int) -> Level:
    centre = rows.table.mean(axis=0)
    aim = np.clip(rows.change, -2.0, 2.0)
    weights = np.asarray(_kept(_ridge(rows.table - centre, aim - aim.mean(), EASE)))
    intercept = _round(float(aim.mean() - centre @ weights))
    return Level(days, intercept, tuple(weights.tolist()), ())


def _sizes(level: Level, rows: Rows) -> Floats:
    """Moves over how far they were expected to go."""
    ratio = level.intercept + rows.table @ np.asarray(level.weights)
    spread = rows.month * np.exp(np.clip(ratio, -2, 2)) * np.sqrt(level.days)
    return np.asarray(np.abs(rows.moved) / spread)


def _kept(values: Floats) -> tuple[float, ...]:
    return tuple(_round(float(value)) for value in values)


def _round(value: float) -> float:
    """Six significant digits: more than the data know, and the same on every machine's algebra library."""
    return float(f"{value:.6g}")
