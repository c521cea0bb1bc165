"""What following forecasts would have earned, after costs, filled one bar later; and whether that can be luck.

A position that is wanted at a day's close is bought at the next day's close and earns from the day after that on.
Returns are simple, compounded (time-weighted); a year has 252 days; cash earns nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from arriero.apps.finance.trend.prices import YEAR, Floats

COST = 0.001  # of what is traded: commission, half a spread and impact for a large company, on the cautious side
EULER = 0.5772156649015329
DELAY = 2  # rows from the forecast to the first return that it earns


@dataclass(frozen=True, slots=True)
class Earned:
    """One way to trade. Shares of the value; `sharpe` and `sortino` a year; `turnover` times the value a year.

    `deflated` is the probability that its Sharpe ratio is above what the best of all that were tried would show
    if none had any (0.95 or more is usually asked for).
    """

    name: str
    total: float
    yearly: float
    volatility: float
    sharpe: float
    sortino: float
    worst: float
    turnover: float
    invested: float
    deflated: float


def trade(returns: Floats, wanted: Mapping[str, Floats], cost: float = COST) -> tuple[Earned, ...]:
    """Every way to trade the stock whose log returns these are; `wanted` are positions (1: all of the value) by row."""
    daily = {name: _daily(returns, positions, cost) for name, positions in wanted.items()}
    ratios = [_ratio(one) for one, _ in daily.values()]
    return tuple(_earned(name, one, held, ratios) for name, (one, held) in daily.items())


def _daily(returns: Floats, wanted: Floats, cost: float) -> tuple[Floats, Floats]:
    held = np.concatenate([np.zeros(DELAY), wanted])[: len(returns)]
    traded = np.abs(np.diff(held, prepend=0.0))
    return held * np.expm1(returns) - traded * cost, held


def _earned(name: str, daily: Floats, held: Floats, ratios: Sequence[float]) -> Earned:
    years = len(daily) / YEAR
    growth = float(np.prod(1 + daily))
    path = np.cumprod(1 + daily)
    peak = np.maximum.accumulate(np.concatenate([[1.0], path]))[1:]
    downside = math.sqrt(float(np.mean(np.minimum(daily, 0) ** 2)))
    mean = float(np.mean(daily))
    return Earned(
        name=name,
        total=growth - 1,
        yearly=growth ** (1 / years) - 1,
        volatility=float(np.std(daily)) * math.sqrt(YEAR),
        sharpe=_ratio(daily) * math.sqrt(YEAR),
        sortino=mean / downside * math.sqrt(YEAR) if downside else 0.0,
        worst=float(np.max(1 - path / peak)),
        turnover=float(np.sum(np.abs(np.diff(held, prepend=0.0)))) / years,
        invested=float(np.mean(held)),
        deflated=_deflated_of(daily, ratios),
    )


def _ratio(daily: Floats) -> float:
    """Sharpe ratio a day; 0 for a way that never trades."""
    spread = float(np.std(daily))
    return float(np.mean(daily)) / spread if spread else 0.0


def _deflated_of(daily: Floats, ratios: Sequence[float]) -> float:
    spread = float(np.std(daily))
    if not spread:
        return 0.0
    unit = (daily - np.mean(daily)) / spread
    tried = [ratio for ratio in ratios if ratio]
    return deflated(
        _ratio(daily),
        len(daily),
        float(np.mean(unit**3)),
        float(np.mean(unit**4)),
        float(np.var(tried)),
        len(tried),
    )


def deflated(
    ratio: float, days: int, skew: float, kurtosis: float, variance: float, trials: int
) -> float:
    """P(the true Sharpe ratio is above the best one that luck gives among so many trials).

    Bailey and Lopez de Prado, "The deflated Sharpe ratio", J. Portfolio Management 40 (2014). `ratio` is a day's,
    `variance` that of the trials' ratios; kurtosis is 3 for a normal.
    """
    normal = NormalDist()
    luck = 0.0
    if trials > 1:
        best = (1 - EULER) * normal.inv_cdf(1 - 1 / trials)
        luck = math.sqrt(variance) * (best + EULER * normal.inv_cdf(1 - 1 / (trials * math.e)))
    noise = 1 - skew * ratio + (kurtosis - 1) / 4 * ratio**2
    return normal.cdf((ratio - luck) * math.sqrt(days - 1) / math.sqrt(max(noise, 1e-12)))
