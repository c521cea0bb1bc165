"""Guanaco Tools, an invented company whose books are known: EDGAR's formats, a 52/53-week year, a split if wanted.

Its fiscal year ends on the last Saturday of September. Every quarter Q of year Y sells `100 + 10 * Y + Q` million
dollars at 60 % cost; the other lines follow by fixed shares, so every expected value can be worked out by hand.
"""

from __future__ import annotations

import calendar
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

CIK = "0009990001"
MILLION = 1_000_000
TICKER = "GUAN"
FIRST = 2019


def year_end(year: int) -> date:
    """The last Saturday of September."""
    last = date(year, 9, calendar.monthrange(year, 9)[1])
    return last - timedelta(days=(last.weekday() - calendar.SATURDAY) % 7)


def quarters(year: int) -> list[tuple[date, date]]:
    """Start and end of the four quarters of the fiscal year; a 53rd week is in the first."""
    start = year_end(year - 1) + timedelta(days=1)
    long = (year_end(year) - start).days + 1 == 371
    spans = []
    for place in range(4):
        end = start + timedelta(weeks=14 if long and place == 0 else 13) - timedelta(days=1)
        spans.append((start, end))
        start = end + timedelta(days=1)
    return spans


def sales(year: int, quarter: int) -> int:
    return (100 + 10 * (year - FIRST) + quarter) * MILLION


