"""`POST /v1/feedback`: what a person says of a run, checked by kind, acknowledged once it is on disk."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from arriero.assembly import Platform
from arriero.core.errors import InputError
from arriero.core.feedback import LONGEST, check
from arriero.learning.give import Said
from arriero.security.keys import Identity
from arriero.server import security
from arriero.server.idempotency import Answers, once
from arriero.server.replies import Reply, to_body
from arriero.store.base import FeedbackGiven


class FeedbackAsked(BaseModel):
    """`value`: thumb true/false, rating 1 to 5, edit the better answer, comment a text,
    resolved and recontact true/false, label what should have been understood by name.
    `user` is the person who says so, as your own system names them: kept as a pseudonym.
    """

    model_config = ConfigDict(extra="forbid")

    run_id: str = Field(min_length=1, max_length=64)
    kind: Literal["thumb", "rating", "edit", "comment", "resolved", "recontact", "label"]
    value: bool | int | str | dict[str, str]
    comment: str | None = Field(default=None, max_length=LONGEST)
    user: str | None = Field(default=None, min_length=1, max_length=128)

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
    said = Said(body.run_id, body.kind, body.value, body.comment, body.user)
    given = await platform.ear.take(said, tenant=who.tenant, actor=who.actor)
    return Reply(
        201, to_body({"feedback_id": given.id}), entries=(FeedbackGiven(given),), durable=True
    )
