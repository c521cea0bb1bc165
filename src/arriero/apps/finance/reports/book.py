"""Every filed version of every fact, found by tag and period; splits put on one footing.

Of several versions the one filed last counts (the bundle holds nothing filed after `as_of`). A flow of a quarter
that was not filed is the difference of two flows from one start, taken from filings of one vintage: a year that
was restated later minus nine months that never were would be no quarter at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise

from arriero.apps.finance.evidence.base import Fact
from arriero.apps.finance.reports.lines import BY_NAME, Kind
from arriero.apps.finance.reports.periods import NEAR_DAYS, Period
from arriero.apps.finance.reports.value import How, Value, cite

Key = tuple[date | None, date]
MOST_ROUNDED = 1_000_000.0  # filers round to millions at most
VINTAGE_DAYS = 200  # two reports of one fiscal year follow each other within this
FACTORS = (1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0)
SHARES_NEAR = 0.01  # filed share counts are rounded to thousands or millions
EACH_NEAR = 0.006  # and figures a share to cents


@dataclass(frozen=True, slots=True)
class Split:
    """From reports filed on `since`, shares are counted `factor` times as many."""

    since: date
    factor: float


@dataclass(frozen=True, slots=True)
class Restatement:
    """A filed value that a later filing changed."""

    concept: str
    start: date | None
    end: date
    was: float
    now: float
    accession: str
    filed: date


@dataclass
class Book:
    """The facts of one filer in one currency."""

    cik: str | None
    currency: str
    versions: dict[str, dict[Key, list[Fact]]] = field(default_factory=dict)
    splits: tuple[Split, ...] = ()
    ending: dict[tuple[str, date], list[date]] = field(
        default_factory=dict
    )  # starts of flows, by tag and end

    def has(self, tag: str) -> bool:
        return tag in self.versions

    def filed(self, tag: str, start: date | None, end: date) -> Sequence[Fact]:
        """All versions of the fact for exactly this end and this start (or one within days of it), by filing."""
        table = self.versions.get(tag)
        if table is None:
            return ()
        if start is None or (start, end) in table:
            return table.get((start, end), ())
        for step in range(1, NEAR_DAYS + 1):
            for near in (start - timedelta(days=step), start + timedelta(days=step)):
                if (near, end) in table:
                    return table[near, end]
        return ()

    def direct(self, tag: str, start: date | None, end: date, kind: Kind) -> Value | None:
        versions = self.filed(tag, start, end)
        return self.told(versions[-1], kind) if versions else None

    def told(self, fact: Fact, kind: Kind) -> Value:
        """A filed value, on the footing of the last split."""
        factor = self.factor(fact.filed) if kind in {Kind.SHARES, Kind.EACH, Kind.COUNT} else 1.0
        source = (cite(fact, self.cik),)
        if factor == 1.0:
            return Value(fact.value, how=How.FILED, sources=source)
        value = fact.value / factor if kind is Kind.EACH else fact.value * factor
        return Value(value, how=How.SPLIT, sources=source)

    def factor(self, filed: date) -> float:
        """How many of today's shares one share of a report filed on that day is."""
        product = 1.0
        for split in self.splits:
            if filed < split.since:
                product *= split.factor
        return product

    def difference(self, tags: tuple[str, str], period: Period, kind: Kind) -> Value | None:
        """The quarter as a longer flow minus the flow that ended where the quarter begins; both filed."""
        long_tag, short_tag = tags
        before = period.start - timedelta(days=1)
        best: tuple[tuple[bool, date, int], Fact, Fact] | None = None
        for start in self.ending.get((long_tag, period.end), ()):
            if start >= period.start - timedelta(days=60):
                continue
            longs = self.versions[long_tag][start, period.end]
            shorts = self._ending(short_tag, start, before)
            for long in longs:
                for short in shorts:
                    gap = abs((long.filed - short.filed).days)
                    near = gap <= VINTAGE_DAYS
                    rank = (near, max(long.filed, short.filed) if near else date.min, -gap)
                    if best is None or rank > best[0]:
                        best = (rank, long, short)
        return None if best is None else self._subtracted(best[1], best[2], period, kind)

    def _ending(self, tag: str, start: date, end: date) -> Sequence[Fact]:
        for step in range(NEAR_DAYS + 1):
            for near in {end - timedelta(days=step), end + timedelta(days=step)}:
                if versions := self.filed(tag, start, near):
                    return versions
        return ()

    def _subtracted(self, long: Fact, short: Fact, period: Period, kind: Kind) -> Value:
        whole, part = self.told(long, kind), self.told(short, kind)
        sources = (*whole.sources, *part.sources)
        assert whole.value is not None  # noqa: S101  # told of facts
        assert part.value is not None  # noqa: S101
        if kind is not Kind.SHARES:
            return Value(whole.value - part.value, how=How.DIFFERENCE, sources=sources)
        # A mean over a year is the mean of its parts, weighted by their days.
        days = _days(long) - _days(short)
        mean = (whole.value * _days(long) - part.value * _days(short)) / (days or period.days)
        return Value(mean, how=How.DIFFERENCE, sources=sources)

    def restatements(self, tags: Iterable[str]) -> Iterator[Restatement]:
        """Every change of a filed value by a later filing; a split alone is none."""
        each = {tag for name in ("eps_basic", "eps_diluted") for tag in BY_NAME[name].tags}
        counts = ("shares_basic", "shares_diluted", "shares_outstanding")
        shares = {tag for name in counts for tag in BY_NAME[name].tags}
        for tag in sorted(tags):
            for (start, end), versions in sorted(self.versions.get(tag, {}).items(), key=_by_end):
                for was, now in pairwise(versions):
                    if rounds(was.value, now.value) or rounds(now.value, was.value):
                        continue
                    split = self.factor(was.filed) / self.factor(now.filed)
                    if tag in each and abs(was.value - now.value * split) <= EACH_NEAR * max(
                        split, 1.0
                    ):
                        continue
                    if tag in shares and _close(was.value * split, now.value, SHARES_NEAR):
                        continue
                    yield Restatement(
                        tag, start, end, was.value, now.value, now.accession, now.filed
                    )


