"""Whatever is sent, one clear sentence comes back, in OpenAI's shape, with the right status."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import httpx
import pytest

from arriero.assembly import Platform
from arriero.core.clock import SystemClock
from arriero.core.errors import InputError
from arriero.server import create
from arriero.server.bodies import clean
from tests.server.conftest import HOST, House, Refused

PATH = "/v1/toy/questions"
JSON = {"content-type": "application/json"}


async def test_an_empty_message_names_the_field(
    client: httpx.AsyncClient, refused: Refused
) -> None:
    error = refused(await client.post(PATH, json={"message": ""}), 400)
    assert error["param"] == "message"
    assert error["type"] == "invalid_request_error"
    assert "at least 1 character" in error["message"]


async def test_a_missing_field_is_named(client: httpx.AsyncClient, refused: Refused) -> None:
    error = refused(await client.post(PATH, json={}), 400)
    assert error["message"] == "field 'message' is missing; add it"


async def test_an_unknown_field_is_named(client: httpx.AsyncClient, refused: Refused) -> None:
    response = await client.post(PATH, json={"message": "hello", "mesage": "x"})
    error = refused(response, 400)
    assert "there is no field 'mesage'" in error["message"]
    assert error["param"] == "mesage"


@pytest.mark.parametrize("message", [7, None, ["hello"], {"text": "hello"}, True])
async def test_a_wrong_type_is_refused(
    client: httpx.AsyncClient, refused: Refused, message: object
) -> None:
    error = refused(await client.post(PATH, json={"message": message}), 400)
    assert error["message"].startswith("'message': ")
    assert repr(message) in error["message"]


@pytest.mark.parametrize("body", [b"[]", b'"hello"', b"7", b"null", b"true"])
async def test_a_body_that_is_no_object_is_refused(
    client: httpx.AsyncClient, refused: Refused, body: bytes
) -> None:
    refused(await client.post(PATH, content=body, headers=JSON), 400)


@pytest.mark.parametrize(
    "body", [b"{", b"{'message': 'hello'}", b'{"message": "a\nb"}', b"[" * 60_000]
)
async def test_a_body_that_is_no_json_is_refused(
    client: httpx.AsyncClient, refused: Refused, body: bytes
) -> None:
    error = refused(await client.post(PATH, content=body, headers=JSON), 400)
    assert error["message"]


async def test_no_body_at_all_is_refused(client: httpx.AsyncClient, refused: Refused) -> None:
    error = refused(await client.post(PATH, headers=JSON), 400)
    assert error["message"] == "the body is missing; send a JSON object"


async def test_invalid_utf8_is_refused_with_its_position(
    client: httpx.AsyncClient, refused: Refused
) -> None:
    response = await client.post(PATH, content=b'{"message": "caf\xe9"}', headers=JSON)
    assert "not UTF-8: byte 0xe9 at position 16" in refused(response, 400)["message"]


async def test_half_a_surrogate_pair_is_refused(
    client: httpx.AsyncClient, refused: Refused
) -> None:
    response = await client.post(PATH, content=b'{"message": "\\ud800"}', headers=JSON)
    refused(response, 400)


async def test_a_message_of_a_megabyte_is_refused(
    client: httpx.AsyncClient, refused: Refused
) -> None:
    response = await client.post(PATH, json={"message": "a" * 1_000_000})
    error = refused(response, 413)
    assert "allowed are 65,536" in error["message"]
    assert error["code"] == "too_large"


def test_a_chunked_body_is_refused_once_it_is_too_large(
    house: House, real: str, refused: Refused
) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"message": "'
        for _ in range(40):
            yield b"a" * 4_096
        yield b'"}'

    response = httpx.post(real + PATH, content=chunks(), headers=house.headers() | JSON)
    assert "more than 65,536 bytes" in refused(response, 413)["message"]


def test_a_large_declared_body_is_refused_before_it_is_read(
    house: House, real: str, refused: Refused
) -> None:
    with httpx.Client(base_url=real, headers=house.headers()) as client:
        response = client.post(PATH, json={"message": "a" * 1_000_000})
        assert "1,000,014 bytes" in refused(response, 413)["message"]
        assert client.post(PATH, json={"message": "hello"}).status_code == 200


async def test_another_content_type_is_refused(client: httpx.AsyncClient, refused: Refused) -> None:
    response = await client.post(PATH, data={"message": "hello"})
    assert "x-www-form-urlencoded" in refused(response, 415)["message"]


async def test_a_charset_behind_the_content_type_is_fine(client: httpx.AsyncClient) -> None:
    headers = {"content-type": "application/json; charset=utf-8"}
    response = await client.post(PATH, content=b'{"message": "hello"}', headers=headers)
    assert response.status_code == 200


async def test_control_characters_are_taken_out_of_a_message(client: httpx.AsyncClient) -> None:
    sent = b'{"message": "one\\u0000 two\\u001b[0m\\b\\tthree\\nfour\x7f\xc2\x85 \\u009b!"}'
    response = await client.post(PATH, content=sent, headers=JSON)
    assert response.json()["response"] == "one two[0m\tthree\nfour !"


async def test_a_message_of_control_characters_is_an_empty_message(
    client: httpx.AsyncClient, refused: Refused
) -> None:
    response = await client.post(PATH, content=b'{"message": "\\u0000\\u0007"}', headers=JSON)
    assert "at least 1 character" in refused(response, 400)["message"]


def test_cleaning_leaves_an_escaped_backslash_before_u0000_alone() -> None:
    assert clean(rb'"C:\\u0000"') == rb'"C:\\u0000"'


def test_cleaning_leaves_other_text_alone() -> None:
    text = '{"message": "Größe \\"42\\" \\u00e9 \\n 🏔 \\\\b"}'.encode()
    assert clean(text) == text


def test_cleaning_refuses_what_is_not_utf8() -> None:
    with pytest.raises(InputError, match="not UTF-8"):
        clean(b"\xff")


async def test_an_unknown_path_is_a_404(client: httpx.AsyncClient, refused: Refused) -> None:
    error = refused(await client.get("/v1/nothing"), 404)
    assert error["message"] == "there is nothing at '/v1/nothing'; see /openapi.json"


async def test_a_wrong_method_is_a_405_that_names_the_right_one(
    client: httpx.AsyncClient, refused: Refused
) -> None:
    response = await client.get(PATH)
    assert "it takes POST" in refused(response, 405)["message"]
    assert response.headers["allow"] == "POST"


async def test_an_unexpected_error_is_a_500_without_its_inside(
    platform: Platform, house: House, refused: Refused, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(SystemClock):
        def now(self) -> datetime:
            raise ZeroDivisionError("the inside")

    transport = httpx.ASGITransport(app=create(replace(platform, clock=Broken())))
    async with httpx.AsyncClient(
        transport=transport, base_url=HOST, headers=house.headers()
    ) as client:
        response = await client.get("/v1/models", headers={"x-request-id": "r-1"})
    assert "r-1" in refused(response, 500)["message"]
    assert "inside" not in response.text
    assert "the inside" in caplog.text


async def test_half_a_surrogate_pair_is_refused_before_a_model_is_asked(
    client: httpx.AsyncClient, refused: Refused, platform: Platform
) -> None:
    body = b'{"model": "chat", "messages": [{"role": "user", "content": "hello \\uD83D"}]}'
    response = await client.post("/v1/chat/completions", content=body, headers=JSON)
    assert "half a surrogate pair, '\\\\uD83D'" in refused(response, 400)["message"]
    assert not await platform.ledger.runs("default")


def test_cleaning_leaves_whole_surrogate_pairs_and_escaped_backslashes_before_half_ones() -> None:
    text = rb'"\uD83C\udfd4 \\ud800 \ud7ff \ue000"'
    assert clean(text) == text
    with pytest.raises(InputError, match="half a surrogate pair"):
        clean(rb'"\udfd4\ud83c"')


@pytest.mark.parametrize(
    "body",
    [
        rb'{"message": "a\u00\u000000b"}',
        b'{"message": "a\\u00\x7f00b"}',
        b'{"message": "a\\u00\xc2\x9b00b"}',
        rb'{"message": "a\ud8\u000000b"}',
    ],
)
async def test_what_is_taken_out_leaves_no_new_escape(
    client: httpx.AsyncClient, house: House, refused: Refused, body: bytes
) -> None:
    """Else somebody writes U+0000, or half a pair, in two halves around what is taken out."""
    response = await client.post(PATH, content=body, headers=JSON)
    if response.status_code == 200:
        assert response.json()["response"].isprintable()
    else:
        refused(response, 400)


async def test_raw_control_characters_are_taken_out_as_well(client: httpx.AsyncClient) -> None:
    response = await client.post(PATH, content=b'{"message": "a\x00\x07b\x1b"}', headers=JSON)
    assert response.json()["response"] == "ab"
