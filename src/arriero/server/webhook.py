"""`POST /v1/APP/webhook`: a customer's message from the company's systems, signed instead of keyed."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from arriero.security.channel import Body, Channel
from arriero.server.bodies import clean
from arriero.server.replies import JSON, to_body


class Acknowledged(BaseModel):
    """The message is kept; its answer comes as a webhook that names `id` as `in_reply_to`."""

    id: str
    state: str


def path_of(app: str) -> str:
    """Where the channel of `app` takes messages."""
    return f"/v1/{app}/webhook"


def mount(router: APIRouter, app: str, channel: Channel) -> None:
    """Open the channel. The signature says who sent the body: no API key is asked for."""

    @router.post(
        path_of(app),
        operation_id=f"{app}_webhook",
        summary="Take a customer's message; the answer is sent to your own address",
        status_code=202,
        response_class=Response,
        responses={202: {"model": Acknowledged}},
        openapi_extra={
            "security": [],
            "requestBody": {
                "required": True,
                "content": {JSON: {"schema": Body.model_json_schema()}},
            },
        },
    )
    async def take(request: Request) -> Response:
        taken = await channel.take(request.headers, await request.body(), clean)
        channel.begin(taken)
        state = "taken" if taken.due else "answered"
        return Response(to_body({"id": taken.id, "state": state}), 202, media_type=JSON)
