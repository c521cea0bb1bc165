from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from arriero.apps.finance.risk.history import drawdown, liquidity
from arriero.apps.finance.risk.level import placed, table
from arriero.apps.finance.risk.risks import risks
from arriero.apps.finance.risk.shocks import beta, shocks
from arriero.apps.finance.trend.prices import Flaw
from arriero.apps.finance.trend.worlds import weekdays, without_edge

DAYS = weekdays(1_261)
CLOSES = without_edge(7).tolist()
VOLUMES = [1e6] * 1_261


def test_a_whole_report_has_every_figure() -> None:
    found = risks(DAYS, CLOSES, VOLUMES, market=(DAYS, without_edge(8).tolist()), distress=0)
    assert found.level in table().levels
    assert found.placed[0].level == found.level
    assert found.missing == ()
    assert found.loss(0.01, 21) is not None
    assert found.loss(0.01, 5) is None
    assert len(found.shocks) == 6
    assert all(-1 < one.change <= 0 for one in found.shocks)


def test_what_is_missing_is_named() -> None:
    found = risks(DAYS, CLOSES)
    assert [one.split(":")[0] for one in found.missing] == ["liquidity", "beta", "distress"]
    assert found.liquidity is None


def test_the_worst_measure_is_the_level() -> None:
    calm = risks(DAYS, np.linspace(100, 110, 1_261).tolist(), VOLUMES)
    assert calm.level == "low"
    assert risks(DAYS, np.linspace(100, 110, 1_261).tolist(), VOLUMES, distress=2).level == "high"
    assert risks(DAYS, np.linspace(100, 110, 1_261).tolist(), [10.0] * 1_261).level == "severe"


def test_a_measure_on_its_limit_is_still_below_it() -> None:
    assert [one.level for one in placed({"volatility": 0.2, "var99_day": 0.0301})] == [
        "moderate",
        "low",
    ]
    assert placed({"distress": None}) == ()


def test_the_table_rises_from_row_to_row() -> None:
    for measure in table().measures:
        assert len(measure.limits) == len(table().levels) - 1
        assert list(measure.limits) == sorted(set(measure.limits))


def test_too_few_prices_have_no_level_and_say_so() -> None:
    found = risks(DAYS[:30], CLOSES[:30])
    assert (found.level, found.losses, found.drawdown) == (None, (), None)
    assert [one.flaw for one in found.remarks] == [Flaw.SHORT]
    assert risks([], []).as_of is None


def test_nothing_after_as_of_changes_anything() -> None:
    for end in (63, 64, 200, 777):
        whole = risks(DAYS, CLOSES, VOLUMES, as_of=DAYS[end - 1])
        assert whole == risks(DAYS[:end], CLOSES[:end], VOLUMES[:end])


def test_a_split_is_no_drawdown() -> None:
    split = np.array(CLOSES)
    split[600:] /= 2
    before, after = risks(DAYS, CLOSES), risks(DAYS, split.tolist())
    assert after.drawdown == before.drawdown
    assert after.losses == before.losses


def test_a_drawdown_knows_its_peak_and_how_long_it_lasts() -> None:
    fall = drawdown(DAYS[:6], np.array([10.0, 12.0, 6.0, 9.0, 12.0, 11.0]))
    assert (fall.worst, fall.peak, fall.trough) == (0.5, DAYS[1], DAYS[2])
    assert fall.days_under == 1
    assert fall.now == pytest.approx(1 / 12)


def test_a_stock_that_nobody_trades_has_no_liquidity() -> None:
    closes, returns = np.full(100, 10.0), np.zeros(99)
    assert liquidity(closes, returns, np.zeros(100)) is None
    traded = liquidity(closes, returns, np.full(100, 1_000.0))
    assert traded is not None
    assert (traded.money, traded.days_to_sell) == (10_000.0, 1_000.0)


def test_a_beta_is_that_of_the_same_days_pulled_to_one() -> None:
    market = np.diff(np.log(without_edge(8)))
    assert beta(2 * market, market) == pytest.approx(2 / 3 * 2 + 1 / 3)
    assert beta(market[:10], market[:10]) is None
    assert beta(market, np.zeros(len(market))) is None
    later = tuple(day + timedelta(days=5_000) for day in DAYS)
    assert risks(DAYS, CLOSES, market=(later, CLOSES)).beta is None


def test_shocks_go_with_the_beta_and_never_lose_more_than_all() -> None:
    found = {one.name: one for one in shocks(np.array([0.0, -0.1, 0.05] * 40), 2.0)}
    assert found["market as on 19 October 1987"].change == pytest.approx(-0.41)
    assert found["market as from October 2007 to March 2009"].change == -0.99
    assert found["its own worst day again"].change == pytest.approx(np.expm1(-0.1))
