"""Whoever asks for a person is understood, in few words or many, with or without history."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from numpy.typing import NDArray

from arriero.apps.support.person import HUNCH, Listener, Recogniser, asks_for_a_person
from arriero.apps.support.person_fit import HELD_OUT, ROWS, fitted, labelled
from arriero.core.errors import InputError, ModelError
from arriero.models.fake import FakeEncoder
from arriero.models.hunch import Feeling, Hunch
from arriero.security.injection_fit import hash_of


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


async def test_without_its_encoder_a_listener_goes_by_words_alone() -> None:
    listener = Listener.of(FakeEncoder())
    assert listener.feeling is None
    for message in ("human!!", "Where is my order?"):
        assert await listener.asks_for_a_person(message) == asks_for_a_person(message)


async def test_an_encoder_that_fails_leaves_nobody_without_a_person() -> None:
    class Broken(FakeEncoder):
        async def encode(self, texts: Sequence[str]) -> NDArray:  # type: ignore[type-arg]
            raise ModelError("the encoder is gone")

    listener = Listener(Feeling(Broken(), Hunch.load(HUNCH)))
    assert (await listener.asks_for_a_person("human!!")).asked
    assert (await listener.asks_for_a_person("yes", ["Shall I get you a human?"])).asked


def test_the_kept_hunch_is_that_of_the_kept_rows() -> None:
    assert Hunch.load(HUNCH).data == hash_of(ROWS)
