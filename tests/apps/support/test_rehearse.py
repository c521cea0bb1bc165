"""Tickets read, endings counted, answers compared, risk against coverage, and the page about it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from arriero.apps.support.rehearse import (
    LONGEST,
    Compared,
    Rehearsed,
    Ticket,
    Tickets,
    automatable,
    compare,
    curve,
    ending_of,
    endings,
    read,
    rehearsed,
)
from arriero.apps.support.rehearse_page import About, page, summary
from arriero.apps.support.values import Reply
from arriero.core.errors import InputError
from arriero.core.words import Action, Ended, Outcome, Trace
from tests.apps.support.visited import MONDAY, said

ABOUT = About("tickets.csv", datetime(2026, 11, 23, 12, tzinfo=UTC), "support@1", 0.7)


def test_a_file_with_all_columns_in_any_order_is_read() -> None:
    told = read(
        "intent,answer,question,customer\nreturn_item,Yes,Can I return it?,c-1\n,,Hello?,\n".encode(
            "utf-8-sig"
        ),
        "t.csv",
    )
    assert told.rows == (
        Ticket(2, "Can I return it?", "Yes", "return_item", "c-1"),
        Ticket(3, "Hello?"),
    )


@pytest.mark.parametrize("head", ["text", "Question", "message", "human answer;TEXT"])
def test_a_question_column_has_several_names(head: str) -> None:
    cells = ";".join("Why?" for _ in head.split(";"))
    assert read(f"{head}\n{cells}\n".encode(), "t.csv").rows[0].question == "Why?"


def test_repeated_empty_and_overlong_rows_are_counted_and_left_out() -> None:
    data = f"text,customer\nWhy?,\n why? ,\nWhy?,c-1\n,\n   ,c-2\n{'x' * (LONGEST + 1)},\n"
    told = read(data.encode(), "t.csv")
    assert [(one.row, one.customer) for one in told.rows] == [(2, None), (4, "c-1")]
    assert (told.repeated, told.empty, told.too_long) == (1, 2, 1)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"answer,intent\nYes,x\n", "needs one named 'question'"),
        (b"question,answer\n", "has no ticket below"),
        (b"question\n\n \n", "has no ticket below"),
        ("question\nWo bleibt mein Päckchen?\n".encode("latin-1"), "is not UTF-8 \\(byte"),
        (b"question\n\x00\n", "zero bytes"),
        (b"question\n" + b'"' + b"x" * 200_000 + b'"\n', "no CSV table"),
    ],
)
def test_a_file_that_cannot_be_used_says_what_to_do(data: bytes, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read(data, "t.csv")


def done(score: float | None, ending: str = "answered", **changes: Any) -> Rehearsed:
    made = Rehearsed(
        Ticket(2, "What does shipping cost?", changes.pop("human", "")),
        ending, "It costs 4.90 EUR.", "It costs 4.90 EUR." if score is not None else "", score,
        "shipping_cost", "extractive", "",
    )  # fmt: skip
    return replace(made, **changes)


def outcome(ended: Ended, *actions: Action) -> Outcome[Reply]:
    return Outcome(ended, Reply(response="So."), actions=actions, origin="extractive", score=0.8)


@pytest.mark.parametrize(
    ("given", "ending"),
    [
        (outcome(Ended.ANSWERED), "answered"),
        (outcome(Ended.CLARIFY), "clarified"),
        (outcome(Ended.PENDING), "handed over"),
        (outcome(Ended.FALLBACK, Action("hand_over", "h")), "handed over"),
        (outcome(Ended.FAILED), "handed over"),
        (outcome(Ended.FALLBACK), "declined"),
        (outcome(Ended.REFUSED), "declined"),
    ],
)
def test_every_outcome_has_an_ending(given: Outcome[Reply], ending: str) -> None:
    assert ending_of(given) == ending


def test_the_best_draft_is_kept_when_it_was_not_sent() -> None:
    drafts = tuple(
        {
            "draft": {"answer": {"response": text, "ending": ending}, "origin": origin},
            "score": score,
        }
        for text, origin, score, ending in (
            ("weak", "extractive", 0.3, "answered"),
            ("better", "generative", 0.6, "answered"),
            ("which order?", "flow", 0.9, "clarify"),
            ("a colleague comes", "handover", 1.0, "pending"),
        )
    )
    trace = Trace(None, None, drafts, (), None, 1, MONDAY)
    told = rehearsed(Ticket(2, "?"), outcome(Ended.FALLBACK), said(), trace)
    assert (told.draft, told.score) == ("better", 0.6)
    told = rehearsed(Ticket(2, "?"), outcome(Ended.FALLBACK), said(), replace(trace, drafts=()))
    assert (told.draft, told.score) == ("", None)
    told = rehearsed(Ticket(2, "?"), outcome(Ended.ANSWERED), said(), trace)
    assert (told.draft, told.score) == ("So.", 0.8)


def test_facts_of_the_human_answer_must_be_in_ours() -> None:
    human = "Hi Anna, it costs 4.90 EUR and comes by 12 March."
    close = compare("Shipping costs 4,90 EUR and takes until 12 March.", human, 0.8)
    assert (close.missing, close.agrees) == ((), True)
    far = compare("Shipping costs 9.90 EUR.", human, 0.8)
    assert set(far.missing) == {"4.9", "12", "month:3"}
    assert not far.agrees
    assert not compare("Shipping costs 4.90 EUR by 12 March.", human, 0.1).agrees
    assert compare("Gladly.", "With pleasure.", 0.7).agrees


def test_endings_are_counted_by_the_files_intent_and_all_come_first() -> None:
    given = replace(done(0.9), ticket=Ticket(3, "x", intent="postage"))
    told = endings([given, done(0.9), done(None, "handed over")])
    assert [(one.intent, one.n) for one in told] == [
        ("all", 3), ("shipping_cost", 2), ("postage", 1),
    ]  # fmt: skip
    assert told[1].shares["answered"].value == 0.5
    assert told[1].shares["answered"].low < 0.5 < told[1].shares["answered"].high


def test_risk_grows_with_coverage_and_is_the_mean_of_what_the_score_leaves_open() -> None:
    tickets = [done(1.0), done(0.98), done(0.9), done(0.5), done(None, "declined")]
    points = curve(tickets)
    assert [one.sent for one in points] == [1, 2, 3, 4]
    assert [one.coverage for one in points] == [0.2, 0.4, 0.6, 0.8]
    assert [one.expected for one in points] == pytest.approx([0, 0.01, 0.04, 0.155])
    best = automatable(points, 0.0101)
    assert best is not None
    assert best.coverage == 0.4
    assert automatable(curve([done(0.5)]), 0.01) is None
    assert curve([]) == ()


def test_equal_scores_are_sent_together() -> None:
    points = curve([done(0.9), done(0.9), done(0.8)])
    assert [one.sent for one in points] == [2, 3]


def test_what_differs_from_the_human_answer_is_counted_among_what_was_compared() -> None:
    agrees, differs = Compared(("4.9",), (), 0.9), Compared((), ("4.9",), 0.9)
    tickets = [done(0.9, compared=agrees), done(0.8, compared=differs), done(0.7)]
    assert [(one.compared, one.disagreeing.value) for one in curve(tickets)] == [
        (1, 0.0), (2, 0.5), (2, 0.5),
    ]  # fmt: skip


def test_the_laziest_rehearsals_cannot_be_automated() -> None:
    silent = [done(None, "handed over") for _ in range(50)]
    bold = [done(0.6) for _ in range(50)]
    assert automatable(curve(silent), 0.01) is None
    assert automatable(curve(bold), 0.01) is None
    assert summary(bold).endswith("no answer is so sure that 1% or less would be wrong")


def test_the_page_needs_nothing_else_and_runs_only_its_own_script() -> None:
    text = page([done(0.9), done(None, "declined")], Tickets((), repeated=2), ABOUT)
    assert not re.search(r"https?://|src=|@import|url\(|\{\{", text)
    [script] = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in text
    assert "2 repeated rows left out" in text
    assert "<svg" in text


def test_a_tickets_text_is_data_and_never_markup() -> None:
    attack = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\u2028{{data}}"
    bad = replace(done(0.9), ticket=Ticket(2, attack, attack, attack), response=attack)
    text = page([bad], Tickets(()), replace(ABOUT, file=attack))
    assert "<img" not in text
    assert text.count("<script") == 2
    [data] = re.findall(r'type="application/json">(.*?)</script>', text, re.DOTALL)
    assert json.loads(data)["tickets"][0]["question"] == attack


def test_a_page_of_many_tickets_draws_few_points() -> None:
    text = page([done(1 - n / 5_000) for n in range(3_000)], Tickets(()), ABOUT)
    [data] = re.findall(r'type="application/json">(.*?)</script>', text, re.DOTALL)
    points = json.loads(data)["points"]
    assert len(points) == 600
    assert (points[0]["sent"], points[-1]["sent"]) == (1, 3_000)
