"""Analyses over HTTP: made, approved through the inbox, found again, shown as they stand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from arriero.apps.finance.plugin import open_finance, plugin
from arriero.apps.finance.settings import FinanceSettings
from arriero.assembly import Platform
from arriero.core.words import Exposure, Share
from arriero.flow import Parts
from arriero.security.keys import mint
from arriero.server import create
from arriero.store.base import ExposureSet, KeySaved, VariantRegistered
from arriero.store.cache import MemoryCache
from arriero.store.records import MemoryRecords
from tests.apps.finance.conftest import no_encoder, no_index
from tests.apps.finance.test_releases import FIRM
from tests.server.conftest import HOST, House

PATH = "/v1/finance/analyses"
BODY = {"ticker": "XTAM", "as_of": "2026-03-31", "client": "c-1"}


@dataclass
class FinanceHouse(House):
    """A house with the finance app over its sample, of a firm whose analyses wait for a principal."""

    async def open(self) -> Platform:
        platform = await super().open()
        parts = Parts(
            self.data, self.clock, self.ledger, MemoryRecords(), MemoryCache(), no_encoder, no_index
        )
        app = await open_finance(FinanceSettings.model_validate({"firm": FIRM}), parts)
        variant, now = app.baseline(), self.clock.now()
        everybody = Exposure("finance", "baseline", (Share(variant.id, 1.0),))
        self.secrets["principal"], key = mint("principal", "default", now)
        await self.ledger.commit(
            VariantRegistered(variant, now), ExposureSet(everybody, "me", now), KeySaved(key)
        )
        await platform.exposures.refresh()
        return replace(
            platform,
            plugins={**platform.plugins, "finance": plugin},
            apps={**platform.apps, "finance": app},
        )


@pytest.fixture
def house(tmp_path: Path) -> FinanceHouse:
    return FinanceHouse(tmp_path)


@pytest.fixture
async def client(house: FinanceHouse) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=create(await house.open()))
    async with httpx.AsyncClient(
        transport=transport, base_url=HOST, headers=house.headers()
    ) as opened:
        yield opened


async def search(http: httpx.AsyncClient, **asked: Any) -> list[dict[str, Any]]:
    came = await http.get(PATH, params=asked)
    assert came.status_code == 200, came.text
    return list(came.json()["data"])


async def test_an_analysis_waits_is_approved_in_the_inbox_and_is_shown(
    client: httpx.AsyncClient, house: FinanceHouse
) -> None:
    made = (await client.post(PATH, json=BODY)).json()
    run = made["run_id"]
    assert made["outcome"] == "pending"
    (row,) = await search(client, client="c-1", ticker="XTAM")
    assert (row["run"], row["status"], row["retention"]) == (run, "waits for approval", "6y")
    (task,) = (await client.get("/v1/tasks", params={"state": "requested"})).json()["data"]
    refused = await client.post(f"/v1/tasks/{task['id']}/resolve", json={})
    assert refused.status_code == 409  # who asked for it
    principal = house.headers("principal")
    done = await client.post(f"/v1/tasks/{task['id']}/resolve", json={}, headers=principal)
    assert done.status_code == 200
    shown = (await client.get(f"{PATH}/{run}")).json()
    assert shown["explanation"] == task["payload"]["text"]
    assert (shown["recommendation"], shown["status"]) == ("HOLD", "released after approval")
    recorded = (await client.get(f"/v1/runs/{run}")).json()
    assert {one["kind"] for one in recorded["tasks"]} == {"publication_approval", "publication"}
    (row,) = await search(client, client="c-1")
    assert (row["status"], row["status_by"]) == ("released after approval", "principal")


async def test_another_tenant_finds_and_sees_nothing(
    client: httpx.AsyncClient, house: FinanceHouse
) -> None:
    run = (await client.post(PATH, json={"ticker": "NOSUCH"})).json()["run_id"]
    assert [row["run"] for row in await search(client)] == [run]
    stranger = house.headers("stranger")
    assert (await client.get(PATH, headers=stranger)).json()["data"] == []
    assert (await client.get(f"{PATH}/{run}", headers=stranger)).status_code == 404


@pytest.mark.parametrize(
    "asked",
    [{"colour": "red"}, {"from": "yesterday"}, {"limit": 0}, {"ticker": "X Y"},
     {"from": "2026-02-01", "to": "2026-01-01"}],
)  # fmt: skip
async def test_a_search_that_makes_no_sense_is_refused_in_a_sentence(
    client: httpx.AsyncClient, asked: dict[str, Any]
) -> None:
    came = await client.get(PATH, params=asked)
    assert came.status_code == 400, came.text
    assert came.json()["error"]["message"]


async def test_without_a_key_nothing_is_found(client: httpx.AsyncClient) -> None:
    came = await client.get(PATH, headers={"authorization": ""})
    assert came.status_code == 401
