"""Rollouts over HTTP: what they are, what a person does with them, and verdicts for other controllers.

Argo Rollouts asks with its web metric: `GET .../verdict` gives JSON (`result.verdict`). Flagger asks with
a webhook: `POST .../check` is 200 while the challenger may go on and 409 when it must not.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from arriero.assembly import Platform
from arriero.core.errors import Conflict
from arriero.learning.experiment.findings import judge_arms, judge_pairs
from arriero.learning.rollout import State, holds
from arriero.learning.rollouts import VERBS, Looked, Verb, brief
from arriero.security.keys import Identity
from arriero.server import errors, security
from arriero.server.idempotency import Answers, once
from arriero.server.replies import JSON, Page, Reply, to_body

Id = Annotated[str, Path(max_length=64)]
Word = Annotated[str | None, Query(max_length=64)]
ENDED_WELL = (State.PROMOTED,)


class Asked(BaseModel):
    """Which variant is to challenge its app's champion, and why. `by`: the person behind the key."""

    model_config = ConfigDict(extra="forbid")

    variant: str = Field(min_length=1, max_length=200)
    because: str = Field(default="", max_length=400)
    force: bool = False
    share: float | None = Field(default=None, gt=0, le=1)
    by: str | None = Field(default=None, min_length=1, max_length=64)


def mount(router: APIRouter, platform: Platform, answers: Answers) -> None:
    """Open the rollouts."""

    @router.get("/v1/rollouts", operation_id="rollouts_list", summary="Rollouts, newest first")
    async def rollouts(app: Word = None) -> Response:
        found = await platform.rollouts.all(app=app)
        return _json(Page(tuple(brief(it) for it in found)))

    @router.post("/v1/rollouts", operation_id="rollout_begin", summary="Begin a rollout")
    async def begin(request: Request, body: Asked) -> Response:
        who = security.identity(request.scope)

        async def work() -> Reply:
            made = await platform.rollouts.ask(
                body.variant,
                actor=f"{who.actor}/{body.by}" if body.by else who.actor,
                because=body.because,
                forced=body.force,
                share=body.share,
            )
            return Reply(200, to_body(brief(made)))

        return (await answers.give(await once(request, who), work)).response()

    @router.get(
        "/v1/rollouts/{id}",
        operation_id="rollout_show",
        summary="One rollout: its state, what was counted, and what it waits for",
    )
    async def show(id: Id) -> Response:
        return _json(shown(await platform.rollouts.get(id), platform))

    @router.get(
        "/v1/rollouts/{id}/verdict",
        operation_id="rollout_verdict",
        summary="A verdict for Argo Rollouts' web metric",
    )
    async def verdict(id: Id) -> Response:
        return _json({"result": told(await platform.rollouts.get(id), platform)})

    @router.post(
        "/v1/rollouts/{id}/check",
        operation_id="rollout_check",
        summary="A webhook for Flagger: 200 goes on, 409 stops",
    )
    async def check(id: Id) -> Response:
        said = told(await platform.rollouts.get(id), platform)
        if said["verdict"] == "failed":
            raise Conflict(f"rollout {id!r}: {said['because']}")
        return _json(said)

    for verb in VERBS:
        _mount_verb(router, platform, answers, verb)


def _mount_verb(router: APIRouter, platform: Platform, answers: Answers, verb: Verb) -> None:
    async def act(request: Request, id: Id) -> Response:
        who = security.identity(request.scope)
        asked = await once(request, who)
        work = answers.give(asked, lambda: _act(platform, who, id, verb))
        return (await work).response()

    act.__annotations__ |= {"request": Request, "id": Id, "return": Response}
    router.post(
        f"/v1/rollouts/{{id}}/{verb}",
        operation_id=f"rollout_{verb}",
        summary=f"{verb.title()} a rollout, in the name of the key",
        response_class=Response,
        responses={409: {"model": errors.ErrorBody, "description": "It has ended, or moved."}},
    )(act)


async def _act(platform: Platform, who: Identity, id: str, verb: Verb) -> Reply:
    return Reply(200, to_body(brief(await platform.rollouts.act(id, verb, who.actor))))


def shown(looked: Looked, platform: Platform) -> dict[str, Any]:
    """A rollout with what was counted of it."""
    rollout, seen = looked.rollout, looked.evidence
    pairs = rollout.before + seen.pairs
    return {
        **brief(rollout),
        "waits_for": holds(rollout, seen, platform.clock.now()),
        "pairs": asdict(pairs) | _finite(asdict(judge_pairs(pairs, rollout.plan.level))),
        "ratings": _finite(asdict(judge_arms(seen.ratings, rollout.carried))),
        "guards": {name: _finite(asdict(it)) for name, it in seen.guards.items()},
        "units": [list(it) for it in seen.units],
        "runs": seen.runs,
        "reached": seen.reached,
    }


def told(looked: Looked, platform: Platform) -> dict[str, Any]:
    """What another controller may do with the challenger: `passed`, `failed`, or `running`."""
    rollout = looked.rollout
    verdict = "running"
    if not rollout.open:
        verdict = "passed" if rollout.state in ENDED_WELL else "failed"
    why = holds(rollout, looked.evidence, platform.clock.now())
    return {"verdict": verdict, "state": rollout.state, "share": rollout.share, "because": why}


def _finite(value: Any) -> Any:
    """JSON knows no infinity: what is not known is null."""
    match value:
        case dict():
            return {name: _finite(it) for name, it in value.items()}
        case tuple() | list():
            return [_finite(it) for it in value]
        case float() if value in (float("inf"), float("-inf")):
            return None
    return value


def _json(value: object) -> Response:
    return Response(to_body(value), media_type=JSON)
