"""Invented markets whose truth is known: one without an edge, one with an edge planted. Plainly simulated."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np

from arriero.apps.finance.trend.prices import Floats

FIRST = date(2001, 1, 1)
YEARS = 5
SIZE = 252 * YEARS


def without_edge(seed: int, size: int = SIZE) -> Floats:
    """Closes whose volatility lasts and whose direction nothing foretells: GARCH(1,1), Student's t, a premium."""
    draw = np.random.Generator(np.random.PCG64(seed))
    yearly = float(draw.uniform(0.15, 0.45))
    moves = _lasting(draw, size, yearly) + (0.08 - yearly**2 / 2) / 252
    return np.asarray(100 * np.exp(np.concatenate([[0.0], np.cumsum(moves)])))


def with_edge(seed: int, size: int = SIZE) -> Floats:
    """The same, and a drift that goes on for 200 days on average, up or down: what a month's return can tell.

    Over a month the drift is 1.8 times the volatility of a month: far more than real markets give.
    """
    draw = np.random.Generator(np.random.PCG64(seed))
    yearly = float(draw.uniform(0.15, 0.45))
    turns = draw.random(size) < 1 / 200
    sign = np.where(np.cumsum(turns) % 2 == 0, 1.0, -1.0) * float(draw.choice([-1.0, 1.0]))
    moves = _lasting(draw, size, yearly) + sign * 0.4 * yearly / np.sqrt(252)
    return np.asarray(100 * np.exp(np.concatenate([[0.0], np.cumsum(moves)])))


def weekdays(count: int, first: date = FIRST) -> tuple[date, ...]:
    """So many days from Monday to Friday."""
    return tuple(day for day, _ in zip(_all(first), range(count), strict=False))


def _all(first: date) -> Iterator[date]:
    day = first
    while True:
        if day.weekday() < 5:
            yield day
        day += timedelta(days=1)


def _lasting(draw: np.random.Generator, size: int, yearly: float) -> Floats:
    long_run = yearly**2 / 252
    variance, moves = long_run, np.empty(size)
    shocks = draw.standard_t(6, size) / np.sqrt(6 / 4)
    for place in range(size):
        moves[place] = shocks[place] * np.sqrt(variance)
        variance = 0.03 * long_run + 0.08 * moves[place] ** 2 + 0.89 * variance
    return moves
