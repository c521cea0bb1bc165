"""A company's own order service as a small fake: real HTTP on loopback over a directory of values."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from arriero.apps.support.directory import MemoryDirectory
from arriero.apps.support.orders import (
    Cancellation,
    Customer,
    Order,
    OrderStatus,
    Redirection,
    Refund,
    Ticket,
    Untrusted,
)
from arriero.core.errors import Conflict

KEY = "shop-key"
Answer = tuple[int, Any]


@dataclass
class FakeShopServer:
    """`instead` answers in place of the shop (status, body; None: nothing, ever)."""

    directory: MemoryDirectory
    instead: Callable[[str], Answer | None] | None = None
    slow_s: float = 0.0
    seen: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode().strip().split("\r\n")
                headers = {
                    name.lower(): value
                    for name, _, value in (line.partition(": ") for line in lines)
                }
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                method, target, _ = first.split(" ")
                self.seen.append((method, target))
                await asyncio.sleep(self.slow_s)
                status, told = await self._told(method, target, headers, body)
                content = told if isinstance(told, bytes) else json.dumps(told).encode()
                writer.write(
                    f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n"
                    f"content-length: {len(content)}\r\n\r\n".encode()
                    + content
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _told(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        if self.instead is not None:
            answer = self.instead(target)
            if answer is None:
                await asyncio.Event().wait()
            else:
                return answer
        if headers.get("authorization") != f"Bearer {KEY}":
            return 401, {"error": "who are you"}
        parts = urlsplit(target)
        path = [unquote(part) for part in parts.path.strip("/").split("/")]
        limit = int(parse_qs(parts.query).get("limit", ["5"])[0])
        try:
            found = await self._found(method, path, limit, headers, body)
        except Conflict as error:
            return 409, {"error": error.message}
        return (404, {}) if found is None else (200, plain(found))

    async def _found(
        self,
        method: str,
        path: list[str],
        limit: int,
        headers: Mapping[str, str],
        body: bytes,
    ) -> Any:
        shop = self.directory
        match method, path:
            case "GET", ["health"]:
                return {"status": "ok"}
            case "GET", ["receipts", key]:
                return await shop.receipt(key)
            case "GET", ["customers", id]:
                return await shop.customer(id)
            case "GET", ["customers", id, "orders"]:
                return list(await shop.orders(id, limit))
            case "GET", ["customers", id, "orders", order]:
                return await shop.order(id, order)
            case "GET", ["customers", id, "tickets"]:
                return list(await shop.tickets(id, limit))
            case "GET", ["customers", id, "history"]:
                return await shop.history(id)
            case "POST", ["customers", id, "orders", order, what]:
                return await self._change(what, id, order, headers["idempotency-key"], body)
        return None

    async def _change(self, what: str, id: str, order: str, key: str, body: bytes) -> Any:
        told = json.loads(body)
        due = date.fromisoformat(told["due"]) if told.get("due") else None
        expected = OrderStatus(told["expected"])
        match what:
            case "cancellation":
                refund = Decimal(told["refund"]) if told["refund"] else None
                change = Cancellation(id, order, expected, refund, due)
                return await self.directory.cancel_order(key, change)
            case "refund":
                amount = Decimal(told["amount"])
                return await self.directory.request_refund(
                    key, Refund(id, order, expected, amount, due)
                )
            case "address":
                to = Redirection(id, order, expected, told["street"], told["city"])
                return await self.directory.change_address(key, to)
        return None


def plain(value: Any) -> Any:
    """A value as JSON takes it: dates and money as text, free text as a string."""
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, Untrusted):
        return value.raw
    if isinstance(value, dict) or not hasattr(value, "__dataclass_fields__"):
        return value if value is None or isinstance(value, int | dict) else str(value)
    return {one.name: plain(getattr(value, one.name)) for one in fields(value)}


@asynccontextmanager
async def open_fake_shop(
    customers: tuple[Customer, ...], orders: tuple[Order, ...], tickets: tuple[Ticket, ...] = ()
) -> AsyncIterator[FakeShopServer]:
    fake = FakeShopServer(MemoryDirectory(customers, orders, tickets))
    server = await asyncio.start_server(fake.accept, "127.0.0.1", 0)
    fake.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield fake
    finally:
        await fake.stop()
        server.close()
        await server.wait_closed()
