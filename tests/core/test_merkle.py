"""The Merkle tree against the recursive definition of RFC 9162, and proofs that must not hold."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arriero.core.merkle import (
    EMPTY,
    WIDTH,
    Frontier,
    Tree,
    consistent,
    fold,
    included,
    leaf_hash,
    node_hash,
)

LEAVES = [leaf_hash(str(number).encode()) for number in range(1_300)]
NODES = [fold(LEAVES[at : at + WIDTH]) for at in range(0, len(LEAVES) - WIDTH + 1, WIDTH)]


def tile(height: int, index: int) -> Sequence[bytes]:
    row = {0: LEAVES, 8: NODES}.get(height, [])
    return row[index * WIDTH : (index + 1) * WIDTH]


def mth(leaves: Sequence[bytes]) -> bytes:
    """The definition of RFC 9162 section 2.1.1, as it stands there."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(mth(leaves[:split]), mth(leaves[split:]))


SIZES = st.one_of(
    st.integers(1, 40), st.integers(1, len(LEAVES)), st.sampled_from([255, 256, 257, 512, 1024])
)


@given(SIZES)
def test_the_root_is_that_of_the_definition(size: int) -> None:
    frontier = Frontier()
    for leaf in LEAVES[:size]:
        frontier.add(leaf)
    assert Tree(size, tile).root() == frontier.root() == mth(LEAVES[:size])


@given(SIZES, st.data())
def test_every_leaf_is_proved_at_its_place_and_nowhere_else(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    path, root = Tree(size, tile).inclusion(index), mth(LEAVES[:size])
    assert included(LEAVES[index], index, size, path, root)
    other = data.draw(st.integers(0, size - 1))
    assert included(LEAVES[index], other, size, path, root) == (other == index)
    assert not included(leaf_hash(b"another"), index, size, path, root)
    assert not included(LEAVES[index], index, size, [*path, root], root)
    assert not included(LEAVES[index], size, size, path, root)


@given(SIZES, st.data())
def test_a_tree_is_proved_to_begin_with_its_own_past_only(size: int, data: st.DataObject) -> None:
    earlier = data.draw(st.integers(1, size))
    proof, root = Tree(size, tile).consistency(earlier), mth(LEAVES[:size])
    assert consistent(earlier, mth(LEAVES[:earlier]), size, root, proof)
    rewritten = [leaf_hash(b"rewritten"), *LEAVES[1:earlier]]
    assert not consistent(earlier, mth(rewritten), size, root, proof)


def test_an_empty_tree_has_the_hash_of_nothing() -> None:
    assert Tree(0, tile).root() == Frontier().root() == EMPTY == hashlib.sha256(b"").digest()


def test_what_is_not_there_cannot_be_proved() -> None:
    with pytest.raises(IndexError, match="not among the 3"):
        Tree(3, tile).inclusion(3)
    with pytest.raises(IndexError, match="no beginning"):
        Tree(3, tile).consistency(4)


def test_a_tree_whose_subtrees_are_not_stored_says_so_instead_of_a_wrong_root() -> None:
    with pytest.raises(LookupError, match="are not stored"):
        Tree(600, lambda height, index: tile(0, index) if height == 0 else []).root()


def test_a_frontier_tells_every_complete_subtree() -> None:
    heard: dict[tuple[int, int], bytes] = {}
    frontier = Frontier(lambda height, index, root: heard.__setitem__((height, index), root))
    for leaf in LEAVES[:600]:
        frontier.add(leaf)
    assert [heard[8, 0], heard[8, 1]] == NODES[:2]
    assert (8, 2) not in heard
