"""An index whose passages change while it is asked: the new one is built beside the old, then swapped.

Readers keep the index they began with; it is closed when the last of them is done. What cannot be
read or built leaves the old one in place.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from arriero.core.errors import ArrieroError
from arriero.retrieval.base import Hit, Index, Passage

log = logging.getLogger(__name__)

POLL_S = 0.5  # with the swap (0.1 s for a thousand passages) well within the promised 2 s
AGAIN_S = 10.0  # after a failure; a new version is tried at once

Build = Callable[[Sequence[Passage]], Awaitable[Index]]


class Source(Protocol):
    """Where passages come from. `version` is cheap to ask and changes whenever they do.

    `passages` raises an `ArrieroError` when what is there is not whole.
    """

    async def version(self) -> str: ...

    async def passages(self) -> Sequence[Passage]: ...


@dataclass(slots=True)
class _Held:
    """An index in use, and how many searches are under way in it."""

    index: Index
    source: str
    readers: int = 0


class LiveIndex:
    """An `Index` that follows its source: a change is found within `every_s` seconds.

    Open it with `open`; `build` makes an index of passages (`Parts.open_index`).
    """

    def __init__(self, source: Source, build: Build, held: _Held, *, every_s: float) -> None:
        self._source = source
        self._build = build
        self._held = held
        self._every_s = every_s
        self._failed: tuple[str, float] = ("", 0.0)
        self._taking_up = asyncio.Lock()
        self._following = asyncio.create_task(self._follow())

    @classmethod
    async def open(cls, source: Source, build: Build, *, every_s: float = POLL_S) -> LiveIndex:
        """The index of what `source` has now. Raises what the source and the engine raise."""
        held = await _built(source, build, await source.version())
        return cls(source, build, held, every_s=every_s)

    @property
    def version(self) -> str:
        return self._held.index.version

    async def search(self, query: str, *, k: int = 5, day: date | None = None) -> Sequence[Hit]:
        held = self._held
        held.readers += 1
        try:
            return await held.index.search(query, k=k, day=day)
        finally:
            held.readers -= 1
            if held is not self._held and not held.readers:
                await held.index.close()

    async def ping(self) -> None:
        await self._held.index.ping()

    async def close(self) -> None:
        """Stops following and frees the index."""
        self._following.cancel()
        await asyncio.gather(self._following, return_exceptions=True)
        await self._held.index.close()

    async def refresh(self) -> bool:
        """Take up what the source has now; whether that was something new.

        One at a time: of two that overlap, the one that began with the older version might end last.
        """
        async with self._taking_up:
            version = await self._source.version()
            if version == self._held.source:
                return False
            new = await _built(self._source, self._build, version)
            old, self._held = self._held, new
        if not old.readers:
            await old.index.close()
        log.info("the knowledge index is now %s", new.index.version)
        return True

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            await self._try()

    async def _try(self) -> None:
        loop, version = asyncio.get_running_loop(), ""
        try:
            version = await self._source.version()
            again_at = self._failed[1] if version == self._failed[0] else 0.0
            if loop.time() >= again_at:
                await self.refresh()
        except Exception as error:  # noqa: BLE001  # whatever is wrong with the new, the old one serves
            told = error.message if isinstance(error, ArrieroError) else repr(error)
            log.warning("the knowledge index stays %s: %s", self.version, told)
            self._failed = (version, loop.time() + AGAIN_S)


async def _built(source: Source, build: Build, version: str) -> _Held:
    """The index of `version`, or of a later one if the source changed meanwhile.

    The version is asked before the passages: a change in between is found at the next look.
    """
    return _Held(await build(await source.passages()), version)
