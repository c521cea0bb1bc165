from __future__ import annotations

import numpy as np
import pytest

from arriero.retrieval.nearest import Nearest, Vectors


def _unit(count: int, seed: int) -> Vectors:
    """Vectors in groups, as those of sentences are."""
    rng = np.random.default_rng(seed)
    middles = np.random.default_rng(0).standard_normal((60, 32))
    rows = middles[rng.integers(0, 60, count)] + 0.6 * rng.standard_normal((count, 32))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def test_the_nearest_come_first_with_their_cosines() -> None:
    vectors = _unit(500, 1)
    places, cosines = Nearest(vectors).search(vectors[7], 5)
    assert places[0] == 7
    assert cosines[0] == pytest.approx(1.0, abs=1e-5)
    expected = np.argsort(-(vectors @ vectors[7]))[:5]
    assert places.tolist() == expected.tolist()


def test_beyond_its_limit_a_graph_finds_nearly_the_same() -> None:
    vectors, asked = _unit(5_000, 1), _unit(50, 2)
    exact, graph = Nearest(vectors), Nearest(vectors, flat_up_to=100)
    assert (exact.exact, graph.exact) == (True, False)
    same = [
        len(set(exact.search(one, 10)[0]) & set(graph.search(one, 10)[0])) / 10 for one in asked
    ]
    assert np.mean(same) >= 0.95


def test_there_are_never_more_than_there_are() -> None:
    vectors = _unit(3, 1)
    assert len(Nearest(vectors).search(vectors[0], 10)[0]) == 3
    assert len(Nearest(vectors[:0]).search(vectors[0], 10)[0]) == 0
    assert len(Nearest(vectors, flat_up_to=0).search(vectors[0], 10)[0]) == 3
    assert len(Nearest(vectors).search(vectors[0], 0)[0]) == 0
