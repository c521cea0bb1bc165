"""Work for people: one task with what belongs to it, and what a person does with it.

The server knows no kind of task: the app whose desk names the kind shows it and acts on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from arriero.assembly import Platform
from arriero.core.desk import Act, Desk, Verb
from arriero.core.errors import Conflict, NotFound
from arriero.core.words import Task
from arriero.security.keys import Identity
from arriero.server import errors, security
from arriero.server.idempotency import Answers, once
from arriero.server.replies import Reply, to_body
from arriero.store import failed
from arriero.store.tasks import find

LONGEST = 8_000  # characters of a reply: as many as a customer's message may have

Id = Annotated[str, Path(max_length=200)]
Text = Annotated[str, Field(min_length=1, max_length=LONGEST, pattern=r"\S")]


class Nothing(BaseModel):
    """Accepting a task needs no more than its id."""

    model_config = ConfigDict(extra="forbid")


class Replied(BaseModel):
    """What the customer is to read."""

    model_config = ConfigDict(extra="forbid")

    text: Text


class Returned(BaseModel):
    """Why the app is to go on itself; kept with the task, not shown to the customer."""

    model_config = ConfigDict(extra="forbid")

    reason: Text


class Resolved(BaseModel):
    """A last text for the customer, if there is one."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(default="", max_length=LONGEST)


class Approved(BaseModel):
    """An answer for everybody who asks this. Neither may hold anything of one person's."""

    model_config = ConfigDict(extra="forbid")

    text: Text
    question: str = Field(min_length=1, max_length=400, pattern=r"\S")


class TaskShown(BaseModel):
    """A task. `about` is the app's: what its people need to do it, and the `verbs` possible now."""

    id: str
    tenant: str
    kind: str
    run: str | None
    state: str
    created_at: str
    due_at: str | None
    actor: str | None
    payload: dict[str, Any]
    about: dict[str, Any]


BODIES: Mapping[Verb, tuple[type[BaseModel], str]] = {
    "accept": (Nothing, "Take a task: of two people who try, one gets it"),
    "reply": (Replied, "Say something to the customer and keep the task"),
    "return": (Returned, "Give a task back to the app"),
    "resolve": (Resolved, "End a task as done"),
    "approve": (Approved, "Give an answer to everybody who asks this, and keep the task"),
}


def mount(router: APIRouter, platform: Platform, answers: Answers) -> None:
    """Open the tasks. `GET /v1/tasks` is among the reads."""

    @router.get(
        "/v1/tasks/{id}",
        operation_id="task_show",
        summary="One task with what belongs to it",
        response_class=Response,
        responses={200: {"model": TaskShown}},
    )
    async def show(request: Request, id: Id) -> Response:
        who = security.identity(request.scope)
        return (await _shown(platform, who, await _task(platform, who, id))).response()

    for verb, (body, summary) in BODIES.items():
        _mount_verb(router, platform, answers, verb, body, summary)


def _mount_verb(
    router: APIRouter,
    platform: Platform,
    answers: Answers,
    verb: Verb,
    kind: type[BaseModel],
    summary: str,
) -> None:
    async def act(request: Request, id: Id, body: Any = None) -> Response:
        who = security.identity(request.scope)
        asked = await once(request, who)
        said = body.model_dump() if body is not None else {}
        text, question = str(next(iter(said.values()), "")), str(said.get("question", ""))
        does = Act(verb, who.actor, text, question)
        work = answers.give(asked, lambda: _act(platform, who, id, does))
        return (await work).response()

    # FastAPI reads the body's type from here; a body of which nothing is required may be left out.
    optional = all(not info.is_required() for info in kind.model_fields.values())
    act.__annotations__ |= {"request": Request, "id": Id, "return": Response}
    act.__annotations__["body"] = kind | None if optional else kind
    if not optional:
        act.__defaults__ = None
    router.post(
        f"/v1/tasks/{{id}}/{verb}",
        operation_id=f"task_{verb}",
        summary=summary,
        response_class=Response,
        responses={
            200: {"model": TaskShown},
            409: {
                "model": errors.ErrorBody,
                "description": "Not possible now: somebody else has the task, or it has ended.",
            },
        },
    )(act)


async def _act(platform: Platform, who: Identity, id: str, act: Act) -> Reply:
    task = await _task(platform, who, id)
    desk = desk_of(platform, task.kind)
    if desk is None:
        raise Conflict(
            f"no app that is open here has a desk for tasks of kind {task.kind!r}; "
            "enable the app that makes them"
        )
    return await _shown(platform, who, await desk.act(who.tenant, task.id, act))


async def _task(platform: Platform, who: Identity, id: str) -> Task:
    found = await find(platform.ledger, who.tenant, id)
    if found is None:
        raise NotFound(f"there is no task {id!r}; GET /v1/tasks lists them", param="id")
    return found


async def _shown(platform: Platform, who: Identity, task: Task) -> Reply:
    desk = desk_of(platform, task.kind)
    about = {"verbs": ()} if desk is None else await desk.about(task, who.actor)
    told = {field.name: getattr(task, field.name) for field in fields(task)}
    # Kept under its key, it goes with its run when a person is erased.
    return Reply(200, to_body(told | {"about": about}), task.run)


def desk_of(platform: Platform, kind: str) -> Desk | None:
    """The desk of the app that has tasks of this kind, if it is open; the platform's own of what failed."""
    if kind == failed.KIND:
        return failed.FailedActions(platform.ledger, platform.clock)
    for name, app in platform.apps.items():
        make = platform.plugins[name].desk
        if make is not None and kind in (desk := make(app)).kinds:
            return desk
    return None
