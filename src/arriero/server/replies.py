"""A response as a value: what an endpoint gives, and what an idempotency key gives again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from fastapi import Response
from pydantic_core import to_json

from arriero.core.words import JsonValue
from arriero.flow import Event
from arriero.store.base import Entry

JSON = "application/json"
RUN_ID = "x-arriero-run-id"

Watch = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Reply:
    """`body` is JSON. `entries` are committed before it leaves, in one transaction.

    `durable` waits until they are on the disk; `run` is the id of the run that made it, or that it
    tells of.
    """

    status: int
    body: bytes
    run: str | None = None
    entries: tuple[Entry, ...] = ()
    durable: bool = False
    replayed: bool = False

    def headers(self) -> dict[str, str]:
        """What goes beside the body: the run's id, and whether this was answered before."""
        said = {} if self.run is None else {RUN_ID: self.run}
        return said | ({"idempotent-replayed": "true"} if self.replayed else {})

    def response(self) -> Response:
        return Response(self.body, self.status, self.headers(), JSON)


Work = Callable[[Watch], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Page:
    """A list as OpenAI's API shows one."""

    data: tuple[JsonValue, ...]
    has_more: bool = False
    object: str = field(default="list")


def to_body(value: JsonValue) -> bytes:
    """`value` (JSON values, dataclasses, pydantic models, moments) as UTF-8 JSON."""
    return to_json(value, inf_nan_mode="null")
