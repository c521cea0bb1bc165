from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import httpx

from arriero.assembly import Platform
from arriero.core.ids import uuid7
from arriero.core.merkle import included, leaf_hash
from arriero.core.words import Alert, Task, canonical_json
from arriero.store.base import AlertSaved, TaskSaved
from tests.server.conftest import House, Refused

ASK = "/v1/toy/questions"


async def test_a_run_shows_its_stages_and_what_was_said_of_it(client: httpx.AsyncClient) -> None:
    id = (await client.post(ASK, json={"message": "hello"})).json()["run_id"]
    await client.post("/v1/feedback", json={"run_id": id, "kind": "rating", "value": 5})
    run = (await client.get(f"/v1/runs/{id}")).json()
    assert [stage["stage"] for stage in run["stages"]] == [
        "understand", "gather", "draft", "judge", "decide",
    ]  # fmt: skip
    assert run["labels"] == {"intent": "greeting"}
    assert run["feedback"][0]["value"] == 5


async def test_an_unknown_run_is_a_404(client: httpx.AsyncClient, refused: Refused) -> None:
    assert "GET /v1/runs" in refused(await client.get("/v1/runs/nope"), 404)["message"]


async def test_runs_are_listed_newest_first_page_by_page(client: httpx.AsyncClient) -> None:
    made = [(await client.post(ASK, json={"message": "hello"})).json()["run_id"] for _ in range(3)]
    page = (await client.get("/v1/runs", params={"limit": 2})).json()
    assert [run["id"] for run in page["data"]] == [made[2], made[1]]
    assert page["has_more"]
    rest = (await client.get("/v1/runs", params={"limit": 2, "before": made[1]})).json()
    assert [run["id"] for run in rest["data"]] == [made[0]]
    assert not rest["has_more"]


async def test_a_page_of_a_thousand_is_refused(client: httpx.AsyncClient, refused: Refused) -> None:
    assert refused(await client.get("/v1/runs", params={"limit": 1000}), 400)["param"] == "limit"


async def test_tasks_are_listed_by_kind_and_state(client: httpx.AsyncClient, house: House) -> None:
    now = house.clock.now()
    for id, kind in (("t1", "hand_over"), ("t2", "review")):
        await house.ledger.commit(TaskSaved(Task(id, "default", kind, None, "requested", now)))
    listed = (await client.get("/v1/tasks", params={"kind": "review"})).json()
    assert [task["id"] for task in listed["data"]] == ["t2"]


async def test_tasks_come_in_pages_also_where_several_are_of_one_moment(
    client: httpx.AsyncClient, house: House, refused: Refused
) -> None:
    now = house.clock.now()
    for id in ("t3", "t1", "t2"):
        await house.ledger.commit(TaskSaved(Task(id, "default", "review", None, "requested", now)))
    page = (await client.get("/v1/tasks", params={"limit": 2})).json()
    assert ([task["id"] for task in page["data"]], page["has_more"]) == (["t1", "t2"], True)
    rest = (await client.get("/v1/tasks", params={"limit": 2, "after": "t2"})).json()
    assert ([task["id"] for task in rest["data"]], rest["has_more"]) == (["t3"], False)
    lost = refused(await client.get("/v1/tasks", params={"after": "t9"}), 404)
    assert lost["param"] == "after"


async def test_tasks_are_listed_with_what_is_due_first_where_that_is_wanted(
    client: httpx.AsyncClient, house: House, refused: Refused
) -> None:
    now = house.clock.now()
    for id, due in (("t1", None), ("t2", now + timedelta(hours=2)), ("t3", now)):
        task = Task(id, "default", "review", None, "requested", now, due_at=due)
        await house.ledger.commit(TaskSaved(task))
    page = (await client.get("/v1/tasks", params={"order": "due"})).json()
    assert [task["id"] for task in page["data"]] == ["t3", "t2", "t1"]
    assert refused(await client.get("/v1/tasks", params={"order": "name"}), 400)["param"] == "order"


async def test_ready_pings_each_engine(client: httpx.AsyncClient) -> None:
    told = (await client.get("/health/ready")).json()
    assert told["status"] == "ready"
    assert told["engines"].keys() >= {"ledger", "cache", "app:toy", "app:chat"}
    assert told["engines"]["ledger"]["error"] is None
    assert told["engines"]["ledger"]["ms"] >= 0


