"""An index that follows its source: swapped whole, never broken by what is new."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from time import monotonic

import pytest

from arriero.core.errors import StoreError
from arriero.retrieval.base import Hit, Index, Passage
from arriero.retrieval.live import LiveIndex
from arriero.retrieval.memory import MemoryIndex

BOOTS = Passage("boots#1", "boots", "Boots", "Boots are waxed.")
TENTS = Passage("tents#1", "tents", "Tents", "Tents are aired.")


@dataclass
class FakeSource:
    """A source that a test changes; `broken` makes reading it fail."""

    now: str = "1"
    known: tuple[Passage, ...] = (BOOTS,)
    broken: bool = False
    reads: int = 0

    async def version(self) -> str:
        return self.now

    async def passages(self) -> Sequence[Passage]:
        self.reads += 1
        if self.broken:
            raise StoreError("half a file")
        return self.known

    def change(self, *passages: Passage) -> None:
        self.now, self.known = str(int(self.now) + 1), passages


@dataclass
class SlowIndex:
    """An index whose searches wait for a sign, and that notes when it was closed."""

    inner: MemoryIndex
    go: asyncio.Event = field(default_factory=asyncio.Event)
    closed: bool = False

    @property
    def version(self) -> str:
        return self.inner.version

    async def search(self, query: str, *, k: int = 5, day: date | None = None) -> Sequence[Hit]:
        await self.go.wait()
        assert not self.closed
        return await self.inner.search(query, k=k, day=day)

    async def ping(self) -> None:
        return None

    async def close(self) -> None:
        self.closed = True


async def build(passages: Sequence[Passage]) -> Index:
    return MemoryIndex(passages)


async def found(index: Index, query: str) -> list[str]:
    return [hit.passage.id for hit in await index.search(query)]


async def until(index: LiveIndex, version: str) -> float:
    """Seconds until the index has another version than this."""
    started = monotonic()
    while index.version == version:
        assert monotonic() - started < 5
        await asyncio.sleep(0.01)
    return monotonic() - started


async def test_a_change_is_found_without_a_restart_within_two_seconds() -> None:
    source = FakeSource()
    index = await LiveIndex.open(source, build)
    assert await found(index, "tents") == []
    before = index.version
    source.change(BOOTS, TENTS)
    assert await until(index, before) < 2
    assert await found(index, "tents") == ["tents#1"]
    await index.close()


async def test_nothing_is_read_again_while_nothing_changes() -> None:
    source = FakeSource()
    index = await LiveIndex.open(source, build, every_s=0.01)
    await asyncio.sleep(0.1)
    assert source.reads == 1
    await index.close()


async def test_what_cannot_be_read_leaves_the_old_index_in_place(
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = FakeSource()
    index = await LiveIndex.open(source, build, every_s=0.01)
    before = index.version
    with caplog.at_level(logging.WARNING):
        source.broken = True
        source.change(TENTS)
        await asyncio.sleep(0.1)
    assert await found(index, "boots") == ["boots#1"]
    assert len([one for one in caplog.records if "half a file" in one.message]) == 1
    source.broken = False
    source.change(TENTS)
    await until(index, before)
    assert await found(index, "tents") == ["tents#1"]
    await index.close()


async def test_a_search_ends_in_the_index_it_began_in_which_is_then_closed() -> None:
    source, made = FakeSource(), list[SlowIndex]()

    async def slow(passages: Sequence[Passage]) -> Index:
        made.append(SlowIndex(MemoryIndex(passages)))
        return made[-1]

    index = await LiveIndex.open(source, slow, every_s=60)
    asking = asyncio.create_task(found(index, "boots"))
    await asyncio.sleep(0)
    source.change(TENTS)
    assert await index.refresh()
    assert not made[0].closed
    made[0].go.set()
    assert await asking == ["boots#1"]
    assert made[0].closed
    made[1].go.set()
    assert await found(index, "tents") == ["tents#1"]
    await index.close()
    assert made[1].closed


async def test_a_source_that_cannot_be_read_at_first_is_an_error() -> None:
    with pytest.raises(StoreError, match="half a file"):
        await LiveIndex.open(FakeSource(broken=True), build)


async def test_of_two_looks_that_overlap_the_older_does_not_win() -> None:
    source, waiting, go = FakeSource(), asyncio.Event(), asyncio.Event()

    async def slowly(passages: Sequence[Passage]) -> Index:
        if TENTS not in passages and source.reads > 1:  # the build of the older version
            waiting.set()
            await go.wait()
        return MemoryIndex(passages)

    index = await LiveIndex.open(source, slowly, every_s=3_600)
    source.change()
    older = asyncio.create_task(index.refresh())
    await waiting.wait()
    source.change(TENTS)
    newer = asyncio.create_task(index.refresh())
    await asyncio.sleep(0.05)
    go.set()
    assert await older
    assert await newer
    assert await found(index, "tents") == ["tents#1"]
    await index.close()
