"""Messages with more than one request, and intents that share the mass."""

from __future__ import annotations

from time import process_time

import pytest

from arriero.models.base import Labels
from arriero.models.clauses import Asked, asks, clauses, intents_in, read_intents, which_of


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "Where is my order and can I change the address?",
            ("Where is my order", "can I change the address?"),
        ),
        (
            "I want my money back. How do I wash the jacket?",
            ("I want my money back.", "How do I wash the jacket?"),
        ),
        (
            "cancel order 12345, and send me the invoice",
            ("cancel order 12345", "send me the invoice"),
        ),
        ("The tent and the stove broke", ("The tent and the stove broke",)),
        ("Is it warm and is it", ("Is it warm and is it",)),
        ("Thanks. It weighs 3.5 kg today!", ("Thanks. It weighs 3.5 kg today!",)),
        ("Hello!", ("Hello!",)),
        ("  \n ", ()),
        ("", ()),
    ],
)
def test_a_message_is_split_where_another_request_begins(text: str, parts: tuple[str, ...]) -> None:
    assert clauses(text) == parts


def test_a_long_message_has_six_parts_and_loses_no_word() -> None:
    text = " ".join(f"This is sentence {number}." for number in range(50))
    parts = clauses(text)
    assert len(parts) == 6
    assert " ".join(parts) == text


def test_white_space_without_end_costs_no_time() -> None:
    # 8,000 blanks, as many as a message may have, took 1.7 s of a server's loop.
    began = process_time()
    assert clauses(f"a{' ' * 20_000}b") == (f"a{' ' * 20_000}b",)
    assert len(clauses("a b c. " * 3_000)) == 6
    assert process_time() - began < 1


def _labels(*scores: tuple[str, float], outside: float | None = None) -> Labels:
    return Labels(scores, "m", outside)


def test_each_intent_is_named_once_with_its_surest_clause() -> None:
    read = [
        ("where is it", _labels(("status", 0.7), ("return", 0.3))),
        ("send it back", _labels(("return", 0.9), ("status", 0.1))),
        ("where is my order", _labels(("status", 0.95), ("return", 0.05))),
    ]
    assert intents_in(read) == (
        Asked("status", 0.95, "where is my order"),
        Asked("return", 0.9, "send it back"),
    )


def test_what_is_unsure_or_outside_is_no_intent() -> None:
    read = [
        ("hm well then", _labels(("status", 0.4), ("return", 0.35))),
        ("tell me a joke", _labels(("status", 0.9), ("return", 0.1), outside=0.5)),
    ]
    assert intents_in(read) == ()
    assert intents_in(read[:1], at_least=0.4) == (Asked("status", 0.4, "hm well then"),)


async def test_the_clauses_of_a_message_are_classified_one_by_one() -> None:
    asked = []

    async def classify(text: str) -> Labels:
        asked.append(text)
        return _labels(("change" if "change" in text else "status", 0.9))

    found = await read_intents("Where is my order and can I change the address?", classify)
    assert [one.intent for one in found] == ["status", "change"]
    assert asked == ["Where is my order", "can I change the address?"]


@pytest.mark.parametrize(
    ("scores", "pair"),
    [
        ([("a", 0.5), ("b", 0.42), ("c", 0.08)], ("a", "b")),
        ([("a", 0.55), ("b", 0.37), ("c", 0.08)], ("a", "b")),
        ([("a", 0.7), ("b", 0.25), ("c", 0.05)], None),
        ([("a", 0.45), ("b", 0.4), ("c", 0.15)], None),
        ([("a", 1.0)], None),
    ],
)
def test_two_intents_that_share_the_mass_are_asked_about(
    scores: list[tuple[str, float]], pair: tuple[str, str] | None
) -> None:
    assert which_of(_labels(*scores)) == pair


@pytest.mark.parametrize(
    ("clause", "asked"),
    [
        ("Where is my order", True),
        ("and please send me the invoice", True),
        ("I'd like to return the tent.", True),
        ("The tent leaks, right?", True),
        ("It had to be inspected, they said.", False),
        ("I bought a jacket on Thursday", False),
        ("", False),
    ],
)
def test_a_clause_asks_or_only_tells(clause: str, asked: bool) -> None:
    assert asks(clause) is asked
