"""What a model may change of a text, and what not; how charts are drawn."""

from __future__ import annotations

import xml.etree.ElementTree as ET  # our own SVG
from typing import Any

import pytest

from arriero.apps.finance.explain.rewrite import refusal
from arriero.apps.finance.report.charts import DRAWN, _short, _ticks, svg
from arriero.apps.finance.report.page import page
from arriero.apps.finance.values import Analysis, Chart, Line, Point
from arriero.core.words import Source

TEXT = (
    "Acme: HOLD over 3 months, because revenue grew by 8.3 % [1] and debt is 1.26 billion USD [2]. "
    "\N{LEFT DOUBLE QUOTATION MARK}We buy from one supplier.\N{RIGHT DOUBLE QUOTATION MARK} [3]"
)


def test_another_order_of_the_same_words_is_taken() -> None:
    assert refusal(TEXT, TEXT.replace("because", "since")) == ""


@pytest.mark.parametrize(
    ("was", "becomes", "why"),
    [
        ("8.3", "8.4", "8.4, which is not in the record"),
        (" and debt is 1.26 billion USD [2]", "", "leaves out"),
        (" [2]", "", "leaves out 2"),
        ("HOLD", "BUY", "speaks of BUY"),
        ("We buy from one supplier", "They buy from one supplier", "word for word"),
        ("because", "because " + "of many things " * 20, "times as long"),
        ("revenue", "in 2024 revenue", "2024, which is not in the record"),
    ],
)
def test_what_changes_a_number_a_citation_a_quotation_or_the_rating_is_refused(
    was: str, becomes: str, why: str
) -> None:
    assert why in refusal(TEXT, TEXT.replace(was, becomes))


def chart(kind: str) -> Chart:
    rows: dict[str, Any] = {
        "fan": [("close", 20), ("low", 5), ("high", 5), ("median", 5)],
        "bars": [("revenue", 4), ("net income", 4)],
    }
    lines = [
        Line(name, tuple(Point(f"{at / 10}", (-1) ** at * at / 10) for at in range(count)))
        for name, count in rows.get(kind, [("line", 9)])
    ]
    return Chart(kind, f"A <{kind}>", "share", tuple(lines))


@pytest.mark.parametrize("kind", sorted(DRAWN))
def test_a_chart_is_well_formed_and_stays_on_its_paper(kind: str) -> None:
    drawn = ET.fromstring(svg(chart(kind)))  # noqa: S314  # our own SVG
    paper = drawn.find("svg")
    assert paper is not None
    assert paper.get("aria-label") == f"A <{kind}>"
    numbers = [
        float(value)
        for one in paper.iter()
        for name, value in one.attrib.items()
        if name in {"x", "y", "x1", "x2", "y1", "y2", "cx", "cy"}
    ]
    assert len(numbers) > 8
    assert all(-1 <= value <= 461 for value in numbers)


@pytest.mark.parametrize(
    ("low", "high", "unit", "said"),
    [
        (33.5, 57.7, "price", ["35", "40", "45", "50", "55"]),
        (-0.343, 0.0, "share", ["-30 %", "-20 %", "-10 %", "0 %"]),
        (0.0, 1.32e9, "USD", ["0", "500 M", "1 B"]),
        (-2.0, 11.0, "count", ["0", "5", "10"]),
        (0.0, 1.0, "share", ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]),
    ],
)
def test_the_values_beside_an_axis_are_round(
    low: float, high: float, unit: str, said: list[str]
) -> None:
    assert [_short(value, unit) for value in _ticks(low, high)] == said


def test_a_source_leads_to_its_filing_and_nothing_else_is_a_link() -> None:
    sources = [
        Source("a", "10-K filed 2025-11-24, 9-25-28 https://www.sec.gov/a.htm", "Revenue 8.3"),
        Source("b", "news javascript:alert(1)", "x"),
    ]
    text = page(Analysis(ticker="X", name="X", explanation="Y [1]."), sources, run=None)
    assert '<a href="https://www.sec.gov/a.htm" rel="noreferrer">10-K filed' in text
    assert text.count("<a href") == 2  # and the mark


def test_a_chart_of_nothing_says_so() -> None:
    assert "nothing to draw" in svg(Chart("lines", "Empty", "share", (Line("none", ()),)))


def test_the_page_has_no_script_fetches_nothing_and_escapes_what_it_is_given() -> None:
    answer = Analysis(
        ticker="X", name="<script>alert(1)</script>", explanation="Revenue: 8.3 % [1].\n\nMore.",
        charts=(chart("bars"),),
    )  # fmt: skip
    text = page(answer, [Source("a", "10-K", "Revenue 8.3")], run="r1")
    assert "<script" not in text
    assert "src=" not in text
    assert 'href="http' not in text
    assert '<a href="#s1">[1]</a>' in text
    assert "<svg" in text
