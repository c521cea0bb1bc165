"""What became of predictions: scored once, counted beside chance, watched, followed on paper."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from types import SimpleNamespace

import pytest

from arriero.apps.finance.evidence.base import Bar
from arriero.apps.finance.track.calibrate import FEWEST, calibration_of, platt
from arriero.apps.finance.track.drift import MOST, STEP, caution_after, look
from arriero.apps.finance.track.portfolio import Limits, drawdown, follow, targets
from arriero.apps.finance.track.predictions import (
    Outcome,
    Prediction,
    Predictions,
    prediction_of,
    scored,
    told,
)
from arriero.apps.finance.track.scoreboard import scoreboard
from arriero.apps.finance.track.watch import ALERT
from arriero.apps.finance.values import Rating
from arriero.cli import finance_track
from arriero.core import statistics
from arriero.core.settings import Settings
from arriero.store.records import MemoryRecords
from tests.apps.finance.conftest import TENANT, Open

DAY = date(2026, 1, 5)  # a Monday
MADE = datetime(2026, 1, 5, 15, tzinfo=UTC)


def prediction(rating: Rating = Rating.BUY, **more: object) -> Prediction:
    one = Prediction(
        run="r", ticker="XTAM", sector="manufacturing", as_of=DAY, made=MADE, days=21,
        rating=rating, band=0.05, close=100.0, confidence=0.6, score=0.6, p_up=0.6,
        base_rate=0.55, low=-0.1, high=0.1, level=0.9, backdated=False,
    )  # fmt: skip
    return replace(one, **more)  # type: ignore[arg-type]


def bars(closes: Sequence[float], start: date = DAY) -> list[Bar]:
    """A bar each weekday from `start` on."""
    found, day = [], start
    for close in closes:
        while day.weekday() > 4:
            day += timedelta(days=1)
        found.append(Bar(day, close, close, close, close, None, 1e6))
        day += timedelta(days=1)
    return found


@pytest.mark.parametrize(
    ("rating", "last", "right"),
    [
        (Rating.BUY, 101.0, True), (Rating.BUY, 99.0, False), (Rating.SELL, 99.0, True),
        (Rating.SELL, 101.0, False), (Rating.HOLD, 104.0, True), (Rating.HOLD, 106.0, False),
        (Rating.NO_RATING, 101.0, None),
    ],
)  # fmt: skip
def test_a_rating_is_right_by_its_published_definition(
    rating: Rating, last: float, right: bool | None
) -> None:
    after = scored(prediction(rating), bars([100.0] * 21 + [last]))
    assert after.outcome is not None
    assert after.outcome.right is right
    assert after.outcome.change == pytest.approx(last / 100 - 1)


def test_nothing_is_scored_before_the_last_day_and_nothing_twice() -> None:
    waiting = prediction()
    assert scored(waiting, bars([100.0] * 21)).outcome is None
    done = scored(waiting, bars([100.0] * 21 + [101.0]))
    assert scored(done, bars([100.0] * 21 + [50.0])) == done
    assert waiting.due <= bars([100.0] * 22)[-1].day


def test_the_interval_held_the_return_or_not() -> None:
    held = [scored(prediction(), bars([100.0] * 21 + [last])).outcome for last in (105.0, 120.0)]
    assert [one.inside for one in held if one] == [True, False]


def test_a_split_that_was_not_adjusted_is_no_fall() -> None:
    prices = [100.0 + number % 3 for number in range(22)]
    told = bars([price / (2 if number > 11 else 1) for number, price in enumerate(prices)])
    after = scored(prediction(), told)
    assert after.outcome is not None
    assert after.outcome.change == pytest.approx(prices[-1] / prices[0] - 1)
    adjusted = [replace(bar, adjusted=close) for bar, close in zip(told, prices, strict=True)]
    assert scored(prediction(), adjusted) == after


async def test_a_prediction_is_kept_as_it_was_made() -> None:
    one = scored(prediction(), bars([100.0] * 22))
    assert prediction_of(told(one)) == one
    kept = Predictions(MemoryRecords())
    await kept.put("default", one)
    await kept.put("default", one)
    assert await kept.all("default") == [one]


async def test_what_was_withdrawn_is_marked_and_is_no_earlier_rating() -> None:
    async def withdrawn(tenant: str) -> dict[str, str]:
        return {"r": "a wrong figure"}

    kept = Predictions(MemoryRecords(), withdrawn)
    await kept.put("default", prediction())
    (one,) = await kept.all("default")
    assert one.withdrawn == "a wrong figure"
    assert await kept.earlier("default", "XTAM", 21, DAY + timedelta(days=1)) is None


@pytest.mark.parametrize(
    ("days", "before", "stands"),
    [
        (21, DAY + timedelta(days=1), True),
        (21, DAY, False),  # of that very day
        (63, DAY + timedelta(days=1), False),  # another horizon
        (21, DAY + timedelta(days=29), True),
        (21, DAY + timedelta(days=30), False),  # it is over
    ],
)
async def test_an_earlier_rating_is_one_that_still_stands(
    days: int, before: date, stands: bool
) -> None:
    kept = Predictions(MemoryRecords())
    late = prediction(run="late", made=MADE + timedelta(days=40), rating=Rating.SELL)
    for one in (prediction(), late):  # approved after it was over, so not known on those days
        await kept.put("default", one)
    found = await kept.earlier("default", "XTAM", days, before)
    assert (found is not None) is stands
    assert found is None or found.rating is Rating.BUY


def outcome(change: float, *, right: bool | None, inside: bool, day: int = 0) -> Outcome:
    return Outcome(DAY + timedelta(days=30 + day), change, right, inside)


def many(rights: Sequence[bool], *, inside: Sequence[bool] | None = None) -> list[Prediction]:
    """BUY predictions of different companies, right or wrong."""
    held = inside or [True] * len(rights)
    return [
        prediction(
            run=f"r{number:04d}", ticker=f"T{number}",
            outcome=outcome(0.05 if right else -0.05, right=right, inside=kept, day=number),
        )
        for number, (right, kept) in enumerate(zip(rights, held, strict=True))
    ]  # fmt: skip


def test_the_scoreboard_sets_what_was_right_beside_what_rose_anyway() -> None:
    rows = {row.group: row for row in scoreboard(many([True] * 6 + [False] * 4))}
    for group in ("all", "1 month", "manufacturing"):
        row = rows[group]
        assert row.right is not None
        assert (row.made, row.scored, row.rated, row.right.value) == (10, 10, 10, 0.6)
        assert row.always_up == 0.6  # every one was a BUY: no skill, and it shows
        assert row.effective == 10.0


def test_overlapping_predictions_of_one_company_count_for_few() -> None:
    same = [
        replace(one, ticker="XTAM", as_of=DAY + timedelta(days=number))
        for number, one in enumerate(many([True] * 10))
    ]
    found = scoreboard(same)[0]
    assert found.effective == pytest.approx(1 + 9 / 21 * 252 / 365.25)
    assert found.right is not None
    assert (
        found.right.low == statistics.scored(1.0, found.effective).low < statistics.wilson(2, 2).low
    )


def test_withdrawn_predictions_are_counted_and_backdated_ones_apart() -> None:
    rows = many([True, False, True])
    rows[1] = replace(rows[1], withdrawn="a wrong figure")
    rows[2] = replace(rows[2], backdated=True)
    assert scoreboard(rows)[0].scored == 2
    assert scoreboard(rows, backdated=True)[0].scored == 1


def test_intervals_that_hold_too_little_raise_the_caution_step_by_step_and_no_further() -> None:
    random = Random(5)
    rights = [random.random() < 0.6 for _ in range(60)]
    bad = look(many(rights, inside=[number % 2 == 0 for number in range(60)]))
    assert "interval coverage" in bad.alarms
    good = look(many(rights, inside=[number % 10 != 0 for number in range(60)]))
    assert good.alarms == ()
    caution = 0.0
    for _ in range(10):
        caution = caution_after(caution, bad)
    assert caution == MOST
    assert caution_after(caution, good) == pytest.approx(MOST - STEP)
    assert caution_after(0.0, good) == 0.0


def test_a_probability_that_scores_worse_than_its_base_rate_is_an_alarm() -> None:
    wrong = [replace(one, p_up=0.95) for one in many([number % 2 == 0 for number in range(60)])]
    assert "Brier score" in look(wrong).alarms


async def test_the_scoreboard_looks_for_drift_in_what_it_scores(
    open_desk: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await open_desk()
    for number in range(30):
        missed = prediction(run=f"r{number:02d}", low=0.9, high=1.0)
        await desk.app.predictions.put(TENANT, missed)

    @asynccontextmanager
    async def opened(settings: Settings) -> AsyncIterator[SimpleNamespace]:
        yield SimpleNamespace(app=lambda name: desk.app, clock=desk.clock)

    monkeypatch.setattr("arriero.assembly.open_platform", opened)
    rows, caution = await finance_track._scores(Settings(), backdated=False)
    assert rows[0].scored == 30
    assert caution == STEP
    assert [alert.name for alert in await desk.ledger.alerts()] == [ALERT]


def test_too_few_predictions_decide_nothing() -> None:
    few = look(many([False] * 10))
    assert few.alarms == ()
    assert caution_after(0.04, few) == 0.04


def test_the_logistic_curve_finds_the_one_that_the_rows_came_from() -> None:
    random = Random(11)
    rows = []
    for _ in range(4_000):
        score = random.random()
        rows.append((score, random.random() < 1 / (1 + 2.718281828 ** -(-2 + 4 * score))))
    intercept, slope = platt(rows)
    assert intercept == pytest.approx(-2, abs=0.25)
    assert slope == pytest.approx(4, abs=0.45)


def test_a_calibration_needs_enough_scored_ratings_that_were_not_backdated() -> None:
    rows = many([number % 3 != 0 for number in range(FEWEST)])
    found = calibration_of(rows)
    assert found is not None
    assert found.n == FEWEST
    assert calibration_of(rows[1:]) is None
    assert calibration_of([replace(one, backdated=True) for one in rows]) is None


def closes(values: Sequence[float]) -> list[tuple[date, float]]:
    return [(bar.day, bar.close) for bar in bars(values)]


def test_a_rating_is_followed_at_the_close_after_its_day_and_pays_for_the_trade() -> None:
    paper = follow([prediction()], {"XTAM": closes([100, 110, 121])}, Limits(1.0, 1.0, 0.01))
    # Bought at 110, not at 100; 1 % of the value is paid; then it rises by a tenth.
    assert paper.curve == pytest.approx([1.0, 0.99, 0.99 * 1.1])
    assert paper.twr == pytest.approx(0.99 * 1.1 - 1)
    assert paper.weights == {"XTAM": pytest.approx(1.0)}


def test_a_name_that_is_not_traded_on_a_day_is_bought_at_its_own_next_close() -> None:
    made = [prediction(run="a", ticker="A"), prediction(run="b", ticker="B")]
    days = [DAY + timedelta(days=number) for number in range(3)]
    every = {"A": [(day, 100.0) for day in days]}
    both = every | {"B": [(days[0], 100.0), (days[2], 150.0)]}  # closed on Tuesday
    late = every | {"B": [(days[2], 150.0)]}
    for prices in (both, late):
        paper = follow(made, prices, Limits(1.0, 1.0, 0.0))
        assert paper.curve == pytest.approx([1.0, 1.0, 1.0])
        assert paper.weights == pytest.approx({"A": 0.5, "B": 0.5})


def test_a_sell_leaves_the_name_and_a_hold_changes_nothing() -> None:
    made = [
        prediction(run="a"),
        prediction(Rating.HOLD, run="b", made=MADE + timedelta(days=1)),
        prediction(Rating.SELL, run="c", made=MADE + timedelta(days=2)),
    ]
    paper = follow(made, {"XTAM": closes([100, 100, 110, 121, 60])}, Limits(1.0, 1.0, 0.0))
    assert paper.curve == pytest.approx([1.0, 1.0, 1.1, 1.21, 1.21])
    assert paper.weights == {}
    assert paper.max_drawdown == 0.0


def test_limits_keep_a_name_and_a_sector_small_and_say_so() -> None:
    target, why = targets({"A", "B", "C"}, {"A": "x", "B": "x", "C": "y"}, Limits(0.2, 0.3))
    assert target == pytest.approx({"A": 0.15, "B": 0.15, "C": 0.2})
    assert why == {"A": "sector", "B": "sector", "C": "single name"}


def test_withdrawn_and_backdated_ratings_are_not_followed() -> None:
    made = [prediction(withdrawn="wrong"), prediction(run="b", backdated=True)]
    assert follow(made, {"XTAM": closes([100, 110])}, Limits()).curve == []


def test_the_deepest_fall_is_from_a_peak() -> None:
    assert drawdown([1.0, 1.2, 0.9, 1.1, 0.6]) == pytest.approx(0.5)


def test_the_sortino_ratio_divides_by_all_days_and_sharpe_by_the_deviation() -> None:
    values = [100.0]
    for number in range(60):
        values.append(values[-1] * (1.02 if number % 2 else 0.99))
    paper = follow([prediction()], {"XTAM": closes(values)}, Limits(1.0, 1.0, 0.0))
    returns = [
        after / before - 1 for before, after in zip(paper.curve, paper.curve[1:], strict=False)
    ]
    mean = sum(returns) / len(returns)
    down = (sum(min(one, 0) ** 2 for one in returns) / len(returns)) ** 0.5
    assert paper.sortino == pytest.approx(mean / down * 252**0.5)
    deviation = (sum((one - mean) ** 2 for one in returns) / (len(returns) - 1)) ** 0.5
    assert paper.sharpe == pytest.approx(mean / deviation * 252**0.5)
