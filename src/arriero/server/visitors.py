"""Browsers on the company's own pages: whose token is good, which sites may ask, and how fast.

A path below `/v1/APP/chat` takes no API key but a visitor's token, and answers other origins only
when `[apps.APP.web_chat] origins` lists them. Everything else of the server stays closed to pages.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.types import Scope, Send

from arriero.assembly import Platform
from arriero.core.clock import Clock
from arriero.core.errors import Unauthenticated
from arriero.core.settings import WebChat
from arriero.security.visitors import Tokens, Visitor
from arriero.server.errors import EdgeError

VISITOR = "arriero.visitor"
EXPOSED = "x-request-id, retry-after"
ALLOWED = "authorization, content-type, idempotency-key"
PREFLIGHT_S = "600"  # how long a browser remembers what it may send
SPAN_S = 10.0
MOST_KNOWN = 10_000  # conversations whose pace is remembered


@dataclass(frozen=True)
class Visitors:
    """The web chats that are open, by the path they are below."""

    tokens: Tokens
    chats: Mapping[str, tuple[str, WebChat]]

    @classmethod
    def of(cls, platform: Platform) -> Visitors:
        chats = {f"/v1/{name}/chat": (name, chat) for name, chat in web_chats(platform).items()}
        return cls(Tokens(platform.sealer, platform.clock), chats)

    def chat(self, path: str) -> tuple[str, WebChat] | None:
        """The app and settings of the chat that `path` belongs to; None for every other path."""
        return self.chats.get("/".join(path.split("/", 4)[:4]))

    def told(self, path: str, headers: Headers) -> Mapping[str, str]:
        """What a browser must read on every response, also a refusal, to hand it to its page."""
        origin = headers.get("origin", "").lower()
        chat = self.chat(path)
        if chat is None:
            return {}
        if origin not in chat[1].origins:
            return {"vary": "origin"}
        return {
            "vary": "origin",
            "access-control-allow-origin": origin,
            "access-control-expose-headers": EXPOSED,
        }

    def admit(self, scope: Scope, headers: Headers, app: str, chat: WebChat) -> None:
        """Put the visitor into the scope.

        Raises:
            EdgeError: the page is on a site that is not listed.
            Unauthenticated: there is no good token.
        """
        _check_origin(scope["method"], headers, chat)
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthenticated("no chat token; send 'Authorization: Bearer TOKEN'")
        scope[VISITOR] = self.tokens.read(token.strip(), app)


def web_chats(platform: Platform) -> Mapping[str, WebChat]:
    """The chat settings of every app that customers can write to through channels."""
    found: dict[str, WebChat] = {}
    for name, plugin in platform.plugins.items():
        chat = getattr(platform.sections.get(name), "web_chat", None)
        reachable = plugin.door is not None and plugin.door.heard is not None
        if isinstance(chat, WebChat) and reachable and plugin.desk is not None:
            found[name] = chat
    return found


def visitor(scope: Scope) -> Visitor:
    """Who asks through the chat."""
    found: Visitor = scope[VISITOR]
    return found


async def preflight(headers: Headers, chat: WebChat, send: Send) -> None:
    """The answer to a browser that asks what it may send."""
    _check_origin("OPTIONS", headers, chat)
    told = {
        "access-control-allow-methods": "GET, POST",
        "access-control-allow-headers": ALLOWED,
        "access-control-max-age": PREFLIGHT_S,
        "content-length": "0",
    }
    raw = [(name.encode(), value.encode()) for name, value in told.items()]
    await send({"type": "http.response.start", "status": 204, "headers": raw})
    await send({"type": "http.response.body", "body": b""})


def _check_origin(method: str, headers: Headers, chat: WebChat) -> None:
    """A page of the same site may read without naming itself; a browser names it at every write."""
    origin = headers.get("origin", "")
    if origin.lower() in chat.origins or (not origin and method in {"GET", "HEAD"}):
        return
    raise EdgeError(
        403,
        "wrong_origin",
        f"the web chat does not answer pages of {origin[:100] or 'an unnamed site'!r}; "
        "add the site to origins in the app's web_chat settings",
    )


@dataclass
class Pace:
    """How fast a conversation may write: `most` messages in any `SPAN_S` seconds, on each server."""

    clock: Clock
    most: int
    _sent: OrderedDict[str, list[float]] = field(default_factory=OrderedDict)

    def step(self, conversation: str) -> None:
        """Count a message, or refuse it with 429."""
        now = self.clock.monotonic()
        sent = [at for at in self._sent.pop(conversation, []) if now - at < SPAN_S]
        self._sent[conversation] = sent
        if len(self._sent) > MOST_KNOWN:
            self._sent.popitem(last=False)
        if len(sent) >= self.most:
            raise EdgeError(
                429,
                "too_fast",
                f"more than {self.most} messages in {SPAN_S:.0f} s in one conversation; "
                "wait a moment and send it again",
                headers={"retry-after": str(max(1, round(SPAN_S - (now - sent[0]))))},
            )
        sent.append(now)
