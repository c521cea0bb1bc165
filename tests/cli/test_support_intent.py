"""`arriero support intent` as a person runs it, beside a server with a real head on the fake encoder."""

from __future__ import annotations

import time

import pytest

from tests.cli.conftest import FAKES, Place, one_sentence, up

EXAMPLES = ("do you sell gift vouchers", "I want a gift voucher", "voucher as a birthday gift")
ROWS = """text,label
where is my order,order_status
has my tent shipped,order_status
track my parcel,order_status
how do I return the boots,return_item
send back a jacket,return_item
I want to return a lamp,return_item
"""


def _configured(place: Place) -> None:
    (place.folder / "rows.csv").write_text(ROWS)
    place.configure(
        FAKES.replace('{ model = "fake:order_status" }', '{ model = "head:support-intents" }')
        + '[apps.support]\nintents = "rows.csv"\n'
    )


def _add(*more: str) -> tuple[str, ...]:
    return ("support", "intent", "add", *more, *(f"--example={text}" for text in EXAMPLES))


@pytest.mark.slow
def test_a_new_intent_is_live_in_a_running_server(place: Place) -> None:
    _configured(place)
    with up(place) as server:
        before = place.run("ask", "--json", "do you have a gift voucher?").out
        assert '"gift_voucher"' not in before
        done = place.run(*_add("gift_voucher", "--actor", "anna"))
        assert done.status == 0, done.err
        assert done.out.startswith("gift_voucher: 3 examples, by anna")
        ends = time.monotonic() + 5
        while '"gift_voucher"' not in (
            told := place.run("ask", "--json", "do you have a gift voucher?").out
        ):
            assert time.monotonic() < ends, told + server.err
        assert "gift_voucher" in place.run("support", "mode").out
    listed = place.run("support", "intent", "list").out
    assert all(text in listed for text in EXAMPLES)
    assert "anna" in listed
    place.run("support", "intent", "forget", "gift_voucher", "--actor", "ben")
    assert "no examples" in place.run("support", "intent", "list").out
    assert "(taken back)" in place.run("support", "intent", "list", "--history").out


def test_a_classifier_that_cannot_learn_from_examples_says_so(place: Place) -> None:
    told = one_sentence(place.run(*_add("gift_voucher")))
    assert "learns nothing from examples" in told


def test_an_unknown_intent_cannot_be_forgotten(place: Place) -> None:
    place.data.mkdir()
    told = one_sentence(place.run("support", "intent", "forget", "gift"))
    assert told == "'gift' has no examples to forget; no intent has any"
