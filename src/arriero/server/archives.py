"""`GET` an app's path finds its answers again, `GET` path/RUN shows one as it stands now."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from arriero.assembly import Platform
from arriero.core.archive import Archive, Wanted
from arriero.core.door import Door
from arriero.core.errors import NotFound
from arriero.server import security
from arriero.server.replies import JSON, Page, to_body

Id = Annotated[str, Path(max_length=64)]


def mount(router: APIRouter, platform: Platform, door: Door, wanted: type[Wanted]) -> None:
    """Open the archive behind `door`, searched by the fields of `wanted`."""

    async def search(request: Request, asked: Any) -> Response:
        tenant = security.identity(request.scope).tenant
        found = await _archive(platform, door.app).search(tenant, asked)
        return Response(to_body(Page(tuple(found.rows), found.more)), media_type=JSON)

    # FastAPI reads the query's type from here: `wanted` is known only now.
    search.__annotations__ |= {"request": Request, "return": Response}
    search.__annotations__["asked"] = Annotated[wanted, Query()]
    router.get(
        door.path,
        operation_id=f"{door.app}_search",
        summary=f"Answers of {door.app}, found again: newest first",
        response_class=Response,
        responses={200: {"model": dict[str, Any]}},
    )(search)

    @router.get(
        f"{door.path}/{{run}}",
        operation_id=f"{door.app}_show",
        summary=f"An answer of {door.app} as it stands now",
        response_class=Response,
        responses={200: {"model": dict[str, Any]}},
    )
    async def show(request: Request, run: Id) -> Response:
        tenant = security.identity(request.scope).tenant
        told = await _archive(platform, door.app).show(tenant, run)
        return Response(to_body(told), media_type=JSON)


def _archive(platform: Platform, app: str) -> Archive:
    opened, make = platform.app(app), platform.plugins[app].archive
    if make is None:
        raise NotFound(f"app {app!r} keeps no archive")
    return make(opened)
