"""The weekly table, its holidays and zones, and the clock that runs in business hours only."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arriero.apps.support.hours import DAYS, Hours, HoursSettings
from arriero.core.errors import InputError, SettingsError
from arriero.core.settings import parse

BERLIN = HoursSettings(
    zone="Europe/Berlin",
    monday=("09:00-12:00", "13:00-18:00"),
    saturday=("10:00-14:00",),
    holidays=(date(2026, 12, 25),),
).table
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(  # noqa: DTZ001
    lambda at: at.replace(tzinfo=UTC)
)
SPANS = st.tuples(st.integers(0, 700), st.integers(701, 1440)).map(lambda span: (span,))
WEEKS = st.lists(st.one_of(st.just(()), SPANS), min_size=7, max_size=7).filter(any).map(tuple)


def _utc(*at: int) -> datetime:
    return datetime(*at, tzinfo=UTC)  # type: ignore[arg-type,misc]


def test_a_lunch_break_is_closed_in_the_local_zone() -> None:
    assert BERLIN.is_open(_utc(2026, 11, 23, 8))  # 09:00 CET
    assert not BERLIN.is_open(_utc(2026, 11, 23, 7, 59))
    assert not BERLIN.is_open(_utc(2026, 11, 23, 11, 30))
    assert BERLIN.opens(_utc(2026, 11, 23, 11, 30)) == _utc(2026, 11, 23, 12)


def test_the_clock_stands_still_over_night_and_weekend() -> None:
    friday = _utc(2026, 11, 27, 16, 30)  # 17:30 CET, half an hour is left, Saturday has four
    assert BERLIN.after(friday, timedelta(hours=1)) == _utc(2026, 11, 28, 9, 30)
    assert BERLIN.after(friday, timedelta(hours=5)) == _utc(2026, 11, 30, 8, 30)


def test_a_holiday_is_closed_all_day() -> None:
    christmas = _utc(2026, 12, 25, 10)
    assert not BERLIN.is_open(christmas)
    assert BERLIN.opens(christmas) == _utc(2026, 12, 26, 9)


def test_summer_time_moves_the_opening_not_the_local_hour() -> None:
    assert BERLIN.opens(_utc(2026, 7, 6, 0)) == _utc(2026, 7, 6, 7)


def test_the_day_on_which_the_clock_jumps_has_an_hour_less() -> None:
    table = {"zone": "Europe/Berlin", **dict.fromkeys(DAYS, ("00:00-24:00",))}
    always = HoursSettings.model_validate(table).table
    day = always.between(_utc(2026, 3, 28, 23), _utc(2026, 3, 29, 22))
    assert day == timedelta(hours=23)


@pytest.mark.parametrize(
    ("at", "says"),
    [
        (_utc(2026, 11, 23, 13, 30), "today at 14:30 (CET)"),
        (_utc(2026, 11, 24, 8), "tomorrow at 09:00 (CET)"),
        (_utc(2026, 11, 28, 9), "on Saturday, 2026-11-28, at 10:00 (CET)"),
    ],
)
def test_a_moment_is_said_as_a_customer_reads_it(at: datetime, says: str) -> None:
    assert BERLIN.said(at, _utc(2026, 11, 23, 9)) == says


@settings(deadline=None)  # a week with one minute of work makes twenty thousand weeks of it
@given(WEEKS, MOMENTS, st.timedeltas(timedelta(seconds=1), timedelta(days=20)))
def test_after_some_working_time_that_much_has_passed(
    week: tuple[tuple[tuple[int, int], ...], ...], at: datetime, working: timedelta
) -> None:
    hours = Hours(UTC, week, frozenset({date(2026, 12, 25)}))
    due = hours.after(at, working)
    assert due >= at + working
    assert hours.between(at, due) == working
    assert hours.is_open(due - timedelta(microseconds=1))


@given(WEEKS, MOMENTS)
def test_it_opens_now_or_later_and_is_open_then(
    week: tuple[tuple[tuple[int, int], ...], ...], at: datetime
) -> None:
    hours = Hours(UTC, week)
    opens = hours.opens(at)
    assert opens >= at
    assert hours.is_open(opens)
    assert hours.is_open(at) == (opens == at)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"monday": ["9-17"]}, "write it like 09:00-17:30"),
        ({"monday": ["22:00-06:00"]}, "split it at midnight"),
        ({"monday": ["09:00-12:00", "11:00-15:00"]}, "do not overlap"),
        ({"zone": "Mars/Olympus"}, "no time zone"),
        (dict.fromkeys(DAYS, ()), "nobody is ever there"),
        ({"funday": ["09:00-12:00"]}, "unknown setting 'funday'"),
        ({"holidays": ["soon"]}, "holidays"),
    ],
)
def test_hours_that_make_no_sense_are_refused_in_one_sentence(
    table: dict[str, object], says: str
) -> None:
    with pytest.raises(SettingsError, match=says):
        parse(HoursSettings, table, "[apps.support.hours]")


def test_a_table_without_an_opening_is_refused() -> None:
    with pytest.raises(InputError, match="one of them open"):
        Hours(UTC, ((),) * 7)
