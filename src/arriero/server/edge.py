"""What every request passes before a route sees it, as one plain ASGI layer.

Request id, Host, a free slot, the key, the body; afterwards headers, metrics, and the one place where
an unexpected error becomes a 500.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from arriero.core.errors import ArrieroError
from arriero.observe.metrics import Metrics
from arriero.security.keys import Keyring
from arriero.server import bodies, errors, security
from arriero.server.errors import ClientGone, EdgeError
from arriero.server.replies import JSON, to_body
from arriero.server.visitors import Visitors, preflight

CLIENT_GONE = 499  # nginx's number for a client that closed the connection; only in metrics
METHODS = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"})

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Slots:
    """How many POSTs may be under way; the next one is told at once to come back."""

    most: int
    taken: int = 0

    def take(self) -> None:
        if self.taken >= self.most:
            raise EdgeError(
                503,
                "busy",
                f"{self.most} requests are being answered already; try again in a second",
                headers={"retry-after": errors.RETRY_AFTER_S},
            )
        self.taken += 1


@dataclass(slots=True)
class _Told:
    """What has been sent of a response."""

    status: int = 0
    started: float = field(default_factory=time.perf_counter)


@dataclass(frozen=True)
class Edge:
    """The ASGI application around the routes."""

    app: ASGIApp
    keyring: Keyring
    metrics: Metrics
    hosts: frozenset[str]
    most_bytes: int
    slots: Slots
    visitors: Visitors
    signed: frozenset[str] = frozenset()  # paths whose route itself checks who sent the body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers, told = Headers(scope=scope), _Told()
        scope[security.REQUEST_ID] = security.request_id(headers)
        origin = self.visitors.told(scope["path"], headers)
        out = _labelled(send, told, scope[security.REQUEST_ID], origin)
        try:
            await self._admit(scope, headers, receive, out)
        except ClientGone:
            told.status = CLIENT_GONE
        except ArrieroError as error:
            await _refuse(error, scope, receive, out, told)
        except Exception:  # the request edge: logged here, answered without internals
            log.exception("request %s failed", scope[security.REQUEST_ID])
            if told.status:
                raise
            await _fail(scope[security.REQUEST_ID], out)
        finally:
            self._count(scope, told)

    async def _admit(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        security.check_host(headers, self.hosts)
        chat = self.visitors.chat(scope["path"])
        if chat is not None and scope["method"] == "OPTIONS":
            await preflight(headers, chat[1], send)
            return
        if scope["method"] != "POST":
            await self._identify(scope, headers)
            await self.app(scope, receive, send)
            return
        self.slots.take()
        try:
            await self._identify(scope, headers)
            body = await bodies.read(headers, receive, self.most_bytes)
            if scope["path"] not in self.signed:  # a signature is over every byte
                body = bodies.clean(body)
            await self.app(scope, bodies.again(body, receive), send)
        finally:
            self.slots.taken -= 1

    async def _identify(self, scope: Scope, headers: Headers) -> None:
        """A visitor of a web chat has a token for it, everybody else an API key."""
        if chat := self.visitors.chat(scope["path"]):
            self.visitors.admit(scope, headers, *chat)
        elif scope["path"] not in self.signed:
            await security.identify(scope, headers, self.keyring)

    def _count(self, scope: Scope, told: _Told) -> None:
        route = scope.get("route")
        handler = getattr(route, "path", "unmatched")
        method = scope["method"] if scope["method"] in METHODS else "other"
        seconds = time.perf_counter() - told.started
        self.metrics.request(handler, method, told.status or CLIENT_GONE, seconds)


def _labelled(send: Send, told: _Told, request_id: str, also: Mapping[str, str]) -> Send:
    async def out(message: Message) -> None:
        if message["type"] == "http.response.start":
            told.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = request_id
            headers.update(also)
            headers["openai-processing-ms"] = f"{(time.perf_counter() - told.started) * 1e3:.0f}"
        await send(message)

    return out


async def _refuse(
    error: ArrieroError, scope: Scope, receive: Receive, send: Send, told: _Told
) -> None:
    if told.status:  # half an answer is out: all that is left is to end the connection early
        log.warning("request %s broke off: %s", scope[security.REQUEST_ID], error.message)
        raise error
    if error.status >= 500:
        log.warning("request %s: %s", scope[security.REQUEST_ID], error.message)
    await errors.response(error)(scope, receive, send)


async def _fail(request_id: str, send: Send) -> None:
    body = to_body(errors.unexpected(request_id))
    headers = [(b"content-type", JSON.encode()), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": body})
