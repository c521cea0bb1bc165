"""Whether what a provider served can be true: identities inside the rows, without asking anybody else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from arriero.apps.finance.evidence.base import (
    Bar,
    Entity,
    Fact,
    Filing,
    News,
    Part,
    Reason,
    Unavailable,
)

OUTSIDE = (
    0.02  # rounding and adjusting moves an open or close past the day's range by at most this share
)
TOTALS = (
    ("us-gaap:Assets", "us-gaap:LiabilitiesAndStockholdersEquity"),
    ("ifrs-full:Assets", "ifrs-full:EquityAndLiabilities"),
)
ROUNDED = 1.5e6  # two totals of one balance sheet, each rounded to millions at most
BROKEN_SHARE = (
    0.05  # filers mistype a balance now and then; a provider that lies does so more often
)


def check(part: Part, rows: Sequence[Any], as_of: date) -> None:
    """Raises `Unavailable(UNTIED)` for rows that contradict themselves, or know what came after `as_of`."""
    CHECKS[part](rows, as_of)


def facts(rows: Sequence[Fact], as_of: date) -> None:
    """Both totals of each balance sheet agree, no period ends before it starts, and nothing was filed after `as_of`."""
    totals: dict[tuple[str, date, str], dict[str, float]] = defaultdict(dict)
    for row in rows:
        if row.filed > as_of:
            raise Unavailable(
                Reason.UNTIED, f"{row.concept} was filed on {row.filed}, after {as_of}"
            )
        if row.start is not None and row.start > row.end:
            raise Unavailable(Reason.UNTIED, f"{row.concept} ends before it starts")
        name = f"{row.taxonomy}:{row.concept}"
        if any(name in pair for pair in TOTALS):
            totals[row.accession, row.end, row.unit][name] = row.value
    both = [
        abs(values[left] - values[right])
        for values in totals.values()
        for left, right in TOTALS
        if left in values and right in values
    ]
    broken = sum(off > ROUNDED for off in both)
    if broken > BROKEN_SHARE * len(both):
        raise Unavailable(
            Reason.UNTIED,
            f"assets differ from liabilities and equity in {broken} of {len(both)} reports",
        )


def bars(rows: Sequence[Bar], as_of: date) -> None:
    """Days in order, once each and not after `as_of`; prices above zero and inside the day's range."""
    for before, after in pairwise(rows):
        if after.day <= before.day:
            raise Unavailable(Reason.UNTIED, f"two prices for {after.day}")
    for row in rows:
        low, high = min(row.open, row.close), max(row.open, row.close)
        inside = row.low * (1 - OUTSIDE) <= low and high <= row.high * (1 + OUTSIDE)
        above = row.low > 0 and (row.adjusted is None or row.adjusted > 0)
        if row.day > as_of or not above or row.volume < 0 or row.high < row.low or not inside:
            raise Unavailable(Reason.UNTIED, f"the prices of {row.day} cannot be")


def filings(rows: Sequence[Filing], as_of: date) -> None:
    """Nothing is filed after `as_of`, or before the period that it reports on has ended."""
    for row in rows:
        if row.filed > as_of or (row.period is not None and row.period > row.filed):
            raise Unavailable(Reason.UNTIED, f"{row.accession} was filed on {row.filed}")


def news(rows: Sequence[News], as_of: date) -> None:
    """Nothing was published after `as_of`."""
    for row in rows:
        if row.published.date() > as_of:
            raise Unavailable(Reason.UNTIED, f"{row.url} was published after {as_of}")


def entity(rows: Sequence[Entity], as_of: date) -> None:  # noqa: ARG001  # a company has no day
    """One company."""
    if len(rows) != 1:
        raise Unavailable(Reason.UNTIED, f"{len(rows)} companies for one ticker")


CHECKS: Mapping[Part, Callable[[Sequence[Any], date], None]] = {
    Part.ENTITY: entity,
    Part.FACTS: facts,
    Part.BARS: bars,
    Part.FILINGS: filings,
    Part.NEWS: news,
}
