"""What a long-lived process does before it works."""

import ctypes
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
