"""`POST /v1/feedback`: what a person says of a run, checked by kind, acknowledged once it is on disk."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from arriero.assembly import Platform
from arriero.core.errors import InputError, NotFound
from arriero.core.feedback import LONGEST, check
from arriero.core.ids import uuid7
from arriero.core.words import Feedback
from arriero.security.keys import Identity
from arriero.server import security
from arriero.server.idempotency import Answers, once
from arriero.server.replies import Reply, to_body
from arriero.store.base import FeedbackGiven

CHAT_PREFIX = "chatcmpl-"  # `/v1/chat/completions` shows run ids the way OpenAI's clients expect


class FeedbackAsked(BaseModel):
    """`value`: thumb true/false, rating 1 to 5, edit the better answer, comment a text,
    resolved and recontact true/false.
    """

    model_config = ConfigDict(extra="forbid")

    run_id: str = Field(min_length=1, max_length=64)
    kind: Literal["thumb", "rating", "edit", "comment", "resolved", "recontact"]
    value: bool | int | str
    comment: str | None = Field(default=None, max_length=LONGEST)

    @field_validator("value", mode="before")
    @classmethod
    def _fits_its_kind(cls, value: Any, info: ValidationInfo) -> Any:
        if kind := info.data.get("kind"):  # a kind that is not there is an error of its own
            try:
                check(kind, value)
            except InputError as error:
                raise ValueError(error.message) from None
        return value


class FeedbackTaken(BaseModel):
    """The feedback is on the disk under this id."""

    feedback_id: str


def mount(router: APIRouter, platform: Platform, answers: Answers) -> None:
    """Open `POST /v1/feedback`."""

    @router.post(
        "/v1/feedback",
        operation_id="feedback_give",
        summary="Say what became of a run",
        status_code=201,
        response_class=Response,
        responses={201: {"model": FeedbackTaken}},
    )
    async def give(request: Request, body: FeedbackAsked) -> Response:
        who = security.identity(request.scope)
        asked = await once(request, who)
        return (await answers.give(asked, lambda: _take(platform, who, body))).response()


async def _take(platform: Platform, who: Identity, body: FeedbackAsked) -> Reply:
    run = body.run_id.removeprefix(CHAT_PREFIX)
    if await platform.ledger.run(who.tenant, run) is None:
        raise NotFound(
            f"there is no run {body.run_id!r}; take run_id from an answer", param="run_id"
        )
    id, now = uuid7(), platform.clock.now()
    given = Feedback(id, who.tenant, run, who.actor, now, body.kind, body.value, body.comment)
    return Reply(201, to_body({"feedback_id": id}), entries=(FeedbackGiven(given),), durable=True)
