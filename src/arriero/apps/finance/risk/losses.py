"""Value at risk and expected shortfall by filtered historical simulation.

Barone-Adesi, Giannopoulos and Vosper, "VaR without correlations for portfolios of derivative securities", J. Futures
Markets 19 (1999): past moves, each divided by the volatility that was forecast for its day, are drawn again under
today's volatility. A year has two and a half days of its worst 1 %, so the tail of a day is held near the tail of
many stocks (`TAIL`) until the stock has shown its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from arriero.apps.finance.risk.garch import Floats, Garch, follow
from arriero.apps.finance.risk.garch import fit as fit_garch

CHANCES = (0.05, 0.01)
# Quantiles and tail means of GARCH residuals, 87 US stocks before 2015-03-04 and two indices before 2009.
TAIL: Mapping[float, tuple[float, float]] = {0.05: (-1.56, -2.21), 0.01: (-2.55, -3.37)}
TRUST = 250  # days that `TAIL` counts for beside the stock's own
WINDOW = 1_000  # days that are looked back
PATHS = 4_000
SEED = 20_150_304  # the same draws for everybody: an analysis is to be repeatable
AGAIN = 126  # days after which a backtest fits anew


@dataclass(frozen=True, slots=True)
class Loss:
    """With probability `chance` more than `var` is lost over `days` days, and then `es` on average; shares of the value."""

    chance: float
    days: int
    var: float
    es: float


def losses(returns: Floats, garch: Garch, horizons: tuple[int, ...] = (1, 21)) -> tuple[Loss, ...]:
    """VaR and ES of each horizon at 95 and 99 %. Never below zero."""
    residuals = (returns / np.sqrt(garch.variances[:-1]))[-WINDOW:]
    found = []
    for days in horizons:
        for chance in CHANCES:
            if days == 1:
                low, mean = tail(residuals, chance)
                spread = math.sqrt(float(garch.variances[-1]))
                var, es = low * spread, mean * spread
            else:
                ends = _simulated(residuals, garch, days)
                var = float(np.quantile(ends, chance))
                es = float(np.mean(ends[ends <= var]))
            found.append(Loss(chance, days, _lost(var), _lost(es)))
    return tuple(found)


def tail(residuals: Floats, chance: float) -> tuple[float, float]:
    """Quantile of the residuals and mean beyond it, each between the stock's own and that of many stocks."""
    own = float(np.quantile(residuals, chance))
    beyond = float(np.mean(residuals[residuals <= own]))
    many, mean = TAIL[chance]
    weight = len(residuals) / (len(residuals) + TRUST)
    return many + weight * (own - many), mean + weight * (beyond - mean)


def exceeded(returns: Floats, start: int, chance: float = 0.01) -> tuple[bool, ...]:
    """For each day from `start` on: whether the loss went beyond the VaR that was forecast the day before.

    The volatility model is fitted anew every half year, on what was there by then.
    """
    found: list[bool] = []
    for first in range(start, len(returns), AGAIN):
        garch = fit_garch(returns[:first])
        spreads = np.sqrt(follow(garch, returns[: first + AGAIN]))
        for place in range(first, min(first + AGAIN, len(returns))):
            begin = max(0, place - WINDOW)
            low, _ = tail(returns[begin:place] / spreads[begin:place], chance)
            found.append(float(returns[place]) < low * float(spreads[place]))
    return tuple(found)


def kupiec(misses: int, days: int, chance: float) -> float:
    """P-value of the likelihood-ratio test that losses go beyond the VaR with probability `chance`.

    Kupiec, "Techniques for verifying the accuracy of risk measurement models", J. Derivatives 3 (1995).
    """
    if not 0 <= misses <= days or days == 0:
        raise ValueError(f"{misses} misses on {days} days cannot be")
    seen = misses / days
    ratio = 2 * (_likelihood(misses, days, seen) - _likelihood(misses, days, chance))
    return math.erfc(math.sqrt(max(ratio, 0.0) / 2))  # chi-squared with one degree of freedom


def _likelihood(misses: int, days: int, chance: float) -> float:
    held = days - misses
    return (misses * math.log(chance) if misses else 0.0) + (
        held * math.log1p(-chance) if held else 0.0
    )


def _simulated(residuals: Floats, garch: Garch, days: int) -> Floats:
    """Log returns over `days` days on paths that draw past residuals under the volatility of the path."""
    draws = np.random.Generator(np.random.PCG64(SEED)).integers(0, len(residuals), (days, PATHS))
    variance = np.full(PATHS, float(garch.variances[-1]))
    base = (1 - garch.alpha - garch.beta) * garch.long_run
    ends = np.zeros(PATHS)
    for drawn in draws:
        moves = residuals[drawn] * np.sqrt(variance)
        ends += moves
        variance = base + garch.alpha * moves**2 + garch.beta * variance
    return ends


def _lost(move: float) -> float:
    """A log return as the share that is lost."""
    return max(0.0, -math.expm1(move))
