"""One stock, as if the forecasts had been there all along: how often they were right, and what they would have earned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from arriero.apps.finance.trend.features import MONTH, features, realised
from arriero.apps.finance.trend.model import Fitted, shipped
from arriero.apps.finance.trend.prices import YEAR, Prices
from arriero.apps.finance.trend.trading import COST, Earned, trade
from arriero.apps.finance.trend.walk import Walk, follow
from arriero.bench.report import Metric
from arriero.bench.trend import directions, intervals, points, returns, var99
from arriero.core.errors import InputError


@dataclass(frozen=True, slots=True)
class Backtest:
    """From `start` on; `seen` says whether the model was fitted to days that are tested here."""

    start: date
    end: date
    seen: bool
    accuracy: Mapping[str, Metric]
    earned: tuple[Earned, ...]


def backtest(prices: Prices, model: Fitted | None = None, cost: float = COST) -> Backtest:
    """The shipped model along these prices, from the day after its fit, or from their second year when they are older.

    Raises `InputError` for less than two years of prices.
    """
    fitted = model or shipped()
    if len(prices.returns) < 2 * YEAR:
        raise InputError(
            f"{len(prices.closes)} closes are too few to test on; give two years ({2 * YEAR + 1}) or more"
        )
    fit = date.fromisoformat(fitted.until)
    later = prices.days[-YEAR - MONTH] >= fit  # a year or more that the model has not seen
    start = max(fit, prices.days[YEAR]) if later else prices.days[YEAR]
    walked = follow([prices], [fitted], [start])
    month = walked.over(MONTH)
    accuracy = {
        **directions(walked.directions),
        **returns(month),
        **intervals(month),
        **points([prices], month),
    }
    return Backtest(
        start=start,
        end=prices.days[-1],
        seen=not later,
        accuracy={**accuracy, "var99_kupiec": var99([prices], start)},
        earned=_earned(prices, fitted, walked, start, cost),
    )


def _earned(
    prices: Prices, fitted: Fitted, walked: Walk, start: date, cost: float
) -> tuple[Earned, ...]:
    """Four ways: hold, follow claimed directions, keep volatility even, hold half where it is claimed to rise."""
    first = sum(day < start for day in prices.days[1:])
    moves = prices.returns[first:]
    table = features(prices.returns)
    ahead = fitted.spread(prices.returns, table, MONTH)[first:] / np.sqrt(MONTH)
    usual = realised(prices.returns, YEAR, MONTH)[first:]
    higher = fitted.higher(prices.returns, table)[first:]
    claimed = np.zeros(len(moves))
    month = walked.over(MONTH)
    claimed[: len(month.claimed)] = month.claimed & (month.up > 0.5)
    ways = {
        "hold (always up)": np.ones(len(moves)),
        "claimed rises": claimed,
        "even volatility": np.minimum(1.0, usual / ahead),
        "half when wild": np.where(fitted.claimed(higher) & (higher > 0.5), 0.5, 1.0),
    }
    return trade(moves, ways, cost)