def book(facts: Sequence[Fact], cik: str | None) -> Book:
    """The facts of the filer's main currency, with its splits found."""
    currency = _currency(facts)
    units = {currency, "shares", f"{currency}/shares", "pure"}
    versions: dict[str, dict[Key, list[Fact]]] = defaultdict(lambda: defaultdict(list))
    for fact in sorted(facts, key=lambda one: (one.filed, one.accession, one.value)):
        if fact.unit in units:
            versions[f"{fact.taxonomy}:{fact.concept}"][fact.start, fact.end].append(fact)
    plain = {tag: dict(table) for tag, table in versions.items()}
    ending: dict[tuple[str, date], list[date]] = defaultdict(list)
    for tag, table in plain.items():
        for start, end in table:
            if start is not None:
                ending[tag, end].append(start)
    found = Book(cik, currency, plain, ending=dict(ending))
    found.splits = splits(found)
    return found


def unit(value: float) -> float:
    """The unit to which a filed value seems rounded: the largest power of ten, up to a million, that divides it."""
    step = 1.0
    while step < MOST_ROUNDED and not value % (step * 10):
        step *= 10
    return step


def rounds(fine: float, coarse: float) -> bool:
    """Whether `coarse` is `fine` rounded to a larger unit, or `fine` itself: a repeat, and no restatement."""
    step = unit(coarse)
    return fine == coarse or (step > 1 and bool(fine % step) and abs(fine - coarse) <= step / 2)


def splits(kept: Book) -> tuple[Split, ...]:
    """Splits that show in restated share counts and figures a share, both by the same factor, oldest first."""
    counts = [
        (factor, was.filed, now.filed)
        for name in ("shares_basic", "shares_diluted")
        for was, now in _changes(kept, name)
        if (factor := _factor(now.value, was.value)) is not None
    ]
    each = [pair for name in ("eps_basic", "eps_diluted") for pair in _changes(kept, name)]
    found = []
    left = sorted(counts, key=lambda one: (one[2], one[0], one[1]))
    while left:
        factor, _, since = left[0]
        # One split explains every change of its factor from before its first filing to after it.
        left = [one for one in left if one[0] != factor or one[1] >= since]
        if any(
            was.filed < since <= now.filed
            # The figure a share, times the factor, is the old one within the rounding to cents.
            and abs(was.value - now.value * factor) <= EACH_NEAR * max(factor, 1.0)
            for was, now in each
        ):
            found.append(Split(since, factor))
    return tuple(found)


def _changes(kept: Book, name: str) -> Iterator[tuple[Fact, Fact]]:
    for tag in BY_NAME[name].tags:
        for versions in kept.versions.get(tag, {}).values():
            for was, now in pairwise(versions):
                if was.value != now.value and was.value and now.value:
                    yield was, now


def _factor(now: float, was: float) -> float | None:
    for factor in FACTORS:
        for one in (factor, 1 / factor):
            if _close(now / was, one, SHARES_NEAR):
                return one
    return None


def _close(first: float, second: float, near: float) -> bool:
    return abs(first - second) <= near * max(abs(first), abs(second))


def _currency(facts: Sequence[Fact]) -> str:
    """The unit in which the filer tells its assets most; US dollars when it tells none."""
    count: dict[str, int] = defaultdict(int)
    for fact in facts:
        if f"{fact.taxonomy}:{fact.concept}" in BY_NAME["assets"].tags:
            count[fact.unit] += 1
    return min(count, key=lambda unit: (-count[unit], unit)) if count else "USD"


def _days(fact: Fact) -> int:
    assert fact.start is not None  # noqa: S101  # a flow
    return (fact.end - fact.start).days + 1


def _by_end(item: tuple[Key, object]) -> tuple[date, date]:
    (start, end), _ = item
    return end, start or end
