"""Work for people over HTTP: what is shown, who wins, what is refused, what a customer reads."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from arriero.core.words import Action, Task
from arriero.security.keys import mint
from arriero.server.app import create
from arriero.store.base import Intended, KeySaved, RunErased, TaskSaved
from arriero.store.failed import FailedActions, failed_action
from arriero.store.rows import erased
from tests.server.conftest import Refused
from tests.server.desk import DeskHouse

MESSAGES = "/v1/toy/conversations/c1/messages"


@pytest.fixture
def house(tmp_path: Path) -> DeskHouse:
    return DeskHouse(tmp_path)


@pytest.fixture
async def task(client: httpx.AsyncClient, house: DeskHouse) -> Task:
    draft = "Shipping costs 4.90 EUR."
    return await house.hand_over("What does shipping cost?", conversation="c1", draft=draft)


def _at(task: Task, verb: str = "") -> str:
    return f"/v1/tasks/{task.id}" + (f"/{verb}" if verb else "")


async def _colleague(house: DeskHouse, name: str = "ben") -> dict[str, str]:
    house.secrets[name], key = mint(name, "default", house.clock.now())
    await house.ledger.commit(KeySaved(key))
    return house.headers(name)


async def test_a_task_is_shown_with_what_its_agent_needs(
    client: httpx.AsyncClient, task: Task
) -> None:
    listed = (await client.get("/v1/tasks", params={"state": "queued"})).json()["data"]
    assert [one["id"] for one in listed] == [task.id]
    shown = (await client.get(_at(task))).json()
    assert (shown["state"], shown["about"]["verbs"]) == ("queued", ["accept"])
    assert shown["about"]["summary"]["proposed"] == "Shipping costs 4.90 EUR."
    assert shown["about"]["messages"][0]["text"] == "What does shipping cost?"


async def test_a_hand_over_from_the_first_to_the_last_word(
    client: httpx.AsyncClient, task: Task
) -> None:
    accepted = await client.post(_at(task, "accept"))
    assert accepted.status_code == 200
    assert (accepted.json()["state"], accepted.json()["actor"]) == ("accepted", "tester")
    assert accepted.json()["about"]["verbs"] == ["reply", "return", "resolve"]
    replied = await client.post(_at(task, "reply"), json={"text": "4.90 EUR."})
    assert replied.json()["state"] == "accepted"
    resolved = await client.post(_at(task, "resolve"), json={})
    assert (resolved.json()["state"], resolved.json()["about"]["verbs"]) == ("resolved", [])
    said = (await client.get(MESSAGES)).json()["data"]
    assert [one["sender"] for one in said] == [
        "customer", "service", "service", "agent", "service",
    ]  # fmt: skip
    assert said[3]["text"] == "4.90 EUR."


async def test_a_conversation_may_have_any_name(
    client: httpx.AsyncClient, house: DeskHouse
) -> None:
    """Thread ids of mail and desk programs have slashes."""
    name = "desk/4711 <a+b/c=@mail.example>?#1"
    task = await house.hand_over("Where is it?", conversation=name)
    at = f"/v1/toy/conversations/{quote(name, safe='')}/messages"
    await client.post(_at(task, "accept"))
    await client.post(_at(task, "reply"), json={"text": "On its way."})
    posted = await client.post(at, json={"message": "Thank you!"})
    assert posted.status_code == 202
    said = [one["text"] for one in (await client.get(at)).json()["data"]]
    assert said[-2:] == ["On its way.", "Thank you!"]


async def test_a_returned_task_keeps_the_reason(client: httpx.AsyncClient, task: Task) -> None:
    await client.post(_at(task, "accept"), json={})
    returned = await client.post(_at(task, "return"), json={"reason": "the bot knows"})
    assert (returned.json()["state"], returned.json()["payload"]["note"]) == (
        "returned", "the bot knows",
    )  # fmt: skip


async def test_of_two_who_accept_at_once_the_other_gets_a_409(
    client: httpx.AsyncClient, house: DeskHouse, task: Task, refused: Refused
) -> None:
    headers = await _colleague(house)
    came = await asyncio.gather(
        client.post(_at(task, "accept")), client.post(_at(task, "accept"), headers=headers)
    )
    assert sorted(one.status_code for one in came) == [200, 409]
    lost = next(one for one in came if one.status_code == 409)
    assert "has accepted this hand-over; possible for" in refused(lost, 409)["message"]


@pytest.mark.parametrize(
    ("verb", "body", "says"),
    [("reply", {"text": "hi"}, "accept"), ("return", {"reason": "x"}, "accept")],
)
async def test_what_is_not_possible_is_a_409_that_says_what_is(
    client: httpx.AsyncClient, task: Task, refused: Refused, verb: str, body: object, says: str
) -> None:
    error = refused(await client.post(_at(task, verb), json=body), 409)
    assert f"possible is: {says}" in error["message"]


@pytest.mark.parametrize(
    ("verb", "body", "param"),
    [
        ("reply", {"text": " "}, "text"),
        ("reply", {}, "text"),
        ("return", {"text": "x"}, "reason"),
        ("accept", {"actor": "eve"}, "actor"),
        ("resolve", {"text": "x" * 8_001}, "text"),
    ],
)
async def test_a_body_that_does_not_fit_its_verb_is_refused(
    client: httpx.AsyncClient, task: Task, refused: Refused, verb: str, body: object, param: str
) -> None:
    assert refused(await client.post(_at(task, verb), json=body), 400)["param"] == param


async def test_a_missing_body_is_refused_where_it_is_needed(
    client: httpx.AsyncClient, task: Task, refused: Refused
) -> None:
    assert "body is missing" in refused(await client.post(_at(task, "reply")), 400)["message"]


async def test_an_unknown_task_or_verb_is_a_404(
    client: httpx.AsyncClient, task: Task, refused: Refused
) -> None:
    assert refused(await client.get("/v1/tasks/nope"), 404)["param"] == "id"
    assert refused(await client.post("/v1/tasks/nope/accept"), 404)["param"] == "id"
    refused(await client.post(_at(task, "explode")), 404)


async def test_another_tenant_neither_sees_nor_takes_it(
    client: httpx.AsyncClient, house: DeskHouse, task: Task, refused: Refused
) -> None:
    headers = house.headers("stranger")
    refused(await client.get(_at(task), headers=headers), 404)
    refused(await client.post(_at(task, "accept"), headers=headers), 404)
    assert (await client.get(MESSAGES, headers=headers)).json()["data"] == []


async def test_the_same_idempotency_key_says_it_once(client: httpx.AsyncClient, task: Task) -> None:
    await client.post(_at(task, "accept"))
    headers = {"idempotency-key": "r-1"}
    both = [
        await client.post(_at(task, "reply"), json={"text": "Once."}, headers=headers)
        for _ in range(2)
    ]
    assert both[0].content == both[1].content
    assert both[1].headers["idempotent-replayed"] == "true"
    said = (await client.get(MESSAGES)).json()["data"]
    assert [one["text"] for one in said].count("Once.") == 1


async def test_what_is_kept_for_a_key_is_erased_with_the_run_that_it_tells_of(
    client: httpx.AsyncClient, house: DeskHouse, task: Task
) -> None:
    await client.post(_at(task, "accept"), headers={"idempotency-key": "a-1"})
    assert await house.ledger.answered("default", "a-1") is not None
    assert task.run is not None
    run = await house.ledger.run("default", task.run)
    assert run is not None
    await house.ledger.commit(RunErased(erased(run), "cli", house.clock.now()))
    assert await house.ledger.answered("default", "a-1") is None


async def test_a_kind_without_a_desk_is_shown_but_not_acted_on(
    client: httpx.AsyncClient, house: DeskHouse, refused: Refused
) -> None:
    other = Task("t1", "default", "review", None, "requested", house.clock.now())
    await house.ledger.commit(TaskSaved(other))
    assert (await client.get(_at(other))).json()["about"] == {"verbs": []}
    assert "'review'" in refused(await client.post(_at(other, "accept")), 409)["message"]


async def test_an_action_that_failed_is_seen_to_by_one_person(
    client: httpx.AsyncClient, house: DeskHouse, refused: Refused
) -> None:
    now = house.clock.now()
    left = Intended("r1", "toy", "default", Action("refund", "refund-1"), now)
    task = failed_action(left, "the shop cannot be reached", now)
    await house.ledger.commit(TaskSaved(task))
    about = (await client.get(_at(task))).json()["about"]
    assert about["verbs"] == ["resolve"]
    assert about["summary"]["problem"] == "refund was promised and not done"
    assert about["summary"]["reason"] == "the shop cannot be reached"
    error = refused(await client.post(_at(task, "accept")), 409)
    assert "can be resolved" in error["message"]
    done = (await client.post(_at(task, "resolve"), json={"text": "paid back by hand"})).json()
    assert (done["state"], done["actor"]) == ("resolved", "tester")
    assert done["payload"]["note"] == "paid back by hand"
    assert done["about"]["verbs"] == []
    error = refused(await client.post(_at(task, "resolve"), json={}), 409)
    assert "resolved by tester" in error["message"]


async def test_with_the_ledger_down_nothing_is_acknowledged(
    client: httpx.AsyncClient, house: DeskHouse, task: Task, refused: Refused
) -> None:
    house.ledger.down = True
    refused(await client.post(_at(task, "accept")), 503)


async def test_a_customer_writes_reads_and_asks_for_what_is_new(
    client: httpx.AsyncClient, task: Task
) -> None:
    posted = await client.post(MESSAGES, json={"message": "Are you there?"})
    assert (posted.status_code, posted.json()["outcome"]) == (202, "pending")
    assert posted.json()["response"]
    seen = posted.json()["message_id"]
    assert (await client.get(MESSAGES, params={"after": seen})).json()["data"] == []
    await client.post(_at(task, "accept"))
    new = (await client.get(MESSAGES, params={"after": seen})).json()
    assert [one["sender"] for one in new["data"]] == ["service"]
    assert not new["has_more"]


async def test_a_message_to_nobody_is_a_409(client: httpx.AsyncClient, refused: Refused) -> None:
    response = await client.post(MESSAGES, json={"message": "Hello?"})
    assert "no colleague has conversation 'c1'" in refused(response, 409)["message"]


async def test_an_empty_message_is_refused(client: httpx.AsyncClient, refused: Refused) -> None:
    assert refused(await client.post(MESSAGES, json={"message": " "}), 400)["param"] == "message"


async def test_without_a_key_nothing_is_shown(
    client: httpx.AsyncClient, task: Task, refused: Refused
) -> None:
    headers = {"authorization": ""}
    for path in (_at(task), MESSAGES):
        refused(await client.get(path, headers=headers), 401)


async def test_the_description_names_every_route_and_its_bodies(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    for verb, body in (("accept", "Nothing"), ("reply", "Replied"), ("resolve", "Resolved")):
        operation = document["paths"][f"/v1/tasks/{{id}}/{verb}"]["post"]
        assert operation["operationId"] == f"task_{verb}"
        assert body in str(operation["requestBody"])
        assert operation["requestBody"].get("required", False) is (verb == "reply")
        assert {"200", "409"} <= operation["responses"].keys()
    assert "/v1/toy/conversations/{id}/messages" in document["paths"]


@pytest.mark.parametrize("keeps", [True, False])
async def test_a_path_for_messages_is_there_where_a_desk_keeps_conversations(
    tmp_path: Path, keeps: bool
) -> None:
    house = DeskHouse(tmp_path)
    if not keeps:
        house.desk = FailedActions(house.ledger, house.clock)  # type: ignore[assignment]
    paths = create(await house.open()).openapi()["paths"]
    assert ("/v1/toy/conversations/{id}/messages" in paths) is keeps
