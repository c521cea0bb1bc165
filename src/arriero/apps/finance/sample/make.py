"""Makes the sample's figures and prices: `python -m arriero.apps.finance.sample.make`. Its output is committed.

Both companies are invented, and their names say so. The figures come from a seeded generator: what grows,
what is owed and what is paid tie out (A = L + E; the change of cash is the sum of its three flows), prices have
a volatility that comes in waves, as real ones do, and no trend that could be known. The risk factors and the
news are prose of our own (`prose.py`).
"""

from __future__ import annotations

import csv
import html
import io
import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from arriero.apps.finance.sample.prose import ITEM_1A, LEAD, NEWS

HERE = Path(__file__).parent
FIRST_YEAR, LAST_YEAR = 2019, 2025  # fiscal years
FIRST_DAY, LAST_DAY = date(2019, 1, 2), date(2026, 3, 31)
MILLION = 1_000_000
ROOT = "https://invented.example/Archives/edgar/data"


@dataclass(frozen=True, slots=True)
class Company:
    """An invented company: its CIK is far above every number that EDGAR has given out."""

    ticker: str
    name: str
    cik: int
    sic: str
    trade: str
    seed: int
    price: float
    drift: float
    volatility: float


INSTRUMENTS = Company(
    "XTAM", "Tamarugo Instruments, Inc. (an invented company)", 9_000_000_001, "3826",
    "Laboratory Analytical Instruments", 11, 58.0, 0.11, 0.28,
)  # fmt: skip
BANK = Company(
    "XPUN", "Puna Savings Bancorp (an invented company)", 9_000_000_002, "6022",
    "State Commercial Banks", 23, 24.0, 0.05, 0.22,
)  # fmt: skip
COMPANIES = (INSTRUMENTS, BANK)

Amounts = dict[str, float]


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter's flows, the balances at its end, and the days it covers."""

    year: int
    number: int
    start: date
    end: date
    flows: Amounts
    balances: Amounts


def saturday_nearest(day: date) -> date:
    """The Saturday nearest to `day`: how a company with 52- and 53-week years ends them."""
    return min((day + timedelta(days) for days in range(-3, 4)), key=lambda it: it.weekday() != 5)


def ends(company: Company, year: int) -> list[date]:
    """The last days of the four quarters of a fiscal year."""
    if company is BANK:
        return [date(year, 3, 31), date(year, 6, 30), date(year, 9, 30), date(year, 12, 31)]
    last = saturday_nearest(date(year, 9, 30))
    before = saturday_nearest(date(year - 1, 9, 30))
    return [before + timedelta(weeks=13 * count) for count in (1, 2, 3)] + [last]


def quarters(company: Company) -> list[Quarter]:
    """All quarters, each built on the balances of the one before."""
    random, found = Random(company.seed), list[Quarter]()
    step = bank_quarter if company is BANK else instruments_quarter
    balances = dict(OPENING[company.ticker])
    start = ends(company, FIRST_YEAR - 1)[-1] + timedelta(days=1)
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        for number, end in enumerate(ends(company, year), 1):
            flows, balances = step(random, balances, year - FIRST_YEAR, number)
            found.append(Quarter(year, number, start, end, flows, dict(balances)))
            start = end + timedelta(days=1)
    return found


OPENING: Mapping[str, Amounts] = {
    "XTAM": {
        "cash": 210, "receivables": 128, "inventory": 142, "plant": 260, "goodwill": 190,
        "payables": 74, "accrued": 66, "debt_now": 20, "debt": 260, "equity": 510,
        "retained": 300, "shares": 52.0,
    },
    "XPUN": {
        "cash": 420, "securities": 1_350, "loans": 5_900, "plant": 110,
        "deposits": 6_350, "debt": 560, "equity": 870, "retained": 520, "shares": 61.0,
    },
}  # fmt: skip


