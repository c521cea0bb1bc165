"""The evaluation of intents, on files and classifiers made here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from arriero.bench.intents import (
    Messages,
    MostFrequent,
    measure,
    measured,
    outside,
    quality,
    read_messages,
)
from arriero.core.errors import InputError
from arriero.models.base import Labels
from arriero.models.fake import FakeEncoder

A, B = (("a", 0.9), ("b", 0.1)), (("b", 0.6), ("a", 0.4))


def test_quality_is_what_one_works_out_by_hand() -> None:
    answers = [Labels(A, "m"), Labels(A, "m"), Labels(B, "m"), Labels(B, "m")]
    found = quality(answers, ["a", "b", "b", "b"])
    assert found["accuracy"].value == 0.75
    assert found["macro_f1"].value == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert found["top5"].value == 1
    assert found["brier"].value == pytest.approx((0.02 + 1.62 + 0.32 + 0.32) / 4)
    assert found["accuracy"].low is not None


def test_rejections_count_as_errors() -> None:
    ours = [Labels(A, "m", 0.1), Labels(A, "m", 0.5), Labels(B, "m", 0.2), Labels(B, "m", 0.3)]
    theirs = [Labels(A, "m", 0.4), Labels(A, "m", 0.9)]
    found = outside(ours, ["a", "a", "b", "a"], theirs)
    assert found["accuracy_rejecting"].value == 0.5
    assert found["oos_recall"].value == 0.5
    assert found["oos_auroc"].value == pytest.approx(7 / 8)


async def test_the_laziest_classifiers_fail() -> None:
    rows = Messages(("x", "y", "z"), ("a", "a", "b"))
    strangers = Messages(("s",), ("",))
    never = await measured(MostFrequent(rows, None), rows, strangers)
    assert never["accuracy"].value == pytest.approx(2 / 3)
    assert (never["oos_recall"].value, never["oos_auroc"].value) == (0, 0.5)
    always = await measured(MostFrequent(rows, 1.0), rows, strangers)
    assert (always["oos_recall"].value, always["accuracy_rejecting"].value) == (1, 0)


async def test_a_head_is_fitted_and_measured() -> None:
    things = ["tent", "rope", "stove", "lamp"]
    train = Messages(
        tuple(f"where is my {thing}" for thing in things)
        + tuple(f"send back the {thing}" for thing in things),
        ("status",) * 4 + ("return",) * 4,
    )
    test = Messages(("where is the axe", "send back my axe"), ("status", "return"))
    found = await measure(train, test, None, FakeEncoder())
    assert found["accuracy"].value == 1
    assert set(found) == {
        *("accuracy", "macro_f1", "top5", "ece", "brier", "p50_ms", "p95_ms", "rows_also_fitted")
    }
    assert found["rows_also_fitted"].value == 0
    flattered = await measure(train, train, None, FakeEncoder())
    assert (flattered["rows_also_fitted"].value, flattered["rows_also_fitted"].n) == (8, 8)


def test_csv_and_clincs_json_are_read(tmp_path: Path) -> None:
    table = tmp_path / "rows.csv"
    table.write_text("text,category\nhi,a\nhi,b\nho,b\n", encoding="utf-8")
    assert read_messages(table, "train") == Messages(("hi", "ho"), ("a", "b"))
    assert read_messages(table, "test").texts == ("hi", "hi", "ho")
    lone = tmp_path / "lone.csv"
    lone.write_text("text\nwhat\nwhat\n", encoding="utf-8")
    assert read_messages(lone, "oos").texts == ("what",)
    clinc = tmp_path / "clinc.json"
    clinc.write_text(
        json.dumps({"train": [["a", "x"]], "val": [["b", "x"]], "oos_val": [["c", "oos"]]}),
        encoding="utf-8",
    )
    assert read_messages(clinc, "train").texts == ("a",)
    assert read_messages(clinc, "test").texts == ("b",)
    assert read_messages(clinc, "oos").texts == ("c",)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("rows.csv", b"text,label\n", "holds no message to test on"),
        ("rows.csv", b"words,label\na,b\n", "needs text and label"),
        ("rows.csv", b"text,label\n\xff,b\n", "give a CSV in UTF-8"),
        (
            "rows.csv",
            b"text,label\nhi,a\nho,\n",
            "rows.csv, line 3: the text or its label is empty",
        ),
        ("rows.csv", b"text,label\n,a\n", "line 2: the text or its label is empty"),
        (
            "rows.csv",
            b"text,label\nIt came, at last,a\n",
            "line 2: has more fields than the header",
        ),
        ("rows.json", b'{"test": [["hi", "a"], ["", "a"]]}', "test, row 2: the text or its label"),
        ("rows.json", b'{"test": [["hi"]]}', "cannot be read"),
        ("rows.json", b"[1]", "cannot be read"),
        ("rows.json", b"{", "cannot be read"),
        ("nowhere.csv", None, "cannot be read"),
    ],
)
def test_an_unusable_file_is_explained(
    name: str, content: bytes | None, sentence: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=sentence):
        read_messages(tmp_path / name, "test")


def test_a_byte_order_mark_and_numbers_as_labels_do_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "clinc.json"
    file.write_text(json.dumps({"train": [["a", 3]], "test": [["b", 3]]}), encoding="utf-8-sig")
    assert read_messages(file, "test") == Messages(("b",), ("3",))
    table = tmp_path / "rows.csv"
    table.write_bytes('text,label\r\n"Grüße, Welt",übrig\r\n'.encode("utf-8-sig"))
    assert read_messages(table, "test") == Messages(("Grüße, Welt",), ("übrig",))


@pytest.mark.parametrize("strangers", [1, 10, 19, 20, 350])
def test_the_threshold_for_strangers_rejects_at_least_95_percent_of_them(strangers: int) -> None:
    theirs = [Labels(A, "m", 0.2 + 0.5 * at / strangers) for at in range(strangers)]
    rejected = outside(theirs, ["a"] * strangers, theirs)["oos_fpr95"].value
    assert 0.95 <= rejected < 0.95 + 1 / strangers + 1e-9
