"""The texts of benchmark files come out whole, whatever stands in them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from arriero.core.errors import InputError
from arriero.learning.dataset.references import texts_of

LONG = "Is it\u2028dry?\x0cOr wet?"


def test_a_line_of_json_ends_where_json_says(tmp_path: Path) -> None:
    (file := tmp_path / "golden.jsonl").write_text(
        "\n".join(json.dumps({"q": text}, ensure_ascii=False) for text in (LONG, "Where is it?")),
        encoding="utf-8",
    )
    assert texts_of([file]) == [LONG, "Where is it?"]


def test_a_field_of_a_table_keeps_its_lines(tmp_path: Path) -> None:
    (file := tmp_path / "golden.csv").write_text('q,a\n"Where is\nmy parcel?",On its way\n')
    assert texts_of([file]) == ["q", "a", "Where is\nmy parcel?", "On its way"]


def test_a_list_of_questions_is_read_line_by_line_too(tmp_path: Path) -> None:
    (file := tmp_path / "golden.txt").write_text("Where is it?\nWhat does it cost?\n")
    assert {"Where is it?", "What does it cost?"} <= set(texts_of([file]))


def test_what_is_no_text_is_said(tmp_path: Path) -> None:
    (file := tmp_path / "golden.parquet").write_bytes(b"PAR1\xff\xfe")
    with pytest.raises(InputError, match="cannot be read"):
        texts_of([file])
