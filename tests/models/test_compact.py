import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from arriero.models.compact import AT_ONCE, Compact


def unit(count: int, seed: int = 0) -> NDArray[np.float32]:
    found: NDArray[np.float32] = (
        np.random.default_rng(seed).normal(size=(count, 384)).astype(np.float32)
    )
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return found


@given(st.integers(1, 3), st.integers(0, 99))
def test_cosines_are_those_of_the_vectors_to_two_thousandths(clauses: int, seed: int) -> None:
    known, asked = unit(3 * AT_ONCE + 7, seed), unit(clauses, seed + 100)
    found = Compact(known).cosines(asked)
    assert found.shape == (len(known), clauses)
    assert found.dtype == np.float32
    assert np.abs(found - known @ asked.T).max() < 0.002


def test_a_vector_is_as_near_to_itself_as_can_be() -> None:
    known = unit(40)
    found = Compact(known).cosines(known)
    assert (found.argmax(axis=1) == np.arange(40)).all()
    assert np.diag(found) == pytest.approx(1.0, abs=0.002)


def test_no_vectors_and_a_vector_of_zeros() -> None:
    assert Compact(np.empty((0, 384), np.float32)).cosines(unit(2)).shape == (0, 2)
    assert not Compact(np.zeros((1, 384), np.float32)).cosines(unit(1)).any()
