"""Files as services really wrote them: the public data, read by the same code."""

from __future__ import annotations

import json
import tarfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from arriero.apps.finance.evidence import honest
from arriero.apps.finance.evidence.alpha import AlphaVantage
from arriero.apps.finance.evidence.base import Missing, Part, Reason, Unavailable
from arriero.apps.finance.evidence.files import Files, bars_of
from arriero.apps.finance.evidence.freeze import freeze
from arriero.apps.finance.evidence.newsapi import NewsApi
from arriero.apps.finance.evidence.prices import unadjusted
from arriero.apps.finance.evidence.web import Pace
from arriero.apps.finance.reports.analyse import analyse
from arriero.apps.finance.reports.lines import TAGS
from arriero.core.clock import HeldClock, SystemClock
from tests.apps.finance.service import serving

CLOCK = HeldClock(datetime(2026, 11, 27, tzinfo=UTC))


def pace() -> Pace:
    return Pace(SystemClock(), 1_000.0, 600.0)


@pytest.fixture
def edgar(data_folder: Path) -> Path:
    return data_folder / "sec-companyfacts"


async def test_marvells_submissions_give_its_name_its_kind_and_its_reports(edgar: Path) -> None:
    bundle = await freeze("mrvl", date(2026, 6, 1), [Files(edgar)], CLOCK, tags=TAGS)
    assert (bundle.entity.name, bundle.entity.sic) == ("Marvell Technology, Inc.", "3674")
    assert not bundle.entity.bank
    assert [one.form for one in bundle.filings][-2:] == ["10-K", "10-Q"]
    assert bundle.filings[-1].url.startswith("https://www.sec.gov/Archives/edgar/data/1835632/")


@pytest.mark.parametrize(
    ("cik", "day", "year", "revenue"),
    [
        # On the day before the report nobody knew; on its day everybody did.
        ("320193", date(2024, 10, 31), date(2023, 9, 30), 383_285e6),
        ("320193", date(2024, 11, 1), date(2024, 9, 28), 391_035e6),
        ("1045810", date(2025, 2, 26), date(2025, 1, 26), 130_497e6),
        ("1045810", date(2016, 3, 16), date(2015, 1, 25), 4_681.507e6),
    ],
)
async def test_a_year_is_known_from_the_day_of_its_report(
    edgar: Path, cik: str, day: date, year: date, revenue: float
) -> None:
    last = analyse(await freeze(cik, day, [Files(edgar)], CLOCK, tags=TAGS)).years[-1]
    assert last.period.end == year
    assert last["revenue"].value == revenue


async def test_the_splits_of_apple_and_nvidia_are_found(edgar: Path) -> None:
    day = date(2026, 6, 1)
    found = {
        cik: [
            split.factor for split in analyse(await freeze(cik, day, [Files(edgar)], CLOCK)).splits
        ]
        for cik in ("320193", "1045810", "1640147", "1835632")
    }
    assert found == {"320193": [7.0, 4.0], "1045810": [4.0, 10.0], "1640147": [], "1835632": []}


async def test_before_the_split_figures_a_share_are_as_they_were(edgar: Path) -> None:
    before = analyse(await freeze("320193", date(2020, 8, 15), [Files(edgar)], CLOCK, tags=TAGS))
    after = analyse(await freeze("320193", date(2020, 11, 15), [Files(edgar)], CLOCK, tags=TAGS))
    assert before.years[-1]["eps_diluted"].value == 11.89
    assert after.years[-2]["eps_diluted"].value == 2.97


async def test_nvidias_short_investments_of_2026_are_found_under_their_new_tag(edgar: Path) -> None:
    told = analyse(await freeze("1045810", date(2026, 6, 1), [Files(edgar)], CLOCK, tags=TAGS))
    assert told.quarters[-1]["short_investments"].value == 37_098e6
    assert told.years[-1]["short_investments"].value == 39_065e6
    assert (told.ratios[-1]["cash_ratio"].value or 0) > 1.5  # 0.33 by cash alone


def test_every_price_file_of_stocknet_is_honest(data_folder: Path) -> None:
    tickers = 0
    with tarfile.open(data_folder / "stocknet-prices" / "price_raw.tar.gz") as packed:
        for member in packed:
            handle = packed.extractfile(member) if member.name.endswith(".csv") else None
            if handle is None:
                continue
            rows = bars_of(handle.read(), member.name, date(2017, 12, 31))
            honest.check(Part.BARS, rows, date(2017, 12, 31))
            assert unadjusted(rows) == (), member.name
            tickers += 1
    assert tickers == 88


async def test_a_recorded_overview_names_the_company(data_folder: Path) -> None:
    path = data_folder / "alpha-vantage-fixtures" / "mock_company_overview.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    async with serving(lambda request: (200, told, {})) as service:
        provider = AlphaVantage("k", CLOCK, url=service.url, pace=pace())
        (entity,) = (await provider.entity("IBM", date(2021, 6, 1))).rows
        await provider.close()
    assert (entity.name, entity.bank) == ("International Business Machines Corporation", False)


async def test_every_recorded_error_shape_has_its_reason(data_folder: Path) -> None:
    path = data_folder / "alpha-vantage-fixtures" / "api-error-shapes.json"
    shapes = json.loads(path.read_text(encoding="utf-8"))
    alpha = {name: one for name, one in shapes["alpha_vantage"].items() if isinstance(one, dict)}
    said: dict[str, Reason] = {}
    for name, body in alpha.items():
        said[name] = await _reason(body, 200)
    assert said == {
        "daily_quota": Reason.QUOTA,
        "burst": Reason.QUOTA,
        "premium_param": Reason.REFUSED,
        "legacy_quota": Reason.QUOTA,
        "bad_key": Reason.REFUSED,
        "unknown_symbol_quote": Reason.UNKNOWN,
    }
    error = shapes["newsapi"]["error"]
    async with serving(lambda request: (401, error, {})) as service:
        provider = NewsApi("k", CLOCK, url=service.url, pace=pace())
        with pytest.raises(Unavailable) as refused:
            await provider.news("IBM", date(2021, 6, 1))
        await provider.close()
    assert refused.value.reason is Reason.REFUSED


async def _reason(body: Any, status: int) -> Reason:
    async with serving(lambda request: (status, body, {})) as service:
        provider = AlphaVantage("k", CLOCK, url=service.url, pace=pace())
        with pytest.raises((Missing, Unavailable)) as failure:
            await provider.bars("IBM", date(2021, 6, 1))
        await provider.close()
    assert isinstance(failure.value, Missing | Unavailable)
    return failure.value.reason
