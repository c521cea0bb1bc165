"""A message with more than one request."""

from __future__ import annotations

import pytest

from arriero.apps.support.several import offer, requests, split
from arriero.models.clauses import Asked

STATUS = Asked("order_status", 0.9, "Where is my order")
COST = Asked("shipping_cost", 0.8, "what does shipping cost?")


@pytest.mark.parametrize(
    "message",
    [
        "Where is my order?",
        "I bought a jacket in May. How do I wash it?",
        "You sent me a mail that my return was incomplete and I put everything in the box.",
        "",
    ],
)
def test_one_request_or_none_is_not_read_in_parts(message: str) -> None:
    assert requests(message) == ()


def test_what_only_tells_is_left_out_of_the_requests() -> None:
    message = "My tent arrived today. Where is my other order? How much does shipping cost?"
    assert requests(message) == ("Where is my other order?", "How much does shipping cost?")


def test_the_intent_of_the_whole_message_is_answered_and_the_other_named() -> None:
    assert split("shipping_cost", 0.5, [STATUS, COST]) == (COST, ("order_status",))


def test_a_whole_that_fits_no_clause_gives_way_to_the_first_request() -> None:
    assert split("gift_card", 0.3, [STATUS, COST]) == (STATUS, ("shipping_cost",))


@pytest.mark.parametrize("other", ["greeting_smalltalk", "human_agent", "out_of_scope"])
def test_a_greeting_is_not_a_second_request(other: str) -> None:
    answered, also = split("order_status", 0.7, [STATUS, Asked(other, 0.9, "How are you today?")])
    assert (answered.intent, answered.mass, also) == ("order_status", 0.7, ())


def test_an_offer_names_every_request_that_is_left() -> None:
    assert "about order status and shipping cost." in offer(["order_status", "shipping_cost"])
