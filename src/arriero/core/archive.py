"""How an app's answers are found again over HTTP, without the server knowing what they are searched by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from arriero.core.words import JsonValue


class Wanted(BaseModel):
    """A page of a search. An app adds what its answers are found by."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    limit: int = Field(default=20, ge=1, le=100)
    before: str | None = Field(
        default=None, max_length=64, description="the last run of the page before"
    )


@dataclass(frozen=True, slots=True)
class Found:
    """A page, newest first, and whether there is another."""

    rows: Sequence[Mapping[str, JsonValue]]
    more: bool


class Archive(Protocol):
    """What an app answered, as it stands now: approved or taken back since, kept until when."""

    async def search(self, tenant: str, wanted: Any) -> Found:
        """What the app's own `Wanted` asks for."""

    async def show(self, tenant: str, run: str) -> Mapping[str, JsonValue]:
        """One answer whole.

        Raises:
            NotFound: there is no such run of this app.
        """