def instruments_quarter(
    random: Random, before: Amounts, year: int, number: int
) -> tuple[Amounts, Amounts]:
    """One quarter of the instrument maker, in millions."""
    season = {1: 0.97, 2: 0.99, 3: 1.0, 4: 1.05}[number]
    slump = 0.91 if year == 4 else 1.0  # one bad year
    revenue = 205 * 1.073**year * season * slump * (1 + random.gauss(0, 0.015))
    cost = revenue * (0.462 + 0.02 * (slump < 1) + random.gauss(0, 0.006))
    research = revenue * (0.112 + random.gauss(0, 0.003))
    selling = revenue * (0.238 + random.gauss(0, 0.004))
    depreciation = before["plant"] * 0.026
    operating = revenue - cost - research - selling
    interest = (before["debt"] + before["debt_now"]) * 0.0118
    pretax = operating - interest
    tax = max(pretax, 0.0) * 0.212
    net = pretax - tax
    capex = revenue * (0.041 + random.gauss(0, 0.004))
    dividends = 0.11 * before["shares"]
    bought = 14.0 if slump == 1.0 else 4.0
    repaid = 5.0
    receivables = revenue * 0.61 * (1 + random.gauss(0, 0.02))
    inventory = cost * 1.42 * (1 + random.gauss(0, 0.02))
    payables = cost * 0.78 * (1 + random.gauss(0, 0.02))
    accrued = revenue * 0.315 * (1 + random.gauss(0, 0.01))
    stock_pay = revenue * 0.018
    working = (
        receivables - before["receivables"] + inventory - before["inventory"]
        - (payables - before["payables"]) - (accrued - before["accrued"])
    )  # fmt: skip
    operations = net + depreciation + stock_pay - working
    financing = -dividends - bought - repaid
    change = operations - capex + financing
    shares = before["shares"] - bought / 42.0 + 0.18
    flows = {
        "revenue": revenue, "cost": cost, "gross": revenue - cost, "research": research,
        "selling": selling, "operating": operating, "interest": interest, "pretax": pretax,
        "tax": tax, "net": net, "depreciation": depreciation, "stock_pay": stock_pay,
        "operations": operations, "capex": capex, "investing": -capex, "dividends": dividends,
        "bought": bought, "repaid": repaid, "financing": financing, "change": change,
        "average": (shares + before["shares"]) / 2,
    }  # fmt: skip
    after = dict(
        before, cash=before["cash"] + change, receivables=receivables, inventory=inventory,
        plant=before["plant"] + capex - depreciation, payables=payables, accrued=accrued,
        debt=before["debt"] - repaid, equity=before["equity"] + net + stock_pay - dividends - bought,
        retained=before["retained"] + net - dividends - bought, shares=shares,
    )  # fmt: skip
    return flows, after


def bank_quarter(
    random: Random, before: Amounts, year: int, _number: int
) -> tuple[Amounts, Amounts]:
    """One quarter of the bank, in millions. It has no revenue less cost, no current assets, no inventory."""
    rate = (0.0098, 0.0089, 0.0084, 0.0096, 0.0122, 0.0131, 0.0126)[year]
    paid = (0.0024, 0.0014, 0.0009, 0.0022, 0.0052, 0.0061, 0.0055)[year]
    earned = (before["loans"] + before["securities"]) * rate * (1 + random.gauss(0, 0.01))
    interest = (before["deposits"] + before["debt"]) * paid * (1 + random.gauss(0, 0.01))
    provision = before["loans"] * (0.0018 if year == 1 else 0.0006) * (1 + random.gauss(0, 0.1))
    fees = 17.5 * 1.03**year * (1 + random.gauss(0, 0.03))
    expense = 43.0 * 1.034**year * (1 + random.gauss(0, 0.015))
    depreciation = before["plant"] * 0.02
    pretax = earned - interest - provision + fees - expense
    tax = max(pretax, 0.0) * 0.205
    net = pretax - tax
    lent = before["loans"] * (0.011 + random.gauss(0, 0.003))
    bought = before["securities"] * random.gauss(0.002, 0.006)
    taken = lent + bought - 4.0 + random.gauss(0, 8.0)
    capex = depreciation * 1.05
    dividends = 0.14 * before["shares"]
    operations = net + provision + depreciation
    investing = -lent - bought - capex
    financing = taken - dividends
    change = operations + investing + financing
    flows = {
        "earned": earned, "interest": interest, "net_interest": earned - interest,
        "provision": provision, "fees": fees, "expense": expense, "pretax": pretax, "tax": tax,
        "net": net, "revenue": earned - interest + fees, "depreciation": depreciation,
        "operations": operations, "capex": capex, "investing": investing, "dividends": dividends,
        "financing": financing, "change": change, "average": before["shares"],
    }  # fmt: skip
    after = dict(
        before, cash=before["cash"] + change, loans=before["loans"] + lent - provision,
        securities=before["securities"] + bought, plant=before["plant"] + capex - depreciation,
        deposits=before["deposits"] + taken, equity=before["equity"] + net - dividends,
        retained=before["retained"] + net - dividends,
    )  # fmt: skip
    return flows, after


