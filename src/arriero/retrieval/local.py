"""The embedded index: BM25 and sentence vectors side by side, their scores fused.

It lives in memory and is built at start, in milliseconds for a thousand passages: nothing on disk
can be stale or half written. Only the vectors, which cost 5 to 30 ms a passage, are kept in a file.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from arriero.core.errors import InputError, StoreError
from arriero.core.words import content_hash
from arriero.models.base import Encoder
from arriero.models.compact import Compact
from arriero.models.projection import Projection
from arriero.retrieval.base import Expected, Hit, Passage, fingerprint
from arriero.retrieval.fusion import K
from arriero.retrieval.lexical import Bm25, stems_of
from arriero.retrieval.text import clauses, terms
from arriero.retrieval.vectors import QUESTIONS, VECTORS, Vectors, encoded, vectors_of

IN_PLACE = 3_000  # passages searched on the event loop, in about 1 ms; above it, in a thread
# Both were chosen on the sample shop's held-out messages and on TAT-QA's development questions, alone
# and several put together; 1 to 3 and 12 to 30 differ by a point or two.
DENSE = 2.0  # what the vectors weigh against the words
SHARPNESS = 20.0  # of the soft maximum over a long question's clauses

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores of all passages for a question, and which of them count on the day."""

    lexical: Scores
    dense: Scores
    valid: NDArray[np.bool_]
    asked: Scores | None = None  # the likeness of each expected question, in the passages' order

    @property
    def fused(self) -> Scores:
        """The sum of both standard scores over the valid passages; -inf for the others.

        Without a common word the vectors alone decide.
        """
        both = np.full(len(self.valid), -np.inf, np.float32)
        both[self.valid] = _standard(self.lexical[self.valid]) + DENSE * _standard(
            self.dense[self.valid]
        )
        return both


class LocalIndex:
    """An `Index` in this process, for some ten thousand passages. Open it with `build`.

    A query is encoded by the shared encoder, which remembers it: a classifier that has seen the
    same message has paid for it. A long text is searched clause by clause. A passage is as near as
    its own text or the nearest question that it is expected to answer; the words of these questions
    count as words of its own. A hit's score is 2 / (60 + its place): what two rankings that agree would
    give it by reciprocal rank, so that an app may add a ranking of its own.
    """

    def __init__(
        self,
        passages: Sequence[Passage],
        vectors: Vectors,
        encoder: Encoder,
        version: str,
        projection: Projection | None = None,
    ) -> None:
        """`vectors` are those of the passages, then those of their expected questions, as the encoder
        gives them; with a `projection` likeness is what it is there.
        """
        self._version = version
        self._passages = tuple(passages)
        self._encoder = encoder
        self._projection = projection
        if projection is not None:
            vectors = projection.of(vectors)
        self._vectors = Compact(vectors[: len(passages)])
        self._asked = Compact(vectors[len(passages) :])
        counts = [len(one.expected) for one in passages]
        self._asks = np.flatnonzero(counts)  # the passages that have expected questions
        self._first = np.concatenate(([0], np.cumsum(counts)))[self._asks].astype(np.int64)
        self._expected = tuple(pair for one in passages for pair in one.expected)
        documents: dict[str, list[Passage]] = {}
        for passage in passages:
            documents.setdefault(passage.document, []).append(passage)
        self._words = Bm25([(one.title, _with_questions(one)) for one in passages])
        # A paragraph seldom says all that its article is about: the article's score is added.
        self._documents = Bm25(
            [
                (min((one.title for one in of), key=len), " ".join(one.text for one in of))
                for of in documents.values()
            ]
        )
        place = {document: at for at, document in enumerate(documents)}
        self._document = np.array([place[one.document] for one in passages], np.int64)
        self._by_id = np.argsort(np.argsort(np.array([one.id for one in passages], np.str_)))
        self._valid: tuple[date | None, NDArray[np.bool_]] | None = None
        self._closed = False

    @classmethod
    async def open(
        cls,
        _url: str,
        passages: Sequence[Passage],
        encoder: Encoder,
        folder: Path,
        projection: Projection | None,
    ) -> LocalIndex:
        return await cls.build(passages, encoder, folder, projection=projection)

    @classmethod
    async def build(
        cls,
        passages: Sequence[Passage],
        encoder: Encoder,
        folder: Path,
        version: str | None = None,
        projection: Projection | None = None,
    ) -> LocalIndex:
        """Index `passages`. Vectors of texts that `folder` already knows are not computed again."""
        twice = [id for id, times in Counter(one.id for one in passages).items() if times > 1]
        if twice:
            raise InputError(f"two passages are called {twice[0]!r}; give each its own id")
        texts = [encoded(passage) for passage in passages]
        vectors = await vectors_of(texts, encoder, folder / VECTORS)
        asked = [pair.question for passage in passages for pair in passage.expected]
        if asked:
            nearby = await vectors_of(asked, encoder, folder / QUESTIONS)
            vectors = np.concatenate((vectors, nearby))
        if version is None:
            learned = [projection.id] if projection is not None else []
            made_of = [encoder.name, fingerprint(passages), *learned]
            version = f"local@{content_hash(made_of)[:16]}"
        return await asyncio.to_thread(cls, passages, vectors, encoder, version, projection)

    @property
    def version(self) -> str:
        return self._version

    @property
    def passages(self) -> tuple[Passage, ...]:
        """What is in it, in the order of its scores."""
        return self._passages

    async def search(self, query: str, *, k: int = 5, day: date | None = None) -> Sequence[Hit]:
        asked = clauses(query)
        vectors = await self._encoder.encode(asked)
        await self.ping()
        if len(self._passages) <= IN_PLACE:
            return self._find(query, vectors, k, day)
        return await asyncio.to_thread(self._find, query, vectors, k, day)

    async def scores(self, query: str, *, day: date | None = None) -> Scored:
        """The scores of all `passages`, for evaluations that compare the rankers."""
        return self.score(query, await self._encoder.encode(clauses(query)), day)

    async def ping(self) -> None:
        """Raises `StoreError` once closed."""
        if self._closed:
            raise StoreError("the search index is closed; restart the server")

    async def close(self) -> None:
        """Frees the index; the encoder stays open, it belongs to whoever gave it."""
        self._closed = True

    def _find(self, query: str, vectors: Vectors, k: int, day: date | None) -> tuple[Hit, ...]:
        return self.hits(self.score(query, vectors, day), k) if self._passages else ()

    def hits(self, found: Scored, k: int) -> tuple[Hit, ...]:
        """The `k` best of what was scored, those that are valid."""
        fused = found.fused
        best = [at for at in _best(fused, self._by_id, k) if found.valid[at]]
        dense, lexical = (_ranks(one, found.valid, best) for one in (found.dense, found.lexical))
        nearest = self._nearest(found)
        return tuple(
            Hit(
                self._passages[at],
                2 / (K + place),
                {"dense": near} | ({"lexical": worded} if found.lexical[at] > 0 else {}),
                *nearest.get(at, (None, 0.0)),
            )
            for place, (at, near, worded) in enumerate(
                zip(best, dense, lexical, strict=True), start=1
            )
        )

    def score(self, query: str, vectors: Vectors, day: date | None = None) -> Scored:
        """The scores of all `passages` for a question whose clauses have these vectors of the encoder."""
        if self._projection is not None:
            vectors = self._projection.of(vectors)
        stems = stems_of(terms(query))
        lexical = self._words.scores(stems) + self._documents.scores(stems)[self._document]
        dense = _softly(self._vectors, vectors)
        if not len(self._expected):
            return Scored(lexical, dense, self._valid_on(day))
        asked = _softly(self._asked, vectors)
        best = np.maximum.reduceat(asked, self._first)
        dense[self._asks] = np.maximum(dense[self._asks], best)
        return Scored(lexical, dense, self._valid_on(day), asked)

    def _nearest(self, found: Scored) -> dict[int, tuple[Expected, float]]:
        """By the place of a passage: its expected question that is most like the query."""
        if found.asked is None:
            return {}
        best = np.maximum.reduceat(found.asked, self._first)
        sizes = np.diff(np.append(self._first, len(found.asked)))
        tops = np.flatnonzero(found.asked == np.repeat(best, sizes))
        of = np.repeat(self._asks, sizes)[tops]
        return {
            int(at): (self._expected[place], float(found.asked[place]))
            for at, place in zip(of.tolist(), tops.tolist(), strict=True)
        }

    def _valid_on(self, day: date | None) -> NDArray[np.bool_]:
        """Which passages are valid on `day`; the last day's answer is kept, days being long."""
        known = self._valid
        if known is None or known[0] != day:
            holds = [day is None or one.valid_on(day) for one in self._passages]
            known = day, np.array(holds, np.bool_)
            self._valid = known
        return known[1]


