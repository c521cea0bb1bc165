"""The written news of invented companies is whole, balanced, and kept apart from what is held out."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
ROWS = REPOSITORY / "src/arriero/apps/finance/news/rows.csv"
HELD_OUT = REPOSITORY / "bars/finance_news_heldout.jsonl"


def labelled(path: Path) -> list[tuple[str, str]]:
    if path.suffix == ".csv":  # as heads are fitted on
        with path.open(encoding="utf-8", newline="") as lines:
            return [(row["text"], row["label"]) for row in csv.DictReader(lines)]
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [(row["text"], row["label"]) for row in found]


@pytest.mark.parametrize(("path", "many"), [(ROWS, 400), (HELD_OUT, 120)])
def test_each_text_has_one_of_three_labels_and_none_of_them_is_rare(path: Path, many: int) -> None:
    found = labelled(path)
    assert len({text for text, _ in found}) == len(found) == many
    counts = Counter(label for _, label in found)
    assert set(counts) == {"positive", "negative", "neutral"}
    assert min(counts.values()) >= many // 4


def test_nothing_that_is_held_out_is_among_the_rows() -> None:
    rows, held_out = labelled(ROWS), labelled(HELD_OUT)
    assert not {text.casefold() for text, _ in rows} & {text.casefold() for text, _ in held_out}
