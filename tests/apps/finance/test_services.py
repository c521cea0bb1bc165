"""Services over HTTP on loopback: what each says when it refuses, and what becomes of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from arriero.apps.finance.evidence.alpha import AlphaVantage
from arriero.apps.finance.evidence.base import Missing, Reason, Unavailable
from arriero.apps.finance.evidence.cassettes import Recording, Replaying
from arriero.apps.finance.evidence.freeze import freeze
from arriero.apps.finance.evidence.newsapi import NewsApi
from arriero.apps.finance.evidence.open import EvidenceSettings, open_providers
from arriero.apps.finance.evidence.sec import Sec
from arriero.apps.finance.evidence.web import Pace
from arriero.core.clock import HeldClock, SystemClock
from arriero.core.errors import SettingsError
from tests.apps.finance.conftest import Open
from tests.apps.finance.invented import CIK, Guanaco
from tests.apps.finance.service import Answer, Request, Service, edgar, serving

DAY = date(2023, 12, 29)
CLOCK = HeldClock(datetime(2024, 3, 1, tzinfo=UTC))
WHO = "Ana Quispe ana@example.org"


def pace() -> Pace:
    return Pace(SystemClock(), 1_000.0, 600.0)


def sec(service: Service, **more: Any) -> Sec:
    more = {"pace": pace(), **more}
    return Sec(WHO, CLOCK, data=service.url, www=service.url, timeout_s=60.0, **more)


def says(body: Any, status: int = 200, **headers: str) -> Callable[[Request], Answer]:
    return lambda request: (status, body, headers)


async def test_edgar_is_told_who_asks_and_gives_facts_filings_and_texts() -> None:
    async with serving(edgar(Guanaco(last=2021))) as service:
        provider = sec(service, cut=lambda html: html)
        bundle = await freeze("GUAN", DAY, [provider], CLOCK)
        await provider.close()
    assert bundle.entity.cik == CIK
    assert bundle.facts
    annual = [one for one in bundle.filings if one.form == "10-K"]
    assert [one.item_1a is not None for one in annual] == [False, True, True]
    assert {request.headers["user-agent"] for request in service.asked} == {WHO.lower()}
    lists = [request for request in service.asked if request.path.endswith("company_tickers.json")]
    assert len(lists) == 1


async def test_a_report_is_cut_beside_the_loop_that_serves_others() -> None:
    def cut(html: str) -> str:
        with pytest.raises(RuntimeError):  # no loop runs here
            asyncio.get_running_loop()
        return html

    async with serving(edgar(Guanaco(last=2021))) as service:
        provider = sec(service, cut=cut)
        rows = (await provider.filings("GUAN", DAY)).rows
        await provider.close()
    assert rows[-1].item_1a


@pytest.mark.parametrize("name", ["", "ana", "ana@example.org", "Ana Quispe"])
def test_edgar_is_not_asked_by_who_does_not_say_who(name: str) -> None:
    with pytest.raises(SettingsError, match=r"set apps\.finance\.evidence\.user_agent"):
        Sec(name, CLOCK)


async def test_a_company_without_xbrl_is_missing_not_down() -> None:
    async with serving(edgar(Guanaco(last=2019))) as service:
        provider = sec(service)
        with pytest.raises(Missing) as missing:
            await provider.facts("CIK0000000042", DAY)
        await provider.close()
    assert missing.value.reason is Reason.NO_XBRL


@pytest.mark.parametrize("status", [403, 429])
async def test_after_a_refusal_nobody_asks_until_the_service_said(status: int) -> None:
    clock = HeldClock()
    async with serving(says({}, status, **{"Retry-After": "90"})) as service:
        provider = sec(service, pace=Pace(clock, 1_000.0, 600.0))
        for _ in range(3):
            with pytest.raises(Unavailable) as refused:
                await provider.facts("CIK0009990001", DAY)
        asked = len(service.asked)
        clock.advance(91)
        with pytest.raises(Unavailable):
            await provider.facts("CIK0009990001", DAY)
        await provider.close()
    assert refused.value.reason is Reason.QUOTA
    assert "90 s more" in refused.value.detail
    assert (asked, len(service.asked)) == (1, 2)


async def test_a_pace_is_kept_over_all_who_share_it() -> None:
    shared = Pace(SystemClock(), 50.0, 1.0)
    async with serving(edgar(Guanaco(last=2019))) as service:
        one, two = sec(service, pace=shared), sec(service, pace=shared)
        started = time.monotonic()
        for provider in (one, two, one, two, one, two):
            await provider.entity("CIK0009990001", DAY)
        took = time.monotonic() - started
        await one.close()
        await two.close()
    assert took >= 5 / 50.0


def test_ten_reservations_a_second_is_what_the_sec_gets() -> None:
    clock = HeldClock()
    ten = Pace(clock, 10.0, 600.0)
    waits = [ten.reserve() for _ in range(11)]
    assert waits[-1] == pytest.approx(1.0)


async def test_a_server_error_is_tried_once_more() -> None:
    answers: list[Answer] = [
        (500, b"", {}),
        (200, Guanaco(last=2019).companyfacts(), {}),
    ]

    def answer(request: Request) -> Answer:
        return answers.pop(0)

    async with serving(answer) as service:
        provider = sec(service)
        assert (await provider.facts("CIK0009990001", DAY)).rows
        await provider.close()


PREMIUM = "Thank you! The outputsize=full parameter value is a premium feature for the endpoint."
QUOTA = "Our standard API rate limit is 25 requests per day. Please subscribe to any premium plans."
BURST = (
    "Please consider spreading out your free API requests more sparingly (1 request per second)."
)


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        ({"Information": QUOTA}, Unavailable, Reason.QUOTA),
        ({"Note": QUOTA}, Unavailable, Reason.QUOTA),
        ({"Information": BURST}, Unavailable, Reason.QUOTA),
        ({"Information": PREMIUM}, Unavailable, Reason.REFUSED),
        (
            {"Error Message": "the parameter apikey is invalid or missing."},
            Unavailable,
            Reason.REFUSED,
        ),
        ({"Error Message": "Invalid API call for TIME_SERIES_DAILY."}, Missing, Reason.UNKNOWN),
        ({}, Missing, Reason.UNKNOWN),
        ([], Unavailable, Reason.MALFORMED),
        (b"<html>", Unavailable, Reason.MALFORMED),
        (
            {"Time Series (Daily)": {"2023-12-01": {"1. open": "None"}}},
            Unavailable,
            Reason.MALFORMED,
        ),
    ],
)
async def test_alpha_vantages_errors_are_read_from_the_body(
    body: Any, kind: type[Exception], reason: Reason
) -> None:
    async with serving(says(body)) as service:
        provider = AlphaVantage("k", CLOCK, url=service.url, pace=pace())
        with pytest.raises(kind) as failure:
            await provider.bars("GUAN", DAY)
        await provider.close()
    assert failure.value.reason is reason  # type: ignore[attr-defined]


async def test_a_used_up_quota_is_not_asked_again() -> None:
    async with serving(says({"Information": QUOTA})) as service:
        provider = AlphaVantage("k", CLOCK, url=service.url, pace=pace())
        for _ in range(3):
            with pytest.raises(Unavailable):
                await provider.bars("GUAN", DAY)
        await provider.close()
    assert len(service.asked) == 1


async def test_alpha_vantages_prices_end_with_the_day() -> None:
    row = {"1. open": "40.0", "2. high": "41", "3. low": "39", "4. close": "40.5", "5. volume": "7"}
    series = {"2024-01-02": row, "2023-12-28": row, "2023-12-27": row}
    async with serving(says({"Meta Data": {}, "Time Series (Daily)": series})) as service:
        provider = AlphaVantage("k", CLOCK, url=service.url, pace=pace())
        served = await provider.bars("GUAN", DAY)
        await provider.close()
    assert [bar.day.day for bar in served.rows] == [27, 28]
    assert served.rows[0].adjusted is None


async def test_alpha_vantages_missing_texts_are_none() -> None:
    told = {"Symbol": "GUAN", "Name": "-", "CIK": "9990001", "Sector": "None"}
    async with serving(says(told)) as service:
        provider = AlphaVantage("k", CLOCK, url=service.url, pace=pace())
        (entity,) = (await provider.entity("GUAN", DAY)).rows
        await provider.close()
    assert (entity.name, entity.cik, entity.bank) == ("GUAN", CIK, False)


async def test_alpha_vantages_news_has_the_relevance_to_the_ticker() -> None:
    feed = [
        {
            "title": "t",
            "url": "u",
            "summary": "s",
            "source": "x",
            "time_published": "20231201T101500",
            "ticker_sentiment": [
                {"ticker": "ELSE", "relevance_score": "0.9"},
                {"ticker": "GUAN", "relevance_score": "0.25"},
            ],
        }
    ]
    async with serving(says({"items": "1", "feed": feed})) as service:
        provider = AlphaVantage("k", CLOCK, url=service.url, pace=pace())
        (news,) = (await provider.news("GUAN", DAY)).rows
        await provider.close()
    assert news.relevance == 0.25
    assert news.published == datetime(2023, 12, 1, 10, 15, tzinfo=UTC)


def article(place: int) -> dict[str, Any]:
    return {"source": {"name": "x"}, "title": f"t{place}", "url": f"u{place}"} | {
        "description": None,
        "publishedAt": "2023-12-01T10:00:00Z",
    }


@pytest.mark.parametrize(
    ("status", "code"),
    [(426, "maximumResultsReached"), (429, "rateLimited"), (500, "unexpectedError")],
)
async def test_the_first_page_is_kept_when_the_second_is_not_to_be_had(
    status: int, code: str
) -> None:
    def answer(request: Request) -> Answer:
        if request.query["page"] == "1":
            rows = [article(place) for place in range(100)]
            return 200, {"status": "ok", "totalResults": 250, "articles": rows}, {}
        return status, {"status": "error", "code": code, "message": "m"}, {}

    async with serving(answer) as service:
        provider = NewsApi("k", CLOCK, url=service.url, pace=pace())
        served = await provider.news("GUAN", DAY)
        await provider.close()
    assert len(served.rows) == 100
    assert service.asked[0].headers["x-api-key"] == "k"
    assert "k" not in service.asked[0].query.values()


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (401, "apiKeyInvalid", Reason.REFUSED),
        (429, "rateLimited", Reason.QUOTA),
        (429, "apiKeyExhausted", Reason.QUOTA),
        (400, "parameterInvalid", Reason.DOWN),
        (426, "parameterInvalid", Reason.REFUSED),
    ],
)
async def test_newsapis_errors_have_their_reasons(status: int, code: str, reason: Reason) -> None:
    async with serving(says({"status": "error", "code": code}, status)) as service:
        provider = NewsApi("k", CLOCK, url=service.url, pace=pace())
        with pytest.raises(Unavailable) as failure:
            await provider.news("GUAN", DAY)
        await provider.close()
    assert (failure.value.reason, failure.value.detail) == (reason, code)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"status": "ok", "totalResults": "many", "articles": []}, Reason.MALFORMED),
        ({"status": "ok", "totalResults": [1], "articles": []}, Reason.MALFORMED),
        ({"status": "error", "code": ["rateLimited"]}, Reason.DOWN),
    ],
)
async def test_what_is_not_newsapis_format_is_a_failure_with_a_reason(
    body: Any, reason: Reason
) -> None:
    async with serving(says(body)) as service:
        provider = NewsApi("k", CLOCK, url=service.url, pace=pace())
        with pytest.raises(Unavailable) as failure:
            await provider.news("GUAN", DAY)
        await provider.close()
    assert failure.value.reason is reason


async def test_a_cassette_plays_back_without_the_network_and_holds_no_key(tmp_path: Path) -> None:
    row = {"1. open": "40", "2. high": "41", "3. low": "39", "4. close": "40.5", "5. volume": "7"}
    series = {"Time Series (Daily)": {"2023-12-28": row}}
    async with serving(says(series)) as service:
        recording = Recording(httpx.AsyncHTTPTransport(), tmp_path, CLOCK)
        live = AlphaVantage("secret-key", CLOCK, url=service.url, pace=pace(), transport=recording)
        one = await live.bars("GUAN", DAY)
        await live.close()
        url = service.url
    played = AlphaVantage("", CLOCK, url=url, pace=pace(), transport=Replaying(tmp_path))
    two = await played.bars("GUAN", DAY)
    with pytest.raises(Unavailable, match=r"not recorded: http.*symbol=ELSE"):
        await played.bars("ELSE", DAY)
    assert one == two
    (cassette,) = tmp_path.iterdir()
    assert "secret-key" not in cassette.read_text()
    cassette.write_text("{}")
    with pytest.raises(Unavailable, match=f"malformed: the cassette {cassette.name}"):
        await played.bars("GUAN", DAY)
    await played.close()


async def test_providers_are_closed_with_the_app(open_desk: Open, tmp_path: Path) -> None:
    told = {"providers": ["sec"], "user_agent": WHO, "cassettes": tmp_path}
    desk = await open_desk({"evidence": told})
    (provider,) = desk.app.providers
    await desk.app.close()
    with pytest.raises(RuntimeError, match="closed"):
        await provider.facts(f"CIK{CIK}", DAY)


def test_settings_choose_providers_and_their_order(tmp_path: Path) -> None:
    settings = EvidenceSettings(
        providers=("sec", "files", "newsapi"), files=tmp_path, user_agent=WHO, newsapi_key="NEWS"
    )
    found = open_providers(settings, CLOCK, environment={"NEWS": "k"})
    assert [one.name for one in found] == ["sec", "files", "newsapi"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"providers": ("bloomberg",)}, "'bloomberg' is none; use files, sec"),
        ({"files": Path("/nowhere/at/all")}, "is no folder"),
        ({"providers": ("newsapi",)}, "name the environment variable"),
        ({"providers": ("newsapi",), "newsapi_key": "NEWS"}, "'NEWS' is not set"),
    ],
)
def test_settings_that_cannot_work_say_what_to_do(change: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        open_providers(EvidenceSettings(**change), CLOCK, environment={})