# key of ours -> us-gaap concept
COMMON_FLOWS = {
    "interest": "InterestExpense", "tax": "IncomeTaxExpenseBenefit", "net": "NetIncomeLoss",
    "pretax": "IncomeLossFromContinuingOperationsBeforeIncomeTaxesExtraordinaryItemsNoncontrollingInterest",
    "operations": "NetCashProvidedByUsedInOperatingActivities",
    "investing": "NetCashProvidedByUsedInInvestingActivities",
    "financing": "NetCashProvidedByUsedInFinancingActivities",
    "change": "CashCashEquivalentsRestrictedCashAndRestrictedCashEquivalentsPeriodIncreaseDecreaseIncludingExchangeRateEffect",
    "capex": "PaymentsToAcquirePropertyPlantAndEquipment", "dividends": "PaymentsOfDividends",
    "depreciation": "DepreciationDepletionAndAmortization",
}  # fmt: skip
FLOWS = {
    "XTAM": COMMON_FLOWS | {
        "revenue": "RevenueFromContractWithCustomerExcludingAssessedTax", "cost": "CostOfRevenue",
        "gross": "GrossProfit", "research": "ResearchAndDevelopmentExpense",
        "selling": "SellingGeneralAndAdministrativeExpense", "operating": "OperatingIncomeLoss",
        "stock_pay": "ShareBasedCompensation", "bought": "PaymentsForRepurchaseOfCommonStock",
        "repaid": "RepaymentsOfLongTermDebt",
    },
    "XPUN": COMMON_FLOWS | {
        "earned": "InterestAndDividendIncomeOperating", "net_interest": "InterestIncomeExpenseNet",
        "provision": "ProvisionForLoanLeaseAndOtherLosses", "fees": "NoninterestIncome",
        "expense": "NoninterestExpense", "revenue": "Revenues",
    },
}  # fmt: skip
YEAR_TO_DATE = frozenset(
    "operations investing financing change capex dividends depreciation stock_pay bought repaid".split()
)  # a statement of cash flows has no quarter alone


