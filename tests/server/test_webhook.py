"""`POST /v1/APP/webhook` over HTTP: the signature is the key, and nothing else of the API opens with it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from arriero.security.webhooks import sign
from arriero.server import create
from tests.server.chatting import ChatHouse
from tests.server.conftest import HOST, Refused

PATH = "/v1/toy/webhook"
SAID = json.dumps({"conversation": "c1", "message": "hello"}).encode()


@pytest.fixture
def house(tmp_path: Path) -> ChatHouse:
    return ChatHouse(tmp_path, webhook="http://127.0.0.1:9/closed")


@pytest.fixture
async def client(house: ChatHouse) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=create(await house.open()))
    headers = {"content-type": "application/json"}
    async with httpx.AsyncClient(transport=transport, base_url=HOST, headers=headers) as opened:
        yield opened


async def test_a_signed_message_is_taken_without_an_api_key(
    client: httpx.AsyncClient, house: ChatHouse
) -> None:
    signed = sign(house.webhook_key, "m1", house.clock.now(), SAID)
    answer = await client.post(PATH, content=SAID, headers=dict(signed))
    assert (answer.status_code, answer.json()) == (202, {"id": "m1", "state": "taken"})
    assert house.platform is not None
    await house.platform.channels["toy"].close()
    again = await client.post(PATH, content=SAID, headers=dict(signed))
    assert (again.status_code, again.json()["state"]) == (202, "answered")
    assert house.toy.told == 1


async def test_an_api_key_does_not_replace_the_signature(
    client: httpx.AsyncClient, house: ChatHouse, refused: Refused
) -> None:
    answer = await client.post(PATH, content=SAID, headers=house.headers())
    assert "not signed" in refused(answer, 401)["message"]
    refused(await client.post("/v1/feedback", content=SAID), 401)


async def test_without_a_channel_there_is_no_such_path(tmp_path: Path, refused: Refused) -> None:
    house = ChatHouse(tmp_path)
    transport = httpx.ASGITransport(app=create(await house.open()))
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as client:
        refused(await client.post(PATH, json={}, headers=house.headers()), 404)


async def test_the_published_description_asks_for_no_key_here(client: httpx.AsyncClient) -> None:
    told = (await client.get("/openapi.json")).json()["paths"][PATH]["post"]
    assert told["security"] == []
    assert "message" in json.dumps(told["requestBody"])


async def test_a_signature_is_checked_over_what_was_sent_and_control_characters_go_afterwards(
    client: httpx.AsyncClient, house: ChatHouse
) -> None:
    said = b'{"conversation": "c1", "message": "one\\u0000 two\\fthree \xc2\x85!"}'
    signed = sign(house.webhook_key, "m1", house.clock.now(), said)
    answer = await client.post(PATH, content=said, headers=dict(signed))
    assert answer.status_code == 202, answer.text
    assert house.platform is not None
    await house.platform.channels["toy"].close()
    (run,) = await house.ledger.runs("default")
    assert run.input["message"] == "one twothree !"
