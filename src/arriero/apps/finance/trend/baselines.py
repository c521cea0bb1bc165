"""What simple forecasts of the price expect: naive, drift, ARIMA(1,1,0), exponential smoothing.

They are there to be compared with. Each gives, for every day, the log return over the next days that follows from
returns up to that day, in closed form or from a grid, so that a whole history costs milliseconds; a package that
fits the same (statsforecast, statsmodels) needs seconds to be imported or compiled, and a fit a day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from arriero.apps.finance.trend.prices import YEAR, Floats

KEEPS = (
    0.05,
    0.1,
    0.2,
    0.4,
    0.6,
    0.8,
    0.9,
    0.95,
    1.0,
)  # weights of the newest price; 1 is the naive forecast


def naive(returns: Floats, _days: int) -> Floats:
    """The price stays where it is."""
    return np.zeros(len(returns))


def drift(returns: Floats, days: int) -> Floats:
    """It goes on at the mean pace so far."""
    return np.asarray(_mean_so_far(returns) * days)


def arima(returns: Floats, days: int) -> Floats:
    """ARIMA(1,1,0) with drift, least squares over all returns so far."""
    mean = _mean_so_far(returns)
    moved = returns - mean
    products = np.concatenate([[0.0], moved[1:] * moved[:-1]])
    squares = np.concatenate([[0.0], moved[:-1] ** 2])
    lasting = np.cumsum(products) / np.maximum(np.cumsum(squares), 1e-12)
    lasting = np.clip(lasting, -0.95, 0.95)
    return np.asarray(mean * days + moved * lasting * (1 - lasting**days) / (1 - lasting))


def smoothed(returns: Floats, _days: int) -> Floats:
    """ETS(A,N,N): the price goes back to its smoothed level; the weight is the best one so far (Brown 1959)."""
    price = np.cumsum(returns)
    gaps, losses = [], []
    for keep in KEEPS:
        level = _levels(price, keep)
        errors = np.concatenate([[0.0], (price[1:] - level[:-1]) ** 2])
        gaps.append(level - price)
        losses.append(np.cumsum(errors))
    best = np.argmin(np.array(losses), axis=0)
    return np.asarray(np.array(gaps)[best, np.arange(len(price))])


BASELINES: Mapping[str, Callable[[Floats, int], Floats]] = {
    "naive": naive,
    "drift": drift,
    "arima": arima,
    "smoothed": smoothed,
}


def _mean_so_far(returns: Floats) -> Floats:
    """Zero in the first quarter of a year, in which a mean says nothing."""
    count = np.arange(1, len(returns) + 1)
    return np.asarray(np.where(count < YEAR // 4, 0.0, np.cumsum(returns) / count))


def _levels(price: Floats, keep: float) -> Floats:
    level, levels = 0.0, []
    for value in price.tolist():
        level += keep * (value - level)
        levels.append(level)
    return np.array(levels)
