"""What was taken in, as files that are replaced whole: a reader sees one version or the next.

`FOLDER/VERSION.json` is a snapshot, named by its content's hash; `FOLDER/current` names the one
that counts and is renamed into place last. An ingestion that is killed leaves the old one in force.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from arriero.apps.support.articles import Article, passages_of
from arriero.core.errors import Busy, StoreError
from arriero.retrieval.base import Expected, Passage

CURRENT = "current"
KEPT = 3  # snapshots: the present one, and two to look back at
_VERSION = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class File:
    """A file that was taken in: its content's SHA-256 and its articles."""

    path: str
    sha256: str
    articles: tuple[Article, ...]


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Everything that was taken in, by source (a folder), and which passages dispute which."""

    sources: Mapping[str, tuple[File, ...]] = field(default_factory=dict)
    disputed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def articles(self) -> tuple[Article, ...]:
        return tuple(
            article
            for files in self.sources.values()
            for file in files
            for article in file.articles
        )

    @property
    def passages(self) -> tuple[Passage, ...]:
        return passages_of(self.articles, self.disputed)


@dataclass(frozen=True, slots=True)
class Stale:
    """An article that somebody should look at, and why."""

    article: str
    owner: str
    reason: str


@dataclass(frozen=True, slots=True)
class Store:
    """The snapshots in a folder. Blocking: call it in a thread. Raises `StoreError`."""

    folder: Path

    def version(self) -> str:
        """The version in force; empty when nothing was ever taken in."""
        try:
            said = (self.folder / CURRENT).read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            raise StoreError(f"{str(self.folder / CURRENT)!r} cannot be read ({error})") from None
        if not _VERSION.fullmatch(said):
            raise StoreError(
                f"{str(self.folder / CURRENT)!r} names no version; run: arriero support ingest DIR"
            )
        return said

    def load(self) -> Knowledge:
        """The knowledge in force; `StoreError` when its file is missing, broken or changed."""
        version = self.version()
        if not version:
            return Knowledge()
        file = self.folder / f"{version}.json"
        if (known := _whole(file)) is None:
            raise StoreError(f"{str(file)!r} is not whole; run again: arriero support ingest DIR")
        return known

    def salvage(self) -> Knowledge:
        """The knowledge in force, or the latest snapshot that is whole, or none: to begin again on."""
        try:
            return self.load()
        except StoreError:
            return next(filter(None, map(_whole, reversed(self._snapshots()))), Knowledge())

    def save(self, knowledge: Knowledge) -> str:
        """Make `knowledge` the one in force; its version. What was in force stays until it is whole."""
        data = _adapter().dump_json(knowledge)
        version = _hash(data)
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _replace(self.folder / f"{version}.json", data)
            _replace(self.folder / CURRENT, version.encode())
            for old in self._snapshots()[:-KEPT]:
                if old.stem != version:
                    old.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(
                f"{str(self.folder)!r} cannot be written ({error.strerror}); free space or choose "
                "another data folder with --data"
            ) from None
        return version

    def _snapshots(self) -> list[Path]:
        """The files of the snapshots, the oldest first."""
        return sorted(self.folder.glob("*.json"), key=lambda file: file.stat().st_mtime_ns)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One ingestion at a time; `Busy` for the second. A killed one leaves no lock behind."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder / ".lock").open("wb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise Busy("another ingestion is at work here; wait until it has ended") from None
            yield


@dataclass(frozen=True, slots=True)
class KnowledgeSource:
    """A `retrieval.live.Source`: what was taken in, or `otherwise` while there is nothing.

    Both with the questions that they are expected to answer.
    """

    store: Store
    otherwise: Sequence[Article] = ()
    expected: Mapping[str, Sequence[Expected]] = field(default_factory=dict)

    async def version(self) -> str:
        return await asyncio.to_thread(self.store.version)

    async def passages(self) -> Sequence[Passage]:
        return await asyncio.to_thread(self._passages)

    def _passages(self) -> Sequence[Passage]:
        known = self.store.load()
        return passages_of(known.articles or self.otherwise, known.disputed, self.expected)


def stale(articles: Sequence[Article], today: date, review_days: int) -> tuple[Stale, ...]:
    """The articles that no longer hold, or that nobody has looked at for so long.

    An article counts as looked at on its `reviewed` day, or else on its first day; `review_by` sets
    a day of its own. Without any of these days nobody can say, and nothing is said.
    """
    found = []
    for one in articles:
        seen = one.reviewed or one.valid_from
        due = one.review_by or (seen + timedelta(days=review_days) if seen else None)
        if one.valid_until and one.valid_until < today:
            found.append(Stale(one.id, one.owner, f"held until {one.valid_until}"))
        elif due and due < today:
            found.append(Stale(one.id, one.owner, f"should have been reviewed by {due}"))
    return tuple(found)


@cache
def _adapter() -> TypeAdapter[Knowledge]:
    return TypeAdapter(Knowledge)


def _whole(file: Path) -> Knowledge | None:
    """The snapshot in a file, if its content is what its name says."""
    try:
        data = file.read_bytes()
        return _adapter().validate_json(data) if _hash(data) == file.stem else None
    except (OSError, ValidationError):
        return None


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _replace(file: Path, data: bytes) -> None:
    part = file.with_name(f".{file.name}.{os.getpid()}")
    with part.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    part.replace(file)
