"""What is known of a stock's volatility on a day, as ratios: everything a forecast of it is made from.

Row t of every table rests on returns up to t alone, so cutting later days off changes no byte of it. Ratios are
logarithms against the realised volatility of the last 21 days, which is what the next 21 are compared with.
"""

from __future__ import annotations

import numpy as np

from arriero.apps.finance.trend.prices import Floats

MONTH = 21  # trading days
QUARTER = 63
YEAR = 252
TINY = 1e-10  # a variance a day: a hundredth of a basis point squared, so that a still day has a logarithm

SPANS = (
    5,
    10,
    63,
    126,
    252,
)  # days: a week, two, a quarter, half a year, a year (HAR: Corsi, JFEc 7, 2009)
MOVES = (5, 21, 252)  # days whose return is set against its volatility: falls raise it (Black 1976)
SEASONS = (
    1,
    2,
    3,
    4,
)  # quarters back: companies report every 63 trading days or so, and prices jump then
NAMES = (
    *(f"volatility_{span}" for span in SPANS),
    *(f"return_{span}" for span in MOVES),
    *(f"season_{quarter}" for quarter in SEASONS),
)


def realised(returns: Floats, span: int, least: int | None = None) -> Floats:
    """Root mean square of the last `span` returns for each day; of fewer where at least `least` are there."""
    return np.sqrt(_mean(returns * returns, span, least) + TINY)


def features(returns: Floats) -> Floats:
    """One row a return, one column a name of `NAMES`; not a number before 63 returns are there.

    A year or half a year is what there is of it, at least a quarter. A season that lies before the first
    return is 0, which says nothing either way.
    """
    month = realised(returns, MONTH)
    columns = [np.log(realised(returns, span, min(span, QUARTER)) / month) for span in SPANS]
    for span in MOVES:
        least = min(span, QUARTER)
        drift = _mean(returns, span, least) * np.sqrt(span)
        columns.append(drift / realised(returns, span, least))
    year = realised(returns, YEAR, QUARTER)
    for quarter in SEASONS:
        then = _shifted(month, quarter * QUARTER - MONTH)
        columns.append(np.nan_to_num(np.log(then / year), nan=0.0))
    table = np.column_stack(columns) if len(returns) else np.zeros((0, len(NAMES)))
    table[: min(QUARTER - 1, len(returns))] = np.nan
    return table


def ahead(values: Floats, days: int) -> Floats:
    """What stands `days` rows later: the future, for fitting and scoring alone."""
    moved = np.full(len(values), np.nan)
    if days < len(values):
        moved[: len(values) - days] = values[days:]
    return moved


def coming(returns: Floats, days: int) -> Floats:
    """The log return of the next `days` days, for fitting and scoring alone."""
    summed = np.concatenate([[0.0], np.cumsum(returns)])[1:]
    return np.asarray(ahead(summed, days) - summed)


def risen(returns: Floats) -> Floats:
    """1 where the next 21 days are more volatile than the last 21, 0 where not, not a number while that is unknown.

    The future, for fitting, scoring and what has ended alone.
    """
    later = coming(returns**2, MONTH)
    rose = np.sqrt(np.maximum(later, 0) / MONTH) > realised(returns, MONTH)
    return np.where(np.isnan(later), np.nan, rose)


def _mean(values: Floats, span: int, least: int | None = None) -> Floats:
    """Mean over the last `span` rows; over all rows so far while there are only `least` to `span` of them."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    count = np.arange(1, len(values) + 1)
    first = np.maximum(count - span, 0)
    mean = (total[1:] - total[first]) / np.minimum(count, span)
    mean[: min((least or span) - 1, len(values))] = np.nan
    return np.asarray(mean)


def _shifted(values: Floats, days: int) -> Floats:
    """What stood `days` rows before."""
    moved = np.full(len(values), np.nan)
    if days < len(values):
        moved[days:] = values[: len(values) - days]
    return moved
