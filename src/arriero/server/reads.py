"""What may be read: runs, tasks, models, health, metrics. Runs and tasks of the key's tenant only."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import fields
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from arriero.assembly import Platform
from arriero.core.errors import NotFound, StoreError
from arriero.core.ids import run_named
from arriero.core.words import canonical_json
from arriero.observe.metrics import CONTENT_TYPE
from arriero.server import security
from arriero.server.replies import JSON, Page, Reply, to_body
from arriero.store.tasks import find

# A replica without these still serves, only worse: answers that need no model go on while one is
# restarted. `/health/ready` names them and stays green.
DISPENSABLE = ("cache", "model:")
ALERTS_WITHIN_S = 1.0  # Prometheus gives a scrape 10 s

Id = Annotated[str, Path(max_length=64)]
Limit = Annotated[int, Query(ge=1, le=100)]
Word = Annotated[str | None, Query(max_length=64)]
TaskId = Annotated[str | None, Query(max_length=200)]  # a run's id and what it is about


def mount(router: APIRouter, platform: Platform) -> None:
    """Open the reads."""
    _mount_records(router, platform)
    _mount_health(router, platform)


def _mount_records(router: APIRouter, platform: Platform) -> None:
    @router.get(
        "/v1/runs/{id}",
        operation_id="run_show",
        summary="One run, what was said of it and its tasks",
    )
    async def run(request: Request, id: Id) -> Response:
        tenant = security.identity(request.scope).tenant
        found = await platform.ledger.run(tenant, run_named(id))
        if found is None:
            raise NotFound(f"there is no run {id!r}; GET /v1/runs lists the newest", param="id")
        said = await platform.ledger.feedback(tenant, found.id)
        tasks = await platform.ledger.tasks(tenant, run=found.id)
        record = {field.name: getattr(found, field.name) for field in fields(found)}
        return _shown(record | {"feedback": said, "tasks": tasks})

    @router.get(
        "/v1/runs/{id}/proof",
        operation_id="run_proof",
        summary="Receipts: that a run was recorded, when, and that nobody changed it since",
    )
    async def proof(request: Request, id: Id) -> Response:
        tenant, id = security.identity(request.scope).tenant, run_named(id)
        found = await platform.ledger.run(tenant, id)
        contents = [] if found is None else [canonical_json(found)]
        bundle = found and await platform.audit.receipts(tenant, id, contents)
        if not bundle:
            raise NotFound(f"there is no run {id!r}; GET /v1/runs lists the newest", param="id")
        return _shown(bundle)

    @router.get("/v1/runs", operation_id="runs_list", summary="Runs, newest first")
    async def runs(
        request: Request, app: Word = None, limit: Limit = 20, before: Word = None
    ) -> Response:
        tenant = security.identity(request.scope).tenant
        found = await platform.ledger.runs(tenant, app=app, limit=limit + 1, before=before)
        return _shown(Page(tuple(found[:limit]), has_more=len(found) > limit))

    @router.get(
        "/v1/tasks",
        operation_id="tasks_list",
        summary="Work for people: oldest first, or with order=due what is due first",
    )
    async def tasks(
        request: Request,
        kind: Word = None,
        state: Word = None,
        limit: Limit = 100,
        after: TaskId = None,
        order: Literal["created", "due"] = "created",
    ) -> Response:
        tenant = security.identity(request.scope).tenant
        if after is not None and await find(platform.ledger, tenant, after) is None:
            raise NotFound(
                f"there is no task {after!r} to go on after; ask without `after` to begin again",
                param="after",
            )
        found = await platform.ledger.tasks(
            tenant, kind=kind, state=state, limit=limit + 1, after=after, soonest=order == "due"
        )
        return _shown(Page(tuple(found[:limit]), has_more=len(found) > limit))


def _mount_health(router: APIRouter, platform: Platform) -> None:
    @router.get("/health/live", operation_id="health_live", summary="The process answers")
    async def live() -> Response:
        return _shown({"status": "ok"})

    @router.get("/health/ready", operation_id="health_ready", summary="One ping an engine")
    async def ready() -> Response:
        pings = await platform.readiness()
        told = {
            "engines": {
                name: {"error": ping.error, "ms": round(ping.ms, 2)} for name, ping in pings.items()
            },
            "needs": platform.lacking(),
        }
        wrong = [name for name, ping in pings.items() if ping.error]
        down = [name for name in wrong if not name.startswith(DISPENSABLE)]
        status = "down" if down else "degraded" if wrong else "ready"
        return Reply(503 if down else 200, to_body({"status": status, **told})).response()

    @router.get("/metrics", operation_id="metrics", summary="Prometheus' text format")
    async def metrics() -> Response:
        with suppress(
            StoreError, TimeoutError
        ):  # the numbers of this process are shown all the same
            async with asyncio.timeout(ALERTS_WITHIN_S):
                platform.metrics.alerts(await platform.ledger.alerts())
        return Response(platform.metrics.text(), media_type=CONTENT_TYPE)


def _shown(value: Any) -> Response:
    return Response(to_body(value), media_type=JSON)
