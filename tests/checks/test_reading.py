"""A sentence is read once and remembered; a customer's long message is not kept."""

from __future__ import annotations

from time import process_time

import pytest

from arriero.checks.base import Exhibit
from arriero.checks.facts import facts_in
from arriero.checks.form import no_placeholder_is_left
from arriero.checks.reading import LONGEST_KEPT, read, sentences

SENTENCE = "Returns are free within 60 days of delivery."


def test_a_sentence_that_is_cited_again_is_not_read_again() -> None:
    assert read(SENTENCE) is read(SENTENCE)


def test_a_long_text_is_read_the_same_way_but_not_kept() -> None:
    long = SENTENCE + " Please tell me." * (LONGEST_KEPT // 10)

    assert read(long) == read(long)
    assert read(long) is not read(long)


@pytest.mark.parametrize("text", ["\n" * 20_000, f"{'_' * 20_000}@", "A-" * 10_000, "1-" * 10_000])
def test_the_time_that_a_text_takes_does_not_grow_with_its_square(text: str) -> None:
    began = process_time()
    sentences(text)
    facts_in(text)
    read(text)
    assert process_time() - began < 1


def test_a_brace_before_much_white_space_is_seen_to_be_no_placeholder() -> None:
    began = process_time()
    assert no_placeholder_is_left.judge(Exhibit("", "{" + " " * 1_500)).passed
    assert process_time() - began < 1  # 400 took 0.1 s, and twice as much eight times as long


def test_a_heading_and_a_list_after_an_empty_line_are_read_as_before() -> None:
    assert sentences("One is.\n\n  # Title\n\n  - Two is\n\n\n3. Three is") == (
        "One is.", "Two is", "Three is",
    )  # fmt: skip
