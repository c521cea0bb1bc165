"""What an agent reads before the first word to the customer."""

from __future__ import annotations

import pytest

from arriero.apps.support import summary
from arriero.apps.support.summary import Candidate, Cited, Past
from arriero.store.fake import MemoryLedger
from tests.apps.support.recorded import SOURCE, recorded

WHERE = Past(
    "Where is my order 10234?",
    "It is on its way.",
    "order_status",
    "neutral",
    "answered",
    "template",
)
LATE = Past(
    "It is still not here! When will it come?",
    "I cannot say.",
    "order_status",
    "negative",
    "fallback",
)
HUMAN = Past("A human, please", "", "human_agent", "negative", "pending")


def test_the_problem_is_the_newest_message_that_says_one() -> None:
    told = summary.summary(HUMAN, [WHERE, LATE])
    assert (told.problem, told.intent) == (LATE.message, "order_status")
    assert told.open_questions == ("When will it come?",)


def test_a_bare_request_for_a_person_is_its_own_problem() -> None:
    told = summary.summary(HUMAN)
    assert (told.problem, told.tried, told.open_questions) == ("A human, please", (), ())
    assert (told.trend, told.proposed) == ("steady", "")


def test_what_was_tried_names_answers_and_drafts_that_were_not_sent() -> None:
    draft = Candidate("Shipping costs 4.90 EUR.", "extractive", 0.41, "grounded: not covered")
    told = summary.summary(LATE, [WHERE], candidates=[draft])
    assert told.tried == (
        "order_status: answered, template: It is on its way.",
        "draft (extractive, quality 0.41, grounded: not covered) was not sent",
    )


def test_the_proposal_is_the_best_draft_that_is_an_answer() -> None:
    drafts = [
        Candidate("I have passed it on.", "handover", 1.0),
        Candidate("A first try.", "extractive", 0.3),
        Candidate("A better one.", "generative", 0.6),
    ]
    assert summary.summary(LATE, candidates=drafts).proposed == "A better one."


@pytest.mark.parametrize(
    ("moods", "says"),
    [
        (["neutral"], "steady"),
        (["neutral", "negative"], "falling"),
        (["negative", "negative"], "steady"),
        (["negative", "neutral", "positive"], "rising"),
        (["unheard of", "negative"], "falling"),
    ],
)
def test_the_trend_compares_the_last_mood_with_those_before(moods: list[str], says: str) -> None:
    assert summary.trend(moods) == says


def test_a_question_of_ours_that_stayed_open_is_named() -> None:
    asked = Past("It is broken.", "Which order is it?", "complaint", "neutral", "clarify")
    told = summary.summary(HUMAN, [asked])
    assert told.open_questions == ("we asked: Which order is it?",)


async def test_a_recorded_run_tells_entities_evidence_and_draft() -> None:
    ledger = MemoryLedger()
    id = await recorded(ledger, "What does shipping cost?", draft="It costs 4.90 EUR.")
    run = await ledger.run("default", id)
    assert run is not None
    told = summary.of_run(run, await ledger.trace(run), reason="quality 0.41 < 0.7")
    assert told.entities == {"order_id": "10234", "items": "Down jacket"}
    assert told.evidence == (Cited(SOURCE.id, SOURCE.title, SOURCE.quote),)
    assert told.proposed == "It costs 4.90 EUR."
    assert told.tried == ("draft (extractive, quality 0.41, grounded: not covered) was not sent",)


async def test_the_history_that_came_along_counts_as_earlier_messages() -> None:
    ledger = MemoryLedger()
    history = [
        {"role": "customer", "text": "Where is it?"},
        {"role": "agent", "text": "On its way."},
        {"role": "customer", "text": "Since when?"},
    ]
    run = await ledger.run("default", await recorded(ledger, "Hello?", history=history))
    assert run is not None
    assert [line["text"] for line in summary.dialogue(run)] == [
        "Where is it?", "On its way.", "Since when?",
    ]  # fmt: skip
    assert summary.of_run(run, None).open_questions == ("Since when?", "Hello?")


def test_without_a_run_the_reason_is_all_there_is() -> None:
    told = summary.of_run(None, None, reason="the ledger lost it")
    assert (told.problem, told.reason) == ("", "the ledger lost it")
