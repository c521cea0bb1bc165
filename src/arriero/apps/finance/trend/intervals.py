"""Intervals that hold what they promise: conformal, and adapted to what this stock did.

The multiple of the forecast volatility comes from moves of the past (split conformal). From then on each outcome,
once its window has ended, moves the promised miss rate a little: up when the interval held, down when it did not
(adaptive conformal inference: Gibbs and Candes, NeurIPS 2021). Windows overlap, so that one bad month is many
misses: each counts for its share of a window.
"""

from __future__ import annotations

from bisect import bisect_left

import numpy as np

from arriero.apps.finance.trend.model import LEVEL, MISSES, Level
from arriero.apps.finance.trend.prices import Floats

STEP = 0.005  # how far one window moves the miss rate; chosen on prices before 2015 and 2009
LOWEST, HIGHEST = 0.02, 0.3  # the miss rate stays between these: nothing is known beyond
WIDTHS = MISSES[::-1]  # ascending


def multiples(moved: Floats, spread: Floats, level: Level, days: int, start: int) -> Floats:
    """For each row, how many forecast standard deviations the interval reaches; `moved` is centred.

    Outcomes before row `start` teach nothing: their features were not complete. The multiple of row t rests on
    windows that had ended by t.
    """
    reach = level.reach[::-1]
    size = np.abs(moved / spread)
    miss, found = 1 - LEVEL, np.empty(len(moved))
    used = size.tolist()
    multiple = _between(reach, miss)
    past: list[float] = []
    for place in range(len(used)):
        ended = place - days
        if ended >= start and used[ended] == used[ended]:  # a number
            missed = used[ended] > past[ended]
            miss = min(max(miss + STEP / days * ((1 - LEVEL) - missed), LOWEST), HIGHEST)
            multiple = _between(reach, miss)
        past.append(multiple)
        found[place] = multiple
    return found


def _between(reach: tuple[float, ...], miss: float) -> float:
    """`reach` at this miss rate, linear between the known ones."""
    right = min(max(bisect_left(WIDTHS, miss), 1), len(WIDTHS) - 1)
    left = right - 1
    share = (miss - WIDTHS[left]) / (WIDTHS[right] - WIDTHS[left])
    return reach[left] + (reach[right] - reach[left]) * share


def winkler(low: Floats, high: Floats, moved: Floats) -> Floats:
    """Width, plus 2 / 0.1 of every miss: lower is better (Winkler, JASA 67, 1972)."""
    short, over = np.maximum(low - moved, 0), np.maximum(moved - high, 0)
    return np.asarray(high - low + 2 / (1 - LEVEL) * (short + over))
