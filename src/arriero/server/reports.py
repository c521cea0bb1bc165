"""`GET /v1/APP/report`: what an app says of its own work. The server knows no app's numbers."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from arriero.assembly import Platform
from arriero.core.errors import NotFound
from arriero.server import security
from arriero.server.replies import JSON, to_body

Days = Annotated[int, Query(ge=1, le=365)]


def mount(router: APIRouter, platform: Platform, app: str) -> None:
    """Open the report of `app`."""

    @router.get(
        f"/v1/{app}/report",
        operation_id=f"{app}_report",
        summary=f"What {app} says of its own work in the last days",
        response_class=Response,
        responses={200: {"model": dict[str, Any]}},
    )
    async def report(request: Request, days: Days = 30) -> Response:
        tenant = security.identity(request.scope).tenant
        make = platform.plugins[app].report
        if make is None:
            raise NotFound(f"app {app!r} makes no report")
        told = await make(platform.app(app)).report(tenant, days)
        return Response(to_body(told), media_type=JSON)
