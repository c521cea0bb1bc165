"""Bootstrap resamples in blocks, so that a hundred thousand rows do not need gigabytes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

BLOCK = 1_000_000  # numbers that are drawn at a time


def draws(n: int, resamples: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """`resamples` rows of `n` places from 0 to n - 1, a block of rows at a time; the same for the same seed."""
    generator = np.random.default_rng(seed)
    rows = max(1, BLOCK // max(1, n))
    for done in range(0, resamples, rows):
        yield generator.integers(0, n, (min(rows, resamples - done), n))
