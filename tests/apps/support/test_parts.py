"""The pure parts of support: templates, order facts, extraction, the intent as a ranker."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from arriero.apps.support import extract, templates, write
from arriero.apps.support.directory import (
    Customer,
    Item,
    Order,
    OrderStatus,
    RefundStatus,
    Segment,
)
from arriero.apps.support.facts import listed, order_facts, underway
from arriero.apps.support.gather import by_intent
from arriero.apps.support.inquiry import Inquiry
from arriero.apps.support.values import Seen
from arriero.core.errors import InputError
from arriero.core.words import Source
from arriero.models.base import Reply
from arriero.retrieval.base import Hit, Passage

ANN = Customer(
    "c-1", "Ann", "Lee", "ann@example.org", "+49 30 1", "Way 1", "Berlin", "DE", "en",
    Segment.CLUB, date(2024, 1, 1), 120,
)  # fmt: skip


def replied(text: str, finish: str = "stop") -> Reply:
    return Reply(text, "m", finish, 1, 1, 1.0, 1.0)


def order(number: str, status: OrderStatus, refund: RefundStatus = RefundStatus.NONE) -> Order:
    shipped = status is OrderStatus.SHIPPED
    return Order(
        id=number,
        customer_id=ANN.id,
        status=status,
        placed_on=date(2026, 5, 1),
        shipped_on=date(2026, 5, 2) if shipped else None,
        expected_on=date(2026, 5, 12) if shipped else None,
        delivered_on=None,
        carrier="Tambo Parcel" if shipped else None,
        tracking="TP1" if shipped else None,
        items=(Item("s", "Down jacket", 1, Decimal("199.90")),),
        total=Decimal("199.90"),
        refund_amount=None,
        refund_status=refund,
        refund_on=None,
    )


SHIPPED = templates.Template(
    id="s",
    intent="order_status",
    when={"status": "shipped"},
    needs=("order_id",),
    text="Order {order_id} left.",
)
ASK = templates.Template(
    id="a", intent="order_status", when={"order": "none"}, text="Which number?"
)


def test_facts_are_said_as_words_and_missing_ones_are_left_out() -> None:
    facts = order_facts(ANN, order("10001", OrderStatus.SHIPPED))
    assert facts["expected_on"] == "12 May 2026"
    assert facts["total"] == "199.90 EUR"
    assert "delivered_on" not in facts
    assert "refund_amount" not in facts


def test_without_an_order_only_the_customer_is_known() -> None:
    assert order_facts(ANN, None) == {"first_name": "Ann", "points": "120"}


def test_a_customer_without_a_first_name_is_greeted_by_none() -> None:
    assert "first_name" not in order_facts(replace(ANN, first_name=""), None)


def test_a_message_without_a_number_means_the_only_order_underway() -> None:
    shipped = order("10001", OrderStatus.SHIPPED)
    done = order("10002", OrderStatus.DELIVERED)
    assert underway([shipped, done], "order_status") == shipped


def test_with_two_orders_underway_nobody_guesses() -> None:
    both = [order("10001", OrderStatus.SHIPPED), order("10002", OrderStatus.PROCESSING)]
    assert underway(both, "order_status") is None


def test_of_several_orders_it_is_told_how_each_stands() -> None:
    both = [order("10001", OrderStatus.SHIPPED), order("10002", OrderStatus.PROCESSING)]
    told = listed([*both, order("10003", OrderStatus.DELIVERED)], "order_status")
    assert "10001" in told.split("; ")[0]
    assert ": shipped" in told.split("; ")[0]
    assert ": processing" in told.split("; ")[1]
    assert "10003" not in told
    assert listed([], "order_status") == ""


def test_of_money_back_it_is_told_how_much_and_when() -> None:
    refunded = order("10003", OrderStatus.RETURNED, RefundStatus.PENDING)
    assert "refund" in listed([refunded], "refund_status")
    assert "no refund" in listed([order("10001", OrderStatus.SHIPPED)], "refund_status")


def test_a_template_with_a_cue_answers_only_what_matches_it() -> None:
    points = templates.Template(
        id="c.balance", intent="c", text="You have 7.", cue=r"how many .* i have"
    )
    assert templates.choose([points], "c", {}, "how many points do i have") is points
    assert templates.choose([points], "c", {}, "when do points expire") is None


def test_a_question_about_money_means_the_order_with_a_refund() -> None:
    refunded = order("10003", OrderStatus.RETURNED, RefundStatus.PENDING)
    assert underway([order("10001", OrderStatus.SHIPPED), refunded], "refund_status") == refunded


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"status": "shipped", "order_id": "10001", "order": "known"}, "Order 10001 left."),
        ({"status": "shipped", "order": "known"}, None),
        ({"status": "delivered", "order_id": "10001", "order": "known"}, None),
        ({"order": "none"}, "Which number?"),
    ],
)
def test_a_template_answers_only_with_the_facts_it_needs(
    facts: Mapping[str, str], told: str | None
) -> None:
    found = templates.choose([SHIPPED, ASK], "order_status", facts)
    assert (found.fill(facts) if found else None) == told


@pytest.mark.parametrize(
    "text",
    [
        "not toml",
        "[[template]]\nid = 'x'\nintent = 'y'",
        "[[template]]\nid='x'\nintent='y'\ntext='z'\nwho='?'",
        "[[template]]\nid='x'\nintent='y'\ntext='z'\ncue='('",
    ],
)
def test_a_broken_template_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.toml").write_text(text)
    with pytest.raises(InputError, match=r"t\.toml"):
        templates.load(tmp_path / "t.toml")


SHORT = Source(
    "ship#1", "What shipping costs", "Standard shipping costs 4.90 EUR. It is free from 80 EUR."
)
OTHER = Source("gift#1", "Gift cards", "A gift card is valid for three years.")


def test_short_passages_are_quoted_whole_and_cited() -> None:
    told = extract.answer("what does shipping a gift card cost", [SHORT, OTHER])
    assert told == (f"{SHORT.quote}\n\n{OTHER.quote}", (SHORT, OTHER))


def test_a_second_passage_that_shares_no_word_is_left_out() -> None:
    told = extract.answer("what does shipping cost", [SHORT, OTHER])
    assert told == (SHORT.quote, (SHORT,))


def test_no_more_is_quoted_than_fits() -> None:
    long = Source("x", "t", " ".join(["word"] * (extract.MOST_WORDS - 5)) + ".")
    told = extract.answer("anything", [long, SHORT])
    assert told is not None
    assert told[1] == (long,)


def test_an_extract_does_not_say_again_what_it_has_said() -> None:
    hours = Source("a", "Shop", "The shop in Grenoble is open from 10:00 to 19:00.")
    again = Source(
        "b",
        "Visit",
        "In Grenoble the shop is open from 10:00 to 19:00. Dogs may come into the shop.",
    )
    other = Source("c", "Winter", "The shop in Grenoble is open from 11:00 to 17:00.")
    question = "When is the shop in Grenoble open?"
    assert extract.answer(question, [hours, again]) == (
        f"{hours.quote}\n\nDogs may come into the shop.",
        (hours, again),
    )
    assert extract.answer(question, [hours, hours]) == (hours.quote, (hours,))
    told = extract.answer(question, [hours, other])  # another number is something new
    assert told is not None
    assert other.quote in told[0]


def test_a_long_passage_is_cut_to_whole_sentences() -> None:
    text = " ".join(
        f"Sentence number {at} is about topic {at} and says a thing." for at in range(20)
    )
    found = extract.answer("tell me of topic 7", [Source("x", "t", text)])
    assert found is not None
    assert len(found[0].split()) <= extract.MOST_WORDS
    assert all(sentence in text for sentence in extract.sentences(found[0]))


def test_without_passages_there_is_nothing_to_quote() -> None:
    assert extract.answer("anything", []) is None


def test_a_quoted_reply_shows_its_sentences_once_and_cites_their_passages() -> None:
    said = json.dumps(["It is free from 80 EUR.", "It is free from 80 EUR."])
    text, sources = write.told(replied(said), [OTHER, SHORT], quoted=True)
    assert (text, sources) == ("It is free from 80 EUR.", (SHORT,))


def test_a_quoted_reply_that_was_cut_keeps_its_whole_sentences() -> None:
    cut = '[ "It is free from 80 EUR.", "A gift card is va'
    assert write.told(replied(cut), [OTHER, SHORT], quoted=True)[0] == "It is free from 80 EUR."


def test_what_is_no_sentence_of_the_passages_is_not_shown() -> None:
    assert write.told(replied('["It is free from 50 EUR."]'), [SHORT], quoted=True) == ("", ())


def test_a_free_reply_loses_what_the_token_limit_cut_off() -> None:
    text, sources = write.told(replied("Wash it cold. Then dry", "length"), [SHORT], quoted=False)
    assert (text, sources) == ("Wash it cold.", (SHORT,))


@pytest.mark.parametrize(("behind", "order"), [(0.0315, ["b", "a"]), (0.0250, ["a", "b"])])
def test_the_intent_decides_only_between_passages_that_fit_about_as_well(
    behind: float, order: Sequence[str]
) -> None:
    hits = [
        Hit(Passage("a", "a", "A", "x", labels=("gift_card",)), 0.032, {}),
        Hit(Passage("b", "b", "B", "x", labels=("shipping_cost",)), behind, {}),
    ]
    seen = Seen("shipping_cost", 0.9, "", 0.0, "neutral", 0.9, "en", None)
    assert [hit.passage.id for hit in by_intent(hits, seen)] == order


def test_a_prompt_holds_every_passage_and_each_title_once() -> None:
    passages = [
        Source("a#1", "Tents", "A tent needs care."),
        Source("b#1", "Boots", "Boots need wax."),
        Source("a#2", "Tents", "Dry it first."),
    ]
    system, user = write.messages("Be kind.", Inquiry(message="How do I dry it?"), passages)
    assert user.content.startswith("Tents\nA tent needs care.\nDry it first.\n\nBoots\n")
    assert user.content.endswith("Question: How do I dry it?")
    assert system.content.startswith("Be kind. Answer")
