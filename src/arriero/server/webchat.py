"""The web chat of an app: what a customer's browser may do, and how the company gets it a token."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from arriero.assembly import Platform
from arriero.core.desk import Conversations
from arriero.core.door import Door, Heard
from arriero.core.errors import ArrieroError, Conflict
from arriero.core.settings import WebChat
from arriero.core.words import Ended
from arriero.flow import Case, Event
from arriero.security.keys import Identity
from arriero.security.visitors import Tokens, Visitor
from arriero.server import errors, security
from arriero.server.conversations import LONGEST, MOST, MessageShown, conversations_of
from arriero.server.errors import EdgeError
from arriero.server.idempotency import Answers, once
from arriero.server.replies import JSON, Page, Reply, Watch, to_body
from arriero.server.streaming import EVENT_STREAM, EventStream, frame, unless_gone, wants_events
from arriero.server.visitors import Pace, visitor

ACTOR = "web-chat"
LATER = "the chat cannot answer now; try again in a moment"
OWN = r"^[A-Za-z0-9_-]{16,64}$"  # what a browser calls its conversation: 96 random bits and more

T = TypeVar("T")
log = logging.getLogger(__name__)


class TokenWanted(BaseModel):
    """Whom the browser speaks for; nobody in particular without `customer`."""

    model_config = ConfigDict(extra="forbid")

    customer: str | None = Field(
        default=None, min_length=1, max_length=48, pattern=r"^[\x21-\x7e]+$"
    )


class TokenMade(BaseModel):
    """For the page's script alone; good until `expires_at`."""

    token: str
    expires_at: str


class Spoken(BaseModel):
    """A customer's message; `conversation` is the browser's own random name for it."""

    model_config = ConfigDict(extra="forbid")

    conversation: str = Field(pattern=OWN)
    message: str = Field(min_length=1, max_length=LONGEST, pattern=r"\S")


class ChatAnswer(BaseModel):
    """What the customer reads. `waits`: a colleague has the conversation, or will have it."""

    response: str
    outcome: str
    waits: bool


class Me(BaseModel):
    """`visitor` tells people who share a browser apart; it says nothing else of them."""

    visitor: str
    expires_at: str


class Followed(BaseModel):
    """In order; ask again with `after` = the last id, as long as it `waits`."""

    object: str
    data: list[MessageShown]
    has_more: bool
    waits: bool


@dataclass(frozen=True)
class _Chat:
    """One app's web chat."""

    platform: Platform
    answers: Answers
    door: Door
    settings: WebChat

    @property
    def conversations(self) -> Conversations:
        return conversations_of(self.platform, self.door.app)

    async def say(self, who: Visitor, said: Spoken, watch: Watch) -> Reply:
        assert self.door.heard is not None  # noqa: S101  # `web_chats` gives no other
        place = who.conversation(said.conversation)
        asked = self.door.heard(Heard(said.message, who.customer, place))
        case = Case(who.tenant, ACTOR, asked.input, asked.unit, asked.deadline_ms)
        result = await self.platform.flow.run(self.platform.app(self.door.app), case, watch=watch)
        if result.outcome.ended is Ended.FAILED:
            return Reply(503, to_body(errors.body(503, "run_failed", LATER)), result.run_id)
        shown = self.door.present(result.outcome, result.run)
        told = {
            "response": shown["response"],
            "outcome": result.outcome.ended.value,
            "waits": await self.conversations.waits(who.tenant, place),
        }
        return Reply(200, to_body(told), result.run_id)

    async def follow(self, who: Visitor, own: str, after: str) -> Mapping[str, Any]:
        place = who.conversation(own)
        waits = await self.conversations.waits(who.tenant, place)  # before: none is missed
        kept = await self.conversations.messages(who.tenant, place, after=after)
        page = Page(tuple(kept[:MOST]), has_more=len(kept) > MOST)
        told = {"object": page.object, "data": page.data, "has_more": page.has_more}
        return told | {"waits": waits or page.has_more}


