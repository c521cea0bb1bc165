"""The labels of risk factors are whole, in order, and point at what they say."""

from __future__ import annotations

import gzip
import hashlib
import json
import tomllib
from collections import Counter
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
FILINGS = REPOSITORY / "src/arriero/apps/finance/filings"
KINDS = {"caption", "heading"}
# A caption that fits no type says so; the share of these is what the taxonomy does not cover.
NO_TYPE = "none"


@cache
def rows(name: str) -> list[dict[str, Any]]:
    text = (REPOSITORY / "bars" / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


@cache
def taxonomy() -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads((FILINGS / "taxonomy.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["risk_captions.jsonl", "risk_labels.jsonl"])
def test_labels_are_in_order_and_do_not_overlap(name: str) -> None:
    places = [(row["file"], row["start"], row["end"]) for row in rows(name)]
    assert places == sorted(places)
    assert all(start < end for _, start, end in places)
    for (file, _, end), (next_file, next_start, _) in pairwise(places):
        assert file != next_file or end <= next_start


def test_the_first_seven_files_by_hash_are_for_development_in_both_sets() -> None:
    hashes = {row["file"]: row["sha256"] for row in rows("risk_captions.jsonl")}
    order = sorted(hashes, key=hashes.__getitem__)
    assert len(order) == 13
    for row in rows("risk_captions.jsonl") + rows("risk_labels.jsonl"):
        assert row["split"] == ("dev" if order.index(row["file"]) < 7 else "test")


def test_every_typed_span_is_a_caption_and_every_file_has_ten() -> None:
    captions = {
        (row["file"], row["start"], row["end"])
        for row in rows("risk_captions.jsonl")
        if row["kind"] == "caption"
    }
    labels = rows("risk_labels.jsonl")
    assert len(labels) == 200
    assert {(row["file"], row["start"], row["end"]) for row in labels} <= captions
    counts = Counter(row["file"] for row in labels)
    assert len(counts) == 13
    assert min(counts.values()) >= 10


def test_every_label_is_a_type_of_the_taxonomy() -> None:
    types = {one["id"] for one in taxonomy()["type"]}
    labels = rows("risk_labels.jsonl")
    assert {row["type"] for row in labels} <= types | {NO_TYPE}
    assert {row["second"] for row in labels if "second" in row} <= types
    assert all(row["type"] != row.get("second") for row in labels)


def test_the_taxonomy_names_each_type_once_and_sends_its_neighbours_to_types_that_exist() -> None:
    classes = [one["id"] for one in taxonomy()["class"]]
    types = [one["id"] for one in taxonomy()["type"]]
    assert len(set(classes)) == len(classes)
    assert len(set(types)) == len(types)
    assert {one.split(".")[0] for one in types} == set(classes)
    for one in taxonomy()["type"]:
        named = [word.rstrip(".,;") for word in one["boundary"].split()]
        others = [word for word in named if word.split(".")[0] in classes and "." in word]
        assert set(others) <= set(types) - {one["id"]}
        assert one["name"]
        assert one["definition"].endswith(".")


def test_spans_lie_in_the_very_text_that_was_labelled(data_folder: Path) -> None:
    texts: dict[str, str] = {}
    for row in rows("risk_captions.jsonl"):
        if row["file"] not in texts:
            raw = gzip.decompress((data_folder / "edgar-10k" / row["file"]).read_bytes())
            assert hashlib.sha256(raw).hexdigest() == row["sha256"]
            texts[row["file"]] = raw.decode("utf-8")
        assert row["kind"] in KINDS
        span = texts[row["file"]][row["start"] : row["end"]]
        assert span == span.strip()
        assert len(span) == row["end"] - row["start"] > 0
        assert "\n" not in span
    assert len(texts) == 13
