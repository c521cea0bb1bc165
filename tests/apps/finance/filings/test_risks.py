"""Captions are found in every manner in which filers set them, and quoted where they stand."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arriero.apps.finance.filings.base import Absent
from arriero.apps.finance.filings.risks import risk_factors
from tests.apps.finance.filings.invented import (
    CAPTIONS,
    GROUPS,
    HEADINGS,
    TITLES,
    factors,
    item_html,
    plain,
    report,
    run_in,
    wrapped,
)

MANNERS = {
    "plain text": plain(),
    "with pages": plain(feet=True),
    "wrapped": wrapped(),
    "wrapped, with pages": wrapped().replace("\n\nOur ponds", "\n\n   12\n\n<PAGE>\n\nOur ponds"),
    "html": report(item_html()),
    "bold only": report(item_html(caption="font-weight:bold")),
    "italic only": report(item_html(caption="font-style:italic")),
    "underlined, within the paragraph": report(
        item_html(caption="text-decoration:underline", within=True)
    ),
    "bold, within the paragraph": report(item_html(within=True)),
}


@pytest.mark.parametrize("document", MANNERS.values(), ids=MANNERS.keys())
def test_every_caption_is_found_and_nothing_else(document: str) -> None:
    found = risk_factors(document)
    assert [caption.title for caption in found.captions] == CAPTIONS
    assert found.reason is None


@pytest.mark.parametrize("document", MANNERS.values(), ids=MANNERS.keys())
def test_every_caption_is_quoted_where_it_stands(document: str) -> None:
    found = risk_factors(document)
    assert found.captions
    for caption in found.captions:
        assert caption.of(found.text) == caption.text
        assert caption.label is not None
        assert all(span.of(found.text).strip() for span in caption.label.evidence)


@pytest.mark.parametrize("mark", [": ", " \u2013 ", " - ", ". "])
def test_titles_that_run_into_their_paragraph_are_captions(mark: str) -> None:
    found = risk_factors(run_in(mark))
    assert [caption.title.rstrip(".") for caption in found.captions] == list(TITLES)


def test_titles_without_a_full_stop_are_captions_and_groups_stay_headings() -> None:
    found = risk_factors(plain(titles=True))
    assert [caption.title for caption in found.captions] == list(TITLES)
    assert [span.of(found.text) for span in found.headings] == HEADINGS


def test_offsets_of_plain_text_count_in_the_text_that_was_given() -> None:
    document = "A cover page.\n\n" + plain()
    found = risk_factors(document)
    for caption in found.captions:
        start = found.start + caption.start
        assert document[start : start + len(caption.text)] == caption.text


def test_each_caption_knows_its_group_and_the_text_under_it() -> None:
    found = risk_factors(plain())
    assert [caption.heading for caption in found.captions] == [
        heading for heading, group in GROUPS for _ in group
    ]
    for caption, (_, texts) in zip(found.captions, factors(), strict=True):
        assert caption.body.of(found.text) == "\n".join(texts)


def test_the_lines_of_a_summary_are_no_captions() -> None:
    summary = ["Summary of Risk Factors", *CAPTIONS]
    lines = plain().split("\n")
    found = risk_factors("\n".join([lines[0], *summary, *lines[1:]]))
    assert [caption.title for caption in found.captions] == CAPTIONS
    assert found.captions[0].start > found.text.index("The following describes")


def test_a_list_and_sentences_that_go_on_are_no_captions() -> None:
    text = plain().replace(
        "We hold brine for about five months. That would not last through a dry year.",
        "A dry year could lead to:\n\u2022 higher costs of pumping that we could not pass on;\n\u2022 fines; and\n"
        "\u2022 the loss of our permits.\nIn addition, our customers could suffer losses and turn to others.",
    )
    assert [caption.title for caption in risk_factors(text).captions] == CAPTIONS


def test_risks_that_any_company_has_are_told_apart() -> None:
    text = plain().replace(HEADINGS[1], "General Risk Factors")
    assert [caption.general for caption in risk_factors(text).captions] == [False] * 3 + [True] * 4


def test_text_without_a_caption_says_so() -> None:
    text = "Item 1A. Risk Factors\n" + "\n".join(
        f"In {year} the brine was thinner than in the year before. We pumped more of it, and paid more for power, "
        f"and sold what we made at the price of the day, which was {year - 1900} dollars. It was a long winter."
        for year in range(2001, 2013)
    )
    found = risk_factors(text)
    assert found.captions == ()
    assert found.reason is Absent.NO_CAPTIONS


@pytest.mark.parametrize(
    "document", ["", " \n", "No item here.", "<html></html>", "\x00\ufffd" * 50]
)
def test_anything_that_is_no_report_has_a_reason_and_no_captions(document: str) -> None:
    found = risk_factors(document)
    assert found.captions == ()
    assert found.reason is Absent.NO_ITEM


def test_the_answer_does_not_depend_on_hash_seed_locale_or_time_zone() -> None:
    script = (
        "from arriero.apps.finance.filings.risks import risk_factors\n"
        "from tests.apps.finance.filings.invented import item_html, report\n"
        "print(repr(risk_factors(report(item_html()))))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("77", "Pacific/Auckland"))
    }
    assert len(told) == 1


@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                [*CAPTIONS, *TITLES, *HEADINGS, "Item 1A. Risk Factors", "Item 2.", "12", "Summary"]
            ),
            st.text(max_size=60),
            st.sampled_from([text for _, texts in factors() for text in texts]),
        ),
        max_size=40,
    )
)
@settings(max_examples=60, deadline=None)
def test_whatever_lines_a_document_has_what_is_found_is_quoted_and_in_order(
    lines: list[str],
) -> None:
    found = risk_factors("\n".join(["Item 1A. Risk Factors", *lines]))
    assert (found.reason is None) == bool(found.captions)
    places = [(caption.start, caption.end) for caption in found.captions]
    assert places == sorted(set(places))
    for caption in found.captions:
        assert caption.of(found.text) == caption.text != ""
        assert caption.end <= caption.body.start <= caption.body.end <= len(found.text)
