"""What a long-lived process does before it works."""

import ctypes
import gc
from types import SimpleNamespace

import pytest

from arriero.cli import process


def test_the_heap_is_told_to_stay_small(monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[int, int] = {}
    library = SimpleNamespace(mallopt=told.setdefault)
    monkeypatch.setattr(ctypes, "CDLL", lambda _: library)
    monkeypatch.setattr("logging.basicConfig", lambda **_: None)
    process.prepare()
    assert told == {
        process.M_ARENA_MAX: process.ARENAS,
        process.M_MMAP_THRESHOLD: process.MAPPED_FROM_BYTES,
    }


def test_a_c_library_without_mallopt_is_let_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace())
    monkeypatch.setattr("logging.basicConfig", lambda **_: None)
    process.prepare()


def test_what_the_start_made_is_not_walked_again() -> None:
    made: list[list[int]] = [[] for _ in range(3)]
    before = gc.get_freeze_count()
    try:
        process.settle()
        assert gc.get_freeze_count() > before
        assert all(one is not made for one in gc.get_objects())
    finally:
        gc.unfreeze()
