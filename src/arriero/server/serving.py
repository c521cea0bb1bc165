"""Runs the edge on a socket: one uvicorn worker (DESIGN §3), loopback only, ended by a signal."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence

import uvicorn
from starlette.routing import BaseRoute

from arriero.assembly import Platform
from arriero.core.errors import SettingsError
from arriero.server.app import create

IDLE_S = 75  # a pooled connection stays open longer than the 60 s for which proxies keep theirs
END_WITHIN_S = 10  # Ctrl-C: what is under way may take this long (an inquiry's default deadline)


async def serve(
    platform: Platform, listener: socket.socket, pages: Sequence[BaseRoute] = ()
) -> None:
    """Serve `platform` and `pages` on `listener` until SIGINT or SIGTERM.

    Raises:
        SettingsError: `listener` can be reached from beyond this machine.
    """
    await server(platform, listener, pages).serve(sockets=[listener])


def server(
    platform: Platform, listener: socket.socket, pages: Sequence[BaseRoute] = ()
) -> uvicorn.Server:
    """The server that `serve` runs; set its `should_exit` to end it."""
    address = listener.getsockname()[0]
    if not ipaddress.ip_address(address).is_loopback:
        raise SettingsError(
            f"serving on {address!r} is refused until identity and limits exist; bind 127.0.0.1"
        )
    return uvicorn.Server(
        uvicorn.Config(
            create(platform, most_in_flight=platform.settings.server.max_in_flight, pages=pages),
            http="auto",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,  # every run is in the ledger, every request in the metrics
            server_header=False,
            proxy_headers=False,  # nothing stands before a loopback server that may be believed
            timeout_keep_alive=IDLE_S,
            timeout_graceful_shutdown=END_WITHIN_S,
        )
    )
