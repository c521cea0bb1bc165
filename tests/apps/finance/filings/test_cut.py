"""Item 1A is cut where it stands, and where it does not stand that is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from arriero.apps.finance import sample
from arriero.apps.finance.filings.base import Absent, Look
from arriero.apps.finance.filings.cut import item_one_a
from arriero.apps.finance.filings.risks import risk_factors
from tests.apps.finance.filings.invented import (
    CAPTIONS,
    HEADINGS,
    item_html,
    plain,
    report,
    submission,
)

SAMPLE = Path(sample.__file__).parent / "companies"
ELSEWHERE = (
    "Item 1A. Risk Factors\nInformation in response to this item can be found in our Annual Report to Shareholders "
    "under the heading Risk Factors, and is incorporated into this item by reference."
)
SMALL = "Item 1A. Risk Factors\nAs a smaller reporting company we are not required to provide this information."
AROUND = "Item 1. Business\nWe make potash.\n{item}\nItem 1B. Unresolved Staff Comments\nNone.\n"


def test_the_item_is_cut_from_its_heading_to_the_next_item() -> None:
    item = item_one_a(report(item_html()))
    assert item.text.startswith("Item 1A. Risk Factors\nThe following")
    assert item.text.endswith("by several percent.")
    assert item.reason is None


def test_neither_the_table_of_contents_nor_a_sentence_about_the_item_is_taken_for_it() -> None:
    with_contents, without = (item_one_a(report(item_html(), contents=on)) for on in (True, False))
    assert with_contents.text == without.text


def test_a_heading_that_returns_on_every_page_does_not_end_the_item() -> None:
    lines = plain().split("\n")
    paged = [row for line in lines for row in (line, "Item 1A")]
    item = item_one_a(AROUND.format(item="\n".join(paged)))
    assert all(caption in item.text for caption in CAPTIONS)


def test_number_and_name_of_the_item_may_stand_in_two_cells() -> None:
    heading = "<table><tr><td><b>ITEM&#160;1A.</b></td><td><b>RISK FACTORS</b></td></tr></table>"
    item = item_one_a(report(heading + item_html().split("</div>", 1)[1]))
    assert item.text.startswith("ITEM 1A. RISK FACTORS\nThe following")


def test_an_item_that_points_elsewhere_is_not_guessed() -> None:
    item = item_one_a(AROUND.format(item=ELSEWHERE))
    assert item.reason is Absent.BY_REFERENCE
    assert "Annual Report to Shareholders" in item.text


def test_an_item_that_points_to_an_exhibit_is_read_there() -> None:
    body = plain().removeprefix("Item 1A. ")
    exhibit = f"Financial Review\nA good year.\n{body}Controls and Procedures\nThey worked.\n"
    item = item_one_a(
        submission(AROUND.format(item=ELSEWHERE), ("EX-13", exhibit), ("EX-21", "None."))
    )
    assert item.reason is None
    assert item.place == "EX-13"
    assert item.text.startswith("Risk Factors\nThe following")
    assert item.text.endswith("by several percent.")


def test_an_item_that_points_within_the_report_is_read_there() -> None:
    body = plain().removeprefix("Item 1A. ")
    later = f"{AROUND.format(item=ELSEWHERE)}Item 7. Discussion\n{body}Critical Accounting Estimates\nNone.\n"
    item = item_one_a(later)
    assert item.reason is None
    assert item.text.startswith("Risk Factors\nThe following")


def test_a_small_filer_need_not_give_any() -> None:
    assert item_one_a(AROUND.format(item=SMALL)).reason is Absent.NOT_REQUIRED


def test_a_heading_with_nothing_under_it_is_empty() -> None:
    assert item_one_a(AROUND.format(item="Item 1A. Risk Factors")).reason is Absent.EMPTY


@pytest.mark.parametrize(
    "heading", ["PART I - ITEM 1A", "ITEM 1A - RISK FACTORS", "Item 1A:", "ITEM\u00a01A."]
)
def test_headings_are_written_in_many_ways(heading: str) -> None:
    text = AROUND.format(item=plain().replace("Item 1A. Risk Factors", heading))
    assert item_one_a(text).text.startswith(heading)


def test_a_report_without_numbers_of_items_has_its_section_by_name() -> None:
    body = plain().removeprefix("Item 1A. ")
    item = item_one_a(f"Our Business\nWe make potash.\n{body}Unresolved Staff Comments\nNone.\n")
    assert item.text.startswith("Risk Factors\n")
    assert item.text.endswith("by several percent.")


def test_the_text_that_was_cut_out_of_html_still_shows_what_stood_out() -> None:
    for document in (report(item_html()), report(item_html(within=True))):
        whole, alone = risk_factors(document), risk_factors(item_one_a(document).text)
        assert alone.captions == whole.captions
        assert [span.of(alone.text) for span in alone.headings] == HEADINGS


@pytest.mark.parametrize("file", sorted(SAMPLE.glob("*/filings/*.htm")), ids=lambda file: file.stem)
def test_the_sample_reads_the_same_with_and_without_its_html(file: Path) -> None:
    document = file.read_text(encoding="utf-8")
    whole, alone = risk_factors(document), risk_factors(item_one_a(document).text)
    assert len(whole.captions) >= 10
    assert alone.captions == whole.captions


def test_places_of_emphasis_are_right_in_the_text_that_was_cut() -> None:
    item = item_one_a(report(item_html()))
    bold = [run.of(item.text) for run in item.runs if run.look == Look.BOLD | Look.ITALIC]
    assert bold == CAPTIONS


def test_plain_text_is_cut_as_it_is() -> None:
    document = AROUND.format(item=plain().strip())
    item = item_one_a(document)
    assert item.text == document[item.start : item.start + len(item.text)] == plain().strip()
