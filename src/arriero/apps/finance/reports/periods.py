"""Which years and quarters a filer has, read from the starts and ends of its facts.

A fact's `fy` and `fp` describe the filing that told it, not the fact: a 10-K of 2024 tells 2022, too. So they are never
read (edgar-traps #10). Years of 52 and 53 weeks are 364 and 371 days, quarters 13 or 14 weeks, or 12 and 16 or 17.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from arriero.apps.finance.evidence.base import Fact
from arriero.apps.finance.reports.lines import BY_NAME

YEAR_DAYS = range(350, 381)
QUARTER_DAYS = range(80, 121)  # retailers have quarters of 12 weeks, and one of 16 or 17
NEAR_DAYS = 3  # filers mistype the first day of a period by a weekend
REPORTS = ("10-K", "10-Q", "20-F", "40-F", "caller")
FLOWS = frozenset(
    tag for name in ("net_income", "revenue", "operating_cash") for tag in BY_NAME[name].tags
)
BALANCES = frozenset((*BY_NAME["assets"].tags, *BY_NAME["liabilities_and_equity"].tags))
DAY = timedelta(days=1)


class Length(StrEnum):
    YEAR = "year"
    QUARTER = "quarter"


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """`start` to `end`, both included. Its name is its end: a fiscal year's number is the filer's own affair."""

    end: date
    start: date
    length: Length

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1

    def __str__(self) -> str:
        return f"{self.length.value} to {self.end.isoformat()}"


@dataclass(frozen=True, slots=True)
class Calendar:
    """The filer's years and quarters, oldest first."""

    years: tuple[Period, ...]
    quarters: tuple[Period, ...]

    def quarters_of(self, year: Period) -> tuple[Period, ...]:
        """The quarters that lie in `year`; four when none is missing."""
        return tuple(
            quarter
            for quarter in self.quarters
            if quarter.start >= year.start - NEAR_DAYS * DAY and quarter.end <= year.end
        )


def calendar(facts: Sequence[Fact]) -> Calendar:
    """Years and quarters for which there are facts. What overlaps a better attested period is left out.

    A flow that was filed before it ended is a mistyped year, or a plan.
    """
    spans: Counter[tuple[date, date]] = Counter()
    for fact in facts:
        if fact.start is None or fact.end > fact.filed:
            continue
        if f"{fact.taxonomy}:{fact.concept}" in FLOWS:
            spans[fact.start, fact.end] += 1
    ends = report_ends(facts)
    years = _apart(_ranked(spans, YEAR_DAYS, ends), Length.YEAR)
    told = dict.fromkeys(end for end in (*ends, *(year.end for year in years)))
    quarters = _apart(_ranked(spans, QUARTER_DAYS, ends), Length.QUARTER)
    known = sorted({*(quarter.end for quarter in quarters), *told})
    filled = list(quarters)
    for end in sorted(told):
        if any(abs((quarter.end - end).days) <= NEAR_DAYS for quarter in quarters):
            continue
        before = [one for one in known if (end - one).days in QUARTER_DAYS]
        if before:  # the fourth quarter: no report of its own, so it begins where the third ended
            filled.append(Period(end, before[-1] + DAY, Length.QUARTER))
    return Calendar(years, tuple(sorted(filled)))


def report_ends(facts: Iterable[Fact]) -> frozenset[date]:
    """The days to which the filer reported: the last balance of each annual or quarterly report."""
    last: dict[str, date] = {}
    for fact in facts:
        if (
            fact.start is None
            and fact.form.startswith(REPORTS)
            and f"{fact.taxonomy}:{fact.concept}" in BALANCES
            and fact.end <= fact.filed
        ):
            last[fact.accession] = max(fact.end, last.get(fact.accession, fact.end))
    return frozenset(last.values())


def _ranked(
    spans: Counter[tuple[date, date]], days: range, ends: frozenset[date]
) -> list[tuple[date, date]]:
    """The spans of these lengths: those that end with a report first, then by how often they are told."""
    fitting = [span for span in spans if (span[1] - span[0]).days + 1 in days]
    return sorted(fitting, key=lambda span: (span[1] not in ends, -spans[span], span))


def _apart(spans: Sequence[tuple[date, date]], length: Length) -> tuple[Period, ...]:
    taken: list[Period] = []
    for start, end in spans:
        apart = all(
            start > one.end - NEAR_DAYS * DAY or end < one.start + NEAR_DAYS * DAY for one in taken
        )
        if apart:
            taken.append(Period(end, start, length))
    return tuple(sorted(taken))
