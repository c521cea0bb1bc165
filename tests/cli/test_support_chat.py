"""`arriero support chat-token` as a person runs it, and the server that takes the token."""

from __future__ import annotations

import httpx

from tests.cli.conftest import FAKES, Place, up

SHOP = "https://shop.example"
CHAT = f'\n[apps.support.web_chat]\norigins = ["{SHOP}"]\n'


def test_a_token_is_printed_without_a_server(place: Place) -> None:
    place.configure(FAKES + CHAT)
    made = place.run("support", "chat-token", "--customer", "c-0042")
    assert made.status == 0, made.err
    assert made.out.startswith("arrc_")
    assert "0042" not in made.out


def test_minutes_that_are_none_are_one_sentence(place: Place) -> None:
    place.configure(FAKES + CHAT)
    assert "0<x<=1440" in place.run("support", "chat-token", "--minutes", "0").err


def test_a_running_server_takes_the_token_from_a_listed_page_alone(place: Place) -> None:
    place.configure(FAKES + CHAT)
    with up(place) as server:
        token = place.run("support", "chat-token", "--customer", "c-0042").out.strip()
        said = {"conversation": "a-random-name-0123456789", "message": "Where is my order 10234?"}
        headers = {"authorization": f"Bearer {token}", "origin": SHOP}
        url = f"{server.url}/v1/support/chat/messages"
        answer = httpx.post(url, json=said, headers=headers)
        assert answer.status_code == 200, answer.text
        assert "10234" in answer.json()["response"]
        elsewhere = headers | {"origin": "https://x.example"}
        assert httpx.post(url, json=said, headers=elsewhere).status_code == 403
        assert httpx.get(f"{server.url}/chat.js").status_code == 200
