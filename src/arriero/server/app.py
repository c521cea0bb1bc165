"""`create`: a platform -> the ASGI application. Everything that a route does is in its own file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute

from arriero.assembly import Platform
from arriero.observe.metrics import this_version
from arriero.server import (
    archives,
    chat,
    conversations,
    cycles,
    doors,
    errors,
    feedback,
    openapi,
    reads,
    reports,
    rollouts,
    tasks,
    webchat,
    webhook,
)
from arriero.server.edge import Edge, Slots
from arriero.server.idempotency import Answers
from arriero.server.visitors import Visitors, web_chats

# Of two cores: at 200 answers a second and 5 ms each one is under way; 64 leaves room for 60 that
# wait for a model, and bounds what a burst may queue up.
MOST_IN_FLIGHT = 64


def create(
    platform: Platform,
    *,
    most_in_flight: int = MOST_IN_FLIGHT,
    pages: Sequence[BaseRoute] = (),
) -> FastAPI:
    """The HTTP edge of `platform`, which stays open as long as the application serves.

    `pages` are served beside the API, to browsers that hold no key yet: static files, no data.
    """
    answers = Answers(platform.ledger, platform.clock, platform.sealer)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:  # noqa: ARG001
        yield
        await answers.close()
        for channel in platform.channels.values():
            await channel.close()

    app = FastAPI(
        title="Arriero",
        version=this_version(),
        description="Every POST needs `Authorization: Bearer KEY`.",
        openapi_url="/openapi.json",
        docs_url=None,  # both pages load scripts from the internet
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        responses=openapi.RESPONSES,
    )
    errors.install(app)
    # Into the application's own router: one that is included is searched twice for each request.
    _mount(app.router, platform, answers)
    app.openapi = partial(openapi.describe, app)  # type: ignore[method-assign]  # FastAPI's own way
    app.router.routes.extend(pages)
    app.add_middleware(
        Edge,
        keyring=platform.keyring,
        metrics=platform.metrics,
        hosts=frozenset(platform.settings.server.allowed_hosts),
        most_bytes=platform.settings.server.max_body_bytes,
        slots=Slots(most_in_flight),
        visitors=Visitors.of(platform),
        signed=frozenset(webhook.path_of(name) for name in platform.channels),
    )
    return app


def _mount(router: APIRouter, platform: Platform, answers: Answers) -> None:
    for name, plugin in platform.plugins.items():
        if plugin.door is not None and (name in platform.apps or name in platform.needs):
            doors.mount(router, platform, answers, plugin.door)
            if plugin.archive is not None and plugin.door.wanted is not None:
                archives.mount(router, platform, plugin.door, plugin.door.wanted)
        if conversations.may_keep(platform, name):
            conversations.mount(router, platform, answers, name)
        if plugin.report is not None and (name in platform.apps or name in platform.needs):
            reports.mount(router, platform, name)
    for name, settings in web_chats(platform).items():
        door = platform.plugins[name].door
        if door is not None and (name in platform.apps or name in platform.needs):
            webchat.mount(router, platform, answers, door, settings)
    for name, channel in platform.channels.items():
        webhook.mount(router, name, channel)
    tasks.mount(router, platform, answers)
    rollouts.mount(router, platform, answers)
    feedback.mount(router, platform, answers)
    chat.mount(router, platform, answers)
    cycles.mount(router, platform, answers)
    reads.mount(router, platform)
