"""Reports that the caller sends along: four figures a period, taken as they are and marked as the caller's."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import isfinite

from arriero.apps.finance.evidence.base import Fact
from arriero.core.errors import InputError

CALLER = "caller"
YEAR = re.compile(r"(?:FY\s?)?(?P<year>\d{4})", re.IGNORECASE)
QUARTER = re.compile(
    r"(?P<year>\d{4})[-\s]?Q(?P<quarter>[1-4])|Q(?P<q>[1-4])[-\s]?(?P<y>\d{4})", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Told:
    """One report of the caller's. `period` is a calendar year (`2024`), a calendar quarter (`2024-Q3`, `Q3 2024`), the
    last day of a fiscal year (`2024-09-28`), or `first..last` day. Money is in US dollars.
    """

    period: str
    revenue: float | None = None
    net_income: float | None = None
    total_assets: float | None = None
    total_liabilities: float | None = None


def facts_of(reports: Sequence[Told], as_of: date) -> tuple[Fact, ...]:
    """The reports as facts; `filed` is the last day of each. Raises `InputError` for what cannot be meant."""
    facts: list[Fact] = []
    seen: set[tuple[date, date]] = set()
    for place, report in enumerate(reports):
        start, end = span(report.period, f"reports[{place}].period")
        if end > as_of:
            raise InputError(
                f"reports[{place}]: the period {report.period!r} ends after {as_of}; leave it out",
                param=f"reports[{place}].period",
            )
        if (start, end) in seen:
            raise InputError(
                f"reports[{place}]: the period {report.period!r} is told twice; send one report for it",
                param=f"reports[{place}].period",
            )
        seen.add((start, end))
        for name, flow in (
            ("revenue", True),
            ("net_income", True),
            ("total_assets", False),
            ("total_liabilities", False),
        ):
            value = getattr(report, name)
            if value is None:
                continue
            if not isfinite(value) or (value < 0 and name in {"revenue", "total_assets"}):
                raise InputError(
                    f"reports[{place}].{name} is {value!r}; give US dollars, not below zero",
                    param=f"reports[{place}].{name}",
                )
            facts.append(
                Fact(
                    *(CALLER, name, "USD", start if flow else None, end, float(value)),
                    *(f"{CALLER}:{report.period}", CALLER, end),
                )
            )
    return tuple(facts)


def span(period: str, param: str) -> tuple[date, date]:
    """First and last day of a period as the caller names it."""
    text = period.strip()
    try:
        if match := YEAR.fullmatch(text):
            year = int(match["year"])
            return date(year, 1, 1), date(year, 12, 31)
        if match := QUARTER.fullmatch(text):
            year = int(match["year"] or match["y"])
            month = 3 * int(match["quarter"] or match["q"])
            return date(year, month - 2, 1), date(year, month, calendar.monthrange(year, month)[1])
        if ".." in text:
            first, _, last = text.partition("..")
            start, end = date.fromisoformat(first.strip()), date.fromisoformat(last.strip())
            if start < end:
                return start, end
        else:
            end = date.fromisoformat(text)
            return end - timedelta(days=363), end
    except (ValueError, OverflowError):  # no such day, or a year that began before the first
        pass
    raise InputError(
        f"{param}: {period!r} is no period; write 2024, 2024-Q3, a fiscal year's last day as 2024-09-28, "
        "or 2024-01-01..2024-06-30",
        param=param,
    )
