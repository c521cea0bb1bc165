"""Cycles and judgements over HTTP: begun once, listed to their tenant, ended, and judged blind."""

from __future__ import annotations

import httpx
import pytest

from arriero.assembly import Platform
from arriero.learning.cycles import Cycles
from tests.learning.evaluations import EVALUATION, evaluated
from tests.learning.test_cycles import FakeWork
from tests.server.conftest import House, Refused


@pytest.fixture
def learning(platform: Platform) -> Cycles:
    """The platform's cycles, with one app that learns with fakes."""
    cycles = Cycles(platform.ledger, {"support": FakeWork()})
    platform.__dict__["cycles"] = cycles
    return cycles


async def test_a_cycle_is_begun_listed_shown_and_ended(
    client: httpx.AsyncClient, learning: Cycles
) -> None:
    asked = {"app": "support", "because": "a new policy"}
    made = (await client.post("/v1/cycles", json=asked)).json()
    assert (made["state"], made["because"], made["trigger"]) == (
        "collecting",
        "a new policy",
        "person",
    )
    listed = (await client.get("/v1/cycles")).json()["data"]
    assert [one["id"] for one in listed] == [made["id"]]
    assert (await client.get(f"/v1/cycles/{made['id']}")).json()["id"] == made["id"]
    ended = (await client.post(f"/v1/cycles/{made['id']}/abort")).json()
    assert (ended["state"], ended["because"]) == ("inconclusive", "aborted by tester")


async def test_a_second_cycle_and_an_app_that_does_not_learn_are_refused(
    client: httpx.AsyncClient, learning: Cycles, refused: Refused
) -> None:
    await client.post("/v1/cycles", json={"app": "support"})
    again = await client.post("/v1/cycles", json={"app": "support"})
    assert "open cycle" in refused(again, 409)["message"]
    other = await client.post("/v1/cycles", json={"app": "toy"})
    assert "apps that do: support" in refused(other, 404)["message"]


async def test_another_tenant_sees_no_cycle_and_no_pair(
    house: House, client: httpx.AsyncClient, learning: Cycles, refused: Refused
) -> None:
    await evaluated(house.ledger, 2, 1)
    stranger = house.headers("stranger")
    assert (await client.get("/v1/cycles", headers=stranger)).json()["data"] == []
    for path in ("/v1/cycles/c-1", f"/v1/evaluations/{EVALUATION}/next"):
        refused(await client.get(path, headers=stranger), 404)


async def test_a_pair_is_judged_without_names(
    house: House, client: httpx.AsyncClient, learning: Cycles, refused: Refused
) -> None:
    await evaluated(house.ledger, 2, 1)
    told = (await client.get("/v1/evaluations/c-1/next")).json()
    assert set(told["pair"]) == {"case", "question", "left", "right"}
    assert told["standing"]["judged"] == 0
    path = f"/v1/evaluations/{EVALUATION}/judgements"
    body = {"case": told["pair"]["case"], "better": "left"}
    standing = (await client.post(path, json=body)).json()["standing"]
    assert (standing["judged"], standing["wins"] + standing["losses"]) == (1, 1)
    assert "judged already" in refused(await client.post(path, json=body), 409)["message"]
    wrong = await client.post(path, json={"case": "x", "better": "left"})
    assert refused(wrong, 400)["param"] == "case"
