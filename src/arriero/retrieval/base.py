"""The seam of finding: passages in, the best hits for a query out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document that can be found and cited; valid on the days between its dates."""

    id: str
    document: str
    title: str
    text: str
    valid_from: date | None = None
    valid_until: date | None = None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A found passage; `ranks` says at which place each ranking had it."""

    passage: Passage
    score: float
    ranks: Mapping[str, int] = field(default_factory=dict)


class Index(Protocol):
    """Finds passages. `version` changes whenever its content does."""

    @property
    def version(self) -> str: ...

    async def search(
        self, query: str, *, k: int = 5, day: date | None = None
    ) -> Sequence[Hit]: ...

    async def ping(self) -> None: ...

    async def close(self) -> None: ...
