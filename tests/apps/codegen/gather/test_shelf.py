"""Finding snippets, with an encoder that only knows words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from arriero.apps.codegen.gather.shelf import Shelf, best
from arriero.apps.codegen.gather.snippet import Found, Origin, Snippet
from arriero.models.fake import FakeEncoder


class CountingEncoder(FakeEncoder):
    """A fake encoder that keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    async def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        return await super().encode(texts)


def snippet(id: str, *asks: str, code: str = "pass") -> Snippet:
    return Snippet(id, Origin.CARD, "python", asks[0], asks, code)


SNIPPETS = (
    snippet("rows", "group rows by a key", "bucket records by category", code="def group_by(rows): ..."),
    snippet("retry", "try again after a failure", code="def withBackoff(call): ..."),
    snippet("path", "join paths safely", code="def safe_join(root, name): ..."),
)  # fmt: skip


async def _found(shelf: Shelf, text: str, k: int = 5) -> tuple[Found, ...]:
    (vector,) = await FakeEncoder().encode([text])
    return shelf.find(text, vector, k)


async def test_a_snippet_is_found_by_any_of_the_ways_to_ask_for_it(tmp_path: Path) -> None:
    shelf = await Shelf.stocked(SNIPPETS, FakeEncoder(), tmp_path / "v")
    for text in SNIPPETS[0].asks:
        first = (await _found(shelf, text))[0]
        assert first.snippet.id == "rows"
        assert first.likeness == 1.0
        assert first.ranks["meaning"] == 1


async def test_a_word_within_an_identifier_finds_its_code(tmp_path: Path) -> None:
    shelf = await Shelf.stocked(SNIPPETS, FakeEncoder(), tmp_path / "v")
    first = (await _found(shelf, "exponential backoff"))[0]
    assert (first.snippet.id, first.ranks["words"]) == ("retry", 1)


async def test_there_are_at_most_k_and_none_on_an_empty_shelf(tmp_path: Path) -> None:
    shelf = await Shelf.stocked(SNIPPETS, FakeEncoder(), tmp_path / "v")
    assert len(await _found(shelf, "rows", 2)) == 2
    assert await _found(shelf, "rows", 0) == ()
    assert await _found(await Shelf.stocked((), FakeEncoder(), tmp_path / "w"), "rows") == ()


async def test_a_text_that_was_encoded_once_is_not_encoded_again(tmp_path: Path) -> None:
    encoder = CountingEncoder()
    await Shelf.stocked(SNIPPETS, encoder, tmp_path / "v")
    assert len(encoder.asked) == 4
    await Shelf.stocked(SNIPPETS, encoder, tmp_path / "v")
    assert len(encoder.asked) == 4
    await Shelf.stocked((*SNIPPETS, snippet("new", "a new one")), encoder, tmp_path / "v")
    assert encoder.asked[4:] == ["a new one"]


def test_only_scores_above_zero_count_and_ties_keep_their_order() -> None:
    scores = np.array([0, 2, 1, 2, 0], np.float32)
    assert best(scores, 4) == [1, 3, 2]
    assert best(scores, 1) == [1]
    assert best(np.zeros(3, np.float32), 2) == []
