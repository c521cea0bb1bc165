"""Each check has an answer that it passes and one that it fails."""

from __future__ import annotations

import pytest

from arriero.checks.base import Exhibit, FunctionCheck
from arriero.checks.facts import facts_are_sourced, facts_in
from arriero.checks.form import (
    Length,
    answers_in_the_language_asked,
    does_not_repeat_itself,
    is_polite_and_promises_nothing,
    names_a_next_step,
    no_placeholder_is_left,
)
from arriero.checks.grounding import is_covered_by_its_sources, speaks_of_what_was_asked
from arriero.checks.language import language_of
from arriero.core.words import Source

RETURNS = Source(
    "r#1",
    "Returning an item",
    "You can return unused items within 60 days. The refund of 49.90 EUR comes by bank transfer on 3 May 2026.",
)


def exhibit(text: str, question: str = "How do I return an item?", language: str = "en") -> Exhibit:
    return Exhibit(question, text, sources=(RETURNS,), language=language)


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (no_placeholder_is_left, "Dear Ann, hello.", "Dear [customer name], hello."),
        (no_placeholder_is_left, "It is {fine}."[:5], "It is {{order_id}}."),
        (is_polite_and_promises_nothing, "It is free, whatever the value of the order.", "Well, whatever. Send it back."),
        (is_polite_and_promises_nothing, "Please send it back.", "Calm down, it is your fault."),
        (is_polite_and_promises_nothing, "We will look into it.", "We guarantee a new one."),
        (is_polite_and_promises_nothing, "OK, we got it.", "WE HAVE TOLD YOU THIS SEVERAL TIMES NOW"),
        (does_not_repeat_itself, "Wash it cold. Dry it flat.", "Wash it cold. Wash it cold. Dry it."),
        (names_a_next_step, "Please send the item back.", "Items exist."),
        (facts_are_sourced, "Return it within 60 days.", "Return it within 30 days."),
        (facts_are_sourced, "You get 49,90 EUR.", "You get 49.95 EUR."),
        (facts_are_sourced, "It comes in May on the 3rd of 2026.".replace("3rd", "3"), "It comes on 3 June 2026."),
        (facts_are_sourced, "Send it back.", "See https://example.org/returns for more."),
        (facts_are_sourced, "Send it back.", "Your parcel is TP12345678."),
        (is_covered_by_its_sources, "You can return unused items.", "Our llamas carry parcels over mountains daily."),
    ],
)  # fmt: skip
def test_a_check_passes_the_good_answer_and_fails_the_bad_one(
    check: FunctionCheck, good: str, bad: str
) -> None:
    assert check.judge(exhibit(good)).passed
    verdict = check.judge(exhibit(bad))
    assert not verdict.passed
    assert verdict.score < 1


def test_what_the_sources_say_twice_is_no_loop() -> None:
    stands = "10719 (Silk liner): on its way, no refund; 10665 (Rope): on its way, no refund"
    listed = "10719 (one of them): expected on 2 May, no refund; 10665 (one of them): expected on 2 May, no refund"
    assert not does_not_repeat_itself.judge(Exhibit("", f"It is {listed}.")).passed
    assert does_not_repeat_itself.judge(Exhibit("", f"It is {listed}.", facts=(listed,))).passed
    assert not does_not_repeat_itself.judge(
        Exhibit("", f"{listed}. {listed}.", facts=(listed,))
    ).passed
    assert does_not_repeat_itself.judge(Exhibit("", stands)).passed


def test_an_answer_that_takes_up_nothing_of_the_question_is_not_relevant() -> None:
    asked = "When is the money transferred to my bank?"
    on_topic = exhibit("The bank transfer of your money takes three days.", asked)
    assert speaks_of_what_was_asked.judge(on_topic).passed
    assert not speaks_of_what_was_asked.judge(exhibit("Tents need air.", asked)).passed


@pytest.mark.parametrize(("words", "passes"), [(3, False), (4, True), (180, True), (181, False)])
def test_an_answer_is_neither_a_fragment_nor_a_wall(words: int, passes: bool) -> None:
    assert Length().judge(exhibit("word " * words)).passed is passes


def test_an_answer_in_another_language_fails() -> None:
    german = "Die Rückgabe ist innerhalb von 60 Tagen möglich und Sie bekommen das Geld."
    assert not answers_in_the_language_asked.judge(exhibit(german)).passed
    assert answers_in_the_language_asked.judge(exhibit(german, language="de")).passed


def test_a_failed_fact_names_itself() -> None:
    verdict = facts_are_sourced.judge(exhibit("You have 14 days."))
    assert "14" in verdict.reason


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("4.90 EUR", "4,90 EUR"),
        ("1,200", "1200"),
        ("1.200,50", "1200.5"),
        ("12 May", "12 May"),
        ("three", "3"),
    ],
)
def test_one_fact_has_one_spelling(one: str, other: str) -> None:
    assert facts_in(one) == facts_in(other)


def test_two_prices_are_two_facts() -> None:
    assert facts_in("4.90 EUR") != facts_in("4.95 EUR")


def test_a_quarter_is_no_thousand_times_as_much() -> None:
    assert facts_in("0.250 kg") == facts_in("0,25 kg")
    assert facts_in("0.250 kg") != facts_in("250 kg")


def test_a_code_that_begins_another_leaves_no_number_of_it() -> None:
    # Fifty: the order in which a set of codes comes is another one in each process.
    for number in range(10, 60):
        assert facts_in(f"AB{number} or AB{number}7") == {f"ab{number}", f"ab{number}7"}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Where is my order?", "en"),
        ("Wo ist meine Bestellung und wann kommt sie?", "de"),
        ("Où est ma commande et quand est-ce que je la reçois?", "fr"),
        ("¿Dónde está mi pedido y cuándo llega?", "es"),
        ("Dove è il mio ordine e quando arriva?", "it"),
        ("Waar is mijn bestelling en wanneer komt het?", "nl"),
        ("10234", None),
        ("Haloo", None),
    ],
)  # fmt: skip
def test_the_language_is_told_from_function_words(text: str, language: str | None) -> None:
    assert language_of(text) == language
