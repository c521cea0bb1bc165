"""`GET /v1/APP/report`: an app's own numbers, for its tenant alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from arriero.server import create
from tests.server.conftest import HOST
from tests.server.reporting import ReportHouse


@pytest.fixture
def house(tmp_path: Path) -> ReportHouse:
    return ReportHouse(tmp_path)


@pytest.fixture
async def client(house: ReportHouse) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=create(await house.open()))
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as opened:
        yield opened


async def test_the_report_is_the_tenants_own(house: ReportHouse, client: httpx.AsyncClient) -> None:
    await house.fill()
    told = await client.get("/v1/support/report?days=30", headers=house.headers())
    assert told.status_code == 200
    assert told.json()["resolution"]["all"]["n"] == 48
    assert told.json()["csat"]["all"]["n"] == 11
    other = await client.get("/v1/support/report", headers=house.headers("stranger"))
    assert (other.json()["visits"], other.json()["gaps"]["gaps"]) == (0, [])


async def test_without_a_key_there_is_no_report(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/support/report")).status_code == 401


@pytest.mark.parametrize("days", ["0", "366", "x"])
async def test_days_are_a_number_of_a_year(
    house: ReportHouse, client: httpx.AsyncClient, days: str
) -> None:
    answer = await client.get(f"/v1/support/report?days={days}", headers=house.headers())
    assert answer.status_code == 400
    assert "days" in answer.json()["error"]["message"] + str(answer.json()["error"].get("param"))


async def test_an_app_that_reports_nothing_has_no_such_address(
    house: ReportHouse, client: httpx.AsyncClient
) -> None:
    assert (await client.get("/v1/toy/report", headers=house.headers())).status_code == 404


async def test_a_draft_is_approved_through_the_inbox(
    house: ReportHouse, client: httpx.AsyncClient
) -> None:
    await house.fill()
    report = await client.get("/v1/support/report", headers=house.headers())
    [draft] = report.json()["gaps"]["waiting"]
    url = f"/v1/tasks/{draft['task']}"
    shown = await client.get(url, headers=house.headers())
    assert shown.json()["about"]["verbs"] == ["accept", "resolve", "return"]
    empty = await client.post(f"{url}/resolve", json={}, headers=house.headers())
    assert empty.status_code == 400
    assert "write the answer" in empty.json()["error"]["message"]
    text = "# Do you wax skis?\n\nWe wax skis for 25 EUR."
    done = await client.post(f"{url}/resolve", json={"text": text}, headers=house.headers())
    assert (done.status_code, done.json()["state"]) == (200, "resolved")
    articles = {article.id for article in house.store.load().articles}
    assert articles == {"boots", draft["task"]}
