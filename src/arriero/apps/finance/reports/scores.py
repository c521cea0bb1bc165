"""Scores from the literature, each with its parts and its bounds. Made for industrial companies, not for banks.

Altman (1968) Z and (1995) Z'', Piotroski (2000) F, Beneish (1999) M.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from arriero.apps.finance.reports.ratios import debt
from arriero.apps.finance.reports.statements import Statement
from arriero.apps.finance.reports.value import (
    Value,
    Why,
    amount,
    lacking,
    minus,
    none,
    over,
    plus,
    together,
)


@dataclass(frozen=True, slots=True)
class Score:
    """A score, its parts, and what it says in the words of its bounds; `value.reason` says why there is none."""

    name: str
    value: Value
    zone: str
    parts: Mapping[str, Value]
    bounds: str


def scores(years: tuple[Statement, ...], market_value: Value) -> Mapping[str, Score]:
    """All scores of the last of `years` (oldest first)."""
    if not years:
        lack = none(Why.NOT_COVERED, "years")
        names = ("altman_z", "altman_z2", "piotroski_f", "beneish_m")
        return {name: Score(name, lack, "", {}, "") for name in names}
    now = years[-1]
    before = years[-2] if len(years) > 1 else None
    first = years[-3] if len(years) > 2 else None
    return {
        "altman_z": altman_z(now, market_value),
        "altman_z2": altman_z2(now),
        "piotroski_f": piotroski(now, before, first),
        "beneish_m": beneish(now, before),
    }


def altman_z(now: Statement, market_value: Value) -> Score:
    """Z = 1.2 X1 + 1.4 X2 + 3.3 X3 + 0.6 X4 + 1.0 X5 for listed manufacturers."""
    parts = _altman_parts(now) | {
        "market_value_to_liabilities": over(market_value, now["liabilities"]),
        "revenue_to_assets": over(now["revenue"], now["assets"]),
    }
    value = _weighted(parts, (1.2, 1.4, 3.3, 0.6, 1.0))
    zone = _zone(value, ((1.81, "distress"), (2.99, "grey")), "safe")
    return Score("altman_z", value, zone, parts, "distress < 1.81 <= grey <= 2.99 < safe")


def altman_z2(now: Statement) -> Score:
    """Z'' = 6.56 X1 + 3.26 X2 + 6.72 X3 + 1.05 X4 with book equity, for other companies than manufacturers."""
    parts = _altman_parts(now) | {"equity_to_liabilities": over(now["equity"], now["liabilities"])}
    value = _weighted(parts, (6.56, 3.26, 6.72, 1.05))
    zone = _zone(value, ((1.1, "distress"), (2.6, "grey")), "safe")
    return Score("altman_z2", value, zone, parts, "distress < 1.1 <= grey <= 2.6 < safe")


def piotroski(now: Statement, before: Statement | None, first: Statement | None) -> Score:
    """F: nine signs of strength, a point each. Balances are those at the beginning of each year."""
    bounds = "weak <= 2 < middling < 8 <= strong"
    if now["operating_income"].reason == Why.BANK:
        return Score("piotroski_f", none(Why.BANK, "piotroski_f"), "", {}, bounds)
    if before is None or first is None:
        return Score("piotroski_f", none(Why.NO_PRIOR, "three years"), "", {}, bounds)
    returns = [
        over(one["net_income"], opening["assets"])
        for one, opening in ((now, before), (before, first))
    ]
    cash = over(now["operating_cash"], before["assets"])
    signs = {
        "profit": _sign(returns[0], lambda value: value > 0),
        "cash_flow": _sign(cash, lambda value: value > 0),
        "better_return": _sign(minus(returns[0], returns[1]), lambda value: value > 0),
        "cash_above_profit": _sign(minus(cash, returns[0]), lambda value: value > 0),
        "less_debt": _sign(
            minus(_leverage(now, before), _leverage(before, first)), lambda value: value < 0
        ),
        "more_liquid": _change(now, before, "current_assets", "current_liabilities"),
        "no_new_shares": _sign(
            minus(now["shares_basic"], before["shares_basic"]),
            lambda value: value <= 0,
        ),
        "better_margin": _change(now, before, "gross_profit", "revenue"),
        "better_turnover": _sign(
            minus(
                over(now["revenue"], before["assets"]),
                over(before["revenue"], first["assets"]),
            ),
            lambda value: value > 0,
        ),
    }
    value = plus(*signs.values())
    zone = _zone(value, ((2.5, "weak"), (7.5, "middling")), "strong")
    return Score("piotroski_f", value, zone, signs, bounds)


def beneish(now: Statement, before: Statement | None) -> Score:
    """M of eight variables; above -1.78 a manipulator of earnings is likelier."""
    bounds = "unlikely <= -1.78 < likelier"
    if now["operating_income"].reason == Why.BANK:
        return Score("beneish_m", none(Why.BANK, "beneish_m"), "", {}, bounds)
    if before is None:
        return Score("beneish_m", none(Why.NO_PRIOR, "two years"), "", {}, bounds)

    def index(share: Callable[[Statement], Value], *, turned: bool = False) -> Value:
        first, second = (before, now) if turned else (now, before)
        return over(share(first), share(second))

    def part(top: str, bottom: str = "revenue") -> Callable[[Statement], Value]:
        return lambda one: over(one[top], one[bottom])

    parts = {
        "receivables": index(part("receivables")),
        "gross_margin": index(part("gross_profit"), turned=True),
        "asset_quality": index(_soft_assets),
        "sales_growth": over(now["revenue"], before["revenue"]),
        "depreciation": index(_wear, turned=True),
        "overhead": index(part("selling_general")),
        "leverage": index(_owed),
        "accruals": over(
            minus(now["net_income"], now["operating_cash"]),
            now["assets"],
        ),
    }
    value = _weighted(parts, (0.920, 0.528, 0.404, 0.892, 0.115, -0.172, -0.327, 4.679), -4.84)
    zone = "" if value.value is None else "likelier" if value.value > -1.78 else "unlikely"
    return Score("beneish_m", value, zone, parts, bounds)


def _altman_parts(now: Statement) -> dict[str, Value]:
    working = minus(
        now["current_assets"],
        now["current_liabilities"],
    )
    assets = now["assets"]
    return {
        "working_capital_to_assets": over(working, assets),
        "retained_earnings_to_assets": over(now["retained_earnings"], assets),
        "operating_income_to_assets": over(now["operating_income"], assets),
    }


def _leverage(one: Statement, opening: Statement) -> Value:
    middle = plus(opening["assets"], one["assets"], name="assets")
    return over(one["long_debt"], middle)


def _change(now: Statement, before: Statement, top: str, bottom: str) -> Value:
    both = [over(one[top], one[bottom]) for one in (now, before)]
    return _sign(minus(both[0], both[1]), lambda value: value > 0)


def _soft_assets(one: Statement) -> Value:
    """The share of assets that are neither current nor property: one less the hard ones' share."""
    hard = plus(one["current_assets"], one["property"])
    share = over(hard, one["assets"])
    return share if share.value is None else Value(1 - share.value, sources=share.sources)


def _wear(one: Statement) -> Value:
    base = plus(one["depreciation"], one["property"])
    return over(one["depreciation"], base)


def _owed(one: Statement) -> Value:
    owed = plus(one["current_liabilities"], debt(one))
    if one["current_debt"].known and owed.value is not None:  # it is in the current liabilities
        owed = Value(owed.value - amount(one["current_debt"]), sources=owed.sources)
    return over(owed, one["assets"])


def _sign(value: Value, good: Callable[[float], bool]) -> Value:
    if value.value is None:
        return value
    return Value(1.0 if good(value.value) else 0.0, sources=value.sources)


def _weighted(parts: Mapping[str, Value], weights: tuple[float, ...], base: float = 0.0) -> Value:
    if lack := lacking(*parts.values()):
        return lack
    pairs = zip(parts.values(), weights, strict=True)
    total = base + sum(amount(part) * weight for part, weight in pairs)
    return Value(total, sources=together(parts.values()))


def _zone(value: Value, bounds: tuple[tuple[float, str], ...], above: str) -> str:
    if value.value is None:
        return ""
    return next((name for bound, name in bounds if value.value < bound), above)