@dataclass
class Guanaco:
    """`last` is the last fiscal year with a 10-K; `changed(tag, start, end, form, value)` may falsify what is filed."""

    last: int = 2023
    tag_of_revenue: Callable[[int], str] = lambda year: "Revenues"
    changed: Callable[[str, date | None, date, str, float], float | None] = (
        lambda tag, start, end, form, value: value
    )
    facts: dict[str, dict[str, list[dict[str, Any]]]] = field(default_factory=dict)
    filings: list[tuple[str, str, date, date, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for year in range(FIRST, self.last + 1):
            for quarter in range(1, 5):
                self._report(year, quarter)

    def _report(self, year: int, quarter: int) -> None:
        end = quarters(year)[quarter - 1][1]
        form = "10-K" if quarter == 4 else "10-Q"
        filed = end + timedelta(days=35)
        accession = f"{CIK}-{filed:%y}-{len(self.filings) + 1:06d}"
        self.filings.append((accession, form, filed, end, f"guan-{end:%Y%m%d}.htm"))

        def tell(tag: str, unit: str, start: date | None, last: date, value: float) -> None:
            told = self.changed(tag, start, last, form, value)
            if told is None:
                return
            row = {"end": last.isoformat(), "val": told, "accn": accession, "fy": year}
            row |= {"fp": "FY" if quarter == 4 else f"Q{quarter}", "form": form}
            row |= {"filed": filed.isoformat()} | ({"start": start.isoformat()} if start else {})
            self.facts.setdefault(tag, {}).setdefault(unit, []).append(row)

        # A 10-K tells three years, a 10-Q its quarter and the year so far; both beside the year before.
        for back in (0, 1, 2) if quarter == 4 else (0, 1):
            if year - back < FIRST:
                continue
            spans = quarters(year - back)
            first, last = spans[0][0], spans[quarter - 1][1]
            parts = range(1, quarter + 1)
            self._flows(tell, year - back, parts, first, last)
            if 1 < quarter < 4:
                self._flows(
                    tell, year - back, range(quarter, quarter + 1), spans[quarter - 1][0], last
                )
        self._balance(tell, year, quarter, end)
        if year > FIRST or quarter == 4:
            self._balance(tell, year - (quarter < 4), 4, quarters(year - (quarter < 4))[3][1])

    def _flows(
        self, tell: Callable[..., None], year: int, parts: range, start: date, end: date
    ) -> None:
        for tag, value in self.flows(year, parts).items():
            unit = "USD/shares" if tag.startswith("Earnings") else "USD"
            if tag.startswith("Weighted"):
                unit = "shares"
            tell(tag, unit, start, end, value)

    def flows(self, year: int, parts: range) -> Mapping[str, float]:
        """What is filed for these quarters of `year` together."""
        sold = sum(sales(year, quarter) for quarter in parts)
        income = sold * 12 // 100
        shares = 50 * MILLION
        return {
            self.tag_of_revenue(year): sold,
            "CostOfGoodsAndServicesSold": sold * 60 // 100,
            "GrossProfit": sold * 40 // 100,
            "SellingAndMarketingExpense": sold * 15 // 100,
            "GeneralAndAdministrativeExpense": sold * 5 // 100,
            "OperatingIncomeLoss": sold * 18 // 100,
            "InterestExpense": sold * 2 // 100,
            "IncomeLossFromContinuingOperationsBeforeIncomeTaxesExtraordinaryItemsNoncontrollingInterest": sold
            * 16
            // 100,
            "IncomeTaxExpenseBenefit": sold * 4 // 100,
            "NetIncomeLoss": income,
            "EarningsPerShareBasic": round(income / shares, 2),
            "EarningsPerShareDiluted": round(income / shares, 2),
            "WeightedAverageNumberOfSharesOutstandingBasic": shares,
            "WeightedAverageNumberOfDilutedSharesOutstanding": shares,
            "DepreciationDepletionAndAmortization": sold * 3 // 100,
            "ShareBasedCompensation": sold // 100,
            "NetCashProvidedByUsedInOperatingActivities": sold * 14 // 100,
            "NetCashProvidedByUsedInInvestingActivities": -sold * 5 // 100,
            "NetCashProvidedByUsedInFinancingActivities": -sold * 6 // 100,
            "PaymentsToAcquirePropertyPlantAndEquipment": sold * 5 // 100,
            "PaymentsOfDividends": sold * 2 // 100,
            "CashCashEquivalentsRestrictedCashAndRestrictedCashEquivalentsPeriodIncreaseDecreaseIncludingExchange"
            "RateEffect": sold * 3 // 100,
        }

    def _balance(self, tell: Callable[..., None], year: int, quarter: int, day: date) -> None:
        for tag, value in self.balance(year, quarter).items():
            tell(tag, "shares" if tag.endswith("Outstanding") else "USD", None, day, value)

    def balance(self, year: int, quarter: int) -> Mapping[str, float]:
        """What is filed for the end of this quarter."""
        assets = 4 * sales(year, quarter)
        return {
            "Assets": assets,
            "AssetsCurrent": assets // 2,
            "CashAndCashEquivalentsAtCarryingValue": assets // 8,
            "AccountsReceivableNetCurrent": assets // 8,
            "InventoryNet": assets // 4,
            "PropertyPlantAndEquipmentNet": assets // 4,
            "Liabilities": assets * 6 // 10,
            "LiabilitiesCurrent": assets // 4,
            "AccountsPayableCurrent": assets // 8,
            "LongTermDebtCurrent": assets // 20,
            "LongTermDebtNoncurrent": assets // 5,
            "StockholdersEquity": assets * 4 // 10,
            "RetainedEarningsAccumulatedDeficit": assets // 5,
            "LiabilitiesAndStockholdersEquity": assets,
            "CommonStockSharesOutstanding": 50 * MILLION,
        }

    def companyfacts(self) -> dict[str, Any]:
        concepts = {tag: {"label": tag, "units": units} for tag, units in self.facts.items()}
        return {"cik": int(CIK), "entityName": "Guanaco Tools Inc.", "facts": {"us-gaap": concepts}}

    def submissions(self, sic: str = "3423") -> dict[str, Any]:
        rows = self.filings[::-1]
        recent = {
            "accessionNumber": [row[0] for row in rows],
            "filingDate": [row[2].isoformat() for row in rows],
            "reportDate": [row[3].isoformat() for row in rows],
            "form": [row[1] for row in rows],
            "primaryDocument": [row[4] for row in rows],
        }
        return {
            "cik": CIK,
            "name": "Guanaco Tools Inc.",
            "sic": sic,
            "tickers": [TICKER],
            "formerNames": [{"name": "Vicuna Tools Inc.", "from": "", "to": ""}],
            "filings": {"recent": recent, "files": []},
        }

    def write(self, folder: Path, sic: str = "3423") -> Path:
        """Its files, as the provider `files` reads them."""
        (folder / f"CIK{CIK}.json").write_text(json.dumps(self.companyfacts()), encoding="utf-8")
        submissions = json.dumps(self.submissions(sic))
        (folder / f"submissions-CIK{CIK}.json").write_text(submissions, encoding="utf-8")
        (folder / f"{TICKER}.csv").write_text(prices(date(2023, 12, 29)), encoding="utf-8")
        (folder / f"news-{TICKER}.json").write_text(json.dumps(articles()), encoding="utf-8")
        return folder


def prices(last: date, days: int = 400, close: float = 40.0) -> str:
    """A price CSV of working days up to `last`, at a close that moves by at most a dollar."""
    lines = ["Date,Open,High,Low,Close,Adj Close,Volume"]
    for back in range(days, -1, -1):
        day = last - timedelta(days=back)
        if day.weekday() < 5:
            told = close + (back % 7 - 3) / 6
            lines.append(
                f"{day},{told:.2f},{told + 0.5:.2f},{told - 0.5:.2f},{told:.2f},{told:.2f},1000"
            )
    return "\n".join(lines) + "\n"


def articles() -> dict[str, Any]:
    """Three articles in NewsAPI's format, one of them later than 2023."""
    days = ("2023-11-02T08:00:00Z", "2023-12-01T23:30:00Z", "2024-02-01T08:00:00Z")
    rows = [
        {
            "source": {"name": "Pack News"},
            "title": f"Guanaco {place}",
            "description": "d",
            "url": f"u{place}",
        }
        | {"publishedAt": day}
        for place, day in enumerate(days)
    ]
    return {"status": "ok", "totalResults": len(rows), "articles": rows}
