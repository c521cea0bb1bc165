"""The embedded index: SQLite FTS5 and FAISS side by side, fused by reciprocal rank.

Both live in memory and are built at start, in milliseconds for a thousand passages: nothing on disk
can be stale or half written. Only the vectors, which cost 5 to 30 ms a passage, are kept in a file.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from arriero.core.errors import InputError, StoreError
from arriero.core.words import content_hash
from arriero.models.base import Encoder
from arriero.retrieval.base import Hit, Passage, fingerprint
from arriero.retrieval.fusion import fuse
from arriero.retrieval.text import terms

log = logging.getLogger(__name__)

DEPTH = 100  # of each ranking; a passage below it adds less than 1 / 160 to a fused score
IN_PLACE = 1_000  # passages searched on the event loop: about 1.5 ms; SQLite's part grows with them
ALWAYS = ("0001-01-01", "9999-12-31")
VECTORS = "vectors.safetensors"
TABLE = """
CREATE VIRTUAL TABLE passages USING fts5(
    title, text, id UNINDEXED, since UNINDEXED, until UNINDEXED, tokenize = 'porter unicode61'
)
"""
# bm25() is negative: the best match has the smallest value.
FIND = """
SELECT id FROM passages
WHERE passages MATCH :match AND (:day IS NULL OR :day BETWEEN since AND until)
ORDER BY bm25(passages), id LIMIT :depth
"""

Vectors = NDArray[np.float32]


class LocalIndex:
    """An `Index` in this process, for some ten thousand passages. Open it with `build`.

    A query is encoded by the shared encoder, which remembers it: a classifier that has seen the
    same message has paid for it. The rest takes 0.7 ms for 200 passages of 100 words on a busy
    core (measured: SQLite 0.45, FAISS 0.04, fusion 0.18), so it runs in place up to 500 passages;
    above that it goes to a thread.
    """

    def __init__(
        self, passages: Sequence[Passage], vectors: Vectors, encoder: Encoder, version: str
    ) -> None:
        self.version = version
        self._passages = tuple(passages)
        self._places = {passage.id: place for place, passage in enumerate(passages)}
        self._encoder = encoder
        self._lexical = _lexical(passages)
        self._dense = faiss.IndexFlatIP(vectors.shape[1] if len(passages) else 1)
        if len(passages):
            self._dense.add(vectors)
        self._valid: tuple[date | None, NDArray[np.int64]] | None = None

    @classmethod
    async def open(
        cls, _url: str, passages: Sequence[Passage], encoder: Encoder, folder: Path
    ) -> LocalIndex:
        return await cls.build(passages, encoder, folder)

    @classmethod
    async def build(
        cls,
        passages: Sequence[Passage],
        encoder: Encoder,
        folder: Path,
        version: str | None = None,
    ) -> LocalIndex:
        """Index `passages`. Vectors of texts that `folder` already knows are not computed again."""
        twice = [id for id, times in Counter(one.id for one in passages).items() if times > 1]
        if twice:
            raise InputError(f"two passages are called {twice[0]!r}; give each its own id")
        vectors = await _vectors([_encoded(passage) for passage in passages], encoder, folder)
        version = version or _version(passages, encoder)
        return await asyncio.to_thread(cls, passages, vectors, encoder, version)

    async def search(self, query: str, *, k: int = 5, day: date | None = None) -> Sequence[Hit]:
        vector = (await self._encoder.encode([query]))[0]
        try:
            if len(self._passages) <= IN_PLACE:
                return self._find(query, vector, k, day)
            return await asyncio.to_thread(self._find, query, vector, k, day)
        except sqlite3.Error as error:
            raise StoreError(f"the search index failed ({error}); restart the server") from error

    async def ping(self) -> None:
        """Raises `StoreError` once closed."""
        try:
            self._lexical.execute("SELECT 1")
        except sqlite3.Error as error:
            raise StoreError(f"the search index is closed ({error}); restart the server") from error

    async def close(self) -> None:
        """Frees the index; the encoder stays open, it belongs to whoever gave it."""
        self._lexical.close()
        self._dense.reset()

    def _find(self, query: str, vector: Vectors, k: int, day: date | None) -> tuple[Hit, ...]:
        rankings = {"lexical": self._by_words(query, day), "dense": self._by_vector(vector, day)}
        return tuple(
            Hit(self._passages[self._places[found.id]], found.score, found.ranks)
            for found in fuse(rankings)[:k]
        )

    def _by_words(self, query: str, day: date | None) -> list[str]:
        words = terms(query)
        if not words:
            return []
        match = " OR ".join(f'"{word}"' for word in words)  # a word has no quotes: never syntax
        on = day.isoformat() if day else None
        return [
            id for (id,) in self._lexical.execute(FIND, {"match": match, "day": on, "depth": DEPTH})
        ]

    def _by_vector(self, vector: Vectors, day: date | None) -> list[str]:
        valid = self._valid_on(day)
        if not len(valid):
            return []
        chosen = faiss.SearchParameters(sel=faiss.IDSelectorBatch(valid))
        _, places = self._dense.search(vector[None], min(DEPTH, len(valid)), params=chosen)
        return [self._passages[place].id for place in places[0] if place >= 0]

    def _valid_on(self, day: date | None) -> NDArray[np.int64]:
        """The places of passages valid on `day`; the last day's answer is kept, days being long."""
        if self._valid is None or self._valid[0] != day:
            places = [
                place
                for place, passage in enumerate(self._passages)
                if day is None or passage.valid_on(day)
            ]
            self._valid = day, np.array(places, np.int64)
        return self._valid[1]


