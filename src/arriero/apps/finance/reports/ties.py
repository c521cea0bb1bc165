"""Identities that filed values must satisfy, and how far rounding may move them.

A tie counts only where every member was filed (or is a difference of filed flows): a member that was computed
from the others would prove nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from math import fsum

from arriero.apps.finance.reports.book import unit
from arriero.apps.finance.reports.value import How, Value

FILED = frozenset({How.FILED, How.DIFFERENCE, How.SUM, How.SPLIT})


@dataclass(frozen=True, slots=True)
class Identity:
    """`left` = the sum of `right` (and of `optional`, where there are such). `blamed`: who loses its value if not."""

    name: str
    left: str
    right: Mapping[str, int]
    optional: Mapping[str, int]
    blamed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tie:
    """Whether an identity holds in one period: `off` is by how much it does not, `within` what rounding explains."""

    name: str
    period: str
    holds: bool
    off: float
    within: float


IDENTITIES = (
    Identity(
        "gross profit = revenue - cost",
        "gross_profit",
        {"revenue": 1, "cost_of_revenue": -1},
        {},
        ("revenue", "cost_of_revenue", "gross_profit"),
    ),
    Identity(
        "assets = liabilities and equity",
        "assets",
        {"liabilities_and_equity": 1},
        {},
        ("assets", "liabilities_and_equity"),
    ),
    Identity(
        "assets = liabilities + equity",
        "assets",
        {"liabilities": 1, "all_equity": 1},
        {"between_equity": 1},
        ("liabilities", "equity", "all_equity"),
    ),
    Identity(
        "all equity = equity + that of others",
        "all_equity",
        {"equity": 1, "others_equity": 1},
        {},
        ("equity",),
    ),
    Identity(
        "change of cash = operating + investing + financing + exchange",
        "cash_change",
        {"operating_cash": 1, "investing_cash": 1, "financing_cash": 1},
        {"exchange_cash": 1, "discontinued_cash": 1},
        ("operating_cash", "investing_cash", "financing_cash", "cash_change"),
    ),
    Identity(
        "pretax income = net income + tax",
        "pretax_income",
        {"net_income": 1, "income_tax": 1},
        {"others_income": 1, "associates_income": -1, "discontinued_income": -1},
        ("pretax_income",),
    ),
)


def tie(identity: Identity, lines: Mapping[str, Value], period: str) -> Tie | None:
    """The tie of `identity` in these lines; None where a member is missing or was computed."""
    must = (identity.left, *identity.right)
    if any(lines[name].value is None or lines[name].how not in FILED for name in must):
        return None
    extra = [
        name
        for name in identity.optional
        if lines[name].value is not None and lines[name].how in FILED
    ]
    signs = {**identity.right, **{name: identity.optional[name] for name in extra}}
    within = rounding([lines[name] for name in (*must, *extra)])
    off = _off(lines, identity.left, signs)
    for left_out in range(len(extra) + 1):  # what is optional may be inside another line
        for some in combinations(extra, left_out):
            chosen = {name: sign for name, sign in signs.items() if name not in some}
            rest = _off(lines, identity.left, chosen)
            if abs(rest) <= within:
                return Tie(identity.name, period, True, rest, within)
    return Tie(identity.name, period, False, off, within)


def rounding(values: list[Value]) -> float:
    """The most that rounding moves a sum of these filed values: half a unit for each of them."""
    return fsum(0.5 * unit(cite.value) for value in values for cite in value.sources)


def _off(lines: Mapping[str, Value], left: str, signs: Mapping[str, int]) -> float:
    parts = [-(lines[name].value or 0.0) * sign for name, sign in signs.items()]
    return fsum([lines[left].value or 0.0, *parts])
