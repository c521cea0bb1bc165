"""Server-sent events, and what happens to work whose client has gone: it is cancelled."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Mapping
from typing import Protocol, TypeVar

from fastapi import Request, Response
from starlette.types import Receive, Scope, Send

from arriero.core.errors import ArrieroError
from arriero.flow import Event
from arriero.server import errors, security
from arriero.server.bodies import gone
from arriero.server.errors import ClientGone
from arriero.server.replies import Reply, Work

EVENT_STREAM = "text/event-stream"
KEEP_ALIVE_S = 10.0  # proxies commonly drop a connection that is silent for 30 to 60 s
HEADERS = {"cache-control": "no-cache", "x-accel-buffering": "no"}  # nginx would hold events back

T = TypeVar("T")
log = logging.getLogger(__name__)


class Frames(Protocol):
    """How a stream is written. `eager` sends the headers before anything is known of the run."""

    @property
    def eager(self) -> bool: ...

    def event(self, event: Event) -> bytes:
        """The frame of an event; empty when the client is not told."""

    def reply(self, reply: Reply) -> bytes:
        """The last frames."""

    def error(self, error: Mapping[str, object]) -> bytes:
        """The last frame when it went wrong after the headers left."""

    def headers(self, event: Event | None) -> Mapping[str, str]:
        """Headers of the stream, given its first event."""


async def unless_gone(receive: Receive, work: Awaitable[T]) -> T:
    """The result of `work`; cancelled, and `ClientGone` raised, when the client closes before."""
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(gone(receive))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientGone
        return working.result()
    finally:
        await _end(leaving)
        await _end(working)


def wants_events(request: Request) -> bool:
    """Whether the client asked for stage events instead of one JSON body."""
    return EVENT_STREAM in request.headers.get("accept", "")


class EventStream(Response):
    """Runs `work` and writes what it tells, frame by frame, until it is done."""

    media_type = EVENT_STREAM

    def __init__(self, work: Work, frames: Frames) -> None:
        super().__init__(media_type=EVENT_STREAM, headers=HEADERS)
        del self.headers["content-length"]
        self._work = work
        self._frames = frames

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        events: asyncio.Queue[Event | None] = asyncio.Queue()
        if self._frames.eager:
            await self._start(send, None)
        working = asyncio.ensure_future(self._work(events.put_nowait))
        working.add_done_callback(lambda _: events.put_nowait(None))
        leaving = asyncio.ensure_future(gone(receive))
        leaving.add_done_callback(lambda _: events.put_nowait(None))
        try:
            started = await self._tell(events, send)
            if not working.done():
                raise ClientGone
            await self._finish(working, scope, send, started=started)
        finally:
            await _end(leaving)
            await _end(working)

    async def _tell(self, events: asyncio.Queue[Event | None], send: Send) -> bool:
        """Write events until there are no more; whether the headers have left."""
        started = self._frames.eager
        while True:
            try:
                event = await asyncio.wait_for(events.get(), KEEP_ALIVE_S)
            except TimeoutError:
                if started:
                    await _write(send, b": still here\n\n")
                continue
            if event is None:
                return started
            if frame := self._frames.event(event):
                if not started:
                    await self._start(send, event)
                    started = True
                await _write(send, frame)

    async def _finish(
        self, working: asyncio.Future[Reply], scope: Scope, send: Send, *, started: bool
    ) -> None:
        """The last frames. What goes wrong before the headers left is a plain error response."""
        try:
            reply = working.result()
        except Exception as error:
            if not started:
                raise
            last = self._frames.error(_told(error, scope[security.REQUEST_ID]))
        else:
            if not started:
                self.headers.update(reply.headers())
                await self._start(send, None)
            last = self._frames.reply(reply)
        await send({"type": "http.response.body", "body": last, "more_body": False})

    async def _start(self, send: Send, event: Event | None) -> None:
        self.headers.update(self._frames.headers(event))
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})


def frame(data: bytes, *, event: str | None = None) -> bytes:
    """One server-sent event; `data` is JSON on one line."""
    name = b"" if event is None else b"event: " + event.encode() + b"\n"
    return name + b"data: " + data + b"\n\n"


def _told(error: Exception, request_id: str) -> Mapping[str, object]:
    if isinstance(error, ArrieroError):
        log.warning("request %s broke off: %s", request_id, error.message)
        return errors.describe(error)
    log.error("request %s failed", request_id, exc_info=error)
    return errors.unexpected(request_id)


async def _write(send: Send, chunk: bytes) -> None:
    await send({"type": "http.response.body", "body": chunk, "more_body": True})


async def _end(task: asyncio.Future[T]) -> None:
    if not task.done():
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
