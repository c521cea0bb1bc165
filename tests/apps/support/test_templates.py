"""A template answers only what it says."""

from arriero.apps.support.templates import Template, choose

FACTS = {"order": "none", "asks": "something"}


def _template(text: str) -> Template:
    return Template(id="t", intent="damaged_item", text=text)


def test_who_asks_for_a_price_is_not_told_a_procedure_without_one() -> None:
    told = _template("Please send us two photos and keep the box.")
    assert choose([told], "damaged_item", FACTS, "How much is a new pole?") is None
    assert choose([told], "damaged_item", FACTS, "The pole broke on the way") is told


def test_a_template_that_names_the_price_answers_a_question_for_it() -> None:
    told = _template("A new segment costs 14 EUR.")
    assert choose([told], "damaged_item", FACTS, "How much is a new segment?") is told


def test_a_question_back_for_the_order_may_always_be_asked() -> None:
    back = _template("What is the order number, please?")
    assert choose([back], "damaged_item", FACTS, "How much is a new pole?") is back


def test_how_an_order_stands_answers_when_it_comes_but_not_what_it_weighs() -> None:
    late = Template(id="t", intent="order_status", text="Your order {order_id} is late.")
    facts = {"order_id": "10234"}
    assert choose([late], "order_status", facts, "How long will order 10234 take?") is late
    assert choose([late], "order_status", facts, "How heavy is order 10234?") is None
