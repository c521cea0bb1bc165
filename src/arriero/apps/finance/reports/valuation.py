"""What the market pays: multiples of the last four quarters, at the last close by `as_of`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from arriero.apps.finance.evidence.base import Bar
from arriero.apps.finance.evidence.prices import jumps
from arriero.apps.finance.reports.book import Book
from arriero.apps.finance.reports.lines import BY_NAME, Kind
from arriero.apps.finance.reports.ratios import debt, ebitda_of, free_cash, liquid
from arriero.apps.finance.reports.statements import Statement
from arriero.apps.finance.reports.value import (
    How,
    Value,
    Why,
    amount,
    lacking,
    none,
    over,
    plus,
    together,
)

FRESH_DAYS = 10  # an older close is no price of that day: the longest closing of US exchanges was under a week
SHARES_DAYS = 400  # shares are told on the cover of every report
MULTIPLES = (
    *("price_to_earnings", "price_to_book", "price_to_sales", "free_cash_yield", "dividend_yield"),
    *("enterprise_value", "ev_to_ebitda"),
)


@dataclass(frozen=True, slots=True)
class Price:
    """The last close and its day."""

    day: date | None
    close: Value


def price(bars: Sequence[Bar], as_of: date) -> Price:
    """The last close by `as_of`; none when it is older than ten days."""
    if not bars:
        return Price(None, none(Why.NO_PRICE, "price"))
    if (as_of - bars[-1].day).days > FRESH_DAYS:
        return Price(None, none(Why.OLD_PRICE, f"it is of {bars[-1].day}"))
    return Price(bars[-1].day, Value(bars[-1].close, how=How.TRADED))


def valuation(
    kept: Book, now: Statement | None, bars: Sequence[Bar], as_of: date, *, bank: bool
) -> Mapping[str, Value]:
    """Market value and multiples. Each is None with its reason where price, shares or a line is missing."""
    value = market_value(kept, bars, as_of)
    found = {"market_value": value}
    if now is None:
        return found | dict.fromkeys(MULTIPLES, none(Why.NOT_COVERED, "last four quarters"))
    earned, sold, book = now["net_income"], now["revenue"], now["equity"]
    found |= {
        "price_to_earnings": over(value, earned, positive=True),
        "price_to_book": over(value, book, positive=True),
        "price_to_sales": over(value, sold, positive=True),
        "free_cash_yield": over(free_cash(now), value),
        "dividend_yield": over(now["dividends"], value),
    }
    whole = none(Why.BANK, "enterprise_value") if bank else _enterprise(value, now)
    found["enterprise_value"] = whole
    found["ev_to_ebitda"] = over(whole, ebitda_of(now), positive=True)
    return found


def market_value(kept: Book, bars: Sequence[Bar], as_of: date) -> Value:
    """Close times shares outstanding. No value when the price moved like a split since the shares were told."""
    last = price(bars, as_of)
    if last.close.value is None:
        return last.close
    if kept.currency != "USD":
        return none(Why.CURRENCY, kept.currency)
    shares = shares_outstanding(kept, as_of)
    if lack := lacking(shares):
        return lack
    told = max(cite.filed for cite in shares.sources)
    if any(jump.day > told for jump in jumps(bars)):
        return none(Why.SPLIT, "price", shares.sources)
    return Value(last.close.value * amount(shares), sources=shares.sources, name="market_value")


def shares_outstanding(kept: Book, as_of: date) -> Value:
    """The shares outstanding that were told last, on a report's cover or its balance sheet."""
    newest = None
    for tag in BY_NAME["shares_outstanding"].tags:
        for (_, end), versions in kept.versions.get(tag, {}).items():
            if newest is None or (end, versions[-1].filed) > (newest.end, newest.filed):
                newest = versions[-1]
    if newest is None:
        return none(Why.NOT_REPORTED, "shares_outstanding")
    if (as_of - newest.end).days > SHARES_DAYS:
        return none(Why.NOT_COVERED, "shares_outstanding")
    return kept.told(newest, Kind.COUNT)


def _enterprise(value: Value, now: Statement) -> Value:
    whole = plus(value, debt(now))
    cash = liquid(now)
    if lack := lacking(whole, cash):
        return lack
    others = 0.0
    if now["all_equity"].known and now["equity"].known:
        others = amount(now["all_equity"]) - amount(now["equity"])
    sources = together((whole, cash))
    return Value(amount(whole) + others - amount(cash), sources=sources, name="enterprise_value")
