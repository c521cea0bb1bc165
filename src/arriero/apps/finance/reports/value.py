"""A number with where it comes from, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from arriero.apps.finance.evidence.base import Fact


class Why(StrEnum):
    """Why there is no value: these and no others."""

    NOT_REPORTED = "the filer reports no such line"
    NOT_COVERED = "no filed value covers this period"
    UNTIED = "the filed values do not tie out"
    INPUT = "an input is missing"
    NO_PRIOR = "the period before is missing"
    ZERO = "the divisor is zero"
    NEGATIVE = "it has no meaning with a negative base"
    BANK = "it has no meaning for a bank or insurer"
    NO_PRICE = "no price by that day"
    OLD_PRICE = "the last price by that day is too old"
    SPLIT = "price and shares are of different splits"
    CURRENCY = "price and reports may be of different currencies"


# What is computed of a value that is missing for one of these is missing for the same reason.
KEPT = frozenset({Why.BANK, Why.NO_PRICE, Why.OLD_PRICE, Why.SPLIT, Why.CURRENCY, Why.NO_PRIOR})


class How(StrEnum):
    """How a value came about."""

    FILED = "filed"
    DIFFERENCE = "difference of filed values"
    SUM = "sum of filed values"
    SPLIT = "filed, adjusted for a later split"
    COMPUTED = "computed"
    TRADED = "traded"


@dataclass(frozen=True, slots=True)
class Cite:
    """The filed value behind a number: tag, period, filing and its link."""

    concept: str
    unit: str
    start: date | None
    end: date
    value: float
    accession: str
    form: str
    filed: date
    link: str


@dataclass(frozen=True, slots=True)
class Value:
    """A number, or None with `reason` (a `Why`); `detail` names the line that is to blame, `name` what it is itself."""

    value: float | None
    reason: str | None = None
    detail: str = ""
    how: str = How.COMPUTED
    sources: tuple[Cite, ...] = ()
    name: str = ""

    @property
    def known(self) -> bool:
        return self.value is not None


def cite(fact: Fact, cik: str | None) -> Cite:
    """Where `fact` was filed. The link opens the filing's index on EDGAR; what a caller sent has none."""
    link = ""
    if cik and fact.accession.count("-") == 2:
        bare = fact.accession.replace("-", "")
        link = (
            f"https://www.sec.gov/Archives/edgar/data/{int(cik)}/{bare}/{fact.accession}-index.htm"
        )
    return Cite(
        f"{fact.taxonomy}:{fact.concept}",
        fact.unit,
        fact.start,
        fact.end,
        fact.value,
        fact.accession,
        fact.form,
        fact.filed,
        link,
    )


def none(why: Why, detail: str = "", sources: tuple[Cite, ...] = ()) -> Value:
    """No value, for this reason; `detail` names the line that is to blame."""
    return Value(None, why.value, detail, sources=sources)


def together(values: Iterable[Value]) -> tuple[Cite, ...]:
    """The sources of all `values`, each once, in order."""
    return tuple(dict.fromkeys(cite for value in values for cite in value.sources))


def lacking(*values: Value) -> Value | None:
    """What to give in place of something computed of `values` when one of them is None: the first, by name.

    What has no meaning for a bank, or no price, stays so in all that is computed of it.
    """
    for value in values:
        if value.value is None:
            kept = value.reason in KEPT
            return Value(
                None, value.reason if kept else Why.INPUT.value, value.detail or value.name
            )
    return None


def amount(value: Value) -> float:
    """The number of a value that is known to be there."""
    assert value.value is not None  # noqa: S101  # asked only after `lacking`
    return value.value


def over(top: Value, bottom: Value, *, positive: bool = False) -> Value:
    """`top` / `bottom`. With `positive` a negative divisor gives no value: the quotient would mislead."""
    if lack := lacking(top, bottom):
        return lack
    divisor = amount(bottom)
    if divisor == 0:
        return none(Why.ZERO, bottom.name, together((top, bottom)))
    if positive and divisor < 0:
        return none(Why.NEGATIVE, bottom.name, together((top, bottom)))
    return Value(amount(top) / divisor, sources=together((top, bottom)))


def plus(*values: Value, name: str = "") -> Value:
    """The sum of `values`, which must all be there."""
    if lack := lacking(*values):
        return lack
    return Value(sum(amount(one) for one in values), sources=together(values), name=name)


def minus(first: Value, second: Value, name: str = "") -> Value:
    """`first` - `second`, which must both be there."""
    if lack := lacking(first, second):
        return lack
    return Value(amount(first) - amount(second), sources=together((first, second)), name=name)


def mean(first: Value, last: Value) -> Value:
    """The mean of opening and closing balance; without the opening one there is none."""
    if lack := lacking(last):
        return lack
    if first.value is None:
        return none(Why.NO_PRIOR, last.name)
    middle = (first.value + amount(last)) / 2
    return Value(middle, sources=together((first, last)), name=last.name)
