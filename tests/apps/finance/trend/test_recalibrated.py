from __future__ import annotations

import numpy as np
import pytest

from arriero.apps.finance.trend.prices import Floats
from arriero.apps.finance.trend.recalibrated import MOST, SPAN, chances, recalibrated

SIZE, DAYS = 2_000, 21


def rises(share: float, size: int = SIZE) -> Floats:
    return (np.random.Generator(np.random.PCG64(3)).random(size) < share).astype(np.float64)


def test_a_level_that_is_too_high_comes_down() -> None:
    told = chances(recalibrated(np.full(SIZE, 1.0), rises(0.5), DAYS))
    assert told[0] == pytest.approx(0.731, abs=0.001)
    assert 0.5 < told[-1] < 0.66


def test_a_level_that_is_right_stays() -> None:
    told = chances(recalibrated(np.full(SIZE, 1.0), rises(0.731), DAYS))
    assert np.abs(told - 0.731).max() < 0.03


def test_only_windows_that_have_ended_correct_anything() -> None:
    score, rose = np.full(600, 0.4), rises(0.6, 600)
    later = rose.copy()
    later[300:] = 0.0
    unknown = rose.copy()
    unknown[300:] = np.nan
    first, second, third = (recalibrated(score, one, DAYS) for one in (rose, later, unknown))
    assert np.array_equal(first[: 300 + DAYS], second[: 300 + DAYS])
    assert np.array_equal(first[: 300 + DAYS], third[: 300 + DAYS])
    assert second[400] < first[400]


def test_what_comes_later_changes_no_byte_of_a_row() -> None:
    score, rose = np.random.Generator(np.random.PCG64(5)).standard_normal(700), rises(0.4, 700)
    for end in (1, 20, 22, 333, 699):
        cut = rose[:end].copy()
        cut[max(0, end - DAYS) :] = np.nan
        assert np.array_equal(
            recalibrated(score[:end], cut, DAYS), recalibrated(score, rose, DAYS)[:end]
        )


def test_what_is_older_than_the_span_is_forgotten() -> None:
    score, rose = np.zeros(SIZE), rises(0.5)
    wild = rose.copy()
    wild[:100] = 1.0
    plain, other = recalibrated(score, rose, DAYS), recalibrated(score, wild, DAYS)
    assert other[200] > plain[200]
    assert np.allclose(other[SPAN + 100 + DAYS :], plain[SPAN + 100 + DAYS :], atol=1e-12)


def test_rows_before_the_start_teach_nothing_and_the_correction_has_a_bound() -> None:
    score, rose = np.full(SIZE, -6.0), np.ones(SIZE)
    told = recalibrated(score, rose, DAYS, start=500)
    assert np.array_equal(told[: 500 + DAYS], score[: 500 + DAYS])
    assert (told - score).max() == MOST


def test_no_rows_give_no_rows() -> None:
    assert len(recalibrated(np.zeros(0), np.zeros(0), DAYS)) == 0
