"""What a customer reads and writes while a person has the conversation: one pair of routes an app."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from arriero.assembly import Platform
from arriero.core.desk import Conversations
from arriero.core.errors import NotFound
from arriero.security.keys import Identity
from arriero.server import errors, security
from arriero.server.idempotency import Answers, once
from arriero.server.replies import JSON, Page, Reply, to_body

LONGEST = 8_000
MOST = 200  # messages of one reply

Conversation = Annotated[str, Path(max_length=128)]
After = Annotated[str, Query(max_length=64)]


class Written(BaseModel):
    """A customer's message to the person who has the conversation."""

    model_config = ConfigDict(extra="forbid")

    message: str = Field(min_length=1, max_length=LONGEST, pattern=r"\S")


class Taken(BaseModel):
    """The message is kept; `response` is what the customer reads at once."""

    outcome: str
    response: str
    message_id: str
    task: str


class MessageShown(BaseModel):
    """`sender` is customer, agent or service."""

    id: str
    at: str
    sender: str
    text: str


class MessagesShown(BaseModel):
    """In order; ask again with `after` = the last id."""

    object: str
    data: list[MessageShown]
    has_more: bool


def mount(router: APIRouter, platform: Platform, answers: Answers, app: str) -> None:
    """Open the conversations that the desk of `app` keeps."""
    path = f"/v1/{app}/conversations/{{id:path}}/messages"  # a name may have slashes

    @router.get(
        path,
        operation_id=f"{app}_messages_list",
        summary="What was said since people have, or had, the conversation",
        response_class=Response,
        responses={200: {"model": MessagesShown}},
    )
    async def messages(request: Request, id: Conversation, after: After = "") -> Response:
        who = security.identity(request.scope)
        kept = await conversations_of(platform, app).messages(who.tenant, id, after=after)
        page = Page(tuple(kept[:MOST]), has_more=len(kept) > MOST)
        return Response(to_body(page), media_type=JSON)

    @router.post(
        path,
        operation_id=f"{app}_message_post",
        summary="Write to the person who has the conversation",
        status_code=202,
        response_class=Response,
        responses={
            202: {"model": Taken},
            409: {"model": errors.ErrorBody, "description": "No person has the conversation."},
        },
    )
    async def post(request: Request, id: Conversation, body: Written) -> Response:
        who = security.identity(request.scope)
        asked = await once(request, who)
        work = answers.give(asked, lambda: _take(platform, app, who, id, body.message))
        return (await work).response()


async def _take(platform: Platform, app: str, who: Identity, id: str, text: str) -> Reply:
    return Reply(202, to_body(await conversations_of(platform, app).post(who.tenant, id, text)))


def may_keep(platform: Platform, app: str) -> bool:
    """Whether the desk of `app` keeps conversations; of an app that still needs a model: whether it has a desk."""
    make = platform.plugins[app].desk
    if make is None or app not in platform.apps:
        return make is not None and app in platform.needs
    return make(platform.apps[app]).conversations is not None


def conversations_of(platform: Platform, app: str) -> Conversations:
    """The conversations that the desk of `app` keeps."""
    make = platform.plugins[app].desk
    found = make(platform.app(app)).conversations if make is not None else None
    if found is None:
        raise NotFound(f"app {app!r} keeps no conversations")
    return found
