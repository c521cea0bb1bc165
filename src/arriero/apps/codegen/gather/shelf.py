"""A shelf: snippets that can be searched by meaning (sentence vectors) and by words (BM25), fused by rank."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from copy import copy
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from arriero.apps.codegen.gather.identifiers import split
from arriero.apps.codegen.gather.snippet import Found, Snippet
from arriero.models.base import Encoder
from arriero.retrieval.fusion import fuse
from arriero.retrieval.lexical import Bm25, stems_of
from arriero.retrieval.nearest import Nearest
from arriero.retrieval.text import terms
from arriero.retrieval.vectors import Vectors, vectors_of

SLICE = 1_000  # texts, some 5 s, between two writes of the vectors' file
DEPTH = 100  # of each ranking that is fused; what is deeper adds less than 1 / 160 to a score


class Shelf:
    """Some hundred thousand snippets at most. Read only; open it with `stocked`."""

    def __init__(self, snippets: Sequence[Snippet], vectors: Vectors) -> None:
        """`vectors` are those of all `asks`, snippet by snippet."""
        self.snippets = tuple(snippets)
        counts = [len(one.asks) for one in snippets]
        self._first = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        self._of = np.repeat(np.arange(len(counts)), counts)
        self._vectors = vectors
        self._nearest = Nearest(vectors)
        self._most = max(counts, default=1)
        self._words = Bm25(
            [(split(one.title), split(f"{' '.join(one.asks)} {one.code}")) for one in snippets]
        )

    @classmethod
    async def stocked(cls, snippets: Sequence[Snippet], encoder: Encoder, file: Path) -> Shelf:
        """A shelf of `snippets`. `file` keeps their vectors: a text that it knows is not encoded again."""
        asks = [ask for one in snippets for ask in one.asks]
        if not asks:
            return cls((), np.zeros((0, 1), np.float32))
        for end in range(SLICE, len(asks), SLICE):  # kept as it goes on: a caller may not wait
            await vectors_of(asks[:end], encoder, file)
        vectors = await vectors_of(asks, encoder, file)
        return await asyncio.to_thread(cls, snippets, vectors)

    def find(self, text: str, vector: Vectors, k: int) -> tuple[Found, ...]:
        """The `k` best snippets for `text`, whose vector is given; the best first."""
        if not self.snippets or k <= 0:
            return ()
        rankings = {"meaning": self._by_meaning(vector), "words": self._by_words(text)}
        places = {name: [str(at) for at in ranking] for name, ranking in rankings.items()}
        return tuple(
            Found(self.snippets[int(one.id)], one.score, self._likeness(int(one.id), vector), one.ranks)
            for one in fuse(places)[:k]
        )  # fmt: skip

    @property
    def exact(self) -> bool:
        """Whether vectors are compared one by one, and not over a graph."""
        return self._nearest.exact

    def nearest(self, vector: Vectors, k: int) -> list[int]:
        """The places of the `k` asks nearest to `vector`, for evaluations."""
        return [int(at) for at in self._nearest.search(vector, k)[0]]

    def over(self, nearest: Nearest) -> Shelf:
        """The same shelf over another index of the same vectors, for evaluations."""
        other = copy(self)
        other._nearest = nearest  # noqa: SLF001  # of its own kind
        return other

    def _by_meaning(self, vector: Vectors) -> list[int]:
        """Places of snippets, the nearest first; a snippet counts by the nearest of its asks."""
        near, _ = self._nearest.search(vector, DEPTH * self._most)
        return list(dict.fromkeys(self._of[near].tolist()))[:DEPTH]

    def _by_words(self, text: str) -> list[int]:
        scores = self._words.scores(stems_of(terms(split(text))))
        return best(scores, DEPTH)

    def _likeness(self, place: int, vector: Vectors) -> float:
        own = self._vectors[self._first[place] : self._first[place + 1]]
        return round(float((own @ vector).max()), 4)


def best(scores: NDArray[np.float32], k: int) -> list[int]:
    """The places of the `k` highest scores above zero, the highest first; equal ones in their order."""
    k = min(k, len(scores))
    least = np.partition(scores, len(scores) - k)[len(scores) - k]
    among = np.flatnonzero((scores >= least) & (scores > 0))
    ordered = np.lexsort((among, -scores[among]))
    return [int(at) for at in among[ordered[:k]]]
