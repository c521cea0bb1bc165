"""Whether an answer is about what was asked, by its words."""

from __future__ import annotations

import pytest

from arriero.checks.rarity import Rarity
from arriero.checks.relevance import features

RARITY = Rarity.of(["Tents and shipping costs.", "Shipping takes days.", "Refunds take days."])


def test_taking_up_the_question_speaks_for_an_answer() -> None:
    asked = "What does shipping to Portugal cost?"
    near = features(asked, "Shipping to Portugal costs 4.90 EUR.", ["Shipping costs"], RARITY)
    far = features(asked, "Refunds take five days.", ["Refunds"], RARITY)
    assert near["taken_up"] > far["taken_up"]
    assert near["rare_missing"] < far["rare_missing"]


@pytest.mark.parametrize(
    ("asked", "answer", "missing"),
    [
        ("How much is a tent?", "A tent costs 12 EUR per day.", 0),
        ("How much is a tent?", "A tent is rented in our shops.", 1),
        ("How long does a refund take?", "It is paid within 5 days.", 0),
        ("How long does a refund take?", "It is paid to your card.", 1),
        ("How many gas cartridges may I order?", "You may order some.", 1),
        ("Is it free?", "Yes.", 0),
    ],
)
def test_the_kind_of_thing_that_is_asked_has_to_be_there(
    asked: str, answer: str, missing: int
) -> None:
    assert features(asked, answer, [], RARITY)["kind_missing"] == missing


def test_another_product_of_the_same_family_is_another_product() -> None:
    asked = "How far does the Lucero 400 shine?"
    assert features(asked, "The Lucero 200 shines 50 metres.", [], RARITY)["name_missing"] == 1
    assert features(asked, "The Lucero 400 shines 90 metres.", [], RARITY)["name_missing"] == 0


@pytest.mark.parametrize(
    ("question", "answer", "other"),
    [
        ("What did a tent cost in 2025?", "Renting a tent costs 12 EUR.", 1.0),
        ("What did a tent cost in 2025?", "In 2025 renting a tent cost 11 EUR.", 0.0),
        ("What does a tent cost in 2026?", "Renting a tent costs 12 EUR.", 0.0),
        ("Was the label free last year?", "The label is free.", 1.0),
        ("How long does the 2000 lumen lamp shine?", "It shines for three hours.", 0.0),
        ("Is 2000 mm enough for rain?", "Yes, it is.", 0.0),
    ],
)
def test_what_holds_now_says_nothing_of_another_year(
    question: str, answer: str, other: float
) -> None:
    found = features(question, answer, (), RARITY, year=2026)
    assert found["other_year"] == other
    assert features(question, answer, (), RARITY)["other_year"] == 0.0