def balances_of(ticker: str, it: Amounts) -> Amounts:
    """The balance sheet by us-gaap concept, in millions. A = L + E."""
    if ticker == "XPUN":
        assets = it["cash"] + it["securities"] + it["loans"] + it["plant"]
        liabilities = assets - it["equity"]
        return {
            "CashAndDueFromBanks": it["cash"],
            "CashCashEquivalentsRestrictedCashAndRestrictedCashEquivalents": it["cash"],
            "AvailableForSaleSecuritiesDebtSecurities": it["securities"],
            "LoansAndLeasesReceivableNetReportedAmount": it["loans"],
            "PropertyPlantAndEquipmentNet": it["plant"], "Assets": assets,
            "Deposits": it["deposits"], "LongTermDebt": it["debt"], "Liabilities": liabilities,
            "RetainedEarningsAccumulatedDeficit": it["retained"], "StockholdersEquity": it["equity"],
            "LiabilitiesAndStockholdersEquity": assets,
        }  # fmt: skip
    current = it["cash"] + it["receivables"] + it["inventory"]
    assets = current + it["plant"] + it["goodwill"]
    liabilities = assets - it["equity"]
    return {
        "CashAndCashEquivalentsAtCarryingValue": it["cash"],
        "CashCashEquivalentsRestrictedCashAndRestrictedCashEquivalents": it["cash"],
        "AccountsReceivableNetCurrent": it["receivables"], "InventoryNet": it["inventory"],
        "AssetsCurrent": current, "PropertyPlantAndEquipmentNet": it["plant"],
        "Goodwill": it["goodwill"], "Assets": assets, "AccountsPayableCurrent": it["payables"],
        "LongTermDebtCurrent": it["debt_now"],
        "LiabilitiesCurrent": it["payables"] + it["accrued"] + it["debt_now"],
        "LongTermDebtNoncurrent": it["debt"], "Liabilities": liabilities,
        "RetainedEarningsAccumulatedDeficit": it["retained"], "StockholdersEquity": it["equity"],
        "LiabilitiesAndStockholdersEquity": assets,
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filed:
    """One filing: its form, the quarter that it closes, its day and number."""

    form: str
    quarter: Quarter
    day: date
    accession: str


def filings(company: Company, told: Sequence[Quarter]) -> list[Filed]:
    """A 10-Q 38 days after each quarter, a 10-K 58 days after the year; numbered in order."""
    found = []
    for count, quarter in enumerate(told, 1):
        form = "10-K" if quarter.number == 4 else "10-Q"
        day = quarter.end + timedelta(days=58 if form == "10-K" else 38)
        while day.weekday() > 4:
            day += timedelta(days=1)
        found.append(Filed(form, quarter, day, f"{company.cik:010d}-{day:%y}-{count:06d}"))
    return found


Row = dict[str, Any]


def companyfacts(company: Company, told: Sequence[Quarter], filed: Sequence[Filed]) -> Row:
    """What EDGAR's companyfacts would hold: each filing's own periods and the ones it compares with.

    The instrument maker restated the inventory of fiscal 2022 a year later, so one value has two versions.
    """
    facts: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    by_year = {(one.year, one.number): one for one in told}
    for one in filed:
        year, number = one.quarter.year, one.quarter.number
        head = {
            "accn": one.accession, "fy": year, "fp": "FY" if number == 4 else f"Q{number}",
            "form": one.form, "filed": one.day.isoformat(),
        }  # fmt: skip
        back = (year, year - 1, year - 2) if number == 4 else (year, year - 1)
        for past in back:
            mine = [by_year[past, it] for it in range(1, number + 1) if (past, it) in by_year]
            if len(mine) == number:
                for concept, unit, row in _flow_rows(company, mine):
                    facts[concept][unit].append(row | head)
        compared = by_year.get((year - 1, 4))
        for quarter in (one.quarter,) if compared is None else (one.quarter, compared):
            amounts = balances_of(company.ticker, quarter.balances)
            if (
                company is INSTRUMENTS
                and (quarter.year, quarter.number) == (2022, 4)
                and year == 2023
            ):
                for concept in ("InventoryNet", "AssetsCurrent", "Assets"):
                    amounts[concept] -= 3.0
                for concept in ("StockholdersEquity", "RetainedEarningsAccumulatedDeficit"):
                    amounts[concept] -= 3.0
                amounts["LiabilitiesAndStockholdersEquity"] -= 3.0
            for concept, amount in amounts.items():
                row = {"end": quarter.end.isoformat(), "val": round(amount * MILLION)}
                facts[concept]["USD"].append(row | head)
        cover = {
            "end": (one.day - timedelta(days=9)).isoformat(),
            "val": round(one.quarter.balances["shares"] * MILLION),
        }
        facts["dei:EntityCommonStockSharesOutstanding"]["shares"].append(cover | head)
    return {
        "cik": company.cik,
        "entityName": company.name,
        "facts": {"dei": _labelled(facts, dei=True), "us-gaap": _labelled(facts, dei=False)},
    }


def _labelled(facts: Mapping[str, Mapping[str, list[Row]]], *, dei: bool) -> Row:
    return {
        concept.removeprefix("dei:"): {
            "label": concept.removeprefix("dei:"), "description": "An invented figure.",
            "units": dict(units),
        }
        for concept, units in sorted(facts.items())
        if concept.startswith("dei:") is dei
    }  # fmt: skip


def _flow_rows(company: Company, mine: Sequence[Quarter]) -> Iterator[tuple[str, str, Row]]:
    """The quarter alone and the year to date, as income statements tell them; cash flows to date only."""
    spans = [mine] if len(mine) in {1, 4} else [mine[-1:], mine]
    for span in spans:
        days = {"start": span[0].start.isoformat(), "end": span[-1].end.isoformat()}
        alone = span[0].number != 1
        for key, concept in FLOWS[company.ticker].items():
            if alone and key in YEAR_TO_DATE:
                continue
            total = sum(quarter.flows[key] for quarter in span)
            yield concept, "USD", days | {"val": round(total * MILLION)}
        shares = sum(quarter.flows["average"] for quarter in span) / len(span)
        net = sum(quarter.flows["net"] for quarter in span)
        for kind, more in (("Basic", 0.0), ("Diluted", 0.9)):
            name = "NumberOfDilutedSharesOutstanding" if more else "NumberOfSharesOutstandingBasic"
            yield (
                f"WeightedAverage{name}",
                "shares",
                days | {"val": round((shares + more) * MILLION)},
            )
            per = round(net / (shares + more), 2)
            yield f"EarningsPerShare{kind}", "USD/shares", days | {"val": per}


def submissions(company: Company, filed: Sequence[Filed]) -> Row:
    """EDGAR's list of filings, the newest first."""
    newest = sorted(filed, key=lambda it: it.day, reverse=True)
    recent = {
        "accessionNumber": [it.accession for it in newest],
        "filingDate": [it.day.isoformat() for it in newest],
        "reportDate": [it.quarter.end.isoformat() for it in newest],
        "form": [it.form for it in newest],
        "isXBRL": [1 for _ in newest],
        "primaryDocument": [document(company, it) for it in newest],
    }
    return {
        "cik": f"{company.cik:010d}", "entityType": "operating", "sic": company.sic,
        "sicDescription": company.trade, "name": company.name, "tickers": [company.ticker],
        "exchanges": ["INVENTED"], "fiscalYearEnd": "1231" if company is BANK else "0930",
        "formerNames": [], "filings": {"recent": recent, "files": []},
    }  # fmt: skip


def document(company: Company, filed: Filed) -> str:
    """The file name of a filing's document."""
    return f"{company.ticker.lower()}-{filed.quarter.end:%Y%m%d}.htm"


def annual_report(company: Company, filed: Filed) -> str:
    """A 10-K as HTML, as far as it is needed: cover, Item 1A with sub-captions, and what follows it."""
    parts = []
    for group, factors in ITEM_1A[company.ticker][filed.quarter.year]:
        parts.append(f'<p style="font-weight:bold;text-decoration:underline">{_e(group)}</p>')
        for caption, paragraphs in factors:
            parts.append(
                f'<p><span style="font-style:italic;font-weight:bold">{_e(caption)}</span></p>'
            )
            parts += [f"<p>{_e(paragraph)}</p>" for paragraph in paragraphs]
    toc = "".join(
        f'<tr><td><a href="#i{number}">Item {number}.</a></td><td>{title}</td></tr>'
        for number, title in ITEMS
    )
    body = "\n".join(parts)
    return f"""<!DOCTYPE html>
<html><head><title>{_e(company.name)} 10-K {filed.quarter.year}</title></head><body>
<p style="text-align:center">An invented filing of an invented company, made for trying out software.</p>
<p style="text-align:center;font-weight:bold">FORM 10-K</p>
<p style="text-align:center">For the fiscal year ended {filed.quarter.end:%B} {filed.quarter.end.day}, {filed.quarter.end.year}</p>
<p style="text-align:center;font-weight:bold">{_e(company.name)}</p>
<table>{toc}</table>
<p id="i1" style="font-weight:bold">Item 1. Business</p>
<p>{_e(LEAD[company.ticker])}</p>
<p id="i1A" style="font-weight:bold">Item 1A. Risk Factors</p>
{body}
<p id="i1B" style="font-weight:bold">Item 1B. Unresolved Staff Comments</p>
<p>None.</p>
<p id="i2" style="font-weight:bold">Item 2. Properties</p>
<p>The company rents the buildings that it works in.</p>
</body></html>
"""


ITEMS = (("1", "Business"), ("1A", "Risk Factors"), ("1B", "Unresolved Staff Comments"), ("2", "Properties"))  # fmt: skip


def _e(text: str) -> str:
    return html.escape(text, quote=False)


def prices(company: Company) -> str:
    """Daily bars as CSV. The logarithm of volatility is an AR(1) of half a month's memory."""
    random = Random(company.seed * 7)
    daily = company.volatility / math.sqrt(252)
    wave, close, day = 0.0, company.price, FIRST_DAY
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n")
    write.writerow(("date", "open", "high", "low", "close", "adjusted", "volume"))
    while day <= LAST_DAY:
        if day.weekday() < 5 and (day.month, day.day) not in HOLIDAYS:
            wave = 0.965 * wave + random.gauss(0, 0.12)
            scale = daily * math.exp(wave - 0.1)
            change = company.drift / 252 - scale * scale / 2 + scale * random.gauss(0, 1)
            opened = close * math.exp(scale * random.gauss(0, 0.3))
            close = close * math.exp(change)
            high = max(opened, close) * (1 + abs(random.gauss(0, 0.4)) * scale)
            low = min(opened, close) * (1 - abs(random.gauss(0, 0.4)) * scale)
            volume = round(620_000 * math.exp(0.6 * wave + random.gauss(0, 0.25)))
            row = (f"{value:.2f}" for value in (opened, high, low, close, close))
            write.writerow((day.isoformat(), *row, volume))
        day += timedelta(days=1)
    return out.getvalue()


HOLIDAYS = frozenset({(1, 1), (7, 4), (12, 25)})


def news(company: Company) -> Row:
    """Alpha Vantage's news feed, as far as it is read. Scores are left out: ours come from the words."""
    feed = [
        {
            "title": title, "url": f"https://invented.example/news/{company.ticker}/{count}",
            "time_published": moment, "summary": summary, "source": source, "topics": [],
            "ticker_sentiment": [{"ticker": company.ticker, "relevance_score": f"{relevance:.2f}"}],
        }
        for count, (moment, source, relevance, title, summary) in enumerate(NEWS[company.ticker], 1)
    ]  # fmt: skip
    return {"items": str(len(feed)), "feed": feed}


def main() -> None:
    """Write every file of both companies under `companies/`."""
    for company in COMPANIES:
        told = quarters(company)
        filed = filings(company, told)
        folder = HERE / "companies" / company.ticker
        (folder / "filings").mkdir(parents=True, exist_ok=True)
        _write(folder / f"CIK{company.cik:010d}.json", _json(companyfacts(company, told, filed)))
        _write(
            folder / f"submissions-CIK{company.cik:010d}.json", _json(submissions(company, filed))
        )
        _write(folder / f"{company.ticker}.csv", prices(company))
        _write(folder / f"news-{company.ticker}.json", _json(news(company)))
        for one in filed:
            if one.form == "10-K" and one.quarter.year in ITEM_1A[company.ticker]:
                file = folder / "filings" / document(company, one)
                _write(file, annual_report(company, one))


def _json(value: Row) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False) + "\n"


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
