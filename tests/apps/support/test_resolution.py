"""What counts as resolved: silence, complaints, persons, people who come back, and lazy answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from time import perf_counter
from typing import Any

import pytest

from arriero.apps.support.resolution import (
    Settled,
    State,
    is_courtesy,
    mean_interval,
    outline,
    recontacts,
    satisfaction,
    says_something,
    settle,
    share_of,
    should_ask,
    sliced,
    stock_phrases,
    to_ask,
    visits,
)
from arriero.core.words import Ended, Feedback, Mode, Run, Task
from tests.apps.support.visited import LATER, at, given, handed, said

ANYTHING = "Is there anything else I can help you with?"


def one(
    *runs: Run, feedback: Sequence[Feedback] = (), tasks: Sequence[Task] = (), now: Any = LATER
) -> Settled:
    by_run: dict[str, list[Feedback]] = {}
    for each in feedback:
        by_run.setdefault(each.run, []).append(each)
    return settle(runs, by_run, tasks, now)[0]


def test_an_answer_and_three_days_without_a_word_are_a_resolution() -> None:
    assert one(said()).state is State.RESOLVED
    assert one(said()).why == ()


def test_until_72_hours_have_passed_nobody_knows() -> None:
    assert one(said(), now=at(71.9)).state is State.OPEN
    assert one(said(), now=at(72)).state is State.RESOLVED


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        ("thumb", False, "thumb down"),
        ("rating", 1, "rated 1"),
        ("rating", 2, "rated 2"),
        ("resolved", False, "the customer says no"),
        ("recontact", True, "re-contact"),
    ],
)
def test_a_negative_signal_is_no_resolution(kind: str, value: Any, why: str) -> None:
    run = said()
    settled = one(run, feedback=[given(run, kind, value)])
    assert (settled.state, settled.why) == (State.UNRESOLVED, (why,))


@pytest.mark.parametrize(
    ("kind", "value"),
    [("thumb", True), ("rating", 3), ("rating", 5), ("resolved", True), ("comment", "no, thanks")],
)
def test_a_friendly_signal_is_not_held_against_it(kind: str, value: Any) -> None:
    run = said()
    assert one(run, feedback=[given(run, kind, value)]).state is State.RESOLVED


def test_coming_back_on_the_same_intent_within_72_hours_is_a_recontact() -> None:
    first, second = said(), said("How much is shipping??", 50)
    settled = settle([first, second], {}, [], LATER)
    assert [each.state for each in settled] == [State.UNRESOLVED, State.RESOLVED]
    assert settled[0].recontact == second
    [event] = recontacts([first, second])
    assert (event.run, event.kind, event.value, event.at) == (first.id, "recontact", True, at(50))
    assert recontacts([second, first]) == (event,)


@pytest.mark.parametrize(
    "second",
    [
        said("How much is shipping?", 73.1),
        said("Do you have boots?", 5, intent="product_availability"),
        said("How much is shipping?", 5, customer="c-2"),
        said("How much is shipping?", 5, mode=Mode.SHADOW),
    ],
    ids=["too late", "another matter", "somebody else", "only rehearsed"],
)
def test_what_is_no_recontact(second: Run) -> None:
    assert one(said(), second).state is State.RESOLVED
    assert recontacts([said(), second]) == ()


def test_a_later_wish_for_a_person_is_a_recontact_whatever_it_is_about() -> None:
    wish = said("A human please", 3, intent="human_agent", ended=Ended.PENDING, origin="handover")
    assert "re-contact" in one(said(), wish).why


def test_coming_back_into_the_same_conversation_is_coming_back() -> None:
    first = said(conversation="thread-1", customer=None)
    again = said("It is still not clear", 10, conversation="thread-1", customer=None)
    assert len(visits([first, again])) == 2
    assert one(first, again).why == ("re-contact",)


def test_a_second_question_at_once_belongs_to_the_visit() -> None:
    assert len(visits([said(), said("And to France?", 0.05)])) == 1
    assert one(said(), said("And to France?", 0.05)).state is State.RESOLVED


def test_a_hand_over_is_found_by_its_run_and_by_its_conversation() -> None:
    run = said(conversation="t", ended=Ended.FALLBACK, origin="fixed", sources=(), score=0.3)
    assert one(run, tasks=[handed(run, "resolved")]).handed_over == "resolved"
    other = said("and?", 0.1, conversation="t")
    assert one(other, tasks=[handed(run, conversation="t")]).handed_over == "queued"
    far = said("a new matter", 200, conversation="t")
    assert one(far, tasks=[handed(run, conversation="t")]).handed_over == ""


def test_what_ended_in_a_question_of_ours_is_not_answered() -> None:
    asked = said("And?", 0.1, ended=Ended.CLARIFY, origin="clarify", sources=())
    assert one(said(), asked).why == ("not answered",)


def test_thanks_after_an_answer_take_nothing_from_it() -> None:
    thanks = said(
        "Great, thank you so much!", 0.1, intent="out_of_scope", ended=Ended.FALLBACK,
        origin="out-of-scope", sources=(),
    )  # fmt: skip
    assert one(said(), thanks).state is State.RESOLVED


def test_strong_frustration_in_the_last_message_is_no_resolution() -> None:
    angry = said("THIS IS THE THIRD TIME I ASK YOU, YOU LIARS!!!", 0.1, sentiment="negative")
    assert one(said(), angry).why == ("frustrated",)
    calm = said("What does express cost?", 0.2)
    assert "frustrated" not in one(angry, calm).why


def lazy(kind: str) -> list[Run]:
    """A product that says the same friendly words whatever is asked, and customers who give up."""
    intents = ["shipping_cost", "return_item", "order_status", "store_hours"]
    changes: dict[str, Any] = {"origin": "generative", "sources": ()} if kind == "no source" else {}
    text = (
        ANYTHING if kind != "a stock phrase" else "Thank you for your message, we are here for you."
    )
    return [
        said(
            f"Question {place}", place * 0.01, intent=intents[place % 4], customer=f"c-{place}",
            response=text, **changes,
        )
        for place in range(40)
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["no source", "only a question", "a stock phrase"])
def test_a_product_that_only_sounds_friendly_resolves_nothing_and_deflects_everything(
    kind: str,
) -> None:
    told = share_of("lazy", settle(lazy(kind), {}, [], LATER))
    assert (told.n, told.resolved.value, told.deflected.value) == (40, 0.0, 1.0)
    assert told.assumed.value == 1.0
    assert told.resolved.high < 0.1
    assert told.why == {"not answered": 40}


def test_a_product_that_hands_everything_over_resolves_nothing() -> None:
    runs = [
        said(f"Question {place}", customer=f"c-{place}", ended=Ended.PENDING, origin="handover")
        for place in range(20)
    ]
    told = share_of("shy", settle(runs, {}, [handed(run) for run in runs], LATER))
    assert (told.resolved.value, told.deflected.value) == (0.0, 0.0)


def test_a_passage_that_answers_two_intents_is_no_stock_phrase() -> None:
    runs = [said(intent=intent) for intent in ("return_item", "exchange_size") * 10]
    assert stock_phrases(runs) == frozenset()
    assert says_something(runs[0])


def test_an_approved_answer_needs_no_source() -> None:
    assert says_something(said(origin="template", sources=()))
    assert not says_something(said(origin="generative", sources=()))
    assert not says_something(said(origin="handover"))
    assert not says_something(said(ended=Ended.FALLBACK))


def test_only_visits_of_three_days_count_since_bad_news_is_known_sooner() -> None:
    bad, good = said(customer="c-1"), said(customer="c-2")
    feedback = {bad.id: [given(bad, "thumb", value=False)]}
    young = share_of("all", settle([bad, good], feedback, [], at(5)))
    assert (young.n, young.open, young.resolved.high) == (0, 2, 1.0)
    old = share_of("all", settle([bad, good], feedback, [], at(100)))
    assert (old.n, old.open, old.resolved.value) == (2, 0, 0.5)


def test_visits_are_sliced_by_what_they_were_about_in_the_end() -> None:
    runs = [said(), said(customer="c-2"), said(customer="c-3", intent="return_item")]
    found = sliced(settle(runs, {}, [], LATER), lambda each: each.visit.intent)
    assert [(name, len(members)) for name, members in found] == [
        ("shipping_cost", 2), ("return_item", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "message", ["Thanks!", "ok", "Great, thank you so much", "No, that's all. Bye!", "thx :)"]
)
def test_courtesy_is_recognised(message: str) -> None:
    assert is_courtesy(message)


@pytest.mark.parametrize(
    "message", ["no tracking number came", "thanks, but where is it?", "ok so what now", "Notice?"]
)
def test_a_question_in_polite_words_is_no_courtesy(message: str) -> None:
    assert not is_courtesy(message)


def test_a_customer_is_asked_once_it_is_over_and_not_after_every_message() -> None:
    settled = one(said(), now=at(0.01))
    assert not should_ask(settled, at(0.01))
    assert should_ask(settled, at(0.1))
    assert not should_ask(settled, at(30))
    assert should_ask(one(said(), said("Thanks!", 0.01), now=at(0.011)), at(0.011))


def test_nobody_is_asked_while_a_person_has_it_or_after_a_question_of_ours() -> None:
    run = said()
    assert not should_ask(one(run, tasks=[handed(run, "accepted")]), at(0.2))
    assert should_ask(one(run, tasks=[handed(run, "resolved")]), at(0.2))
    asking = said(ended=Ended.CLARIFY, origin="clarify")
    assert not should_ask(one(asking), at(0.2))


def test_nobody_is_asked_twice_in_thirty_days_but_the_angry_are_asked() -> None:
    settled = one(said(), now=at(1))
    assert not should_ask(settled, at(0.2), last_asked=at(-24 * 29))
    assert should_ask(settled, at(0.2), last_asked=at(-24 * 31))
    assert should_ask(one(said("WHAT A SCAM!!! IDIOTS", sentiment="negative")), at(0.2))


def test_the_response_rate_counts_those_who_were_to_be_asked() -> None:
    rated, silent, asking = said(), said(customer="c-2"), said(customer="c-3", ended=Ended.CLARIFY)
    feedback = {rated.id: [given(rated, "rating", 5)], asking.id: [given(asking, "rating", 2)]}
    settled = settle([rated, silent, asking], feedback, [], LATER)
    told = satisfaction("all", settled, to_ask(settled))
    assert (told.n, told.counts, told.asked) == (2, (0, 1, 0, 0, 1), 2)
    assert (told.response.value, told.satisfied.value, told.mean.value) == (0.5, 0.5, 3.5)


def test_a_mean_has_an_interval_even_when_everybody_says_the_same() -> None:
    few, many = mean_interval([5, 5, 5], 1, 5), mean_interval([5] * 300, 1, 5)
    assert few.value == many.value == few.high == 5.0
    assert few.low < 3.5
    assert many.low > 4.9
    assert mean_interval([], 1, 5).low == 1


def test_the_interval_of_a_mean_is_students() -> None:
    told = mean_interval([1, 2, 3, 4, 5] * 4, 1, 5)  # n = 20: t = 2.0930, s = 1.4510
    assert told.high - told.value == pytest.approx(2.0930 * 1.45095 / 20**0.5, abs=2e-4)


def test_an_empty_house_has_no_numbers() -> None:
    told = share_of("all", settle([], {}, [], LATER))
    assert (told.n, told.resolved.low, told.resolved.high) == (0, 0.0, 1.0)
    assert recontacts([]) == ()


def test_a_pause_is_a_setting() -> None:
    runs = [said(), said("And?", 2)]
    assert len(visits(runs)) == 2
    assert len(visits(runs, pause=timedelta(hours=3))) == 1


def test_the_outline_of_runs_tells_who_came_back_as_the_whole_runs_do() -> None:
    thread = said("No", 10, conversation="thread-1", customer=None)
    runs = [said(), said("How much is shipping??", 50), thread, replace(thread, id="later")]
    assert recontacts(map(outline, runs)) == recontacts(runs) != ()
    assert "message" not in outline(runs[0]).input


def test_one_customer_with_thousands_of_visits_is_looked_through_in_time() -> None:
    """Some companies send everybody who is not logged in as one customer."""
    runs = [said("hm", 2.0 * n, customer="guest", intent="unknown") for n in range(3_000)]
    began = perf_counter()
    assert not recontacts(runs)
    assert perf_counter() - began < 2.0