def mount(
    router: APIRouter, platform: Platform, answers: Answers, door: Door, settings: WebChat
) -> None:
    """Open the chat of the door's app: a token for the company, three routes for its customers."""
    chat = _Chat(platform, answers, door, settings)
    tokens, pace = (
        Tokens(platform.sealer, platform.clock),
        Pace(platform.clock, settings.most_messages),
    )
    path, name = f"/v1/{door.app}/chat", door.app

    @router.post(
        f"/v1/{name}/chat-tokens",
        operation_id=f"{name}_chat_token",
        summary="A short-lived token with which a customer's browser may use the web chat",
        response_class=Response,
        responses={200: {"model": TokenMade}},
    )
    async def token(request: Request, body: TokenWanted) -> Response:
        tenant = security.identity(request.scope).tenant
        if not settings.origins:
            raise closed(name)
        good_for = timedelta(minutes=settings.token_minutes)
        secret, made = tokens.mint(tenant, name, body.customer, good_for)
        told = to_body({"token": secret, "expires_at": made.until.isoformat()})
        return Response(told, media_type=JSON, headers={"cache-control": "no-store"})

    @router.get(
        path,
        operation_id=f"{name}_chat",
        summary="Whom this chat token speaks for",
        response_class=Response,
        responses={200: {"model": Me}},
    )
    async def me(request: Request) -> Response:
        who = visitor(request.scope)
        return _answer({"visitor": who.mark, "expires_at": who.until.isoformat()})

    @router.post(
        f"{path}/messages",
        operation_id=f"{name}_chat_say",
        summary="A customer's message from a page",
        response_class=Response,
        responses={
            200: {"model": ChatAnswer, "content": {EVENT_STREAM: {}}},
            403: {"model": errors.ErrorBody, "description": "A page of a site that is not listed."},
        },
    )
    async def say(request: Request, body: Spoken) -> Response:
        who = visitor(request.scope)
        pace.step(who.conversation(body.conversation))
        asked = await once(request, Identity(who.tenant, ACTOR))
        # Two browsers may think of the same key: what was answered to one is not for the other.
        if asked is not None:
            own = f"{who.conversation(body.conversation)}\0{asked.key}"
            asked = replace(asked, key=f"web:{hashlib.sha256(own.encode()).hexdigest()}")
        if wants_events(request):
            return EventStream(
                lambda watch: _outward(
                    request, answers.give(asked, lambda: chat.say(who, body, watch))
                ),
                STAGES,
            )
        work = answers.give(asked, lambda: chat.say(who, body, lambda event: None))
        return (await unless_gone(request.receive, _outward(request, work))).response()

    @router.get(
        f"{path}/messages",
        operation_id=f"{name}_chat_follow",
        summary="What colleagues wrote",
        response_class=Response,
        responses={200: {"model": Followed}},
    )
    async def follow(
        request: Request,
        conversation: Annotated[str, Query(pattern=OWN)],
        after: Annotated[str, Query(max_length=64)] = "",
    ) -> Response:
        return _answer(
            await _outward(request, chat.follow(visitor(request.scope), conversation, after))
        )


def closed(app: str) -> Conflict:
    """Nobody may open the chat yet."""
    return Conflict(
        f"the web chat is closed: name the sites that may open it in [apps.{app}.web_chat] origins, "
        'such as ["https://shop.example"]'
    )


async def _outward(request: Request, work: Awaitable[T]) -> T:
    """`work`; what fails on our side is told to the log, and to the page only that it did."""
    try:
        return await work
    except ArrieroError as error:
        if error.status < 500:
            raise
        log.warning("request %s: %s", request.scope[security.REQUEST_ID], error.message)
        raise EdgeError(error.status, error.code, LATER) from None


def _answer(told: Mapping[str, Any]) -> Response:
    return Response(to_body(told), media_type=JSON, headers={"cache-control": "no-store"})


@dataclass(frozen=True, slots=True)
class _ShortFrames:
    """Which stage has begun, then the answer: a customer's page learns nothing of the inside."""

    eager: bool = True

    def event(self, event: Event) -> bytes:
        if event.kind != "stage" or event.data.get("state") != "begun":
            return b""
        told = {"stage": event.data["stage"], "state": "begun"}
        return frame(to_body(told), event="stage")

    def reply(self, reply: Reply) -> bytes:
        return frame(reply.body, event="answer" if reply.status == 200 else "error")

    def error(self, error: Mapping[str, object]) -> bytes:
        return frame(to_body(error), event="error")

    def headers(self, event: Event | None) -> Mapping[str, str]:
        return {}


STAGES = _ShortFrames()
