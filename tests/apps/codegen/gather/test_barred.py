from __future__ import annotations

import json
from pathlib import Path

import pytest

from arriero.apps.codegen.gather.barred import Barred, prints
from arriero.core.errors import SettingsError

TASK = "Write a function that returns the largest even number of a list of whole numbers."


def test_a_text_that_shares_eight_words_in_a_row_is_held() -> None:
    barred = Barred.of([TASK])
    assert barred.holds("def f(): # WRITE a function: that returns the largest, even number!")
    assert not barred.holds("Write a function that returns the smallest even number of a list.")
    assert not barred.holds("")


def test_the_share_is_of_the_text_that_is_asked_about() -> None:
    barred = Barred.of([TASK])
    assert barred.share(TASK) == 1.0
    assert 0 < barred.share(f"{TASK} {'and much more of another kind ' * 5}") < 0.5
    assert barred.share("") == 0.0


def test_a_short_text_counts_as_a_whole() -> None:
    assert Barred.of(["add two numbers"]).holds("Add two numbers.")
    assert not Barred.of(["add two numbers"]).holds("add two numbers and more of them here now")
    assert prints("...") == frozenset()


def test_files_are_read_as_lines_of_json_or_as_text(tmp_path: Path) -> None:
    rows, plain = tmp_path / "rows.jsonl", tmp_path / "plain.txt"
    rows.write_text(json.dumps({"task": {"text": TASK}}) + "\n\n", encoding="utf-8")
    plain.write_text("a second text that has no more than nine words", encoding="utf-8")
    barred = Barred.read((rows, plain))
    assert barred.holds(TASK)
    assert barred.holds("a second text that has no more than nine words")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"gone\.txt.*apps\.codegen\.gather\.barred"):
        Barred.read((tmp_path / "gone.txt",))
    (tmp_path / "bad.jsonl").write_text("{", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"bad\.jsonl"):
        Barred.read((tmp_path / "bad.jsonl",))
