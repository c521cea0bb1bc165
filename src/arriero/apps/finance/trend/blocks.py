"""Intervals for figures from overlapping windows of many stocks: whole stretches of days are drawn again.

Windows that share days are not independent, and neither are stocks on the same day, so that days stay together
over all stocks, and each with its neighbours (Kunsch, Annals of Statistics 17, 1989; circular: Politis and Romano
1992).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from arriero.apps.finance.trend.prices import Floats
from arriero.core.statistics import Interval

BLOCK = 63  # days: three windows of a month
DRAWS = 2_000
SEED = 20_150_304


def resampled(
    days: NDArray[np.int64],
    columns: Floats,
    figure: Callable[[Floats], Floats],
    *,
    block: int = BLOCK,
) -> Interval:
    """`figure` of the columns' totals, with its 95 % interval.

    `columns` has a row an observation, made on `days`; `figure` takes totals (draws, columns) and gives one
    number a draw. Fewer than two blocks of days have no interval: the bounds are not a number.
    """
    _, place = np.unique(days, return_inverse=True)
    size = int(place.max()) + 1 if len(days) else 0
    daily = np.zeros((size, columns.shape[1]))
    np.add.at(daily, place, columns)
    value = float(figure(daily.sum(axis=0, keepdims=True))[0])
    if size < 2 * block:
        return Interval(value, float("nan"), float("nan"))
    draw = np.random.Generator(np.random.PCG64(SEED))
    starts = draw.integers(0, size, (DRAWS, -(-size // block)))
    path = np.concatenate(
        [np.zeros((1, daily.shape[1])), np.cumsum(np.tile(daily, (2, 1)), axis=0)]
    )
    totals = (path[starts + block] - path[starts]).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = figure(totals)
    low, high = np.nanquantile(found, [0.025, 0.975])
    return Interval(value, float(low), float(high))


def share(totals: Floats) -> Floats:
    """First column over the second."""
    return np.asarray(totals[:, 0] / totals[:, 1])


def skill(totals: Floats) -> Floats:
    """One less the first column over the second: what is better than the reference's loss."""
    return np.asarray(1 - totals[:, 0] / totals[:, 1])


def lead(totals: Floats) -> Floats:
    """Share of the first two columns less the share of the last two."""
    return np.asarray(totals[:, 0] / totals[:, 1] - totals[:, 2] / totals[:, 3])
