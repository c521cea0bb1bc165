"""Which messages show that knowledge is missing, how they group, and what is drafted of them."""

from __future__ import annotations

import random
from typing import Any

import pytest

from arriero.apps.support.gaps import (
    MOST,
    Question,
    draft,
    groups,
    is_unanswered,
    newest,
    question_of,
)
from arriero.core.words import Ended, Mode, Run, Stage, StageTime
from arriero.models.fake import FakeEncoder
from tests.apps.support.visited import SOURCE, said

TOPICS = {
    "ski": ["Do you wax skis?", "Do you wax my skis?", "do you wax skis here", "Do you wax old skis?"],
    "dog": ["Are dogs allowed in the shop?", "are dogs allowed inside the shop", "Dogs allowed in the shop?"],
    "one": ["Which mountain is the highest of all?"],
}  # fmt: skip


def unanswered(message: str, **changes: Any) -> Run:
    usual: dict[str, Any] = {
        "ended": Ended.FALLBACK,
        "origin": "fixed",
        "sources": (),
        "score": 0.3,
    }
    return said(message, **(usual | changes))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"ended": Ended.CLARIFY, "origin": "extractive"},
        {"ended": Ended.PENDING, "origin": "generative", "sources": (SOURCE,), "score": 0.5},
        {"intent": "out_of_scope", "score": None},
        {"ended": Ended.PENDING, "stages": (StageTime(Stage.ACT, 5.0, "not done yet"),)},
    ],
)
def test_no_answer_for_want_of_knowledge_is_a_gap(changes: Any) -> None:
    assert is_unanswered(unanswered("Do you wax skis?", **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"ended": Ended.ANSWERED},
        {"mode": Mode.SHADOW},
        {"intent": "human_agent"},
        {"origin": "held", "ended": Ended.PENDING},
        {"origin": "handover", "ended": Ended.PENDING},
        {"origin": "unknown-order", "ended": Ended.CLARIFY},
        {"origin": "flow", "ended": Ended.CLARIFY},
        {"reason": "late", "stages": (StageTime(Stage.DRAFT, 50.0, "error: the deadline passed"),)},
        {"ended": Ended.PENDING, "sources": (SOURCE,), "score": 0.95},
    ],
)
def test_what_ends_without_an_answer_for_another_reason_is_no_gap(changes: Any) -> None:
    assert not is_unanswered(unanswered("Do you wax skis?", **changes))


def test_thanks_are_no_gap() -> None:
    assert not is_unanswered(unanswered("Thank you!"))


def questions(runs: list[Run]) -> tuple[Question, ...]:
    return newest(question_of(run) for run in runs if is_unanswered(run))


def test_the_same_words_of_one_person_count_once() -> None:
    runs = [
        unanswered("Do you wax skis?"),
        unanswered("do  you wax skis?", hours=1),
        unanswered("Do you wax skis?", hours=2, customer="c-2"),
    ]
    assert [one.person for one in questions(runs)] == ["c-1", "c-2"]


def test_the_newest_questions_are_kept_when_there_are_too_many() -> None:
    runs = [unanswered(f"Question {n}", hours=n) for n in range(MOST + 5)]
    found = questions(runs)
    assert (len(found), found[-1].text) == (MOST, f"Question {MOST + 4}")


async def grouped(seed: int) -> list[set[str]]:
    asked = [
        Question(f"r{topic}{n}", text, "product_care", f"p{n}")
        for topic, texts in TOPICS.items()
        for n, text in enumerate(texts)
    ]
    random.Random(seed).shuffle(asked)
    found = groups(asked, await FakeEncoder().encode([one.text for one in asked]))
    assert [len(one.questions) for one in found] == sorted(
        (len(one.questions) for one in found), reverse=True
    )
    return [{question.text for question in one.questions} for one in found]


@pytest.mark.parametrize("seed", range(5))
async def test_questions_about_one_thing_are_one_group_in_whatever_order(seed: int) -> None:
    assert await grouped(seed) == [set(texts) for texts in TOPICS.values()]


async def test_a_group_is_named_by_its_most_typical_question() -> None:
    # The middle one shares most words with both others.
    texts = ["ski wax service", "ski wax service price", "ski wax price list"]
    asked = [Question(f"r{n}", text, "x", f"p{n}") for n, text in enumerate(texts)]
    [gap] = groups(asked, await FakeEncoder().encode(texts), alike=0.2)
    assert gap.name == "ski wax service price"
    assert gap.people == 3
    assert groups([], await FakeEncoder().encode([])) == ()


async def test_rare_intents_and_those_that_say_nothing_are_not_the_groups() -> None:
    intents = ["product_care"] * 5 + ["rental", "out_of_scope"]
    asked = [Question(f"r{n}", "Do you wax skis?", name, f"p{n}") for n, name in enumerate(intents)]
    [gap] = groups(asked, await FakeEncoder().encode([one.text for one in asked]))
    assert gap.intents == ("product_care",)


async def test_a_draft_takes_the_answer_to_its_most_typical_question() -> None:
    texts = TOPICS["ski"]
    asked = [Question(f"r{n}", text, "x", f"p{n}") for n, text in enumerate(texts)]
    [gap] = groups(asked, await FakeEncoder().encode(texts))
    first, last = gap.questions[0].run, gap.questions[-1].run
    drafted = draft(gap, {last: ["Yes."], first: ["We wax skis for 25 EUR.", "Yes."]})
    assert drafted.text == f"# {gap.name}\n\nWe wax skis for 25 EUR.\n"
    assert drafted.replies == ("We wax skis for 25 EUR.", "Yes.")
    assert draft(gap, {}).text == f"# {gap.name}\n"


def test_a_title_is_one_plain_line() -> None:
    asked = Question("r", "### <script> do you\nwax skis? " + "very " * 60, "x", "p")
    vector = __import__("numpy").ones((1, 1), dtype="float32")
    [gap] = groups([asked], vector)
    title = draft(gap, {}).title
    assert title.startswith("(script) do you")
    assert "<" not in title
    assert len(title) <= 125
