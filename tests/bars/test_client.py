"""The load generator's client speaks HTTP, and says when a connection is gone."""

from __future__ import annotations

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from bars._client import Answer, connected, get, post


@asynccontextmanager
async def serving(
    answer: Callable[[StreamReader, StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def _twice(reader: StreamReader, writer: StreamWriter) -> None:
    for _ in range(2):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel")
        await writer.drain()
        writer.write(b"lo")
    writer.close()


async def _gone(reader: StreamReader, writer: StreamWriter) -> None:
    await reader.read(1)
    writer.close()


async def test_a_connection_is_kept_for_the_next_request() -> None:
    async with serving(_twice) as url, connected(url) as line:
        assert [(await line.ask(get("/", "k"))).body for _ in range(2)] == [b"hello", b"hello"]


async def test_a_connection_that_breaks_says_so() -> None:
    async with serving(_gone) as url, connected(url) as line:
        with pytest.raises(ConnectionError):
            await line.ask(get("/", "k"))


async def test_a_broken_connection_stays_broken() -> None:
    async with serving(_gone) as url, connected(url) as line:
        with pytest.raises(ConnectionError):
            await line.ask(get("/", "k"))
        with pytest.raises(ConnectionError):
            await line.ask(get("/", "k"))


def test_a_post_says_how_long_its_body_is_in_bytes() -> None:
    head, _, body = post("/", "k", {"message": "Grüße"}).partition(b"\r\n\r\n")
    assert f"content-length: {len(body)}".encode() in head


def test_a_stream_of_events_is_read_with_its_comments_left_out() -> None:
    body = b': still here\n\nevent: stage\ndata: {"a": 1}\n\nevent: answer\ndata: {"b": 2}\n\n'
    answer = Answer(200, body, 0.0, 0.1, 0.2)
    assert answer.events() == [("stage", {"a": 1}), ("answer", {"b": 2})]


def test_the_times_of_an_answer_are_in_milliseconds() -> None:
    answer = Answer(200, b"", asked=1.0, first=1.005, ended=1.02)
    assert (round(answer.first_ms), round(answer.ms)) == (5, 20)
