"""The seam of finding: a question -> the passages that may answer it.

A fake ships in `memory.py`; `tests/contracts/test_indexes.py` runs every engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from arriero.core.words import content_hash


@dataclass(frozen=True, slots=True)
class Expected:
    """A question that is expected, and the words of the passage that answer it."""

    question: str
    quote: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document that can be quoted by itself. Both days of its validity count.

    `disputed` are the ids of passages that say otherwise on the same matter; see `conflicts`.
    `expected` are questions that it answers: it is found by them as well as by its own words
    (document expansion: Nogueira et al., "Document expansion by query prediction", 2019).
    """

    id: str
    document: str
    title: str
    text: str
    valid_from: date | None = None
    valid_until: date | None = None
    labels: tuple[str, ...] = ()
    disputed: tuple[str, ...] = ()
    expected: tuple[Expected, ...] = ()

    def valid_on(self, day: date) -> bool:
        """Whether it holds on this day; an open end holds for ever."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_until is None or day <= self.valid_until)


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found: its fused score, and its place (from 1) in each ranking that found it.

    `nearest` is the expected question of the passage that is most like the query, `likeness` their
    cosine; None and 0 where the passage has none, or the engine does not compare them.
    """

    passage: Passage
    score: float
    ranks: Mapping[str, int]
    nearest: Expected | None = None
    likeness: float = 0.0


class Index(Protocol):
    """Finds passages. `version` identifies its content: the same passages, the same version.
    A live index changes under its readers; each search is answered by one version.

    `search` gives at most `k` hits, the best first; with a `day`, only passages valid on it. Any
    text is a query, none is syntax. Raises `StoreError` when the engine fails, and what the
    encoder raises.
    """

    @property
    def version(self) -> str: ...

    async def search(self, query: str, *, k: int = 5, day: date | None = None) -> Sequence[Hit]: ...

    async def ping(self) -> None: ...

    async def close(self) -> None: ...


def conflicts(passages: Sequence[Passage]) -> tuple[tuple[Passage, Passage], ...]:
    """The pairs among `passages` that say otherwise on the same matter: (the newer, the older).

    Newer is what holds from a later day; a passage without a first day is the older one. With the
    same day nobody can say which is right: the pair comes in order of the ids, and `undecided`
    is true of it.
    """
    known = {one.id: one for one in passages}
    named = {
        tuple(sorted((one.id, other)))
        for one in passages
        for other in one.disputed
        if other in known and other != one.id
    }
    pairs = [(known[one], known[other]) for one, other in sorted(named)]
    return tuple((b, a) if _since(b) > _since(a) else (a, b) for a, b in pairs)


def undecided(pair: tuple[Passage, Passage]) -> bool:
    """Whether neither of two passages is newer, so that only a person can tell which is right."""
    return _since(pair[0]) == _since(pair[1])


def _since(passage: Passage) -> date:
    return passage.valid_from or date.min


def fingerprint(passages: Sequence[Passage]) -> str:
    """16 hexadecimal digits of the passages' content, whatever their order."""
    days = "{0.valid_from} {0.valid_until}"
    rows = sorted(
        [
            *(one.id, one.document, one.title, one.text, days.format(one)),
            *(*one.labels, *one.disputed),
            *(text for pair in one.expected for text in (pair.question, pair.quote)),
        ]
        for one in passages
    )
    return content_hash(rows)[:16]
