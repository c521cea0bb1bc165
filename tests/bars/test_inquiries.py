"""The morning of the sample shop is what the bar says of it."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

from arriero.apps.support.sample import shop
from arriero.apps.support.settings import SAMPLE, SupportSettings
from bars._inquiries import NOT_ANSWERABLE, Inquiry, plan, repeats, utterances
from bars._questions import rows
from bars.inquiries import Measured, Told, _measured

TODAY = date(2026, 6, 15)
OPEN = SupportSettings().open_intents


@pytest.fixture(scope="module")
def morning() -> tuple[Inquiry, ...]:
    return tuple(plan(2_000, 2.2, 7, TODAY, open_intents=OPEN))


def test_a_quarter_are_open_questions_and_at_most_a_tenth_repeat_another(
    morning: tuple[Inquiry, ...],
) -> None:
    assert len(morning) == 2_000
    assert sum(one.intent in OPEN for one in morning) >= 500
    assert 0.03 < repeats(morning) <= 0.1
    assert len({one.conversation for one in morning}) == 2_000


def test_they_arrive_at_the_rate_at_random(morning: tuple[Inquiry, ...]) -> None:
    gaps = [b.at - a.at for a, b in pairwise(morning)]
    assert min(gaps) >= 0
    mean = sum(gaps) / len(gaps)
    assert mean == pytest.approx(1 / 2.2, rel=0.1)
    deviation = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert deviation == pytest.approx(mean, rel=0.15)  # exponential: as long as the mean


def test_every_intent_of_the_shop_is_asked_and_no_other() -> None:
    known = {label for _, label in rows(SAMPLE / "intents.csv")}
    assert set(utterances()) == known
    assert set(OPEN) | NOT_ANSWERABLE <= known
    assert sum(len(texts) for texts in utterances().values()) >= 700


def test_an_order_that_is_named_belongs_to_who_asks(morning: tuple[Inquiry, ...]) -> None:
    owner = {order.id: order.customer_id for order in shop.orders(TODAY)}
    named = [(one, word) for one in morning for word in one.message.split() if word in owner]
    assert named
    assert all(owner[order] == one.customer for one, order in named)
    assert not any("{" in one.message for one in morning)


def test_no_sentence_is_one_that_the_classifier_learns_from() -> None:
    def plain(text: str) -> str:
        return "".join(letter for letter in text.casefold() if letter.isalnum())

    learnt = {plain(text) for text, _ in rows(SAMPLE / "intents.csv")}
    ours = [text for texts in utterances().values() for text in texts]
    assert [text for text in ours if plain(text) in learnt] == []


def _told(outcome: str, seconds: float, intent: str = "order_status") -> Told:
    asked = Inquiry(0.0, intent, "?", "c-1", "b-1")
    return Told(asked, seconds, {"outcome": outcome, "run_id": None} if outcome else {})


def test_who_hands_everything_over_fails_and_so_does_who_takes_too_long() -> None:
    assert _measured([_told("fallback", 0.01)] * 10, {}).failed() == ["answered"]
    assert _measured([_told("answered", 3.0)] * 10, {}).failed() == ["mean", "p95"]
    assert _measured([_told("answered", 1.0)] * 9 + [_told("", 15.0)], {}).failed() == ["timeouts"]
    assert _measured([_told("answered", 1.0)] * 10, {}).failed() == []
    assert Measured(1.0, 1.5, 0.0, 0.7, 10, 10).failed() == []


def test_calls_for_a_person_need_no_answer() -> None:
    told = [_told("answered", 1.0), _told("pending", 1.0, "human_agent")]
    found = _measured(told, {})
    assert (found.answered, found.able) == (1.0, 1)
