"""A small HTTP service on loopback that answers what a test says, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, Any, dict[str, str]]


@dataclass
class Request:
    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass
class Service:
    """`answer(request)` gives status, body (JSON, or bytes as they are) and headers; `delay_s` before each answer."""

    answer: Callable[[Request], Answer]
    delay_s: float = 0.0
    asked: list[Request] = field(default_factory=list)
    url: str = ""
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self.tasks.add(task)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                first, *lines = head.decode().split("\r\n")
                parts = urlsplit(first.split()[1])
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                headers = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
                request = Request(parts.path, query, headers)
                self.asked.append(request)
                await asyncio.sleep(self.delay_s)
                status, body, more = self.answer(request)
                raw = body if isinstance(body, bytes) else json.dumps(body).encode()
                told = {"Content-Length": str(len(raw)), **more}
                text = "".join(f"{name}: {value}\r\n" for name, value in told.items())
                writer.write(f"HTTP/1.1 {status} X\r\n{text}\r\n".encode() + raw)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(
    answer: Callable[[Request], Answer], delay_s: float = 0.0
) -> AsyncIterator[Service]:
    service = Service(answer, delay_s)
    server = await asyncio.start_server(service._serve, "127.0.0.1", 0)
    service.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield service
    finally:
        server.close()
        for task in service.tasks:
            task.cancel()
        await asyncio.gather(*service.tasks, return_exceptions=True)
        await server.wait_closed()


def edgar(books: Any) -> Callable[[Request], Answer]:
    """The SEC's two hosts over an invented company's books: 403 for who does not say who asks."""

    def answer(request: Request) -> Answer:
        if "@" not in request.headers.get("user-agent", ""):
            return 403, {}, {}
        if request.path.endswith("company_tickers.json"):
            return 200, {"0": {"cik_str": 9990001, "ticker": "GUAN", "title": "Guanaco"}}, {}
        if "companyfacts" in request.path and "0009990001" in request.path:
            return 200, books.companyfacts(), {}
        if "submissions" in request.path and "0009990001" in request.path:
            return 200, books.submissions(), {}
        if request.path.endswith(".htm"):
            return 200, b"<html>Item 1A. Our wool may shrink.</html>", {}
        return 404, b"NoSuchKey", {}

    return answer
