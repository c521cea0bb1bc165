"""The tests compute as a server does: numpy on one thread, unless the environment says otherwise."""

from __future__ import annotations

import os

import numpy as np
import pytest


def test_numpy_heard_how_many_threads_it_may_start() -> None:
    pools = pytest.importorskip("threadpoolctl").threadpool_info()
    ours = [one["num_threads"] for one in pools if np.__name__ in one["filepath"]]
    assert ours == [int(os.environ["OPENBLAS_NUM_THREADS"])]
