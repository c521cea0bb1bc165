"""The bar of risk factors reads one split at a time, and its lazy products are as lazy as they say."""

from __future__ import annotations

from arriero.apps.finance.filings.base import Span
from arriero.bench.risk_factors import Document, Mark
from bars.risk_factors import marked, most_frequent, nothing, short_lines
from tests.bars.test_risk_labels import rows

NAME = "item1a-aapl-10-k-2024-11-01.txt.gz"


def test_short_lines_are_all_taken_and_quoted() -> None:
    text = "One.\n" + "long " * 100 + "\n  Two.  \n\n"
    found = short_lines(text)
    assert [caption.text for caption in found.captions] == ["One.", "Two."]
    assert all(caption.of(text) == caption.text for caption in found.captions)


def test_nothing_is_nothing() -> None:
    assert nothing("One.").captions == ()


def test_the_usual_type_is_the_one_that_most_labels_have() -> None:
    marks = [Mark("a", Span(0, 1), (name,)) for name in ("law.tax", "law.tax", "market.demand")]
    found = most_frequent(marks)("anything", Span(0, 1), Span(1, 1))
    assert found is not None
    assert found.type == "law.tax"


def test_a_split_reads_the_rows_of_no_other() -> None:
    named = {row["file"] for row in rows("risk_captions.jsonl") if row["split"] == "dev"}
    assert NAME in named
    assert marked((Document(NAME, "x" * 10**6),), "test") == ((), ())
