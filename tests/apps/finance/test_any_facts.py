"""Whatever is filed: an analysis never fails, and what has no value has a reason from the closed list."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as some

from arriero.apps.finance.evidence.base import Bar, Bundle, Entity, Fact
from arriero.apps.finance.reports.analyse import Reports, analyse
from arriero.apps.finance.reports.lines import LINES, Kind
from arriero.apps.finance.reports.value import Value, Why

REASONS = {why.value for why in Why}
UNITS = {Kind.EACH: "USD/shares", Kind.SHARES: "shares", Kind.COUNT: "shares"}
DAYS = some.dates(date(2018, 1, 1), date(2023, 12, 31))
SPANS = some.sampled_from([0, 1, 80, 90, 91, 98, 182, 273, 350, 363, 364, 370, 380, 1_000])
VALUES = some.one_of(
    some.sampled_from([0.0, 1.0, -1.0, 1e6, 4e9, 0.01]),
    some.floats(-1e15, 1e15, allow_nan=False, allow_infinity=False),
)


@some.composite
def facts(draw: some.DrawFn) -> Fact:
    line = draw(some.sampled_from(LINES))
    taxonomy, _, concept = draw(some.sampled_from(line.all_tags)).partition(":")
    end = draw(DAYS)
    flow = line.kind not in {Kind.BALANCE, Kind.COUNT}
    start = end - timedelta(days=draw(SPANS)) if flow else None
    filed = end + timedelta(days=draw(some.integers(0, 900)))
    form = draw(some.sampled_from(["10-K", "10-Q", "8-K", "10-K/A", "20-F"]))
    unit = UNITS.get(line.kind, draw(some.sampled_from(["USD", "USD", "EUR"])))
    accession = f"0000000001-20-{draw(some.integers(1, 9)):06d}"
    return Fact(taxonomy, concept, unit, start, end, draw(VALUES), accession, form, filed)


@settings(max_examples=60, deadline=None)
@given(some.lists(facts(), max_size=60), some.booleans())
def test_an_analysis_never_fails_and_gives_reasons(told: list[Fact], bank: bool) -> None:
    entity = Entity("X", "X", "0000000001", bank=bank)
    bars = (Bar(date(2025, 12, 30), 1.0, 1.0, 1.0, 1.0, None, 1.0),)
    found = analyse(Bundle(entity, date(2025, 12, 31), facts=tuple(told), bars=bars))
    for value in every(found):
        assert (value.value is None) == (value.reason is not None)
        assert value.reason is None or value.reason in REASONS
    assert all(gap.reason in REASONS for gap in found.gaps)


def every(found: Reports) -> Iterator[Value]:
    for statement in (*found.years, *found.quarters):
        yield from statement.lines.values()
    for ratios in found.ratios:
        yield from ratios.values.values()
    yield from found.valuation.values()
    for score in found.scores.values():
        yield score.value
        yield from score.parts.values()
