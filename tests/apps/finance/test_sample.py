"""The sample is two invented companies whose figures tie out."""

from __future__ import annotations

import csv
import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from arriero.apps.finance import sample
from arriero.apps.finance.sample.make import COMPANIES, Company, saturday_nearest

FOLDER = Path(sample.__file__).parent / "companies"
COMPANY = pytest.mark.parametrize("company", COMPANIES, ids=lambda it: it.ticker)


def facts(company: Company) -> Any:
    return json.loads((FOLDER / company.ticker / f"CIK{company.cik}.json").read_text())["facts"]


def instants(company: Company, concept: str) -> dict[tuple[str, str], float]:
    rows = facts(company)["us-gaap"][concept]["units"]["USD"]
    return {(row["end"], row["accn"]): row["val"] for row in rows}


@COMPANY
def test_a_company_says_in_its_name_and_its_filings_that_it_is_invented(company: Company) -> None:
    assert "an invented company" in company.name
    assert company.cik >= 9_000_000_000  # EDGAR has given out about 2,100,000
    for file in (FOLDER / company.ticker / "filings").iterdir():
        assert "An invented filing of an invented company" in file.read_text()


@COMPANY
def test_assets_are_liabilities_and_equity_in_every_filing(company: Company) -> None:
    assets, owed, own = (
        instants(company, concept) for concept in ("Assets", "Liabilities", "StockholdersEquity")
    )
    assert len(assets) > 50
    for key, value in assets.items():
        assert abs(value - owed[key] - own[key]) <= 2, key  # dollars: each was rounded


@COMPANY
def test_prices_are_weekdays_in_order_with_low_and_high_around_the_close(company: Company) -> None:
    with (FOLDER / company.ticker / f"{company.ticker}.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    days = [row["date"] for row in rows]
    assert len(rows) > 3 * 252
    assert days == sorted(set(days))
    for row in rows:
        assert float(row["low"]) <= float(row["close"]) <= float(row["high"])


def test_the_maker_of_instruments_has_years_of_52_and_53_weeks() -> None:
    from datetime import date

    ends = [saturday_nearest(date(year, 9, 30)) for year in range(2018, 2026)]
    weeks = {(after - before).days // 7 for before, after in itertools.pairwise(ends)}
    assert weeks == {52, 53}
