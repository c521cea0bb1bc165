"""Rollouts over HTTP: people pause, resume, promote and abort; other controllers ask for a verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx

from arriero.assembly import Platform
from tests.server.conftest import House


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


async def test_other_controllers_hear_when_it_must_stop(
    house: House, platform: Platform, client: httpx.AsyncClient
) -> None:
    id, key = await begun(platform), house.headers()
    asked: dict[str, Any] = {"headers": key, "json": {"name": "support", "phase": "Progressing"}}
    assert (await client.post(f"/v1/rollouts/{id}/check", **asked)).status_code == 200
    verdict = (await client.get(f"/v1/rollouts/{id}/verdict", headers=key)).json()["result"]
    assert verdict["verdict"] == "running"
    await platform.rollouts.act(id, "abort", "ana")
    assert (await client.post(f"/v1/rollouts/{id}/check", **asked)).status_code == 409
    verdict = (await client.get(f"/v1/rollouts/{id}/verdict", headers=key)).json()["result"]
    assert verdict["verdict"] == "failed"


async def test_a_rollout_that_is_not_there_is_a_404(
    house: House, client: httpx.AsyncClient
) -> None:
    assert (await client.get("/v1/rollouts/x", headers=house.headers())).status_code == 404
