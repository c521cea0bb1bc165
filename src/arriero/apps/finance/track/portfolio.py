"""The paper portfolio: what following the released ratings would have come to, after costs. No money is in it.

A rating counts from the close of the trading day after the one on which it was made: nobody can trade on a close
that has passed. BUY holds the name at an equal share, bought never above the limit; SELL and NO_RATING leave it; HOLD
changes nothing, so a name that rises may outgrow its limit until the next trade. Cash earns nothing. Returns are
time-weighted; volatility and ratios are annualised with 252 days.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from arriero.apps.finance.track.predictions import Prediction
from arriero.apps.finance.values import Rating

YEAR = 252


@dataclass(frozen=True, slots=True)
class Limits:
    """Shares of the portfolio, and the cost of trading (of the value traded, one way)."""

    single_name: float = 0.10
    sector: float = 0.30
    cost: float = 0.001


@dataclass(frozen=True, slots=True)
class Paper:
    """What it came to. `curve` starts at 1; a ratio is None where its denominator is 0 or there is too little."""

    days: Sequence[date]
    curve: Sequence[float]
    twr: float
    yearly: float | None
    volatility: float | None
    sharpe: float | None
    sortino: float | None
    max_drawdown: float
    turnover: float  # value traded one way, times a year
    weights: Mapping[str, float]
    held_back: Mapping[str, str]  # names with a BUY that a limit kept smaller, and why


def follow(
    predictions: Sequence[Prediction],
    closes: Mapping[str, Sequence[tuple[date, float]]],
    limits: Limits,
) -> Paper:
    """Follow the ratings over the days on which any of the names was traded. `closes` are adjusted."""
    followed = sorted(
        (one for one in predictions if not one.backdated and one.withdrawn is None),
        key=lambda one: (one.made, one.run),
    )
    prices = {name: dict(rows) for name, rows in closes.items()}
    begun = followed[0].made.date() if followed else None
    every = sorted({day for rows in prices.values() for day in rows if begun and day >= begun})
    sectors = {one.ticker: one.sector or "unknown" for one in followed}
    waiting = list(followed)
    units: dict[str, float] = {}
    last: dict[str, float] = {}
    held: set[str] = set()
    cash, value = 1.0, 1.0
    traded, curve, days = 0.0, [], []
    kept_back: dict[str, str] = {}
    for day in every:
        last |= {name: rows[day] for name, rows in prices.items() if day in rows}
        value = cash + sum(count * last[name] for name, count in units.items())
        changed = False
        # The next close of that very name: not that of its own day, nor one that has passed on another exchange.
        due = [
            one for one in waiting if one.made.date() < day and day in prices.get(one.ticker, {})
        ]
        for one in due:
            waiting.remove(one)
            if one.rating is Rating.BUY:
                changed |= one.ticker not in held
                held.add(one.ticker)
            elif one.rating is not Rating.HOLD:
                changed |= one.ticker in held
                held.discard(one.ticker)
        if changed:
            target, kept_back = targets(held, sectors, limits)
            moved = sum(
                abs(value * target.get(name, 0.0) - units.get(name, 0.0) * last[name])
                for name in held | units.keys()
            )
            traded += moved / value
            value -= moved * limits.cost
            units = {name: value * share / last[name] for name, share in target.items()}
            cash = value - sum(count * last[name] for name, count in units.items())
        days.append(day)
        curve.append(value)
    weights = {name: count * last[name] / value for name, count in sorted(units.items())}
    return _told(days, curve, traded / 2, weights, kept_back)


def targets(
    held: set[str], sectors: Mapping[str, str], limits: Limits
) -> tuple[dict[str, float], dict[str, str]]:
    """Equal shares, cut to the limit of a name and then to that of its sector; the rest is cash."""
    if not held:
        return {}, {}
    share = min(1 / len(held), limits.single_name)
    why = {} if share == 1 / len(held) else dict.fromkeys(sorted(held), "single name")
    target = dict.fromkeys(sorted(held), share)
    for sector in sorted({sectors[name] for name in held}):
        mine = [name for name in sorted(held) if sectors[name] == sector]
        total = sum(target[name] for name in mine)
        if total > limits.sector + 1e-12:
            for name in mine:
                target[name] *= limits.sector / total
                why[name] = "sector"
    return target, why


def _told(
    days: Sequence[date],
    curve: Sequence[float],
    traded: float,
    weights: Mapping[str, float],
    kept_back: Mapping[str, str],
) -> Paper:
    returns = [after / before - 1 for before, after in pairwise(curve)]
    years = len(returns) / YEAR
    twr = curve[-1] - 1 if curve else 0.0
    yearly = (1 + twr) ** (1 / years) - 1 if len(returns) >= YEAR else None
    mean = sum(returns) / len(returns) if returns else 0.0
    volatility = sharpe = sortino = None
    if len(returns) >= 20:
        deviation = math.sqrt(sum((one - mean) ** 2 for one in returns) / (len(returns) - 1))
        volatility = deviation * math.sqrt(YEAR)
        sharpe = mean * YEAR / volatility if volatility else None
        # Root mean square of the losses over all observations (Sortino and Price 1994), not over the losses.
        down = math.sqrt(sum(min(one, 0.0) ** 2 for one in returns) / len(returns)) * math.sqrt(
            YEAR
        )
        sortino = mean * YEAR / down if down else None
    return Paper(
        days, curve, twr, yearly, volatility, sharpe, sortino, drawdown(curve),
        traded / years if years else 0.0, weights, kept_back,
    )  # fmt: skip


def drawdown(curve: Sequence[float]) -> float:
    """The largest fall from a peak, as a share of it (0 to 1)."""
    peak, worst = 0.0, 0.0
    for value in curve:
        peak = max(peak, value)
        worst = max(worst, 1 - value / peak) if peak > 0 else worst
    return worst
