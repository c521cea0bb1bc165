"""Rollouts over HTTP: people pause, resume, promote and abort; other controllers ask for a verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx

from arriero.assembly import Platform
from arriero.store.base import VariantRegistered
from tests.server.conftest import House, Refused


async def begun(platform: Platform) -> str:
    app = next(iter(platform.apps))
    challenger = replace(platform.apps[app].baseline(), rounds=7)
    return (await platform.rollouts.start(app, challenger, actor="ana")).id


async def test_a_rollout_is_listed_shown_paused_and_aborted(
    house: House, platform: Platform, client: httpx.AsyncClient
) -> None:
    id, key = await begun(platform), house.headers()
    listed = (await client.get("/v1/rollouts", headers=key)).json()["data"]
    assert [(it["id"], it["state"]) for it in listed] == [(id, "shadow")]
    shown = (await client.get(f"/v1/rollouts/{id}", headers=key)).json()
    assert "0 of 0 decisive pairs" in shown["waits_for"]
    asked: dict[str, Any] = {"headers": key, "json": {}}
    assert (await client.post(f"/v1/rollouts/{id}/pause", **asked)).json()["paused"]
    assert (await client.post(f"/v1/rollouts/{id}/pause", **asked)).status_code == 409
    aborted = (await client.post(f"/v1/rollouts/{id}/abort", **asked)).json()
    assert (aborted["state"], aborted["because"]) == ("rolled_back", "aborted by tester")
    assert (await client.post(f"/v1/rollouts/{id}/resume", **asked)).status_code == 409


async def test_a_rollout_is_begun_once_with_the_apps_own_guardrails(
    platform: Platform, client: httpx.AsyncClient, refused: Refused
) -> None:
    challenger = replace(platform.apps["chat"].baseline(), rounds=7)
    await platform.ledger.commit(VariantRegistered(challenger, platform.clock.now()))
    asked = {"variant": challenger.id, "force": True, "by": "ana"}
    unreasoned = await client.post("/v1/rollouts", json=asked)
    assert refused(unreasoned, 400)["param"] == "because"
    asked["because"] = "an experiment"
    once = {"idempotency-key": "k-1"}
    made = [await client.post("/v1/rollouts", json=asked, headers=once) for _ in range(2)]
    assert made[0].json() == made[1].json()
    told = made[0].json()
    assert (told["state"], told["share"], told["forced"]) == ("canary", 0.1, True)
    assert told["carried"] == 0  # no gate saw it
    begun = (await platform.rollouts.get(told["id"])).rollout
    assert begun.plan.safety == ("not-empty",)
    actors = {it.actor for it in await platform.ledger.leaves() if it.kind == "rollout.moved"}
    assert actors == {"tester/ana"}
    assert (
        "end that one first"
        in refused(await client.post("/v1/rollouts", json=asked), 409)["message"]
    )


async def test_a_rollout_of_nothing_and_a_share_of_nothing_are_refused(
    client: httpx.AsyncClient, refused: Refused
) -> None:
    unknown = await client.post("/v1/rollouts", json={"variant": "chat@x"})
    assert "the newest are: " in refused(unknown, 404)["message"]
    for wrong in ({"variant": "chat@x", "share": 0}, {"variant": ""}, {"app": "chat"}):
        refused(await client.post("/v1/rollouts", json=wrong), 400)


async def test_other_controllers_hear_when_it_must_stop(
    house: House, platform: Platform, client: httpx.AsyncClient
) -> None:
    id, key = await begun(platform), house.headers()
    asked: dict[str, Any] = {"headers": key, "json": {"name": "support", "phase": "Progressing"}}
    assert (await client.post(f"/v1/rollouts/{id}/check", **asked)).status_code == 200
    verdict = (await client.get(f"/v1/rollouts/{id}/verdict", headers=key)).json()["result"]
    assert verdict["verdict"] == "running"
    secret = key["authorization"].partition(" ")[2]
    flagger = {"auth": ("flagger", secret), "json": asked["json"]}  # a URL is all that it is told
    assert (await client.post(f"/v1/rollouts/{id}/check", **flagger)).status_code == 200
    await platform.rollouts.act(id, "abort", "ana")
    assert (await client.post(f"/v1/rollouts/{id}/check", **asked)).status_code == 409
    verdict = (await client.get(f"/v1/rollouts/{id}/verdict", headers=key)).json()["result"]
    assert verdict["verdict"] == "failed"


async def test_a_rollout_that_is_not_there_is_a_404(
    house: House, client: httpx.AsyncClient
) -> None:
    assert (await client.get("/v1/rollouts/x", headers=house.headers())).status_code == 404
