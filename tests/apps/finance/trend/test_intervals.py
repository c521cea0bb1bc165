from __future__ import annotations

from dataclasses import replace

import numpy as np

from arriero.apps.finance.trend.intervals import multiples, winkler
from arriero.apps.finance.trend.model import Level, shipped

LEVEL = shipped().level(1)


def misses(level: Level, size: int) -> float:
    draw = np.random.Generator(np.random.PCG64(4))
    moved, spread = draw.standard_normal(size), np.ones(size)
    return float((np.abs(moved) > multiples(moved, spread, level, 1, 0)).mean())


def test_the_interval_comes_to_its_promise_though_the_fit_was_wrong() -> None:
    wide = replace(LEVEL, reach=tuple(np.linspace(1.0, 3.0, len(LEVEL.reach)).tolist()))
    narrow = replace(wide, reach=tuple(np.linspace(0.4, 2.4, len(LEVEL.reach)).tolist()))
    for level in (wide, narrow):
        assert abs(misses(level, 6_000) - 0.1) < 0.03


def test_an_interval_learns_only_from_windows_that_have_ended() -> None:
    draw = np.random.Generator(np.random.PCG64(4))
    moved, spread = draw.standard_normal(400), np.ones(400)
    later = moved.copy()
    later[300:] = 9.0
    first = multiples(moved, spread, LEVEL, 21, 0)
    second = multiples(later, spread, LEVEL, 21, 0)
    assert np.array_equal(first[:321], second[:321])
    assert second[350] > first[350]


def test_a_rarer_miss_reaches_further() -> None:
    for level in shipped().levels:
        assert list(level.reach) == sorted(level.reach)


def test_winkler_counts_width_and_misses() -> None:
    low, high = np.array([-1.0, -1.0]), np.array([1.0, 1.0])
    assert np.allclose(winkler(low, high, np.array([0.0, 1.5])), [2.0, 12.0])
