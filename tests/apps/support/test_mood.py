"""Mood: frustration of messages, its trend over dialogues, priority and hand-over."""

from __future__ import annotations

import pytest

from arriero.apps.support.mood import (
    Mood,
    frustration,
    mood,
    priority,
    said_times,
    should_hand_over,
    threats,
    trend,
)

ANGRY = {"negative": 0.8, "neutral": 0.15, "positive": 0.05}
CALM = {"negative": 0.1, "neutral": 0.8, "positive": 0.1}
PLEASED = {"negative": 0.02, "neutral": 0.08, "positive": 0.9}


@pytest.mark.parametrize(
    ("message", "times"),
    [
        ("Where is my order?", 1),
        ("This is the fifth time that I report the broken zip.", 5),
        ("3rd time I write, please answer", 3),
        ("I have called twice about the refund.", 3),
        ("I already sent you four mails.", 5),
        ("Still no answer.", 2),
        ("I've told you before: it leaks.", 2),
        ("I\u2019m still waiting and it still hasn\u2019t come".replace("\u2019", "'"), 2),
        ("Can I order again next week?", 1),
        ("I ordered the jacket two times by mistake.", 1),
        ("Which stove boils water in five minutes?", 1),
    ],
)
def test_what_is_said_about_earlier_contacts_is_heard(message: str, times: int) -> None:
    assert said_times(message) == times


def test_a_fifth_time_reporter_is_not_treated_as_a_first_time_one() -> None:
    first = mood("The zip of the tent is broken.", ANGRY)
    fifth = mood("For the fifth time: the zip of the tent is broken.", ANGRY)
    assert (priority(first), should_hand_over(first)) == ("normal", None)
    assert priority(fifth) == "urgent"
    assert should_hand_over(fifth) == "the customer writes about this for the 5th time"
    assert fifth.frustration > first.frustration + 0.2


def test_earlier_conversations_count_even_when_nobody_speaks_of_them() -> None:
    quiet = mood("The zip of the tent is broken.", CALM, earlier_contacts=2)
    assert quiet.contacts == 3
    assert priority(quiet) == "high"
    assert should_hand_over(quiet) == "the customer writes about this for the 3rd time"


@pytest.mark.parametrize(
    ("message", "kinds"),
    [
        ("I will do a chargeback.", {"money"}),
        ("My bank will take the money back.", {"money"}),
        ("You will hear from my lawyer!", {"law"}),
        ("I'm going to leave a one-star review on Trustpilot.", {"public"}),
        ("I will never order here again.", {"leaving"}),
        ("Do you have a tennis court bag?", set()),
        ("Can you charge a headlamp by USB?", set()),
        ("Could you review my order before it is sent?", set()),
        ("Which bank do I transfer the money to?", set()),
    ],
)
def test_threats_are_told_from_harmless_words(message: str, kinds: set[str]) -> None:
    assert set(threats(message)) == kinds


def test_a_threat_of_law_or_bank_reaches_a_person_at_once() -> None:
    for message, word in (("My lawyer will call you.", "legal"), ("I'll do a chargeback", "bank")):
        felt = mood(message, CALM)
        assert priority(felt) == "urgent"
        assert word in (should_hand_over(felt) or "")


def test_praise_is_no_threat_and_no_complaint() -> None:
    felt = mood("THIRD TIME that I order here, I'll leave a GREAT review on Trustpilot!!!", PLEASED)
    assert felt.threats == ()
    assert felt.contacts == 1
    assert priority(felt) == "low"
    assert should_hand_over(felt) is None


def test_shouting_and_insults_add_to_what_the_words_say() -> None:
    said = frustration("Where is my money", ANGRY)
    shouted = frustration("WHERE IS MY MONEY", ANGRY)
    loud = frustration("WHERE IS MY MONEY!!!", ANGRY)
    insulted = frustration("Where is my money, you idiots", ANGRY)
    assert said < shouted < loud < insulted <= 1


def test_abbreviations_are_no_shouting() -> None:
    assert "capitals" not in mood("Do you have the GTX in XXL, with USB and UV?", CALM).signals


def test_a_dialogue_that_gets_worse_rises_and_is_handed_over() -> None:
    dialogue = [
        ("Where is my parcel?", CALM),
        ("That does not help me, please look again.", {**CALM, "negative": 0.5}),
        ("This is useless, I asked you already!!", ANGRY),
    ]
    history: list[float] = []
    for message, feeling in dialogue:
        felt = mood(message, feeling, history)
        history.append(felt.frustration)
    assert history == sorted(history)
    assert felt.trend > 0.15
    assert priority(felt) in {"high", "urgent"}
    assert should_hand_over(felt) is not None


def test_a_dialogue_that_ends_well_calms_down() -> None:
    history = [0.6, 0.5]
    felt = mood("Thank you, that solved it!", PLEASED, history)
    assert felt.trend < 0
    assert priority(felt) == "low"


def test_an_angry_past_is_remembered_in_the_next_message() -> None:
    assert frustration("And now?", CALM, [0.8, 0.9]) > frustration("And now?", CALM) + 0.2


def test_a_trend_needs_two_messages_and_stays_between_its_bounds() -> None:
    assert trend([]) == trend([0.9]) == 0
    assert trend([0, 1]) == 1
    assert trend([1, 0]) == -1
    assert trend([0.9] * 3 + [0.1, 0.3, 0.5, 0.7, 0.9]) == pytest.approx(0.2)


def test_nothing_is_known_without_a_sentiment() -> None:
    assert mood("Hello", {}) == Mood("neutral", 0.0)
