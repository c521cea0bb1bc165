"""The HTTP edge: `create` makes the ASGI application of a platform, `serve` runs it on a socket."""

from arriero.server.app import create
from arriero.server.serving import serve, server

__all__ = ["create", "serve", "server"]