async def test_with_the_ledger_down_the_server_is_live_but_not_ready(
    client: httpx.AsyncClient, house: House
) -> None:
    house.ledger.down = True
    ready = await client.get("/health/ready")
    assert ready.status_code == 503
    assert ready.json()["engines"]["ledger"]["error"]
    assert (await client.get("/health/live")).status_code == 200


async def test_metrics_count_runs_and_requests_by_route(
    client: httpx.AsyncClient, platform: Platform
) -> None:
    id = (await client.post(ASK, json={"message": "hello"})).json()["run_id"]
    await client.get(f"/v1/runs/{id}")
    await client.get("/no/such/path")
    text = (await client.get("/metrics")).text
    assert 'arriero_runs_total{app="toy",origin="echo",outcome="answered"} 1.0' in text
    assert 'http_requests_total{handler="/v1/runs/{id}",method="GET",status="200"} 1.0' in text
    assert 'handler="unmatched",method="GET",status="404"' in text
    assert id not in text


async def test_the_description_names_every_operation_and_its_errors(
    client: httpx.AsyncClient,
) -> None:
    document = (await client.get("/openapi.json")).json()
    operations = {
        operation["operationId"]: operation
        for path in document["paths"].values()
        for operation in path.values()
    }
    assert operations.keys() >= {
        "toy_ask", "feedback_give", "run_show", "runs_list", "tasks_list",
        "chat_complete", "models_list", "health_live", "health_ready", "metrics",
    }  # fmt: skip
    asked = operations["toy_ask"]
    assert asked["security"] == [{"key": []}]
    assert "422" not in asked["responses"]
    error = asked["responses"]["400"]["content"]["application/json"]["schema"]["$ref"]
    assert error.endswith("/ErrorBody")
    body = asked["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    assert body.endswith("/Asking")
    answer = asked["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
    schema = document["components"]["schemas"][answer.rpartition("/")[2]]
    assert schema["properties"].keys() >= {"response", "processing_time", "run_id", "outcome"}


async def test_a_run_has_a_proof_that_leads_to_a_signed_head(client: httpx.AsyncClient) -> None:
    asked = await client.post(ASK, json={"message": "hello"})
    id = asked.json()["run_id"]
    told = (await client.get(f"/v1/runs/{id}/proof")).json()
    receipt = told["receipts"][0]
    leaf = leaf_hash(canonical_json(receipt["event"]))
    path = [bytes.fromhex(sibling) for sibling in receipt["path"]]
    root, size = bytes.fromhex(told["head"]["root"]), told["head"]["size"]
    assert included(leaf, receipt["seq"] - 1, size, path, root)
    assert f'"id":"{id}"' in receipt["content"]


async def test_a_proof_of_an_unknown_or_foreign_run_is_a_404(
    house: House, client: httpx.AsyncClient
) -> None:
    assert (await client.get("/v1/runs/none/proof")).status_code == 404
    asked = await client.post(ASK, json={"message": "hello"})
    path = f"/v1/runs/{asked.json()['run_id']}/proof"
    foreign = await client.get(path, headers=house.headers("stranger"))
    assert foreign.status_code == 404


async def test_a_page_of_tasks_may_begin_after_one_with_a_long_id(
    client: httpx.AsyncClient, house: House
) -> None:
    now, run = house.clock.now(), uuid7()
    long = f"{run}:refund:SHOP-2026-11-000010234:failed"
    for id in (long, "z"):
        await house.ledger.commit(TaskSaved(Task(id, "default", "review", None, "requested", now)))
    page = (await client.get("/v1/tasks", params={"limit": 1})).json()
    rest = await client.get("/v1/tasks", params={"after": page["data"][-1]["id"]})
    assert rest.status_code == 200, rest.text
    assert [task["id"] for task in rest.json()["data"]] == ["z"]


async def test_metrics_show_the_alerts_that_are_open_whichever_process_raised_or_cleared_them(
    client: httpx.AsyncClient, house: House
) -> None:
    alert = Alert("a1", "toy", "quality", 0.5, 0.8, house.clock.now())
    shown = 'arriero_alert{app="toy",name="quality"}'
    await house.ledger.commit(AlertSaved(alert))
    assert f"{shown} 1.0" in (await client.get("/metrics")).text
    cleared = replace(alert, cleared_at=house.clock.now())
    await house.ledger.commit(AlertSaved(cleared))
    assert f"{shown} 0.0" in (await client.get("/metrics")).text
