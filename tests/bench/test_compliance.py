"""`arriero bench compliance` on small corpora."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from arriero.bench.compliance import judged, measure, misses, read_rows
from arriero.cli.bench_compliance import compliance
from arriero.core.errors import InputError

ROWS: tuple[dict[str, Any], ...] = (
    {"id": "a", "rule": "C01", "kind": "violation", "text": "The shares are guaranteed to double."},
    {"id": "b", "rule": "C15", "kind": "violation", "text": "A plain text.", "record": {"evidence": None}},
    {"id": "c", "rule": "C01", "kind": "paraphrase", "text": "A plain text that breaks no rule."},
    {"id": "d", "rule": None, "kind": "near_miss", "profile": "adviser", "text": "No return is guaranteed."},
    {"text": "The company makes instruments."},
)  # fmt: skip


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    file = tmp_path / "corpus.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in ROWS), encoding="utf-8")
    return file


def test_violations_and_clean_texts_are_counted_apart(corpus: Path) -> None:
    found = measure(judged(read_rows(corpus)))
    assert found["blocked"].value == pytest.approx(2 / 3)
    assert found["blocked"].n == 3
    assert (found["false_blocks"].value, found["false_blocks"].n) == (0.0, 2)
    assert found["blocked_paraphrase"].value == 0.0


def test_who_blocks_all_or_nothing_is_seen_to(corpus: Path) -> None:
    rows = read_rows(corpus)
    everything = measure(judged(rows, lambda one: frozenset({"C01"})))
    nothing = measure(judged(rows, lambda one: frozenset()))
    assert (everything["blocked"].value, everything["false_blocks"].value) == (1.0, 1.0)
    assert (nothing["blocked"].value, nothing["false_blocks"].value) == (0.0, 0.0)


def test_every_miss_is_listed(corpus: Path) -> None:
    assert misses(judged(read_rows(corpus))) == (
        "c: released, breaks C01 (paraphrase): A plain text that breaks no rule.",
    )


def test_the_command_prints_the_table_and_the_misses(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    done = CliRunner().invoke(compliance, ["--corpus", str(corpus), "--json", str(out)])
    assert done.exit_code == 0
    assert "c: released, breaks C01" in done.output
    assert json.loads(out.read_text(encoding="utf-8"))["results"]["blocked"]["n"] == 3


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("{", "line 1 is no JSON"),
        ('\n\n{"id": 1}', "line 3: needs an object with a 'text'"),
        ('{"text": "x", "rule": "C99"}', "line 1: .*no rule 'C99'"),
        ('{"text": "x", "record": [1]}', "line 1: record has to be an object"),
        ('{"text": "x", "rule": "C01", "kind": "clean"}', "does not go with rule 'C01'"),
        ('{"text": "x", "record": {"walls": 3}}', "record.walls"),
        ('{"text": "x", "profile": "bank"}', "profiles: broker_dealer"),
        ("", "has no rows"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(tmp_path: Path, line: str, sentence: str) -> None:
    file = tmp_path / "corpus.jsonl"
    file.write_text(line, encoding="utf-8")
    with pytest.raises(InputError, match=sentence):
        read_rows(file)


def test_a_sign_that_some_take_for_the_end_of_a_line_is_none(tmp_path: Path) -> None:
    file = tmp_path / "corpus.jsonl"
    file.write_text(json.dumps({"text": "one\u2028two"}, ensure_ascii=False), encoding="utf-8")
    (row,) = read_rows(file)
    assert row.publication.text == "one\u2028two"
