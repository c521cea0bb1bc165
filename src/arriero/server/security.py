"""Who may come in: the Host header, the API key, the request's own id."""

from __future__ import annotations

import re
from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import Scope

from arriero.core.ids import uuid7
from arriero.security.keys import Identity, Keyring
from arriero.server.errors import EdgeError

IDENTITY = "arriero.identity"
REQUEST_ID = "arriero.request_id"
KEYED = "/v1/"  # every path below it needs a key, reads included

_PLAIN_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def request_id(headers: Headers) -> str:
    """The caller's `x-request-id` when it is harmless in a log, else a new one."""
    given = headers.get("x-request-id", "")
    return given if _PLAIN_ID.fullmatch(given) else uuid7()


def check_host(headers: Headers, allowed: Collection[str]) -> None:
    """Refuse a Host that is not ours: a web page that rebinds its name to loopback ends here."""
    host = headers.get("host", "")
    name = host[: host.find("]") + 1] if host.startswith("[") else host.partition(":")[0]
    if name.lower() not in allowed:
        raise EdgeError(
            421,
            "wrong_host",
            f"this server does not answer for Host {host[:100]!r}; use one of "
            f"{', '.join(sorted(allowed))}, or add it to [server] allowed_hosts",
        )


async def identify(scope: Scope, headers: Headers, keyring: Keyring) -> None:
    """Put the identity behind the key into the scope; `Unauthenticated` when there is none."""
    if scope["path"].startswith(KEYED) or scope["method"] == "POST":
        scope[IDENTITY] = await keyring.identify(headers.get("authorization"))


def identity(scope: Scope) -> Identity:
    """Who asks."""
    found: Identity = scope[IDENTITY]
    return found
