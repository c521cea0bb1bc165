"""Statements by period: each line with its value, how it came about and where it was filed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations, product

from arriero.apps.finance.reports.book import VINTAGE_DAYS, Book
from arriero.apps.finance.reports.lines import LINES, Kind, Line
from arriero.apps.finance.reports.periods import Calendar, Length, Period
from arriero.apps.finance.reports.ties import IDENTITIES, Identity, Tie, tie
from arriero.apps.finance.reports.value import How, Value, Why, none, together

MOST_CHOICES = 4  # values tried for one line before an identity counts as broken


@dataclass(frozen=True, slots=True)
class Statement:
    """One period: every line of `lines.LINES` by name, and the identities that were checked."""

    period: Period
    lines: Mapping[str, Value]
    ties: tuple[Tie, ...]

    def __getitem__(self, name: str) -> Value:
        return self.lines[name]


def statements(
    kept: Book, calendar: Calendar, periods: Sequence[Period], *, bank: bool
) -> tuple[Statement, ...]:
    """The statements of `periods`, in their order."""
    return tuple(_statement(kept, calendar, period, bank=bank) for period in periods)


def _statement(kept: Book, calendar: Calendar, period: Period, *, bank: bool) -> Statement:
    choices = {line.name: _choices(kept, calendar, line, period, bank=bank) for line in LINES}
    lines = {name: values[0] for name, values in choices.items()}
    ties: list[Tie] = []
    settled: list[Identity] = []
    for identity in IDENTITIES:
        checked = _resolve(identity, settled, lines, choices, str(period))
        if checked is None:
            continue
        ties.append(checked)
        if checked.holds:
            settled.append(identity)
        if not checked.holds:
            for name in identity.blamed:
                lines[name] = none(Why.UNTIED, identity.name, lines[name].sources)
    _without_current(lines)
    _compute(lines)
    if bank:
        lines |= {line.name: none(Why.BANK, line.name) for line in LINES if line.industrial}
    named = {name: replace(value, name=name) for name, value in lines.items()}
    return Statement(period, named, tuple(ties))


def _resolve(
    identity: Identity,
    settled: Sequence[Identity],
    lines: dict[str, Value],
    choices: Mapping[str, Sequence[Value]],
    period: str,
) -> Tie | None:
    """Check `identity`; where it does not hold, take the first other tags of the same lines with which it does.

    What is `settled` must go on to hold: else a wrong value would be made right by choosing its own sum.
    """
    first = tie(identity, lines, period)
    if first is None or first.holds:
        return first
    names = (identity.left, *identity.right)
    ranges = [range(min(len(choices[name]), MOST_CHOICES)) for name in names]
    for picks in sorted(product(*ranges), key=lambda picks: (sum(picks), picks)):
        tried = lines | {name: choices[name][pick] for name, pick in zip(names, picks, strict=True)}
        checked = tie(identity, tried, period)
        kept = all((other := tie(one, tried, period)) and other.holds for one in settled)
        if checked is not None and checked.holds and kept:
            lines |= tried
            return checked
    return first


def _choices(
    kept: Book, calendar: Calendar, line: Line, period: Period, *, bank: bool
) -> tuple[Value, ...]:
    """What may be the line's value, best first; different numbers only. One without a value, if there is none."""
    if bank and line.industrial:
        return (none(Why.BANK, line.name),)
    found: list[Value] = []
    for value in _found(kept, calendar, line, period):
        if all(value.value != one.value for one in found):
            found.append(value)
    if not found and line.kind in {Kind.FLOW, Kind.SHARES} and period.length is Length.QUARTER:
        # A filer that changed the tag within a year: the longer flow under one, the shorter under the other.
        tags = [tag for tag in line.tags if kept.has(tag)]
        pairs = (kept.difference(pair, period, line.kind) for pair in permutations(tags, 2))
        found = [value for value in pairs if value is not None][:1]
    if found:
        return tuple(found)
    known = any(kept.has(tag) for tag in line.all_tags)
    return (none(Why.NOT_COVERED if known else Why.NOT_REPORTED, line.name),)


def _found(kept: Book, calendar: Calendar, line: Line, period: Period) -> Iterator[Value]:
    for tag in line.tags:
        yield from _told(kept, calendar, line, tag, period)
    for tags in line.sums:
        parts = [next(_told(kept, calendar, line, tag, period), None) for tag in tags]
        there = [part for part in parts if part is not None]
        if len(there) == len(parts):
            total = sum(part.value or 0.0 for part in there)
            yield Value(
                total, how=How.SUM if len(there) > 1 else there[0].how, sources=together(there)
            )


