from __future__ import annotations

import numpy as np

from arriero.apps.finance.trend.blocks import lead, resampled, share, skill


def test_windows_that_repeat_a_day_do_not_narrow_the_interval() -> None:
    draw = np.random.Generator(np.random.PCG64(2))
    days = np.arange(600)
    right = draw.random(600) < 0.6
    once = resampled(days, np.column_stack([right, np.ones(600)]), share, block=10)
    many = resampled(
        np.repeat(days, 20),
        np.column_stack([np.repeat(right, 20), np.ones(12_000)]),
        share,
        block=10,
    )
    assert (once.low, once.high) == (many.low, many.high)
    assert once.low < 0.6 < once.high


def test_long_runs_widen_it() -> None:
    days = np.arange(600)
    runs = np.repeat(np.arange(10) % 2, 60)
    shuffled = np.random.Generator(np.random.PCG64(2)).permutation(runs)
    wide, narrow = (
        resampled(days, np.column_stack([one, np.ones(600)]), share) for one in (runs, shuffled)
    )
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)


def test_fewer_than_two_blocks_have_no_interval() -> None:
    found = resampled(np.arange(100), np.ones((100, 2)), share)
    assert found.value == 1
    assert np.isnan(found.low)


def test_skill_and_lead_are_differences_of_totals() -> None:
    assert skill(np.array([[8.0, 10.0]]))[0] == np.float64(0.19999999999999996)
    assert lead(np.array([[8.0, 10.0, 3.0, 6.0]]))[0] == np.float64(0.30000000000000004)
