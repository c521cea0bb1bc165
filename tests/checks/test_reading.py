"""A sentence is read once and remembered; a customer's long message is not kept."""

from __future__ import annotations

from arriero.checks.reading import LONGEST_KEPT, read

SENTENCE = "Returns are free within 60 days of delivery."


def test_a_sentence_that_is_cited_again_is_not_read_again() -> None:
    assert read(SENTENCE) is read(SENTENCE)


def test_a_long_text_is_read_the_same_way_but_not_kept() -> None:
    long = SENTENCE + " Please tell me." * (LONGEST_KEPT // 10)

    assert read(long) == read(long)
    assert read(long) is not read(long)
