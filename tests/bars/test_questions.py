"""What the bars ask is different, plentiful, and the same every time."""

from __future__ import annotations

from datetime import date

from bars._questions import (
    OPEN,
    POLICY,
    golden,
    labelled,
    of_articles,
    of_lengths,
    of_orders,
    path_of,
    says,
    says_loosely,
)

TODAY = date(2026, 11, 23)


def test_order_questions_are_all_different() -> None:
    asked = of_orders(5_000, today=TODAY)
    assert len({question.message for question in asked}) == 5_000


def test_an_order_question_comes_from_its_owner() -> None:
    assert all(question.customer for question in of_orders(100, today=TODAY))


def test_there_are_enough_sentences_of_policy_beside_training() -> None:
    assert len(labelled(POLICY)) >= 400


def test_questions_that_articles_answer_are_each_asked_once_and_enough() -> None:
    asked = [question.message for question in of_articles()]
    assert len(asked) >= 400
    assert len(set(asked)) == len(asked)
    assert not any("{order}" in message for message in asked)  # nothing is left to fill in


def test_there_are_enough_open_questions_for_twenty_answers() -> None:
    assert len(labelled(OPEN)) >= 60


def test_a_sentence_of_the_sample_is_asked_once() -> None:
    asked = [question.message for question in labelled(POLICY)]
    assert len(set(asked)) == len(asked)


def test_mixed_messages_stay_within_their_lengths_and_are_never_blank() -> None:
    lengths = [len(message) for message in of_lengths(500) if message.strip()]
    assert len(lengths) == 500
    assert min(lengths) >= 3
    assert max(lengths) <= 2_000


def test_mixed_messages_are_short_and_long() -> None:
    lengths = [len(message) for message in of_lengths(500)]
    assert min(lengths) < 10
    assert max(lengths) > 1_500


def test_a_hand_over_counts_as_the_fallback_path() -> None:
    assert path_of("pending", "handover") == path_of("fallback", "fixed") == "fallback"


def test_a_template_that_asks_back_is_the_clarify_path() -> None:
    assert path_of("clarify", "template") == "clarify"


def test_an_answer_has_to_say_every_fact() -> None:
    assert says("Within 60 Days, free of charge.", ["60 days", "free"])
    assert not says("Within 60 days.", ["60 days", "free"])


def test_every_golden_path_is_one_that_an_answer_can_take() -> None:
    known = {"template", "extractive", "generative", "clarify", "fallback"}
    assert {row["path"] for row in golden()} == known


def test_a_number_does_not_stand_in_a_longer_one() -> None:
    assert not says("It costs 15 EUR.", ["5 EUR"])
    assert not says("It costs 12.90 EUR.", ["2.90 EUR"])
    assert not says("It costs 12.90 EUR.", ["90 EUR"])
    assert not says("Within 60 days.", ["within 6"])
    assert says("It costs 5 EUR. Order 10234.", ["5 EUR", "order 10234"])
    assert says("Washing helps.", ["wash"])


def test_letters_and_digits_are_enough_and_a_number_is_whole() -> None:
    assert says_loosely("Call 0800-123 456.", "0800 123456")
    assert says_loosely("It costs 12,90 EUR.", "12.90 EUR")
    assert not says_loosely("It costs 112.90 EUR.", "12.90 EUR")
    assert not says_loosely("Within 160 days.", "60 days")
