"""Mounts the doors of the apps: one POST route an app, the same code for ours and a stranger's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, create_model

from arriero.assembly import Platform
from arriero.core.door import Door
from arriero.core.words import Ended
from arriero.flow import Case, Event, Result
from arriero.security.keys import Identity
from arriero.server import errors, security
from arriero.server.idempotency import Answers, once
from arriero.server.replies import Reply, Watch, to_body
from arriero.server.streaming import EVENT_STREAM, EventStream, frame, unless_gone, wants_events


class VerdictShown(BaseModel):
    """What a check said of the answer."""

    check: str
    passed: bool
    score: float
    reason: str
    evidence: list[str]


class SourceShown(BaseModel):
    """A piece of evidence that the answer cites, word for word."""

    id: str
    title: str
    quote: str


class Answered(BaseModel):
    """What every app's answer carries beside its own keys.

    `run_id` is null when the ledger is down. `degraded` says in sentences what the answer was made or left
    without because something was down: what was said before, its record. It is empty else.
    """

    run_id: str | None
    outcome: Literal["answered", "clarify", "pending", "fallback", "refused", "failed"]
    reason: str
    origin: str
    verdicts: list[VerdictShown]
    sources: list[SourceShown]
    degraded: list[str]


def mount(router: APIRouter, platform: Platform, answers: Answers, door: Door) -> None:
    """Open `door`: POST its path runs a case of its app."""

    async def ask(request: Request, body: Any) -> Response:
        who = security.identity(request.scope)
        asked = await once(request, who)
        tell = partial(_run, platform, door, who, body)
        if wants_events(request):
            return EventStream(lambda watch: answers.give(asked, lambda: tell(watch)), STAGES)
        work = answers.give(asked, lambda: tell(_nobody))
        return (await unless_gone(request.receive, work)).response()

    # FastAPI reads the body's type from here: `door.request` is known only now.
    ask.__annotations__ |= {"request": Request, "body": door.request, "return": Response}
    shown = create_model(f"{door.app.title()}Answer", __base__=(door.response, Answered))
    router.post(
        door.path,
        operation_id=f"{door.app}_ask",
        summary=door.summary,
        response_class=Response,
        responses={
            200: {"model": shown, "description": ANSWER, "content": {EVENT_STREAM: {}}},
            503: {"model": errors.ErrorBody, "description": "Not even a fallback answer was made."},
        },
    )(ask)


ANSWER = (
    "The judged answer. With `Accept: text/event-stream`: a `stage` event as each stage begins and "
    "ends, then one `answer` event with the same body, or an `error` event."
)


async def _run(
    platform: Platform, door: Door, who: Identity, body: BaseModel, watch: Watch
) -> Reply:
    asked = door.asked(body)
    case = Case(who.tenant, who.actor, asked.input, asked.unit, asked.deadline_ms)
    result = await platform.flow.run(platform.app(door.app), case, watch=watch)
    told = dict(door.present(result.outcome, result.run)) | common(result)
    if result.outcome.ended is Ended.FAILED:
        return Reply(503, to_body(told | failure(result)), result.run_id)
    return Reply(200, to_body(told), result.run_id)


def common(result: Result[Any]) -> dict[str, Any]:
    """The keys of `Answered`."""
    outcome = result.outcome
    return {
        "run_id": result.run_id,
        "outcome": outcome.ended.value,
        "reason": outcome.reason,
        "origin": outcome.origin,
        "verdicts": outcome.verdicts,
        "sources": outcome.sources,
        "degraded": result.degraded,
    }


def failure(result: Result[Any]) -> dict[str, Any]:
    """The error of a run of which not even the fallback came out."""
    message = f"no answer could be made ({result.outcome.reason}); try again"
    return errors.body(503, "run_failed", message)


@dataclass(frozen=True, slots=True)
class _StageFrames:
    """Stages as they begin and end, then the answer. Drafts are never shown before they are judged."""

    eager: bool = True

    def event(self, event: Event) -> bytes:
        return frame(to_body(event.data), event="stage") if event.kind == "stage" else b""

    def reply(self, reply: Reply) -> bytes:
        return frame(reply.body, event="answer" if reply.status == 200 else "error")

    def error(self, error: Mapping[str, object]) -> bytes:
        return frame(to_body(error), event="error")

    def headers(self, event: Event | None) -> Mapping[str, str]:
        return {}


STAGES = _StageFrames()


def _nobody(event: Event) -> None:
    """Watches a run that nobody watches."""
