"""Ratios of one period, with the definitions that analysts' textbooks share.

A flow over a balance takes the mean of opening and closing balance. Days are of a year of 365. EBIT is operating
income, EBITDA adds depreciation and amortisation. Debt is current and long-term borrowings; a part that the
filer leaves out of the balance sheet counts as none, but with no part told there is no debt to speak of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from arriero.apps.finance.reports.statements import Statement
from arriero.apps.finance.reports.value import (
    Value,
    Why,
    amount,
    lacking,
    mean,
    minus,
    none,
    over,
    plus,
    together,
)

YEAR = 365
CAGR_YEARS = 3
NOTHING = none(Why.NO_PRIOR)


def ratios(now: Statement, before: Statement | None) -> Mapping[str, Value]:
    """The ratios of the year `now`; those that need the opening balance take it from the year `before`."""
    equity, assets = _mean("equity", now, before), _mean("assets", now, before)
    ebit, ebitda, flow, owed = now["operating_income"], ebitda_of(now), free_cash(now), debt(now)
    sales, profit = now["revenue"], now["net_income"]
    found = {
        "gross_margin": over(now["gross_profit"], sales),
        "operating_margin": over(ebit, sales),
        "ebitda_margin": over(ebitda, sales),
        "net_margin": over(profit, sales),
        "return_on_equity": over(profit, equity, positive=True),
        "return_on_assets": over(profit, assets),
        "return_on_invested_capital": _invested(now, before),
        "current_ratio": over(
            now["current_assets"],
            now["current_liabilities"],
        ),
        "quick_ratio": over(_quick(now), now["current_liabilities"]),
        "cash_ratio": over(liquid(now), now["current_liabilities"]),
        "debt_to_equity": over(owed, now["equity"], positive=True),
        "debt_to_assets": over(owed, now["assets"]),
        "liabilities_to_assets": over(now["liabilities"], now["assets"]),
        "equity_to_assets": over(now["equity"], now["assets"]),
        "net_debt_to_ebitda": over(
            minus(owed, liquid(now)),
            ebitda,
            positive=True,
        ),
        "interest_cover": over(ebit, now["interest_expense"]),
        "asset_turnover": over(sales, assets),
        "free_cash_flow": flow,
        "free_cash_margin": over(flow, sales),
        "free_cash_to_net_income": over(flow, profit, positive=True),
        "accruals": over(
            minus(profit, now["operating_cash"]),
            assets,
        ),
        "capital_spending_to_revenue": over(now["capital_spending"], sales),
        "payout": over(now["dividends"], profit, positive=True),
    }
    return {**found, **_days(now, before), **du_pont(now, before)}


def growth(history: tuple[Statement, ...]) -> Mapping[str, Value]:
    """Growth of the last of `history` (years, oldest first): on the year before, and a year over three years."""
    found = {}
    for name in ("revenue", "net_income", "eps_diluted", "free_cash_flow"):
        values = [free_cash(one) if name == "free_cash_flow" else one[name] for one in history]
        now = values[-1] if values else none(Why.NOT_COVERED, name)
        before = _years_ago(history, values, 1, name)
        found[f"{name}_growth"] = _less_one(over(now, before, positive=True))
        past = _years_ago(history, values, CAGR_YEARS, name)
        found[f"{name}_growth_{CAGR_YEARS}y"] = _annual(now, past, name)
    return found


def du_pont(now: Statement, before: Statement | None) -> Mapping[str, Value]:
    """The five factors whose product is the return on equity: tax, interest, margin, turnover, leverage."""
    equity, assets = _mean("equity", now, before), _mean("assets", now, before)
    pretax, ebit = now["pretax_income"], now["operating_income"]
    factors = {
        "dupont_tax": over(now["net_income"], pretax),
        "dupont_interest": over(pretax, ebit),
        "dupont_margin": over(ebit, now["revenue"]),
        "dupont_turnover": over(now["revenue"], assets),
        "dupont_leverage": over(assets, equity, positive=True),
    }
    lack = lacking(*factors.values())
    if lack is not None:
        return factors | {"dupont_return_on_equity": lack}
    product = 1.0
    for factor in factors.values():
        product *= amount(factor)
    return factors | {"dupont_return_on_equity": Value(product, sources=together(factors.values()))}


def free_cash(now: Statement) -> Value:
    """Cash from operations less capital spending."""
    return minus(
        now["operating_cash"],
        now["capital_spending"],
    )


def ebitda_of(now: Statement) -> Value:
    """Operating income before depreciation and amortisation."""
    return plus(now["operating_income"], now["depreciation"], name="ebitda")


def debt(now: Statement) -> Value:
    """Current and long-term borrowings."""
    parts = [one for one in (now["current_debt"], now["long_debt"]) if one.known]
    if not parts:
        return now["long_debt"]
    return plus(*parts, name="debt")


def liquid(now: Statement) -> Value:
    """Cash and short-term investments, the latter where the filer tells them."""
    if not now["cash"].known or not now["short_investments"].known:
        return now["cash"]
    return plus(now["cash"], now["short_investments"], name="cash")


def _quick(now: Statement) -> Value:
    return plus(liquid(now), now["receivables"])


def _invested(now: Statement, before: Statement | None) -> Value:
    """Operating income after tax at the year's own rate, over mean debt + equity - cash."""
    rate = over(now["income_tax"], now["pretax_income"])
    closing = _capital(now)
    opening = NOTHING if before is None else _capital(before)
    base = mean(opening, closing)
    if lack := lacking(now["operating_income"], rate, base):
        return lack
    if amount(now["pretax_income"]) <= 0 or amount(base) <= 0:
        return none(Why.NEGATIVE, "pretax_income" if amount(base) > 0 else "invested_capital")
    after = amount(now["operating_income"]) * (1 - amount(rate))
    return Value(after / amount(base), sources=together((now["operating_income"], rate, base)))