def _lexical(passages: Sequence[Passage]) -> sqlite3.Connection:
    # Built in one thread and read in others: SQLite itself serialises them (threadsafety 3).
    database = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    try:
        database.execute(TABLE)
    except sqlite3.OperationalError as error:
        raise StoreError(
            f"this Python's SQLite has no FTS5 ({error}); use another index, or another Python"
        ) from error
    database.execute("BEGIN")
    database.executemany("INSERT INTO passages VALUES (?, ?, ?, ?, ?)", map(_row, passages))
    database.execute("COMMIT")
    return database


def _row(passage: Passage) -> tuple[str, str, str, str, str]:
    since = passage.valid_from.isoformat() if passage.valid_from else ALWAYS[0]
    until = passage.valid_until.isoformat() if passage.valid_until else ALWAYS[1]
    return _utf8(passage.title), _utf8(passage.text), passage.id, since, until


def _utf8(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _encoded(passage: Passage) -> str:
    """What the encoder reads: the title tells a paragraph what it is about."""
    return f"{passage.title}\n{passage.text}"


def _version(passages: Sequence[Passage], encoder: Encoder) -> str:
    return f"local@{content_hash([encoder.name, fingerprint(passages)])[:16]}"


async def _vectors(texts: Sequence[str], encoder: Encoder, folder: Path) -> Vectors:
    """A vector a text: from the file of this folder where it has them, else from the encoder."""
    keys = [
        hashlib.sha256(f"{encoder.name}\n{text}".encode(errors="replace")).hexdigest()
        for text in texts
    ]
    known = await asyncio.to_thread(_read, folder / VECTORS)
    new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    if new:
        known |= zip(new, await encoder.encode(list(new.values())), strict=True)
    if new or len(known) > len(set(keys)):
        kept = {key: known[key] for key in keys}
        await asyncio.to_thread(_write, folder / VECTORS, kept)
    return np.array([known[key] for key in keys], np.float32)


def _read(file: Path) -> dict[str, Vectors]:
    """The vectors of a file by the hash of encoder and text; none when there is no whole file."""
    try:
        with safe_open(str(file), framework="numpy") as tensors:
            keys = json.loads((tensors.metadata() or {})["keys"])
            return dict(zip(keys, tensors.get_tensor("vectors"), strict=True))
    except FileNotFoundError:
        return {}
    except (OSError, SafetensorError, ValueError, KeyError) as error:
        log.warning("%s is not whole (%s); its texts are encoded again", file, error)
        return {}


def _write(file: Path, vectors: Mapping[str, Vectors]) -> None:
    """Keep `vectors`. A cache: a full or read-only disk costs the next start some seconds."""
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        table = {"vectors": np.array(list(vectors.values()), np.float32)}
        save_file(table, part, metadata={"keys": json.dumps(list(vectors))})
        part.replace(file)
    except (OSError, SafetensorError) as error:
        log.warning("%s cannot be written (%s); the next start encodes again", file, error)
