"""A fake index: deterministic, without an encoder or a file, for tests and new apps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from arriero.retrieval.base import Hit, Passage, fingerprint
from arriero.retrieval.text import terms


class MemoryIndex:
    """A fake `Index`: the share of the query's words that stand in the passage or its title."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.version = f"memory@{fingerprint(passages)}"
        self._passages = [
            (passage, frozenset(terms(f"{passage.title} {passage.text}"))) for passage in passages
        ]

    @classmethod
    async def open(cls, _url: str, passages: Sequence[Passage], *_unused: object) -> MemoryIndex:
        return cls(passages)

    async def search(self, query: str, *, k: int = 5, day: date | None = None) -> Sequence[Hit]:
        asked = frozenset(terms(query))
        scored = (
            (len(asked & words) / len(asked), passage)
            for passage, words in self._passages
            if asked and (day is None or passage.valid_on(day))
        )
        found = sorted(
            (pair for pair in scored if pair[0] > 0), key=lambda pair: (-pair[0], pair[1].id)
        )
        return tuple(
            Hit(passage, score, {"overlap": rank})
            for rank, (score, passage) in enumerate(found[:k], start=1)
        )

    async def ping(self) -> None:
        """A fake is always there."""

    async def close(self) -> None:
        """A fake holds nothing."""
