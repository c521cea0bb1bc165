"""The web chat's routes: whose token is good, which pages may ask, what they may read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from arriero.core.errors import SettingsError, StoreError
from arriero.core.settings import WebChat, parse
from arriero.security.vault import Sealer
from arriero.security.visitors import Tokens
from arriero.server import create
from arriero.store.fake import MemoryLedger
from arriero.store.records import MemoryRecords
from tests.server.chatting import SHOP, ChatHouse
from tests.server.conftest import HOST, Refused, events

OWN = "a-random-name-0123456789"
CHAT = "/v1/toy/chat"


@pytest.fixture
def house(tmp_path: Path) -> ChatHouse:
    return ChatHouse(tmp_path)


@pytest.fixture
async def client(house: ChatHouse) -> AsyncIterator[httpx.AsyncClient]:
    """A browser's requests from the shop's page: no API key."""
    transport = httpx.ASGITransport(app=create(await house.open()))
    async with httpx.AsyncClient(
        transport=transport, base_url=HOST, headers={"origin": SHOP}
    ) as opened:
        yield opened


async def _token(client: httpx.AsyncClient, house: ChatHouse, **body: Any) -> dict[str, str]:
    made = await client.post("/v1/toy/chat-tokens", json=body, headers=house.headers())
    assert made.status_code == 200, made.text
    return {"authorization": f"Bearer {made.json()['token']}"}


def _said(message: str, own: str = OWN) -> dict[str, str]:
    return {"conversation": own, "message": message}


async def test_a_page_of_the_shop_is_answered_and_learns_nothing_of_the_inside(
    client: httpx.AsyncClient, house: ChatHouse
) -> None:
    token = await _token(client, house, customer="c-0042")
    answer = await client.post(f"{CHAT}/messages", json=_said("hello"), headers=token)
    assert answer.json() == {"response": "hello", "outcome": "answered", "waits": False}
    assert answer.headers["access-control-allow-origin"] == SHOP
    run = (await house.ledger.runs("default"))[0]
    assert (run.unit, run.actor) == (f"web:c-0042:{OWN}", "web-chat")


async def test_stages_are_told_by_name_alone(client: httpx.AsyncClient, house: ChatHouse) -> None:
    token = await _token(client, house) | {"accept": "text/event-stream"}
    told = events((await client.post(f"{CHAT}/messages", json=_said("a bug"), headers=token)).text)
    assert told[0] == ("stage", {"stage": "understand", "state": "begun"})
    assert told[-1][1]["response"] == "Sorry."
    assert "KeyError" not in str(told)


@pytest.mark.parametrize("token", ["", "Bearer arrc_AAAA", "Bearer not-even-one", "Basic x"])
async def test_a_forged_token_is_refused(
    client: httpx.AsyncClient, refused: Refused, token: str
) -> None:
    headers = {"authorization": token} if token else {}
    answer = await client.post(f"{CHAT}/messages", json=_said("hello"), headers=headers)
    refused(answer, 401)
    assert answer.headers["access-control-allow-origin"] == SHOP  # so that the page may read it


async def test_a_token_that_another_key_sealed_or_that_was_changed_is_refused(
    client: httpx.AsyncClient, house: ChatHouse, refused: Refused
) -> None:
    theirs, _ = Tokens(Sealer.fresh(), house.clock).mint(
        "default", "toy", "c-0042", timedelta(minutes=5)
    )
    ours = (await _token(client, house, customer="c-0042"))["authorization"]
    changed = ours[:40] + ("A" if ours[40] != "A" else "B") + ours[41:]
    for token in (f"Bearer {theirs}", changed):
        refused(await client.get(CHAT, headers={"authorization": token}), 401)


async def test_an_expired_token_says_that_it_is_over(
    client: httpx.AsyncClient, house: ChatHouse, refused: Refused
) -> None:
    assert house.platform is not None
    tokens = Tokens(house.platform.sealer, house.clock)
    over, _ = tokens.mint("default", "toy", None, timedelta(seconds=-1))
    error = refused(await client.get(CHAT, headers={"authorization": f"Bearer {over}"}), 401)
    assert "is over since" in error["message"]


async def test_a_token_is_good_for_its_app_alone(
    client: httpx.AsyncClient, house: ChatHouse, refused: Refused
) -> None:
    assert house.platform is not None
    tokens = Tokens(house.platform.sealer, house.clock)
    other, _ = tokens.mint("default", "support", None, timedelta(minutes=5))
    error = refused(await client.get(CHAT, headers={"authorization": f"Bearer {other}"}), 401)
    assert "'support'" in error["message"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://shop.example.evil"])
async def test_a_page_of_another_site_is_refused_and_may_not_even_read_why(
    client: httpx.AsyncClient, house: ChatHouse, refused: Refused, origin: str
) -> None:
    token = await _token(client, house) | {"origin": origin}
    answer = await client.post(f"{CHAT}/messages", json=_said("hello"), headers=token)
    assert refused(answer, 403)["code"] == "wrong_origin"
    assert "access-control-allow-origin" not in answer.headers
    refused(await client.options(f"{CHAT}/messages", headers={"origin": origin}), 403)
    assert house.toy.told == 0


async def test_a_write_without_an_origin_comes_from_no_browser_and_is_refused(
    client: httpx.AsyncClient, house: ChatHouse, refused: Refused
) -> None:
    token = await _token(client, house)
    del client.headers["origin"]
    answer = await client.post(f"{CHAT}/messages", json=_said("hello"), headers=token)
    refused(answer, 403)


async def test_a_browser_is_told_what_it_may_send(client: httpx.AsyncClient) -> None:
    answer = await client.options(f"{CHAT}/messages")
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert "idempotency-key" in answer.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in answer.headers


async def test_a_chat_token_opens_nothing_but_the_chat(
    client: httpx.AsyncClient, house: ChatHouse, refused: Refused
) -> None:
    token = await _token(client, house, customer="c-0042")
    refused(await client.get("/v1/tasks", headers=token), 401)
    refused(await client.post("/v1/toy/chat-tokens", json={}, headers=token), 401)
    refused(await client.get(f"/v1/toy/conversations/{OWN}/messages", headers=token), 401)
    api = await client.get("/v1/tasks", headers=house.headers())
    assert "access-control-allow-origin" not in api.headers


async def test_an_api_key_does_not_open_the_chat(
    client: httpx.AsyncClient, house: ChatHouse, refused: Refused
) -> None:
    refused(await client.get(CHAT, headers=house.headers()), 401)


async def test_nobody_reads_another_customers_conversation(
    client: httpx.AsyncClient, house: ChatHouse
) -> None:
    await house.hand_over("Where is my parcel?", conversation=f"web:c-0042:{OWN}")
    query = {"conversation": OWN}
    mine = await _token(client, house, customer="c-0042")
    found = (await client.get(f"{CHAT}/messages", params=query, headers=mine)).json()
    assert found["waits"] is True
    assert [one["sender"] for one in found["data"]] == ["customer", "service"]
    for other in ({"customer": "c-0043"}, {}):
        theirs = await _token(client, house, **other)
        told = (await client.get(f"{CHAT}/messages", params=query, headers=theirs)).json()
        assert (told["data"], told["waits"]) == ([], False)


async def test_one_key_of_two_customers_gives_each_an_answer_of_their_own(
    client: httpx.AsyncClient, house: ChatHouse
) -> None:
    for customer, message in (("a", "hello one"), ("b", "hello two"), ("a", "hello one")):
        token = await _token(client, house, customer=customer) | {"idempotency-key": "same"}
        answer = await client.post(f"{CHAT}/messages", json=_said(message), headers=token)
        assert answer.json()["response"] == message
    assert house.toy.told == 2  # the third was the first again


async def test_visitors_of_one_browser_are_told_apart_without_their_names(
    client: httpx.AsyncClient, house: ChatHouse
) -> None:
    marks = [
        (await client.get(CHAT, headers=await _token(client, house, **who))).json()["visitor"]
        for who in ({"customer": "c-0042"}, {"customer": "c-0043"}, {}, {"customer": "c-0042"})
    ]
    assert len(set(marks)) == 3
    assert marks[0] == marks[3]
    assert not any("0042" in mark for mark in marks)


async def test_thirty_messages_in_one_second_are_slowed_and_others_go_on(
    client: httpx.AsyncClient, house: ChatHouse, refused: Refused
) -> None:
    token = await _token(client, house, customer="c-0042")
    answers = [
        await client.post(f"{CHAT}/messages", json=_said(f"hello {at}"), headers=token)
        for at in range(30)
    ]
    assert [one.status_code for one in answers] == [200] * 10 + [429] * 20
    assert refused(answers[-1], 429)["code"] == "too_fast"
    assert 1 < int(answers[-1].headers["retry-after"]) <= 10  # the first ten came just now
    other = _said("hello", own="another-conversation-42")
    assert (await client.post(f"{CHAT}/messages", json=other, headers=token)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"message": "hello"},
        {"conversation": "short", "message": "hello"},
        {"conversation": "web:c-0042:a-random-name", "message": "hello"},
        {"conversation": OWN, "message": " "},
        {"conversation": OWN, "message": "hello", "customer": "c-0043"},
    ],
)
async def test_a_wrong_body_is_refused_in_a_sentence(
    client: httpx.AsyncClient, house: ChatHouse, refused: Refused, body: dict[str, str]
) -> None:
    token = await _token(client, house)
    refused(await client.post(f"{CHAT}/messages", json=body, headers=token), 400)


async def test_a_closed_chat_says_how_it_is_opened(tmp_path: Path, refused: Refused) -> None:
    house = ChatHouse(tmp_path, origins=[])
    transport = httpx.ASGITransport(app=create(await house.open()))
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as client:
        asked = await client.post("/v1/toy/chat-tokens", json={}, headers=house.headers())
        assert "web_chat] origins" in refused(asked, 409)["message"]


@pytest.mark.parametrize("origin", ["shop.example", "https://shop.example/", "ftp://x", "*"])
def test_an_origin_that_is_none_is_a_settings_error(origin: str) -> None:
    with pytest.raises(SettingsError, match="is no origin"):
        parse(WebChat, {"origins": [origin]}, "arriero.toml")


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_a_page_does_not_read_which_store_is_down(
    client: httpx.AsyncClient,
    house: ChatHouse,
    accept: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def down(*_: object, **__: object) -> None:
        raise StoreError("the ledger postgresql://arriero@db.inside/arriero cannot be reached")

    token = await _token(client, house) | {"accept": accept, "idempotency-key": "k1"}
    monkeypatch.setattr(MemoryLedger, "answered", down)
    answer = await client.post(f"{CHAT}/messages", json=_said("hello"), headers=token)
    assert answer.status_code == (503 if accept == "application/json" else 200)
    assert "store_unavailable" in answer.text
    assert "db.inside" not in answer.text
    assert "db.inside" in caplog.text


async def test_a_page_that_follows_does_not_read_which_store_is_down(
    client: httpx.AsyncClient, house: ChatHouse, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_: object, **__: object) -> None:
        raise StoreError("the ledger postgresql://arriero@db.inside/arriero cannot be reached")

    token = await _token(client, house)
    monkeypatch.setattr(MemoryRecords, "list", down)
    answer = await client.get(f"{CHAT}/messages", params={"conversation": OWN}, headers=token)
    assert "db.inside" not in refused(answer, 503)["message"]