def _capital(one: Statement) -> Value:
    return minus(plus(debt(one), one["equity"]), liquid(one), "invested_capital")


def _days(now: Statement, before: Statement | None) -> Mapping[str, Value]:
    """How many days of sales or cost are tied up in receivables, inventory and payables."""
    found = {}
    for name, balance, flow in (
        ("days_of_sales", "receivables", "revenue"),
        ("days_of_inventory", "inventory", "cost_of_revenue"),
        ("days_of_payables", "payables", "cost_of_revenue"),
    ):
        held = _mean(balance, now, before)
        found[name] = over(_times(held, YEAR), now[flow])
    cycle = plus(found["days_of_sales"], found["days_of_inventory"])
    found["cash_conversion_cycle"] = minus(cycle, found["days_of_payables"])
    return found


def _mean(name: str, now: Statement, before: Statement | None) -> Value:
    return mean(NOTHING if before is None else before[name], now[name])


def _years_ago(history: tuple[Statement, ...], values: list[Value], years: int, name: str) -> Value:
    """The value of the year that ended `years` before the last one; a hole in the years is no neighbour."""
    if not history:
        return none(Why.NO_PRIOR, name)
    last = history[-1].period.end
    for one, value in zip(history, values, strict=True):
        if abs((last - one.period.end).days - years * 365.25) <= 20:
            return value
    return none(Why.NO_PRIOR, name)


def _times(value: Value, factor: float) -> Value:
    return value if value.value is None else replace(value, value=value.value * factor)


def _less_one(value: Value) -> Value:
    return value if value.value is None else Value(value.value - 1, sources=value.sources)


def _annual(now: Value, past: Value, name: str) -> Value:
    quotient = over(now, past, positive=True)
    if quotient.value is None:
        return quotient
    if quotient.value < 0:
        return none(Why.NEGATIVE, name, quotient.sources)
    return Value(quotient.value ** (1 / CAGR_YEARS) - 1, sources=quotient.sources)
