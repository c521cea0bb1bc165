"""A cheap HTTP/1.1 client: a request is bytes, a connection is kept and has one request at a time.

httpx costs a millisecond a request, as much as some of what is measured with it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any, cast
from urllib.parse import urlsplit

import httptools

INQUIRIES = "/v1/support/inquiries"
FEEDBACK = "/v1/feedback"


@dataclass(frozen=True, slots=True)
class Answer:
    """A response; the moments are `perf_counter` seconds: asked, first byte of the body, last one."""

    status: int
    body: bytes
    asked: float
    first: float
    ended: float

    @property
    def ms(self) -> float:
        return (self.ended - self.asked) * 1e3

    @property
    def first_ms(self) -> float:
        return (self.first - self.asked) * 1e3

    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """A stream of server-sent events as (event, data)."""
        frames = (frame.split("\n") for frame in self.body.decode().split("\n\n") if frame)
        found = []
        for lines in frames:
            fields = dict(line.split(": ", 1) for line in lines if not line.startswith(":"))
            if "data" in fields:
                found.append((fields.get("event", "message"), json.loads(fields["data"])))
        return found


def post(
    path: str, key: str, body: Mapping[str, Any], *, accept: str = "application/json"
) -> bytes:
    """A POST as it goes over the wire."""
    content = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {key}\r\n"
        f"accept: {accept}\r\ncontent-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def get(path: str, key: str) -> bytes:
    """A GET as it goes over the wire."""
    return f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {key}\r\n\r\n".encode()


class Connection(asyncio.Protocol):
    """One connection. A broken one raises `ConnectionError` at once and for ever."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Answer] | None = None
        self._broken: Exception | None = None
        self._asked = self._first = 0.0
        self._body: list[bytes] = []
        self._parser = httptools.HttpResponseParser(self)

    async def ask(self, request: bytes, *, timeout_s: float = 120.0) -> Answer:
        """Send a request made by `post` or `get`."""
        if self._waiting is not None:
            raise RuntimeError("a connection has one request at a time")
        if self._broken is not None or self._transport is None:
            raise ConnectionError("the connection is closed") from self._broken
        self._waiting = asyncio.get_running_loop().create_future()
        self._body, self._first, self._asked = [], 0.0, perf_counter()
        self._parser = httptools.HttpResponseParser(self)
        self._transport.write(request)
        try:
            async with asyncio.timeout(timeout_s):
                return await self._waiting
        except TimeoutError:
            self.close()
            raise
        finally:
            self._waiting = None

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._broken = exc or ConnectionError("the server closed the connection")
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionError("the server closed the connection"))

    def on_body(self, body: bytes) -> None:
        self._first = self._first or perf_counter()
        self._body.append(body)

    def on_message_complete(self) -> None:
        if self._waiting is None or self._waiting.done():
            return
        ended = perf_counter()
        status, body = self._parser.get_status_code(), b"".join(self._body)
        self._waiting.set_result(Answer(status, body, self._asked, self._first or ended, ended))


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connection]:
    """A connection to the server at `url`, closed with the block."""
    place = urlsplit(url)
    loop = asyncio.get_running_loop()
    host, port = place.hostname or "127.0.0.1", place.port or 80
    _, connection = await loop.create_connection(Connection, host, port)
    try:
        yield connection
    finally:
        connection.close()
