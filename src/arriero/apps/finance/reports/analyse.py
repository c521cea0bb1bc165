"""A bundle becomes what its reports say: statements, ratios, scores, one grade, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from arriero.apps.finance.evidence.base import Bundle, Gap
from arriero.apps.finance.reports.book import Book, Restatement, Split, book
from arriero.apps.finance.reports.grade import Grade, grade
from arriero.apps.finance.reports.lines import LINES, TAGS, Kind
from arriero.apps.finance.reports.periods import NEAR_DAYS, Calendar, Length, Period, calendar
from arriero.apps.finance.reports.ratios import growth, ratios
from arriero.apps.finance.reports.scores import Score, scores
from arriero.apps.finance.reports.statements import Statement, statements
from arriero.apps.finance.reports.ties import Tie
from arriero.apps.finance.reports.valuation import valuation
from arriero.apps.finance.reports.value import How, Value, Why, none, together

YEARS = 5  # three reports (DESIGN §9), the one before them for growth, and one more for Piotroski's opening balance
QUARTERS = 8


@dataclass(frozen=True, slots=True)
class Ratios:
    """The ratios of a year, growth among them, by name."""

    period: Period
    values: Mapping[str, Value]

    def __getitem__(self, name: str) -> Value:
        return self.values[name]


@dataclass(frozen=True, slots=True)
class Reports:
    """What the reports say. Periods are oldest first; `trailing` is the last four quarters, or the last year."""

    currency: str
    years: tuple[Statement, ...]
    quarters: tuple[Statement, ...]
    trailing: Statement | None
    ratios: tuple[Ratios, ...]
    valuation: Mapping[str, Value]
    scores: Mapping[str, Score]
    grade: Grade
    restatements: tuple[Restatement, ...]
    splits: tuple[Split, ...]
    gaps: tuple[Gap, ...]

    @property
    def ties(self) -> tuple[Tie, ...]:
        return tuple(tie for one in (*self.years, *self.quarters) for tie in one.ties)


def analyse(bundle: Bundle, *, years: int = YEARS, quarters: int = QUARTERS) -> Reports:
    """The last `years` and `quarters` of the bundle's reports. Never fails: what is missing is in `gaps`."""
    bank = bundle.entity.bank
    kept = book(bundle.facts, bundle.entity.cik)
    found = calendar(bundle.facts)
    told = statements(kept, found, found.years[-years:], bank=bank)
    parts = statements(kept, found, found.quarters[-max(quarters, 4) :], bank=bank)
    trailing = _trailing(parts, told)
    by_year = tuple(_ratios(told, place) for place in range(len(told)))
    paid = valuation(kept, trailing, bundle.bars, bundle.as_of, bank=bank)
    marks = scores(told, paid["market_value"])
    return Reports(
        currency=kept.currency,
        years=told,
        quarters=parts[-quarters:],
        trailing=trailing,
        ratios=by_year,
        valuation=paid,
        scores=marks,
        grade=_grade(by_year, marks, _table(bundle)),
        restatements=_recent(kept, told, parts),
        splits=kept.splits,
        gaps=_gaps(found, told, parts, by_year, paid),
    )


def filed_periods(bundle: Bundle) -> tuple[Book, Calendar]:
    """The filer's facts and calendar, for evaluations that look at every period."""
    return book(bundle.facts, bundle.entity.cik), calendar(bundle.facts)


def _ratios(years: tuple[Statement, ...], place: int) -> Ratios:
    now = years[place]
    before = years[place - 1] if place and _follows(years[place - 1].period, now.period) else None
    return Ratios(now.period, {**growth(years[: place + 1]), **ratios(now, before)})


def _trailing(quarters: tuple[Statement, ...], years: tuple[Statement, ...]) -> Statement | None:
    """The last four quarters as one period; the last year where they have a hole or end before it."""
    year = years[-1] if years else None
    last = quarters[-4:]
    whole = len(last) == 4 and all(_follows(one.period, two.period) for one, two in pairwise(last))
    if not whole or (year is not None and last[-1].period.end <= year.period.end):
        return year
    period = Period(last[-1].period.end, last[0].period.start, Length.YEAR)
    lines = {}
    for line in LINES:
        values = [one[line.name] for one in last]
        if line.kind in {Kind.BALANCE, Kind.COUNT, Kind.SHARES}:
            lines[line.name] = values[-1]
            continue
        lack = next((value for value in values if not value.known), None)
        total = sum(value.value or 0.0 for value in values)
        lines[line.name] = lack or Value(total, how=How.SUM, sources=together(values))
    return Statement(period, lines, ())


def _follows(one: Period, two: Period) -> bool:
    return abs((two.start - one.end - timedelta(days=1)).days) <= NEAR_DAYS


def _table(bundle: Bundle) -> str:
    if bundle.entity.bank:
        return "bank"
    sent = {fact.form == "caller" for fact in bundle.facts}
    return "brief" if sent == {True} else "industrial"


def _grade(years: tuple[Ratios, ...], marks: Mapping[str, Score], table: str) -> Grade:
    lack = none(Why.NOT_COVERED, "years")
    figures = {name: score.value for name, score in marks.items()}
    if not years:
        return grade(_Everything(lack), table)
    return grade({**years[-1].values, **figures}, table)


class _Everything(dict[str, Value]):
    """Every figure, with the same reason for having no value."""

    def __init__(self, lack: Value) -> None:
        super().__init__()
        self.lack = lack

    def __missing__(self, name: str) -> Value:
        return self.lack


def _recent(
    kept: Book, years: tuple[Statement, ...], quarters: tuple[Statement, ...]
) -> tuple[Restatement, ...]:
    """Restatements of periods that are shown, by the day on which they were filed."""
    ends = {one.period.end for one in (*years, *quarters)}
    found = [one for one in kept.restatements(TAGS) if one.end in ends]
    return tuple(
        sorted(found, key=lambda one: (one.filed, one.concept, one.end, one.start or one.end))
    )


def _gaps(
    found: Calendar,
    years: tuple[Statement, ...],
    quarters: tuple[Statement, ...],
    by_year: tuple[Ratios, ...],
    paid: Mapping[str, Value],
) -> tuple[Gap, ...]:
    """What is missing of the last year and of the run of periods, each once."""
    gaps: list[Gap | None] = []
    for name, periods, days in (("year", found.years, 20), ("quarter", found.quarters, 10)):
        shown = periods[-len(years if name == "year" else quarters) :] if periods else ()
        gaps += [
            Gap(f"reports.{name}", Why.NOT_COVERED.value, f"{one.end} to {two.start}")
            for one, two in pairwise(shown)
            if (two.start - one.end).days > days
        ]
    if found.quarters and not years:
        gaps.append(Gap("reports.year", Why.NOT_COVERED.value, "quarters alone make no grade"))
    if years:
        core = {line.name: years[-1][line.name] for line in LINES if line.core}
        gaps += [_gap(f"lines.{name}", value) for name, value in core.items()]
        gaps += [_gap(f"ratios.{name}", value) for name, value in by_year[-1].values.items()]
    gaps += [_gap(f"valuation.{name}", value) for name, value in paid.items()]
    return tuple(dict.fromkeys(gap for gap in gaps if gap is not None))


def _gap(part: str, value: Value) -> Gap | None:
    """What is missing. Of a bank's industrial ratios one says it for all: they are not missing, they mean nothing."""
    if value.known:
        return None
    if value.reason == Why.BANK:
        return Gap("ratios", Why.BANK.value, "industrial lines and ratios")
    return Gap(part, value.reason or "", value.detail)
