"""The console's files by their address, with the headers that keep a page to itself.

A page is static: everything it shows comes through /v1 with the key that a person pasted, which the
browser keeps for the tab only. No script stands in a page, none comes from elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

FOLDER = Path(__file__).parent / "pages"
EMBED = Path(__file__).parent / "embed"
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
HEADERS: Mapping[str, str] = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-cache",
}


def pages(folder: Path = FOLDER) -> Sequence[BaseRoute]:
    """A route for each file: `inbox.html` is `/console/inbox`, the rest keeps its ending."""
    routes: list[BaseRoute] = []
    for file in sorted(folder.iterdir()):
        if file.suffix not in TYPES:
            continue
        address = file.stem if file.suffix == ".html" else file.name
        content = file.read_bytes()
        routes.append(
            Route(f"/console/{address}", partial(_file, content, TYPES[file.suffix], HEADERS))
        )
    return [Route("/console", _first), *routes, *_embedded()]


# The web chat's own files run in pages of other origins: they may be loaded from anywhere, and may
# be kept by a browser for a while. What they may ask is the server's to say.
OPEN: Mapping[str, str] = {
    "x-content-type-options": "nosniff",
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    "cache-control": "public, max-age=300",
}


def _embedded() -> Sequence[BaseRoute]:
    """`/chat.js` and `/chat.css`."""
    return [
        Route(f"/{file.name}", partial(_file, file.read_bytes(), TYPES[file.suffix], OPEN))
        for file in sorted(EMBED.iterdir())
        if file.suffix in TYPES
    ]


async def _file(
    content: bytes,
    kind: str,
    headers: Mapping[str, str],
    request: Request,  # noqa: ARG001
) -> Response:
    return Response(content, headers=dict(headers), media_type=kind)


async def _first(request: Request) -> Response:  # noqa: ARG001
    return RedirectResponse("/console/inbox", headers=dict(HEADERS))
