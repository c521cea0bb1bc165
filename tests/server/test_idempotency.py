from __future__ import annotations

import asyncio
from dataclasses import replace

import httpx

from arriero.security.vault import Sealer
from arriero.server.idempotency import Answers, Once
from arriero.server.replies import Reply
from arriero.store.fake import MemoryLedger
from tests.server.conftest import House, Refused, events

PATH = "/v1/toy/questions"
KEY = {"idempotency-key": "order-10234"}


async def test_the_same_key_and_body_give_the_same_bytes_and_one_run(
    client: httpx.AsyncClient, house: House
) -> None:
    first = await client.post(PATH, json={"message": "hello"}, headers=KEY)
    second = await client.post(PATH, json={"message": "hello"}, headers=KEY)
    assert second.content == first.content
    assert second.headers["idempotent-replayed"] == "true"
    assert second.headers["x-arriero-run-id"] == first.json()["run_id"]
    assert house.toy.told == 1


async def test_the_same_key_with_another_body_is_a_conflict(
    client: httpx.AsyncClient, refused: Refused
) -> None:
    await client.post(PATH, json={"message": "hello"}, headers=KEY)
    error = refused(await client.post(PATH, json={"message": "other"}, headers=KEY), 409)
    assert error["param"] == "Idempotency-Key"


async def test_the_same_key_at_another_path_is_a_conflict(
    client: httpx.AsyncClient, refused: Refused
) -> None:
    answer = (await client.post(PATH, json={"message": "hello"}, headers=KEY)).json()
    body = {"run_id": answer["run_id"], "kind": "thumb", "value": True}
    refused(await client.post("/v1/feedback", json=body, headers=KEY), 409)


async def test_the_same_key_of_another_tenant_is_another_key(
    client: httpx.AsyncClient, house: House
) -> None:
    await client.post(PATH, json={"message": "hello"}, headers=KEY)
    theirs = house.headers("stranger") | KEY
    assert (await client.post(PATH, json={"message": "other"}, headers=theirs)).status_code == 200


async def test_two_at_the_same_time_are_told_once(client: httpx.AsyncClient, house: House) -> None:
    both = [client.post(PATH, json={"message": "slow"}, headers=KEY) for _ in range(2)]
    first, second = await asyncio.gather(*both)
    assert first.content == second.content
    assert house.toy.told == 1


async def test_two_at_the_same_time_with_different_bodies_are_a_conflict(
    client: httpx.AsyncClient, refused: Refused
) -> None:
    first = asyncio.create_task(client.post(PATH, json={"message": "slow"}, headers=KEY))
    await asyncio.sleep(0.05)
    refused(await client.post(PATH, json={"message": "other"}, headers=KEY), 409)
    assert (await first).status_code == 200


async def test_a_failure_is_not_kept_so_the_key_may_try_again(
    client: httpx.AsyncClient, house: House
) -> None:
    for _ in range(2):
        response = await client.post(PATH, json={"message": "hopeless"}, headers=KEY)
        assert response.status_code == 503
    assert house.toy.told == 2


async def test_the_key_survives_a_restart_of_the_server(
    client: httpx.AsyncClient, house: House
) -> None:
    first = await client.post(PATH, json={"message": "hello"}, headers=KEY)
    kept = await house.ledger.answered("default", KEY["idempotency-key"])
    sealer = Sealer(bytes(32))
    asked = Once("default", KEY["idempotency-key"], kept.request_hash)
    body = sealer.seal_text(first.text, f"answer:default\0{asked.key}")
    ledger = MemoryLedger(house.clock)
    await ledger.commit(replace(kept, body=body))
    again = Answers(
        ledger, house.clock, sealer
    )  # as after a restart: the same key, an empty memory
    assert (await again.give(asked, never)).body == first.content


async def test_a_kept_answer_cannot_be_read_in_the_ledger_and_names_its_run(
    client: httpx.AsyncClient, house: House
) -> None:
    first = await client.post(PATH, json={"message": "hello from a@b.org"}, headers=KEY)
    kept = await house.ledger.answered("default", KEY["idempotency-key"])
    assert "a@b.org" in first.text
    assert "a@b.org" not in repr(kept)
    assert kept.run == first.json()["run_id"]


async def never() -> Reply:
    raise AssertionError("it was answered before")


async def test_a_stream_asked_again_gives_the_same_answer_event(client: httpx.AsyncClient) -> None:
    headers = KEY | {"accept": "text/event-stream"}
    first = await client.post(PATH, json={"message": "hello"}, headers=headers)
    second = await client.post(PATH, json={"message": "hello"}, headers=headers)
    assert events(second.text) == events(first.text)[-1:]


async def test_with_the_ledger_down_a_keyed_request_is_refused(
    client: httpx.AsyncClient, house: House, refused: Refused
) -> None:
    await client.post(PATH, json={"message": "hello"})
    house.ledger.down = True
    refused(await client.post(PATH, json={"message": "hello"}, headers=KEY), 503)
    assert house.toy.told == 1


async def test_a_key_with_spaces_is_refused(client: httpx.AsyncClient, refused: Refused) -> None:
    headers = {"idempotency-key": "a b"}
    error = refused(await client.post(PATH, json={"message": "hello"}, headers=headers), 400)
    assert error["param"] == "Idempotency-Key"
