from __future__ import annotations

import numpy as np

from arriero.apps.finance.trend.features import NAMES, coming, features, realised
from arriero.apps.finance.trend.worlds import without_edge

RETURNS = np.diff(np.log(without_edge(5, 600)))


def test_a_row_is_the_same_to_the_byte_when_later_days_are_cut_off() -> None:
    whole = features(RETURNS)
    for end in (63, 64, 130, 251, 252, 253, 400, 599):
        cut = features(RETURNS[:end])
        assert cut.tobytes() == whole[:end].tobytes()


def test_nothing_is_known_before_a_quarter_and_everything_after() -> None:
    table = features(RETURNS)
    assert np.isnan(table[:62]).all(axis=1).all()
    assert not np.isnan(table[62:]).any()


def test_a_calm_month_in_a_wild_year_shows_in_the_ratio() -> None:
    calm = RETURNS.copy()
    calm[-21:] /= 4
    name = NAMES.index("volatility_252")
    assert features(calm)[-1, name] > features(RETURNS)[-1, name] + 1


def test_a_jump_a_quarter_ago_shows_as_the_season_that_comes_again() -> None:
    jumped = RETURNS.copy()
    jumped[-50] = (
        0.12  # of the 21 days from 62 to 42 days ago: they are the next 21 one quarter earlier
    )
    name = NAMES.index("season_1")
    assert features(jumped)[-1, name] > features(RETURNS)[-1, name] + 0.15


def test_what_comes_is_the_sum_of_the_next_returns() -> None:
    found = coming(RETURNS, 5)
    assert np.isclose(found[10], RETURNS[11:16].sum())
    assert np.isnan(found[-5:]).all()


def test_realised_volatility_is_a_root_mean_square() -> None:
    assert np.isclose(realised(RETURNS, 21)[100], np.sqrt(np.mean(RETURNS[80:101] ** 2)), rtol=1e-4)
