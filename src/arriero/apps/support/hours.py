"""When people are there: a weekly table in a time zone, holidays, and a clock that runs only then."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cached_property
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from arriero.core.errors import InputError
from arriero.core.settings import Section

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WORKDAY = ("09:00-18:00",)
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")

Opening = tuple[datetime, datetime]
Minutes = tuple[int, int]  # of the day, from and until
SAID = ("today at {clock}", "tomorrow at {clock}", "on {weekday}, {date}, at {clock}")


@dataclass(frozen=True)
class Hours:
    """`week` has the openings of Monday to Sunday in minutes of the local day, in order."""

    zone: tzinfo
    week: tuple[tuple[Minutes, ...], ...]
    holidays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if len(self.week) != len(DAYS) or not any(self.week):
            raise InputError("business hours need seven days, one of them open; give it a span")

    def day(self, at: datetime) -> date:
        """Which day it is then, where people are."""
        return at.astimezone(self.zone).date()

    def is_open(self, at: datetime) -> bool:
        """Whether somebody is there at `at`."""
        return next(self._openings(at))[0] <= at

    def opens(self, at: datetime) -> datetime:
        """The first moment from `at` on at which somebody is there; `at` itself during an opening."""
        return max(at, next(self._openings(at))[0])

    def after(self, at: datetime, working: timedelta) -> datetime:
        """The moment at which `working` time has passed since `at`, counted during openings only."""
        left = working
        for start, end in self._openings(at):
            begun = max(start, at)
            if begun + left <= end:
                return begun + left
            left -= end - begun
        raise AssertionError("openings never end")

    def between(self, since: datetime, until: datetime) -> timedelta:
        """How much working time lies between two moments; none when `until` is the earlier one."""
        passed = timedelta()
        for start, end in self._openings(since):
            if start >= until:
                return passed
            passed += max(timedelta(), min(end, until) - max(start, since))
        raise AssertionError("openings never end")

    def said(self, at: datetime, now: datetime, forms: tuple[str, str, str] = SAID) -> str:
        """`at` as a customer reads it: "today at 14:30 (CET)". `forms`: for today, tomorrow, later."""
        local, today = at.astimezone(self.zone), now.astimezone(self.zone).date()
        clock = f"{local:%H:%M} ({local.tzname()})"
        days = (local.date() - today).days
        form = forms[days] if days in {0, 1} else forms[2]
        weekday = DAYS[local.weekday()].title()
        return form.format(clock=clock, weekday=weekday, date=f"{local:%Y-%m-%d}")

    def _openings(self, since: datetime) -> Iterator[Opening]:
        """Every opening that ends after `since`, in order, in UTC. There is always another one."""
        day = since.astimezone(self.zone).date()
        while True:
            for start, end in () if day in self.holidays else self.week[day.weekday()]:
                opening = self._moment(day, start), self._moment(day, end)
                # Where the clock jumps, a span may have no length.
                if opening[1] > max(opening[0], since):
                    yield opening
            day += timedelta(days=1)

    def _moment(self, day: date, minutes: int) -> datetime:
        local = datetime.combine(day, time(), self.zone) + timedelta(minutes=minutes)
        return local.astimezone(UTC)


class HoursSettings(Section):
    """`[apps.support.hours]`: a day has any number of spans such as "09:00-12:30", none when closed.

    A span ends on its day, at "24:00" at the latest. `zone` is a name of the IANA database.
    """

    zone: str = "UTC"
    monday: tuple[str, ...] = WORKDAY
    tuesday: tuple[str, ...] = WORKDAY
    wednesday: tuple[str, ...] = WORKDAY
    thursday: tuple[str, ...] = WORKDAY
    friday: tuple[str, ...] = WORKDAY
    saturday: tuple[str, ...] = ()
    sunday: tuple[str, ...] = ()
    holidays: tuple[date, ...] = Field(default=(), description="closed all day, in the local zone")

    @field_validator("zone")
    @classmethod
    def _is_known(cls, value: str) -> str:
        _zone(value)
        return value

    @field_validator(*DAYS)
    @classmethod
    def _are_spans(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        spans = [_span(one) for one in value]
        for earlier, later in pairwise(spans):
            if later[0] < earlier[1]:
                raise ValueError("the spans of a day stand in order and do not overlap")
        return value

    @model_validator(mode="after")
    def _is_ever_open(self) -> HoursSettings:
        if not any(getattr(self, day) for day in DAYS):
            raise ValueError("nobody is ever there; give at least one day a span like 09:00-17:00")
        return self

    @cached_property
    def table(self) -> Hours:
        """The hours that these settings describe."""
        week = tuple(tuple(_span(one) for one in getattr(self, day)) for day in DAYS)
        return Hours(_zone(self.zone), week, frozenset(self.holidays))


def _span(text: str) -> Minutes:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no span of a day; write it like 09:00-17:30")
    from_h, from_m, to_h, to_m = found.groups()
    start = int(from_h) * 60 + int(from_m)
    end = int(to_h) * 60 + int(to_m) if to_h else 24 * 60
    if end <= start:
        raise ValueError(f"the span {text!r} ends before it begins; split it at midnight")
    return start, end


def _zone(name: str) -> tzinfo:
    if name == "UTC":  # needs no database
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"{name!r} is no time zone known here; write one like Europe/Berlin (a system without "
            "the zone database needs: pip install tzdata)"
        ) from None