def _with_questions(passage: Passage) -> str:
    """A passage is also found by the words in which people ask for it (document expansion: Nogueira et
    al., "Document expansion by query prediction", 2019).
    """
    return " ".join((passage.text, *(pair.question for pair in passage.expected)))


def _softly(known: Compact, asked: Vectors) -> Scores:
    """How near each of `known` is to the clauses: a soft maximum, since who answers one of them well
    is wanted. The logarithm of the sum of exponentials; of one clause it is the cosine itself.
    """
    if not len(known):
        return np.zeros(0, np.float32)
    near = known.cosines(asked)
    if near.shape[1] == 1:
        return np.asarray(near[:, 0], np.float32)
    top = near.max(axis=1, keepdims=True)
    more = np.log(np.exp(SHARPNESS * (near - top)).sum(axis=1)) / SHARPNESS
    return np.asarray(top[:, 0] + more, np.float32)


def _standard(scores: Scores) -> Scores:
    """Scores less their mean, over their deviation; zeros when they are all the same."""
    if not len(scores) or (spread := float(scores.std())) < 1e-9:
        return np.zeros(len(scores), np.float32)
    return np.asarray((scores - scores.mean()) / spread, np.float32)


def _best(scores: Scores, by_id: NDArray[np.int64], k: int) -> list[int]:
    """The places of the `k` best, the best first; equal scores in order of the ids."""
    k = min(k, len(scores))
    if k <= 0:
        return []
    least = np.partition(scores, len(scores) - k)[len(scores) - k]
    among = np.flatnonzero(scores >= least)
    ordered = np.lexsort((by_id[among], -scores[among]))
    return [int(at) for at in among[ordered[:k]]]


def _ranks(scores: Scores, valid: NDArray[np.bool_], places: Sequence[int]) -> list[int]:
    """The rank (from 1) of each of `places` among the valid scores; equal scores share the best."""
    rising = np.sort(scores[valid])
    above = len(rising) - np.searchsorted(rising, scores[list(places)], side="right")
    return [1 + int(one) for one in above]
