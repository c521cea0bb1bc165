"""Whoever asks for a person is understood, in few words or many, with or without history."""

from __future__ import annotations

from pathlib import Path

import pytest

from arriero.apps.support.person import (
    HELD_OUT,
    ROWS,
    Recogniser,
    asks_for_a_person,
    fitted,
    labelled,
)
from arriero.core.errors import InputError


@pytest.mark.parametrize(
    "message",
    [
        "agent",
        "human!!",
        "representative please",
        "can i talk 2 someone real",
        "I don't want a bot",
        "I want to tlak to a humna",
        "Where is my parcel? I want to speak to a manager.",
        "<NAME_1> here, please connect me with an agent about order 10234",
        "Ich möchte mit einem Menschen sprechen",
        "Je veux parler à un conseiller",
        "Quiero hablar con una persona",
        "Voglio parlare con un operatore",
    ],
)
def test_a_request_for_a_person_is_recognised_without_history(message: str) -> None:
    asked = asks_for_a_person(message)
    assert asked.asked
    assert asked.reason


@pytest.mark.parametrize(
    "message",
    [
        "Is there a person's weight limit?",
        "human-sized tent",
        "the agent I talked to yesterday was great",
        "does a real person sew the jackets",
        "how do I contact the manufacturer",
        "Where is my order?",
        "are you a human?",
        "no need for a human, thanks",
        "Der Mitarbeiter im Laden war nett",
        "",
        "10234",
        "?!",
    ],
)
def test_another_message_is_not_taken_for_one(message: str) -> None:
    assert not asks_for_a_person(message).asked


def test_history_changes_nothing_but_a_bare_yes_to_our_offer() -> None:
    offer = ("Where is my order?", "Shall I pass you to a colleague?")
    assert asks_for_a_person("yes please", offer).asked
    assert not asks_for_a_person("yes please").asked
    assert not asks_for_a_person("yes please", ("Shall I send the invoice?",)).asked
    for text in ("agent", "where is my parcel", "I want a human"):
        assert asks_for_a_person(text) == asks_for_a_person(text, offer)


def test_the_kept_weights_are_those_of_the_kept_rows() -> None:
    fresh, kept = fitted(list(labelled(ROWS))), Recogniser.packaged().weights
    assert fresh.weights.keys() == kept.weights.keys()
    assert all(abs(fresh.weights[name] - kept.weights[name]) < 0.01 for name in kept.weights)


def test_the_held_out_set_is_large_enough_and_was_not_fitted() -> None:
    held = list(labelled(HELD_OUT))
    assert sum(truth for _, truth in held) >= 200
    assert sum(not truth for _, truth in held) >= 300
    fit = {text.lower().strip(" .!?") for text, _ in labelled(ROWS)}
    shared = {text for text, _ in held if text.lower().strip(" .!?") in fit}
    assert len(shared) == 0


def test_a_bad_row_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text('{"text": "hi", "label": "maybe"}\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"mine\.jsonl, line 1"):
        list(labelled(file))
