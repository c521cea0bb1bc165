"""What the sample shop's language data promises: its sentences and its approved answers."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Mapping

import pytest

from arriero.apps.support.directory import OrderStatus, RefundStatus
from arriero.apps.support.settings import SAMPLE
from arriero.apps.support.templates import Template, choose, load
from arriero.checks.base import Exhibit
from arriero.checks.form import names_a_next_step

Row = tuple[str, str]

PAIRS = [("intents", "intents_heldout"), ("sentiment", "sentiment_heldout")]
FILES = [name for pair in PAIRS for name in pair]

# The words that DESIGN and the support app share; a 32nd intent needs an article or a template.
INTENTS = {
    "order_status",
    "delivery_time",
    "shipping_cost",
    "change_address",
    "cancel_order",
    "return_item",
    "return_status",
    "refund_status",
    "exchange_size",
    "damaged_item",
    "missing_item",
    "wrong_item",
    "payment_problem",
    "payment_methods",
    "invoice_request",
    "discount_code",
    "gift_card",
    "club_points",
    "product_availability",
    "size_advice",
    "product_care",
    "product_advice",
    "warranty_repair",
    "rental",
    "store_hours",
    "account_login",
    "delete_account",
    "human_agent",
    "complaint",
    "greeting_smalltalk",
    "out_of_scope",
}

# Every fact that the support app gives, with the longest value that is still usual.
FACTS: Mapping[str, str] = {
    "order": "known",
    "first_name": "Magdalena",
    "points": "430",
    "order_id": "10234",
    "status": "",
    "placed_on": "12 September 2026",
    "shipped_on": "14 September 2026",
    "expected_on": "18 September 2026",
    "delivered_on": "17 September 2026",
    "carrier": "Tambo Parcel",
    "tracking": "TP1234567890",
    "total": "317.90 EUR",
    "items": "Suri down jacket, size M, Lucero 400 headlamp, Siesta Air Winter mat",
    "refund_amount": "249.00 EUR",
    "refund_status": "none",
    "asks": "something",
    "refund_on": "22 September 2026",
    "orders": "10234 (Salar 2 tent, 289.00 EUR): shipped with Tambo Parcel, expected on 18 September 2026",
}
ASK_FOR_THE_ORDER = {
    "order_status",
    "return_status",
    "refund_status",
    "cancel_order",
    "change_address",
    "exchange_size",
    "damaged_item",
    "missing_item",
    "wrong_item",
    "invoice_request",
}

TEMPLATES = load(SAMPLE / "templates.toml")
each_template = pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one.id)
each_file = pytest.mark.parametrize("name", FILES)
each_pair = pytest.mark.parametrize(("train", "heldout"), PAIRS)
each_status = pytest.mark.parametrize("status", [one.value for one in OrderStatus])


def rows(name: str) -> list[Row]:
    with (SAMPLE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file, strict=True)
    assert header == ["text", "label"]
    return [(text, label) for text, label in lines]


def words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z']+", text.lower()))


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Shared words over all words: 1.0 for texts of the same words."""
    return len(one & other) / max(1, len(one | other))


def fields(template: Template) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", template.text))


def answer(intent: str, **facts: str) -> Template:
    found = choose(TEMPLATES, intent, {**FACTS, **facts})
    assert found is not None, f"no template answers {intent} with {facts}"
    return found


# --- sentences -----------------------------------------------------------------------------------


@each_file
def test_no_text_comes_twice_whatever_its_label(name: str) -> None:
    count = Counter(" ".join(text.lower().split()) for text, _ in rows(name))
    assert [text for text, times in count.items() if times > 1] == []


@each_file
def test_no_text_is_empty_or_padded(name: str) -> None:
    assert [text for text, _ in rows(name) if not text or text != text.strip()] == []


@each_pair
def test_training_and_heldout_have_the_same_labels(train: str, heldout: str) -> None:
    assert {label for _, label in rows(train)} == {label for _, label in rows(heldout)}


@each_pair
def test_no_heldout_text_resembles_a_training_text(train: str, heldout: str) -> None:
    known = [words(text) for text, _ in rows(train)]
    held_out = {text: words(text) for text, _ in rows(heldout)}
    close = [
        text for text, said in held_out.items() if max(likeness(said, one) for one in known) > 0.5
    ]
    assert close == []


def test_the_intents_are_the_agreed_ones() -> None:
    assert {label for _, label in rows("intents")} == INTENTS


def test_every_intent_has_at_least_45_training_texts() -> None:
    count = Counter(label for _, label in rows("intents"))
    assert {label: n for label, n in count.items() if n < 45} == {}


def test_out_of_scope_has_at_least_80_training_texts() -> None:
    assert Counter(label for _, label in rows("intents"))["out_of_scope"] >= 80