def _told(kept: Book, calendar: Calendar, line: Line, tag: str, period: Period) -> Iterator[Value]:
    if not kept.has(tag):
        return
    if line.kind is Kind.BALANCE:
        value = kept.direct(tag, None, period.end, line.kind)
    elif line.kind is Kind.COUNT:
        value = kept.direct(tag, None, period.end, line.kind) or _on_cover(kept, tag, period)
    else:
        value = kept.direct(tag, period.start, period.end, line.kind)
        if value is None and period.length is Length.QUARTER and line.kind is not Kind.EACH:
            value = kept.difference((tag, tag), period, line.kind) or _rest_of_year(
                kept, calendar, line, tag, period
            )
    if value is not None:
        yield value


def _rest_of_year(
    kept: Book, calendar: Calendar, line: Line, tag: str, period: Period
) -> Value | None:
    """The year less the three quarters that were filed, where no nine months were; the year of their vintage."""
    if line.kind is not Kind.FLOW:
        return None
    for year in calendar.years:
        quarters = calendar.quarters_of(year)
        if period not in quarters or len(quarters) != 4:
            continue
        others = [
            kept.direct(tag, one.start, one.end, line.kind) for one in quarters if one != period
        ]
        parts = [one for one in others if one is not None]
        versions = kept.filed(tag, year.start, year.end)
        if not versions or len(parts) != 3:
            return None
        told = max(cite.filed for cite in together(parts))
        near = [one for one in versions if abs((one.filed - told).days) <= VINTAGE_DAYS]
        whole = kept.told((near or versions)[-1], line.kind)
        rest = (whole.value or 0.0) - sum(part.value or 0.0 for part in parts)
        return Value(rest, how=How.DIFFERENCE, sources=together((whole, *parts)))
    return None


def _on_cover(kept: Book, tag: str, period: Period) -> Value | None:
    """The number of shares on the cover of the period's report: of a day up to 90 days after its end."""
    days = [
        (end, versions[0])
        for (start, end), versions in kept.versions.get(tag, {}).items()
        if start is None and 0 <= (end - period.end).days <= 90
    ]
    return kept.told(min(days, key=lambda one: one[0])[1], Kind.COUNT) if days else None


def _without_current(lines: dict[str, Value]) -> None:
    """The total of long-term debt less what is due within a year, which `current_debt` has: no debt counts twice."""
    total, current = lines["long_debt"], lines["current_debt"]
    due = [cite for cite in current.sources if cite.concept == "us-gaap:LongTermDebtCurrent"]
    if due and total.value is not None and total.sources[0].concept == "us-gaap:LongTermDebt":
        rest = total.value - due[0].value
        sources = (*total.sources, *due)
        lines["long_debt"] = Value(rest, how=How.DIFFERENCE, sources=sources)


def _compute(lines: dict[str, Value]) -> None:
    """Lines that follow from others, where the filer tells only the others."""

    def follows(name: str, plus: Sequence[str], minus: Sequence[str]) -> None:
        members = [lines[one] for one in (*plus, *minus)]
        mine = lines[name]
        if mine.known or mine.reason in {Why.UNTIED, Why.BANK} or not all(m.known for m in members):
            return
        total = sum(lines[one].value or 0.0 for one in plus)
        total -= sum(lines[one].value or 0.0 for one in minus)
        lines[name] = Value(total, how=How.COMPUTED, sources=together(members))

    follows("gross_profit", ("revenue",), ("cost_of_revenue",))
    follows("cost_of_revenue", ("revenue",), ("gross_profit",))
    between = ("between_equity",) if lines["between_equity"].known else ()
    follows("liabilities", ("liabilities_and_equity",), ("all_equity", *between))
    follows("liabilities", ("assets",), ("all_equity", *between))
    follows("all_equity", ("assets",), ("liabilities", *between))
    follows("equity", ("all_equity",), ())
    follows("liabilities_and_equity", ("assets",), ())
    if not lines["pretax_income"].known:
        others = [one for one in ("others_income",) if lines[one].known]
        apart = [one for one in ("associates_income", "discontinued_income") if lines[one].known]
        follows("pretax_income", ("net_income", "income_tax", *others), apart)
    for each, shares in (("eps_basic", "shares_basic"), ("eps_diluted", "shares_diluted")):
        income, count = lines["net_income"], lines[shares]
        if not lines[each].known and income.known and count.value:
            lines[each] = Value(
                (income.value or 0.0) / count.value,
                how=How.COMPUTED,
                sources=together((income, count)),
            )
