"""Statement facts on your companyfacts files: how many cells have a value, and whether the values are the filed ones.

A cell is one of the core lines (`reports.lines.CORE`) in one period that the company reported itself, every year and
quarter since a day. Lines that mean nothing for a bank are no cells of a bank. What is counted:

    valued    cells with a value
    explained cells with a value, or a reason from the closed list
    tie_out   identities that hold (gross profit, A = L + E, cash bridge, pretax income), among all that could be
              checked; a broken one counts here although its lines lose their values
    traced    values whose every source is in the file, word for word, and that the sources give when computed anew
    facts     values

Intervals are over companies, not over cells: what is read wrongly of one is wrong in many of its periods.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from pathlib import Path

from arriero.apps.finance.evidence.base import Bundle, Entity, Unavailable
from arriero.apps.finance.evidence.edgar import entity_of, facts_of
from arriero.apps.finance.reports.analyse import filed_periods
from arriero.apps.finance.reports.lines import BY_NAME, CORE, TAGS, Kind
from arriero.apps.finance.reports.periods import Period
from arriero.apps.finance.reports.statements import Statement, statements
from arriero.apps.finance.reports.value import Cite, How, Value, Why
from arriero.bench.filed import Filed, documents, filed, payload_of
from arriero.bench.report import Metric
from arriero.core.errors import InputError
from arriero.core.statistics import clustered

SINCE = date(2015, 1, 1)
EXACT = 1e-9
SPLITS = (1, 1.5, 2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 28, 40)  # 28 and 40: two splits after another
REASONS = frozenset(why.value for why in Why)


@dataclass(frozen=True)
class Company:
    """What the product makes of one file: a statement for each reported period (None where it sees no such period)."""

    filed: Filed
    statements: Mapping[tuple[str, date], Statement | None]
    bank: bool = False


def read(path: Path, since: date = SINCE) -> Company:
    """The company of one companyfacts file, read twice: by the product and by `filed`."""
    payload = payload_of(path)
    raw = filed(payload, path.name)
    try:
        every = facts_of(payload, date.max)
    except Unavailable as error:
        raise InputError(f"{path.name}: {error.message}") from None
    facts = tuple(one for one in every if f"{one.taxonomy}:{one.concept}" in TAGS)
    bundle = Bundle(Entity(raw.name, raw.name, raw.cik), date.max, facts=facts)
    kept, calendar = filed_periods(bundle)
    by_end = {(one.length.value, one.end): one for one in (*calendar.years, *calendar.quarters)}
    asked = raw.reported(since)
    known: list[Period] = [by_end[one] for one in asked if one in by_end]
    bank = _is_bank(path, raw.name)
    told = statements(kept, calendar, known, bank=bank)
    found = {(one.period.length.value, one.period.end): one for one in told}
    return Company(raw, {one: found.get(one) for one in asked}, bank)


def _is_bank(path: Path, name: str) -> bool:
    """What the company's submissions say, where they lie beside the companyfacts; else it is taken for none."""
    beside = path.with_name(f"submissions-{path.name}")
    if not beside.exists():
        return False
    try:
        return entity_of(payload_of(beside), name).bank
    except Unavailable as error:
        raise InputError(f"{beside.name}: {error.message}") from None


def measure(folder: Path, since: date = SINCE) -> Mapping[str, Metric]:
    """All figures over the files of `folder`."""
    return metrics([read(path, since) for path in documents(folder)])


def metrics(companies: Sequence[Company]) -> Mapping[str, Metric]:
    """The figures over these companies."""
    every = [(company, cells(company)) for company in companies]
    valued = [(company, [one for one in values if one.known]) for company, values in every]
    ties = [
        [tie.holds for one in company.statements.values() if one is not None for tie in one.ties]
        for company in companies
    ]
    periods = sum(len(company.statements) for company in companies)
    facts, whole = (sum(len(values) for _, values in some) for some in (valued, every))
    return {
        "valued": _share([[one.known for one in values] for _, values in every]),
        "explained": _share(
            [[one.known or one.reason in REASONS for one in values] for _, values in every]
        ),
        "tie_out": _share(ties),
        "traced": _share(
            [[traced(company.filed, one) for one in values] for company, values in valued]
        ),
        "facts": Metric(facts, whole, "values"),
        "periods": Metric(periods, len(companies), "periods"),
    }


def _share(right: Sequence[Sequence[bool]]) -> Metric:
    """Over the companies: the cells of one are wrong together, or none is."""
    return Metric.of(clustered([(sum(one), len(one)) for one in right]), sum(map(len, right)))


def cells(company: Company) -> Sequence[Value]:
    """Every cell of a company, with a value or its reason."""
    found = []
    lines = [line for line in CORE if not (company.bank and line.industrial)]
    for statement in company.statements.values():
        for line in lines:
            if statement is None:
                found.append(Value(None, Why.NOT_COVERED.value, line.name))
            else:
                found.append(statement[line.name])
    return found


def reasons(companies: Sequence[Company]) -> Counter[tuple[str, str, str]]:
    """How often a cell has no value, by company, line and reason."""
    return Counter(
        (company.filed.name, value.detail, value.reason or "")
        for company in companies
        for value in cells(company)
        if not value.known
    )


def traced(raw: Filed, value: Value) -> bool:
    """Whether the file tells every source of `value`, and the sources give it."""
    if value.value is None or not value.sources:
        return False
    for cite in value.sources:
        if not raw.has(cite.concept, cite.unit, cite.start, cite.end, cite.value, cite.accession):
            return False
    return _again(value)


def _again(value: Value) -> bool:
    """The value computed anew from its sources, where the way is told; a computed line names only its members."""
    numbers = [cite.value for cite in value.sources]
    told = value.value or 0.0
    if value.how == How.FILED:
        return len(numbers) == 1 and numbers[0] == told
    if value.how == How.SUM:  # of parts that may be differences themselves
        parts: dict[str, list[Cite]] = defaultdict(list)
        for cite in value.sources:
            parts[cite.concept].append(cite)
        return _near(sum(_rest(part) for part in parts.values()), told)
    if value.how == How.DIFFERENCE:
        if BY_NAME[value.name].kind is Kind.SHARES:
            return any(_near(one, told) for one in _weighted(value.sources))
        return _near(_rest(value.sources), told)
    if value.how == How.SPLIT:
        return len(numbers) == 1 and _is_split(numbers[0], told)
    return True


def _rest(sources: Sequence[Cite]) -> float:
    """The value of the longest period less the others."""
    longest = max(sources, key=_days)
    return longest.value - sum(cite.value for cite in sources if cite is not longest)


def _weighted(sources: Sequence[Cite]) -> Iterator[float]:
    """The mean of the rest of a period, by days; each source as filed, or on the footing of a later split."""
    longest, other = sorted(sources, key=_days, reverse=True)[:2]
    whole, part = _days(longest), _days(other)
    for of_long, of_other in product(SPLITS, SPLITS):
        rest = longest.value * of_long * whole - other.value * of_other * part
        yield rest / (whole - part)


def _is_split(filed_value: float, told: float) -> bool:
    """A whole number of times as much, or as little."""
    if not told or not filed_value:
        return filed_value == told
    ratio = max(abs(told / filed_value), abs(filed_value / told))
    return abs(ratio * 2 - round(ratio * 2)) < 1e-6  # 3 for 2 is a split, too


def _days(cite: Cite) -> int:
    return 0 if cite.start is None else (cite.end - cite.start).days + 1


def _near(one: float, two: float) -> bool:
    return abs(one - two) <= EXACT * max(abs(one), abs(two), 1.0)