def test_every_intent_has_twelve_heldout_texts() -> None:
    assert set(Counter(label for _, label in rows("intents_heldout")).values()) == {12}


def test_every_mood_has_at_least_150_training_texts() -> None:
    count = Counter(label for _, label in rows("sentiment"))
    assert set(count) == {"negative", "neutral", "positive"}
    assert min(count.values()) >= 150


def test_every_mood_has_forty_heldout_texts() -> None:
    assert set(Counter(label for _, label in rows("sentiment_heldout")).values()) == {40}


def test_order_numbers_in_the_texts_have_five_digits() -> None:
    told = [n for text, _ in rows("intents") for n in re.findall(r"order (?:no |nr )?(\d+)", text)]
    assert len(told) > 50
    assert {len(number) for number in told} == {5}


# --- approved answers ----------------------------------------------------------------------------


def test_template_ids_are_unique() -> None:
    assert len({template.id for template in TEMPLATES}) == len(TEMPLATES)


@each_template
def test_a_template_is_named_after_its_intent(template: Template) -> None:
    assert template.id.startswith(f"{template.intent}.")


@each_template
def test_a_template_answers_an_intent_that_exists(template: Template) -> None:
    assert template.intent in INTENTS


@each_template
def test_a_template_states_only_facts_that_it_needs(template: Template) -> None:
    assert fields(template) <= set(template.needs)


@each_template
def test_a_template_needs_only_facts_that_it_states(template: Template) -> None:
    assert set(template.needs) <= fields(template)


@each_template
def test_a_template_knows_only_facts_that_exist(template: Template) -> None:
    assert {*template.needs, *template.when} <= FACTS.keys()


@each_template
def test_a_filled_template_has_at_most_sixty_words(template: Template) -> None:
    assert len(template.fill(FACTS).split()) <= 60


@each_template
def test_a_template_names_a_next_step(template: Template) -> None:
    assert names_a_next_step.judge(Exhibit("", template.fill(FACTS))).passed


@each_template
def test_only_a_question_for_the_order_has_a_question_mark(template: Template) -> None:
    asks = template.when.get("order") == "none" and not template.needs
    assert ("?" in template.text) == asks


@each_template
def test_a_template_without_an_order_number_never_speaks_of_a_status(template: Template) -> None:
    speaks_of_an_order = {"status", "refund_status"} & template.when.keys()
    assert not speaks_of_an_order or "order_id" in template.needs


@each_status
@pytest.mark.parametrize("intent", ["order_status", "delivery_time", "return_status"])
def test_every_order_status_has_its_own_answer(intent: str, status: str) -> None:
    assert answer(intent, status=status).when["status"] == status


@each_status
@pytest.mark.parametrize("intent", ["order_status", "return_status", "refund_status"])
def test_an_order_of_which_only_the_status_is_known_is_answered(intent: str, status: str) -> None:
    bare = {"order": "known", "order_id": "10234", "status": status, "refund_status": "none"}
    bare |= {"placed_on": FACTS["placed_on"], "total": FACTS["total"]}
    bare |= {day: FACTS[day] for day in ("shipped_on", "delivered_on")}
    assert choose(TEMPLATES, intent, bare) is not None


@pytest.mark.parametrize("refund", [one.value for one in RefundStatus])
def test_every_refund_status_has_its_own_answer(refund: str) -> None:
    assert answer("refund_status", status="returned", refund_status=refund).when[
        "refund_status"
    ] == (refund)


@pytest.mark.parametrize("intent", sorted(ASK_FOR_THE_ORDER))
def test_an_unknown_order_is_asked_for(intent: str) -> None:
    asked = choose(TEMPLATES, intent, {"order": "none", "first_name": "Anna", "points": "0"})
    assert asked is not None
    assert "five-digit" in asked.text


def test_how_long_a_delivery_takes_is_left_to_the_articles_while_no_order_is_known() -> None:
    assert choose(TEMPLATES, "delivery_time", {"order": "none"}) is None


def test_a_greeting_uses_the_name_if_it_is_known() -> None:
    assert "{first_name}" in answer("greeting_smalltalk").text


@pytest.mark.parametrize("intent", ["greeting_smalltalk", "human_agent"])
@pytest.mark.parametrize("order", ["none", "unknown"])
def test_a_stranger_is_greeted_and_handed_over(intent: str, order: str) -> None:
    assert choose(TEMPLATES, intent, {"order": order}) is not None


@pytest.mark.parametrize("intent", ["shipping_cost", "store_hours", "rental", "out_of_scope"])
def test_policy_questions_have_no_template(intent: str) -> None:
    assert intent not in {template.intent for template in TEMPLATES}
