"""`arriero bench sentiment`: any CSV, the right numbers, bad input in one sentence."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest
from click.testing import CliRunner

from arriero.bench.sentiment import macro_recall, measure, read_rows
from arriero.cli.bench_sentiment import sentiment
from arriero.core.errors import InputError
from arriero.models.fake import FakeEncoder

TRAIN = [
    *((f"I love it so much, great number {at}", "positive") for at in range(8)),
    *((f"I hate it, terrible, awful number {at}", "negative") for at in range(8)),
    *((f"The parcel has number {at}", "neutral") for at in range(8)),
]


def test_macro_recall_weighs_the_three_alike() -> None:
    truth = ["positive"] * 8 + ["negative"] * 2
    found = macro_recall(truth, ["positive"] * 10)
    assert found.value == 0.5
    assert found.low is not None
    assert found.high is not None
    assert found.low <= 0.5 <= found.high


async def test_the_served_judge_is_measured_beside_head_and_lexicon() -> None:
    test = [("great, I love it", "positive"), ("awful, I hate it", "negative")] * 5
    found = await measure(test, FakeEncoder(), TRAIN)
    assert found["macro_recall"].value == found["accuracy"].value == 1
    assert found["macro_recall_lexicon"].value == 1
    assert found["macro_recall_head"].n == found["p50_ms"].n == 10


def test_numbers_are_read_as_tweeteval_has_them(tmp_path: Path) -> None:
    file = tmp_path / "test.csv"
    file.write_text("text,label\nbad,0\nso,1\ngood,2\nfine,Positive\n", encoding="utf-8")
    assert [label for _, label in read_rows(file)] == [
        "negative", "neutral", "positive", "positive",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("text,label\nhi,happy\n", r"line 2: needs a text and one of negative.*'happy'"),
        ("text,label\n,1\n", "line 2"),
        ("text,label\n", "no rows"),
        ("message,mood\nhi,1\n", "it needs text and label"),
        ("", "it needs text and label"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, content: str, sentence: str) -> None:
    file = tmp_path / "test.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=sentence):
        read_rows(file)


def test_a_missing_or_binary_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_rows(tmp_path / "none.csv")
    (tmp_path / "binary.csv").write_bytes(b"text,label\n\xff\xfe,1\n")
    with pytest.raises(InputError, match="cannot be read"):
        read_rows(tmp_path / "binary.csv")


def test_the_command_writes_its_report(tmp_path: Path) -> None:
    train, test, out = (tmp_path / name for name in ("train.csv", "test.csv", "out.json"))
    lines = [f"{text.replace(',', '')},{label}" for text, label in TRAIN]
    train.write_text("\n".join(["text,label", *lines]), encoding="utf-8")
    test.write_text("text,label\ngreat I love it,2\nawful I hate it,0\n", encoding="utf-8")
    config = tmp_path / "arriero.toml"
    config.write_text('[models]\nencoder = "fake:words"\n', encoding="utf-8")
    done = CliRunner().invoke(
        sentiment,
        ["--test", str(test), "--train", str(train), "--json", str(out), "--config", str(config)],
    )
    assert done.exit_code == 0, done.output
    report = json.loads(out.read_text(encoding="utf-8"))
    assert report["bench"] == "sentiment"
    assert set(report["inputs"]) == {"test.csv", "train.csv"}
    assert report["results"]["macro_recall"]["n"] == 2


def test_tweetevals_own_files_are_read_line_by_line(tmp_path: Path) -> None:
    texts, labels = tmp_path / "test_text.txt", tmp_path / "test_labels.txt"
    texts.write_bytes('a "quoted, bad one\nwith\u2028a sign\r\ngood\n'.encode())
    labels.write_text("0\n1\n2\n", encoding="utf-8")
    assert read_rows(texts) == (
        ('a "quoted, bad one', "negative"), ("with\u2028a sign", "neutral"), ("good", "positive"),
    )  # fmt: skip
    labels.write_text("0\n1\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"has 3 lines, but test_labels\.txt 2"):
        read_rows(texts)
    labels.write_text("0\n1\n7\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"line 3: needs a text.*'7'"):
        read_rows(texts)
    labels.unlink()
    with pytest.raises(InputError, match=r"needs its labels in test_labels\.txt"):
        read_rows(texts)


def test_a_hundred_thousand_rows_need_no_gigabyte() -> None:
    truth = ["positive", "negative", "neutral", "neutral"] * 25_000
    tracemalloc.start()
    try:
        found = macro_recall(truth, ["neutral"] * len(truth))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.value == pytest.approx(1 / 3)
    assert most < 100e6


async def test_rows_that_were_learned_from_are_counted() -> None:
    found = await measure(TRAIN[:5], FakeEncoder(), TRAIN)
    assert found["rows_also_fitted"].value == 5
