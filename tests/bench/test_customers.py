from datetime import date
from itertools import islice
from random import Random

import pytest

from arriero.apps.support.sample import shop
from arriero.bench.customers import KINDS, Asked, exact, inquiries, liked, react, wanted

TODAY = date(2026, 11, 27)
RECORD = {
    "order_id": "10234",
    "status": "shipped",
    "placed_on": "24 November 2026",
    "shipped_on": "26 November 2026",
    "expected_on": "2 December 2026",
    "carrier": "Tambo Parcel",
    "tracking": "TP1234567890",
    "total": "228.90 EUR",
    "items": "Suri down jacket, size M, Lucero 400 headlamp",
}
ASKED = Asked("c-0042", "arrival", "When will my order 10234 arrive?", RECORD)


def asked_by(seed: int, count: int) -> list[Asked]:
    found = inquiries(Random(seed), shop.customers(), shop.orders(TODAY), list(KINDS))
    return list(islice(found, count))


def test_an_answer_is_exact_when_it_says_the_fact_and_nothing_else_that_is_not_so() -> None:
    assert exact("Order 10234 is expected on 2 December 2026.", ASKED)
    assert exact("It left on 26 November 2026 and arrives on **2 December 2026**.", ASKED)


@pytest.mark.parametrize(
    "text",
    [
        "Order 10234 is expected on 12 December 2026.",
        "Order 10234 is expected on 2 December 2025.",
        "Order 10234 arrives on 2 December 2026, not on 3 December 2026.",
        "Order 10235 is expected on 2 December 2026.",
        "Order 10234 arrives on 2 December 2026 for 229.90 EUR.",
        "Order 10234 arrives on 2 December 2026 with Llama Express.",
        "Order 10234 arrives on 2 December 2026, tracking TP1234567891.",
        "Order 10234 arrives on 2 December 2026, that is December 3, 2026.",
        "Order 10234 was sent on 26 November 2026.",
        "I am sorry, I cannot say that.",
        "",
    ],
)
def test_a_wrong_missing_or_contradicted_fact_is_not_exact(text: str) -> None:
    assert not exact(text, ASKED)


def test_reading_out_the_whole_record_is_no_exact_answer() -> None:
    for asked in asked_by(2, 200):
        record = "; ".join(f"{name}: {value}" for name, value in asked.record.items())
        assert not exact(record, asked), record


def test_what_a_simulated_customer_would_have_wanted_is_exact_and_liked() -> None:
    random = Random(3)
    for asked in asked_by(1, 300):
        text = wanted(random, asked)
        assert exact(text, asked), (text, asked)
        assert liked(text, asked) or asked.kind == "items"


def test_a_long_answer_or_a_copied_record_is_not_liked() -> None:
    assert not liked("placed_on: 24 November 2026; order_id: 10234", ASKED)
    assert not liked("Order 10234. It is here. It is there.", ASKED)
    assert not liked("2 December 2026.", ASKED)


def test_wrong_answers_are_rated_lower_and_edited_from_the_database() -> None:
    random = Random(5)
    wrong = [react(random, "Order 10234 arrives on 1 May 2026.", ASKED) for _ in range(200)]
    right = [react(random, "Order 10234 arrives on 2 December 2026.", ASKED) for _ in range(200)]
    assert sum(one.rating for one in wrong) / 200 < 1.7
    assert sum(one.rating for one in right) / 200 > 4.4
    assert all(exact(one.edit, ASKED) for one in wrong if one.edit)
    assert 160 < sum(one.edit is not None for one in wrong) < 200
    assert not any(one.edit for one in right)


def test_the_same_seed_asks_the_same_and_only_for_facts_that_the_order_has() -> None:
    assert asked_by(7, 50) == asked_by(7, 50)
    assert asked_by(7, 50) != asked_by(8, 50)
    assert all(KINDS[one.kind].fact in one.record for one in asked_by(9, 400))


def test_every_customer_asks_once_before_anybody_asks_again() -> None:
    assert len({one.customer for one in asked_by(1, 300)}) == 300
