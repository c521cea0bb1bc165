"""How many threads a model writes with: the rule, and what was measured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from arriero.models import copies, pace
from arriero.models.catalogue import REPACKED, entry_of, repacked_copy, writers_of
from arriero.models.files import read_json, write_json
from arriero.models.pace import candidates, chosen, cores, fastest, threads_for
from arriero.models.progress import Silent


@pytest.mark.parametrize(
    ("cores", "asked", "threads"), [(1, 0, (1, 1)), (2, 0, (1, 2)), (8, 0, (7, 8)), (8, 3, (3, 3))]
)
def test_one_core_is_left_while_a_small_model_writes(
    cores: int, asked: int, threads: tuple[int, int]
) -> None:
    assert threads_for(cores, asked, 150_000_000) == threads


@pytest.mark.parametrize(
    ("cores", "asked", "threads"), [(1, 0, (1, 1)), (2, 0, (2, 2)), (2, 1, (1, 1))]
)
def test_a_large_model_writes_with_all_cores(
    cores: int, asked: int, threads: tuple[int, int]
) -> None:
    assert threads_for(cores, asked, 500_000_000) == threads


def test_what_was_measured_comes_before_the_rule_and_after_what_is_asked() -> None:
    assert threads_for(2, 0, 150_000_000, measured=2) == (2, 2)
    assert threads_for(2, 0, 500_000_000, measured=1) == (1, 2)
    assert threads_for(2, 1, 150_000_000, measured=2) == (1, 1)
    assert threads_for(2, 0, 150_000_000, measured=8) == (2, 2)


@pytest.mark.parametrize(
    ("cores", "tried"), [(1, (1,)), (2, (1, 2)), (6, (1, 2, 6)), (16, (1, 2, 4, 8, 16))]
)
def test_powers_of_two_and_all_cores_are_tried(cores: int, tried: tuple[int, ...]) -> None:
    assert candidates(cores) == tried


def test_more_threads_are_taken_only_where_they_are_clearly_faster() -> None:
    assert chosen({1: 77.0, 2: 40.0}) == 1
    assert chosen({1: 41.0, 2: 79.0}) == 2
    assert chosen({1: 75.0, 2: 79.0}) == 1
    assert chosen({1: 30.0, 2: 58.0, 4: 80.0, 8: 81.0}) == 4


@pytest.mark.slow
async def test_the_packaged_model_is_measured_once_for_these_cores(
    model_path: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulled = model_path("smollm2-135m").parent
    entry = entry_of("smollm2-135m")
    home = tmp_path / entry.name
    home.mkdir()
    for file in pulled.glob("*.gguf"):
        (home / file.name).symlink_to(file)
    if note := read_json(pulled / REPACKED):
        write_json(home / REPACKED, {key: note[key] for key in note if key != "writers"})
    said = Silent()
    monkeypatch.setattr(pace, "BUSY", 100.0)  # other tests may run beside it
    copy = await copies.prepare(entry, tmp_path, progress=said)
    assert copy.writers[str(cores())] in candidates(cores())
    assert writers_of(entry.name, tmp_path, cores()) == copy.writers[str(cores())]
    assert any("threads" in line for line in said.said)
    again = Silent()
    assert await copies.prepare(entry, tmp_path, progress=again) == copy
    assert not again.said
    assert repacked_copy(entry, tmp_path) == copy


@pytest.mark.slow
async def test_beside_other_work_nothing_is_measured(
    model_path: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "BUSY", -1.0)  # as if nobody might use anything
    assert await fastest(model_path("smollm2-135m"), 2) is None


@pytest.mark.slow
async def test_one_core_needs_no_measurement(model_path: Callable[[str], Path]) -> None:
    assert await fastest(model_path("smollm2-135m"), 1) == 1
