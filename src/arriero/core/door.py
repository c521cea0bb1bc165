"""How an app says it is reached over HTTP, without knowing the server that opens the door."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from arriero.core.archive import Wanted
from arriero.core.words import JsonValue, Outcome, Run


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request's body asks of an app: its input, and what belongs to the case around it."""

    input: BaseModel
    unit: str | None = None
    deadline_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """A message that came through a channel: what was said, by which customer, where."""

    message: str
    customer: str | None
    conversation: str


@dataclass(frozen=True, slots=True)
class Door:
    """POST `path` with a body of type `request` runs a case of `app`.

    `asked` takes a valid body. `present` gives the app's own keys of the response, which `response`
    describes in the OpenAPI document; `run_id`, `outcome`, `reason`, `verdicts`, `sources` and
    `origin` are added for every app. The outcome that `present` gets has private values restored.
    An app with `heard` can be reached through channels too: the web chat and the signed webhook.
    `wanted` is what its archive (`Plugin.archive`) is searched by.
    """

    path: str
    app: str
    summary: str
    request: type[BaseModel]
    response: type[BaseModel]
    asked: Callable[[Any], Asked]
    present: Callable[[Outcome[Any], Run], Mapping[str, JsonValue]]
    heard: Callable[[Heard], Asked] | None = None
    wanted: type[Wanted] | None = None
