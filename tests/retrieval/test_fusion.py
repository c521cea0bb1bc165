from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arriero.retrieval.fusion import fuse

RANKINGS = st.dictionaries(
    st.text("abc", min_size=1), st.lists(st.text("xyz", min_size=1), unique=True)
)


def test_scores_are_sums_of_reciprocal_ranks() -> None:
    best = fuse({"words": ["a", "b"], "vectors": ["b", "c"]})[0]
    assert (best.id, best.ranks) == ("b", {"words": 2, "vectors": 1})
    assert best.score == pytest.approx(1 / 62 + 1 / 61)


def test_being_found_twice_beats_being_first_once() -> None:
    assert fuse({"a": ["x", "y"], "b": ["z", "y"]})[0].id == "y"


def test_an_id_twice_in_a_ranking_counts_at_its_best_place() -> None:
    assert fuse({"a": ["x", "x"]})[0].score == pytest.approx(1 / 61)


@given(RANKINGS)
def test_every_item_comes_back_once_and_the_order_of_rankings_does_not_matter(
    rankings: dict[str, list[str]],
) -> None:
    fused = fuse(rankings)
    assert sorted(one.id for one in fused) == sorted(
        {id for ids in rankings.values() for id in ids}
    )
    turned = fuse(dict(reversed(rankings.items())))
    assert [one.id for one in turned] == [one.id for one in fused]
