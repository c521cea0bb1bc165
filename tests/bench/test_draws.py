"""Resamples in blocks are the resamples drawn at once."""

from __future__ import annotations

import numpy as np
import pytest

from arriero.bench import draws as module
from arriero.bench.draws import draws


@pytest.mark.parametrize(("n", "resamples"), [(49, 100), (7, 33), (1_000, 5), (1, 3)])
def test_blocks_joined_are_what_one_draw_gives(
    n: int, resamples: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK", 100)
    found = np.concatenate([*draws(n, resamples, 3)])
    assert np.array_equal(found, np.random.default_rng(3).integers(0, n, (resamples, n)))
