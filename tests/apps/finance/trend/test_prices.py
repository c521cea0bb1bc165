from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from arriero.apps.finance.trend.prices import Flaw, read
from arriero.apps.finance.trend.worlds import weekdays, without_edge
from arriero.core.errors import InputError

DAYS = weekdays(301)
CLOSES = without_edge(3, 300)


def flaws(closes: np.ndarray, **more: object) -> list[Flaw]:
    return [remark.flaw for remark in read(DAYS, closes.tolist(), **more).remarks]  # type: ignore[arg-type]


def test_good_prices_have_no_remark() -> None:
    prices = read(DAYS, CLOSES.tolist())
    assert prices.remarks == ()
    assert prices.sound
    assert np.allclose(prices.returns, np.diff(np.log(CLOSES)))


@pytest.mark.parametrize(("ratio", "said"), [(2.0, "2 for 1"), (1.5, "3 for 2"), (0.1, "1 for 10")])
def test_a_split_is_taken_out_and_told(ratio: float, said: str) -> None:
    split = CLOSES.copy()
    split[200:] /= ratio
    prices = read(DAYS, split.tolist())
    assert [(one.flaw, one.detail) for one in prices.remarks] == [
        (Flaw.SPLIT, f"{said} on {DAYS[200]}")
    ]
    assert np.allclose(prices.returns, np.diff(np.log(CLOSES)))
    assert np.allclose(prices.closes, split[-1] / CLOSES[-1] * CLOSES)
    assert prices.sound


def test_a_halving_on_a_day_of_heavy_trade_is_a_fall_and_no_split() -> None:
    fallen = CLOSES.copy()
    fallen[200:] /= 2
    volumes = np.full(301, 1e6)
    volumes[200] = 2e7
    assert flaws(fallen, volumes=volumes.tolist()) == [Flaw.JUMP]
    volumes[200:] = 2e6  # twice the shares at half the price
    assert flaws(fallen, volumes=volumes.tolist()) == [Flaw.SPLIT]


def test_a_jump_that_is_near_no_ratio_stays_and_is_told() -> None:
    jumped = CLOSES.copy()
    jumped[200:] *= 0.58
    prices = read(DAYS, jumped.tolist())
    assert [one.flaw for one in prices.remarks] == [Flaw.JUMP]
    assert prices.returns[199] == pytest.approx(np.log(jumped[200] / jumped[199]))


def test_a_stock_does_not_split_twice_in_half_a_year() -> None:
    twice = CLOSES.copy()
    twice[200:] /= 2
    twice[240:] /= 2
    assert flaws(twice) == [Flaw.SPLIT, Flaw.JUMP]


def test_weekly_prices_are_daily_ones_with_days_missing() -> None:
    weeks = tuple(date(2020, 1, 3) + timedelta(days=7 * week) for week in range(301))
    assert [one.flaw for one in read(weeks, CLOSES.tolist()).remarks] == [Flaw.HOLES]


def test_a_year_with_its_holidays_is_whole() -> None:
    kept = [place for place in range(301) if place % 26]
    prices = read([DAYS[place] for place in kept], CLOSES[kept].tolist())
    assert prices.remarks == ()


def test_stale_frozen_holed_and_short_prices_forbid_a_claim() -> None:
    assert flaws(CLOSES, as_of=DAYS[-1] + timedelta(days=30)) == [Flaw.STALE]
    still = CLOSES.copy()
    still[-12:] = still[-12]
    assert flaws(still) == [Flaw.FROZEN]
    holed = read(DAYS[:200] + DAYS[240:], np.delete(CLOSES, range(200, 240)).tolist())
    assert [one.flaw for one in holed.remarks] == [Flaw.HOLES]
    short = read(DAYS[:40], CLOSES[:40].tolist())
    assert [one.flaw for one in short.remarks] == [Flaw.SHORT]
    assert short.short
    assert not short.sound


def test_nothing_and_one_price_are_too_short() -> None:
    assert read([], []).short
    assert read([date(2024, 1, 2)], [10.0]).short


@pytest.mark.parametrize(
    ("days", "closes", "volumes", "sentence"),
    [
        (DAYS[:3], [1.0, 2.0], None, "3 days, 2 closes"),
        (DAYS[:2], [1.0, 0.0], None, "leave days without a price out"),
        (DAYS[:2], [1.0, float("nan")], None, "leave days without a price out"),
        (DAYS[1::-1], [1.0, 2.0], None, "oldest first"),
        (DAYS[:2], [1.0, 2.0], [1.0, -1.0], "give the shares traded"),
    ],
)
def test_prices_that_cannot_be_are_refused_with_a_sentence(
    days: tuple[date, ...], closes: list[float], volumes: list[float] | None, sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        read(days, closes, volumes)


def test_rows_after_as_of_change_nothing() -> None:
    whole = read(DAYS, CLOSES.tolist(), as_of=DAYS[150])
    cut = read(DAYS[:151], CLOSES[:151].tolist())
    assert whole.days == cut.days
    assert np.array_equal(whole.returns, cut.returns)
    assert whole.remarks == cut.remarks
