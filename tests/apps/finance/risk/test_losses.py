from __future__ import annotations

import numpy as np
import pytest

from arriero.apps.finance.risk.garch import fit
from arriero.apps.finance.risk.losses import TAIL, exceeded, kupiec, losses, tail
from arriero.apps.finance.trend.worlds import without_edge

RETURNS = np.diff(np.log(without_edge(11)))


def test_rarer_and_longer_losses_are_larger_and_the_shortfall_is_beyond_the_value_at_risk() -> None:
    found = {(one.chance, one.days): one for one in losses(RETURNS, fit(RETURNS))}
    assert len(found) == 4
    assert found[0.01, 1].var > found[0.05, 1].var > 0
    assert found[0.01, 21].var > found[0.01, 1].var
    assert all(one.es > one.var for one in found.values())
    assert all(one.es < 1 for one in found.values())


def test_the_same_prices_lose_the_same() -> None:
    model = fit(RETURNS)
    assert losses(RETURNS, model) == losses(RETURNS, model)


def test_a_short_history_has_the_tail_of_many_stocks() -> None:
    short = np.full(63, 0.1)
    low, mean = tail(short, 0.01)
    assert low < TAIL[0.01][0] * 0.7
    assert mean < low


def test_losses_go_beyond_it_as_often_as_they_should() -> None:
    beyond = [
        one for seed in range(8) for one in exceeded(np.diff(np.log(without_edge(seed))), 504)
    ]
    assert 0.005 < np.mean(beyond) < 0.016


def test_a_crash_after_a_day_does_not_change_what_was_forecast_for_it() -> None:
    crashed = RETURNS.copy()
    crashed[900:] -= 0.1
    assert exceeded(RETURNS, 504)[:396] == exceeded(crashed, 504)[:396]


@pytest.mark.parametrize(
    ("misses", "days", "chance", "value"),
    # Kupiec (1995), table of non-rejection regions at 5 %: of 510 days at 1 % from 2 to 10 misses are accepted.
    [(1, 510, 0.01, False), (2, 510, 0.01, True), (10, 510, 0.01, True), (11, 510, 0.01, False)],
)
def test_kupiecs_own_regions(misses: int, days: int, chance: float, value: bool) -> None:
    assert (kupiec(misses, days, chance) > 0.05) is value


def test_no_day_is_no_test() -> None:
    with pytest.raises(ValueError, match="cannot be"):
        kupiec(0, 0, 0.01)
