"""The learning loop over HTTP: its cycles, and the pairs that people judge."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from arriero.assembly import Platform
from arriero.core.errors import NotFound
from arriero.learning import cycle as pure
from arriero.learning.cycle import Cycle, Trigger
from arriero.learning.judging import Judging, Standing
from arriero.security.keys import Identity
from arriero.server import security
from arriero.server.idempotency import Answers, once
from arriero.server.replies import JSON, Page, Reply, to_body
from arriero.store.base import Artefact

Id = Annotated[str, Path(max_length=64)]
Word = Annotated[str | None, Query(max_length=64)]


class Begun(BaseModel):
    """Which app is to learn, and why somebody wants it to."""

    model_config = ConfigDict(extra="forbid")

    app: str = Field(min_length=1, max_length=64)
    because: str = Field(default="asked for", min_length=1, max_length=400)


class Judgement(BaseModel):
    """Which of the two answers of a pair is better."""

    model_config = ConfigDict(extra="forbid")

    case: str = Field(min_length=1, max_length=200)
    better: str = Field(min_length=1, max_length=8)


def mount(router: APIRouter, platform: Platform, answers: Answers) -> None:
    """Open cycles and judgements."""
    _mount_cycles(router, platform, answers)
    _mount_judging(router, platform, answers)


def _mount_cycles(router: APIRouter, platform: Platform, answers: Answers) -> None:
    @router.get("/v1/cycles", operation_id="cycles_list", summary="Cycles, newest first")
    async def cycles(request: Request, app: Word = None) -> Response:
        tenant = security.identity(request.scope).tenant
        found = await platform.cycles.listed(app)
        return _shown(Page(tuple(it for it in found if it.tenant == tenant)))

    @router.get("/v1/cycles/{id}", operation_id="cycle_show", summary="One cycle")
    async def cycle(request: Request, id: Id) -> Response:
        return _shown(await _own(platform, security.identity(request.scope), id))

    @router.post("/v1/cycles", operation_id="cycle_begin", summary="Begin a cycle of an app")
    async def begin(request: Request, body: Begun) -> Response:
        who = security.identity(request.scope)

        async def work() -> Reply:
            made = await platform.cycles.begin(
                body.app, Trigger.PERSON, body.because, now=platform.clock.now(), actor=who.actor
            )
            return Reply(200, to_body(made))

        return (await answers.give(await once(request, who), work)).response()

    @router.post("/v1/cycles/{id}/abort", operation_id="cycle_abort", summary="End a cycle")
    async def abort(request: Request, id: Id) -> Response:
        who = security.identity(request.scope)

        async def work() -> Reply:
            await _own(platform, who, id)
            return Reply(
                200, to_body(await platform.cycles.abort(id, platform.clock.now(), who.actor))
            )

        return (await answers.give(await once(request, who), work)).response()


def _mount_judging(router: APIRouter, platform: Platform, answers: Answers) -> None:
    @router.get(
        "/v1/evaluations/{id}/next",
        operation_id="evaluation_next",
        summary="The next pair to judge, without names, and how the judging stands",
    )
    async def next_pair(request: Request, id: Id) -> Response:
        judging = Judging(platform.ledger, security.identity(request.scope).tenant)
        evaluation = await judging.evaluation(id)
        pair = await judging.next(evaluation)
        told = _standing(evaluation, await judging.standing(evaluation), done=pair is None)
        return _shown({"pair": pair and asdict(pair), "standing": told})

    @router.post(
        "/v1/evaluations/{id}/judgements",
        operation_id="evaluation_judge",
        summary="Say which answer of a pair is better: left, right or tie",
    )
    async def judged(request: Request, id: Id, body: Judgement) -> Response:
        who = security.identity(request.scope)

        async def work() -> Reply:
            judging = Judging(platform.ledger, who.tenant)
            evaluation = await judging.evaluation(id)
            standing = await judging.record(
                evaluation, body.case, body.better, actor=who.actor, now=platform.clock.now()
            )
            return Reply(200, to_body({"standing": _standing(evaluation, standing)}))

        return (await answers.give(await once(request, who), work)).response()


async def _own(platform: Platform, who: Identity, id: str) -> Cycle:
    found = pure.to_cycle(await platform.cycles.machine(id))
    if found.tenant != who.tenant:
        raise NotFound(f"there is no cycle {id!r}; GET /v1/cycles lists them", param="id")
    return found


def _standing(evaluation: Artefact, standing: Standing, *, done: bool = False) -> dict[str, Any]:
    """What the page shows; never whose answer stood where."""
    found = standing.finding
    return {
        "evaluation": evaluation.id,
        "app": evaluation.app,
        "judged": standing.judged,
        "of": standing.of,
        "done": done,
        "says": found.says.value,
        "wins": standing.pairs.wins,
        "losses": standing.pairs.losses,
        "ties": standing.pairs.ties,
        "rate": found.effect,
        "low": found.interval.low,
        "high": found.interval.high,
    }


def _shown(value: Any) -> Response:
    return Response(to_body(value), media_type=JSON)
