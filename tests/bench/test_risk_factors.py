"""`arriero bench risk-factors`: the right counts, labels that are checked, bad input in one sentence."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from arriero.apps.finance.filings.base import Caption, RiskText, Span
from arriero.bench.risk_factors import measure, read_documents, read_marks
from arriero.cli.bench_risk_factors import risk_factors
from arriero.core.errors import InputError
from arriero.core.statistics import wilson
from tests.apps.finance.filings.invented import CAPTIONS, item_html, plain, report

TEXT = plain()


def folder(at: Path) -> Path:
    (at / "salt.txt").write_text(TEXT, encoding="utf-8")
    (at / "again.txt.gz").write_bytes(gzip.compress(TEXT.encode()))
    (at / "whole.html").write_text(report(item_html()), encoding="utf-8")
    (at / "notes.md").write_text("not a filing", encoding="utf-8")
    return at


def row(caption: str, **more: Any) -> dict[str, Any]:
    start = TEXT.index(f"\n{caption}") + 1
    return {"file": "salt.txt", "start": start, "end": start + len(caption), **more}


def written(at: Path, *rows: object) -> Path:
    file = at / "labels.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    return file


def test_captions_of_text_archives_and_html_are_counted_and_quoted(tmp_path: Path) -> None:
    found = measure(read_documents(folder(tmp_path)))
    assert found["captions"].value == 3 * len(CAPTIONS)
    assert found["quoted"].value == 1
    assert found["without"].value == 0
    assert "recall" not in found


def test_recall_and_precision_count_what_is_labelled(tmp_path: Path) -> None:
    documents = read_documents(folder(tmp_path))
    body = TEXT.split("\n")[4]
    labels = [row(caption, kind="caption") for caption in CAPTIONS[1:]]
    marks = read_marks([written(tmp_path, *labels, row(body, kind="caption"))], documents)
    found = measure(documents, marks)
    assert (found["recall"].value, found["recall"].n) == (6 / 7, 7)
    assert (found["precision"].value, found["precision"].n) == (6 / 7, 7)


def test_what_is_in_doubt_counts_neither_way(tmp_path: Path) -> None:
    documents = read_documents(folder(tmp_path))
    labels = [row(caption, kind="caption") for caption in CAPTIONS[1:]]
    labels += [
        row(CAPTIONS[0], kind="caption", doubt=True),
        row("Risks Related to Markets and Law", kind="heading", doubt=True),
    ]
    found = measure(documents, read_marks([written(tmp_path, *labels)], documents))
    assert (found["recall"].value, found["precision"].value) == (1, 1)


def test_a_type_is_right_when_it_is_either_of_the_two_that_were_given(tmp_path: Path) -> None:
    documents = read_documents(folder(tmp_path))
    labels = [
        row(CAPTIONS[1], type="world.disruption"),
        row(CAPTIONS[3], type="world.international", second="market.competition"),
        row(CAPTIONS[6], type="law.tax"),
    ]
    found = measure(documents, read_marks([written(tmp_path, *labels)], documents))
    assert (found["type_accuracy"].value, found["type_accuracy"].n) == (2 / 3, 3)


def test_a_caption_that_is_not_what_stands_there_is_not_quoted(tmp_path: Path) -> None:
    def lying(text: str) -> RiskText:
        return RiskText(text, (Caption(0, 4, "otherwise", Span(4, 5)),))

    assert measure(read_documents(folder(tmp_path)), finder=lying)["quoted"].value == 0


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([{"file": "salt.txt"}], "needs file, start and end"),
        ([{"file": "salt.txt", "start": 5, "end": 10**7, "kind": "caption"}], "is not within"),
        ([row(CAPTIONS[0], type="law.gravity")], "'law.gravity' is no type"),
        ([row(CAPTIONS[0], kind="caption", sha256="0" * 64)], "is not the text that was labelled"),
        ([{"file": "other.txt", "start": 0, "end": 5, "kind": "caption"}], "no label is of a file"),
    ],
)
def test_labels_that_cannot_be_used_are_named(
    tmp_path: Path, rows: list[dict[str, Any]], says: str
) -> None:
    documents = read_documents(folder(tmp_path))
    with pytest.raises(InputError, match=says):
        read_marks([written(tmp_path, *rows)], documents)


def test_the_hash_of_the_text_is_accepted(tmp_path: Path) -> None:
    documents = read_documents(folder(tmp_path))
    right = hashlib.sha256(TEXT.encode()).hexdigest()
    file = written(tmp_path, row(CAPTIONS[0], kind="caption", sha256=right))
    assert len(read_marks([file], documents)) == 1


def test_a_folder_without_filings_and_a_broken_archive_say_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no filings"):
        read_documents(tmp_path)
    (tmp_path / "broken.txt.gz").write_bytes(b"no archive")
    with pytest.raises(InputError, match=r"broken\.txt\.gz cannot be read"):
        read_documents(tmp_path)


def test_the_command_writes_the_metrics_and_lists_what_was_missed(tmp_path: Path) -> None:
    body = TEXT.split("\n")[4]
    labels = [row(caption, kind="caption") for caption in CAPTIONS[1:]]
    file = written(tmp_path, *labels, row(body, kind="caption"))
    out = tmp_path / "out.json"
    argv = [str(folder(tmp_path)), "--labels", str(file), "--list", "--json", str(out)]
    done = CliRunner().invoke(risk_factors, argv)
    assert done.exit_code == 0, done.output
    assert f"false: {CAPTIONS[0]}" in done.output
    assert "missed: The lake of" in done.output
    told = json.loads(out.read_text(encoding="utf-8"))
    assert told["bench"] == "risk-factors"
    assert {"captions", "recall", "precision", "quoted"} <= set(told["results"])


def test_a_label_that_is_given_twice_counts_once(tmp_path: Path) -> None:
    documents = read_documents(folder(tmp_path))
    body = row(TEXT.split("\n")[4], kind="caption")
    labels = [row(caption, kind="caption") for caption in CAPTIONS]
    found = measure(documents, read_marks([written(tmp_path, *labels, body, body)], documents))
    assert found["recall"].n == len(CAPTIONS) + 1


def test_no_type_is_right_where_the_label_says_that_there_is_none(tmp_path: Path) -> None:
    documents = read_documents(folder(tmp_path))
    marks = read_marks([written(tmp_path, row(CAPTIONS[1], type="none"))], documents)
    assert (
        measure(documents, marks, typer=lambda text, caption, body: None)["type_accuracy"].value
        == 1
    )
    assert measure(documents, marks)["type_accuracy"].value == 0


def test_many_captions_of_one_filing_are_one_filing(tmp_path: Path) -> None:
    documents = read_documents(folder(tmp_path))
    labels = [row(caption, kind="caption") for caption in CAPTIONS]
    found = measure(documents, read_marks([written(tmp_path, *labels)], documents))
    assert found["recall"].value == 1
    assert found["recall"].low == wilson(1, 1).low


def test_a_damaged_archive_is_one_sentence(tmp_path: Path) -> None:
    whole = bytearray(gzip.compress(TEXT.encode()))
    whole[40:60] = b"\xff" * 20
    (tmp_path / "a.txt.gz").write_bytes(bytes(whole))
    with pytest.raises(InputError, match=r"a\.txt\.gz cannot be read"):
        read_documents(tmp_path)
