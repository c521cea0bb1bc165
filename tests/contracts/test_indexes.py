"""What every index promises: the fake and the embedded one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from arriero.models.fake import FakeEncoder
from arriero.retrieval.base import Index, Passage
from arriero.retrieval.engines import open_index

SHIPPING = Passage("ship#1", "ship", "Shipping", "Parcels travel three days by road.")
RETURNS = Passage("back#1", "back", "Returns", "Send boots back within thirty days.", labels=("r",))
OLD = Passage(
    "old#1", "old", "Winter prices", "Crampons cost forty.", date(2025, 12, 1), date(2026, 2, 28)
)
PASSAGES = (SHIPPING, RETURNS, OLD)
# Whatever a person types is a question, never the search engine's syntax.
SYNTAX = [
    'boots"', "boots OR", "boots AND NOT", "NEAR(boots, 2)", "title:boots", "boots*", "^boots",
    "(boots", "boots)", "{boots}", "boots'; DROP TABLE passages; --", "-boots", "+boots", "boots\x00",
    "boots \ud800", "\uff22\uff2f boots", "boots " * 5_000,
]  # fmt: skip


@pytest.fixture(params=["local:", "memory:"])
async def index(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Index]:
    made = await open_index(request.param, PASSAGES, FakeEncoder(), tmp_path)
    yield made
    await made.close()


async def ids(index: Index, query: str, *, k: int = 5, day: date | None = None) -> list[str]:
    return [hit.passage.id for hit in await index.search(query, k=k, day=day)]


async def test_the_best_passage_comes_first(index: Index) -> None:
    assert (await ids(index, "how do I send my boots back?"))[0] == "back#1"


async def test_a_hit_carries_the_whole_passage_and_where_it_was_found(index: Index) -> None:
    hit = (await index.search("send boots back"))[0]
    assert hit.passage == RETURNS
    assert hit.score > 0
    assert min(hit.ranks.values()) == 1


async def test_scores_never_rise(index: Index) -> None:
    scores = [hit.score for hit in await index.search("parcels, boots and crampons")]
    assert scores == sorted(scores, reverse=True)


async def test_at_most_k_come_back(index: Index) -> None:
    assert len(await index.search("parcels boots crampons", k=1)) == 1


@pytest.mark.parametrize(
    ("day", "found"),
    [
        (date(2025, 11, 30), False),
        (date(2025, 12, 1), True),
        (date(2026, 2, 28), True),
        (date(2026, 3, 1), False),
        (None, True),
    ],
)
async def test_a_passage_is_found_on_its_days_only(
    index: Index, day: date | None, found: bool
) -> None:
    assert ("old#1" in await ids(index, "what do crampons cost?", day=day)) is found


@pytest.mark.parametrize("query", SYNTAX)
async def test_no_text_is_syntax(index: Index, query: str) -> None:
    assert (await ids(index, query))[0] == "back#1"


@pytest.mark.parametrize("query", ["", "   ", "?!", "\ud800", "🦙", "the of and"])
async def test_a_question_without_words_breaks_nothing(index: Index, query: str) -> None:
    assert len(await index.search(query)) <= len(PASSAGES)


async def test_the_same_question_gives_the_same_hits(index: Index) -> None:
    assert await index.search("boots by road") == await index.search("boots by road")


@pytest.mark.parametrize("url", ["local:", "memory:"])
async def test_the_version_tells_the_content(url: str, tmp_path: Path) -> None:
    changed = (SHIPPING, RETURNS, Passage("old#1", "old", "Winter prices", "Crampons cost fifty."))
    versions = []
    for passages in (PASSAGES, PASSAGES[::-1], changed):
        index = await open_index(url, passages, FakeEncoder(), tmp_path)
        versions.append(index.version)
        await index.close()
    assert versions[0] == versions[1] != versions[2]


@pytest.mark.parametrize("url", ["local:", "memory:"])
async def test_an_empty_index_finds_nothing(url: str, tmp_path: Path) -> None:
    index = await open_index(url, (), FakeEncoder(), tmp_path)
    assert list(await index.search("boots")) == []
    await index.ping()
    await index.close()
