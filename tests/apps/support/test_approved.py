"""Approved answers: who gets one, who does not, and when they end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import current_thread
from time import perf_counter

import numpy as np
import pytest
from numpy.typing import NDArray

from arriero.apps.support import articles, templates
from arriero.apps.support.agreement import disagreement, is_personal, meanings
from arriero.apps.support.approved import (
    Approved,
    ApprovedAnswers,
    Asked,
    Thresholds,
    exact,
    knowledge_version,
    nearest,
    normalised,
    of_templates,
    read_answers,
    read_thresholds,
)
from arriero.apps.support.approved_now import ApprovedNow
from arriero.apps.support.settings import SAMPLE
from arriero.core.clock import HeldClock
from arriero.core.errors import InputError, StoreError
from arriero.core.words import JsonValue
from arriero.models.fake import FakeEncoder
from arriero.retrieval.base import Passage
from arriero.store.cache import MemoryCache
from arriero.store.records import MemoryRecords

AT = "2026-11-24T12:00:00+00:00"
RETURNS = Approved(
    "return_item", "Can goods be returned within 14 days?", "Yes, within 60.", "en", "k1", "p1",
    "ines", AT, ("Goods can be returned within 60 days.",),
)  # fmt: skip


def asked(question: str, **changes: str) -> Asked:
    return replace(Asked("acme", question, "return_item", "en", "k1", "p1"), **changes)


def of(**changes: object) -> ApprovedAnswers:
    parts = ApprovedAnswers(
        FakeEncoder(), MemoryRecords(), MemoryCache(), HeldClock(),
        Thresholds(encoder="fake", intents={"return_item": 0.3}),
    )  # fmt: skip
    for name, value in changes.items():
        setattr(parts, name, value)
    return parts


@pytest.mark.parametrize(
    ("new", "approved", "why"),
    [
        ("refund within 14 days", "refund within 30 days", "numbers"),
        ("Can worn boots be returned?", "Can boots be returned?", "worn"),
        ("Can unworn boots be returned?", "Can worn boots be returned?", "worn"),
        ("Can boots not be returned?", "Can boots be returned?", "negated"),
        ("Do you deliver to Norway?", "Do you deliver to Spain?", "norway"),
        ("Can I rent a kayak?", "Can I rent a tent?", "kayak"),
        ("How much is express delivery?", "How much is standard delivery?", "express"),
        ("How long does delivery take?", "How much does delivery cost?", "@cost"),
        (
            "Can goods bought in a shop be returned online?",
            "Can goods bought online be returned in a shop?",
            "order",
        ),
        ("How many euros are there for a point?", "How many points are there for a euro?", "order"),
    ],
)
def test_a_near_miss_is_told_by_what_decides(new: str, approved: str, why: str) -> None:
    assert why in disagreement(new, approved)
    assert disagreement(approved, new)  # whichever of the two was approved


@pytest.mark.parametrize(
    ("new", "approved"),
    [
        ("Hi, do you ship parcels to Spain, please?", "Do you deliver to Spain?"),
        ("What is the price of standard shipping?", "How much does standard delivery cost?"),
        ("Can I send back worn boots?", "Can worn boots be returned?"),
        ("Is it possible to hire a tent?", "Can I rent a tent?"),
        ("return within three days?", "Return within 3 days"),
    ],
)
def test_other_words_for_the_same_agree(new: str, approved: str) -> None:
    assert disagreement(new, approved) == ""


def test_meanings_know_number_and_tense() -> None:
    assert meanings("washing the boots") == meanings("wash a boot") == ("wash", "boot")
    assert meanings("two shops within 14 days") == ("two", "shop", "day")


@pytest.mark.parametrize(
    "question",
    [
        "Where is my order?",
        "What about order 10234",
        "I ordered boots, can they be returned?",
        "Write to <EMAIL_1>",
        "mail me at jo@example.org",
        "I\u2019ve paid twice, and now?",
    ],
)
async def test_a_personal_question_is_neither_kept_nor_answered(question: str) -> None:
    known = of(given=(replace(RETURNS, question=question),))
    assert is_personal(question)
    assert not await known.approve("acme", replace(RETURNS, question=question))
    assert await known.lookup(asked(question)) is None


@pytest.mark.parametrize(
    "answer",
    ["Order 10234 is on its way.", "Dear Jo, yes.", "Your refund was paid.", "Yes, <FIRST_NAME>."],
)
async def test_an_answer_about_one_person_is_not_kept(answer: str) -> None:
    assert not await of().approve("acme", replace(RETURNS, answer=answer))
    assert await of().approve("acme", replace(RETURNS, answer="Our shops take your return."))


async def test_the_same_words_get_the_approved_answer() -> None:
    known = of()
    assert await known.approve("acme", RETURNS)
    found = await known.lookup(asked("can goods be  returned within 14 days"))
    assert found is not None
    assert (found.how, found.approved) == ("exact", RETURNS)


async def test_a_paraphrase_gets_it_and_a_near_miss_does_not() -> None:
    known = of()
    await known.approve("acme", RETURNS)
    found = await known.lookup(asked("May goods be sent back within 14 days?"))
    assert found is not None
    assert found.how == "semantic"
    assert await known.lookup(asked("Can goods be returned within 30 days?")) is None
    assert await known.lookup(asked("Can goods not be returned within 14 days?")) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"tenant": "other"},
        {"language": "de"},
        {"knowledge": "k2"},
        {"policy": "p2"},
    ],
)
async def test_another_tenant_language_knowledge_or_policy_finds_nothing(
    changes: dict[str, str],
) -> None:
    known = of()
    await known.approve("acme", RETURNS)
    assert await known.lookup(asked(RETURNS.question)) is not None
    assert await known.lookup(asked(RETURNS.question, **changes)) is None


async def test_an_intent_without_a_threshold_gives_exact_answers_only() -> None:
    paraphrase = "May goods be sent back within 14 days?"
    for thresholds in (
        Thresholds(encoder="fake", intents={"rental": 0.3}),
        Thresholds(encoder="another", intents={"return_item": 0.3}),
    ):
        known = of(thresholds=thresholds)
        await known.approve("acme", RETURNS)
        assert await known.lookup(asked(paraphrase)) is None
        assert await known.lookup(asked(RETURNS.question)) is not None


async def test_a_paraphrase_of_another_intent_is_not_answered() -> None:
    known = of(thresholds=Thresholds(encoder="fake", intents={"rental": 0.3, "return_item": 0.3}))
    await known.approve("acme", RETURNS)
    again = "May goods be sent back within 14 days?"
    assert await known.lookup(asked(again, intent="rental")) is None


async def test_what_was_withdrawn_is_not_given_again() -> None:
    known = of()
    await known.approve("acme", RETURNS)
    await known.withdraw("acme", RETURNS.id)
    assert await known.lookup(asked(RETURNS.question)) is None


async def test_another_replicas_approval_is_seen_after_two_seconds() -> None:
    records, clock = MemoryRecords(), HeldClock()
    here, there = of(records=records, clock=clock), of(records=records, clock=clock)
    assert await here.lookup(asked(RETURNS.question)) is None
    await there.approve("acme", RETURNS)
    assert await here.lookup(asked(RETURNS.question)) is None
    clock.advance(2.1)
    assert await here.lookup(asked(RETURNS.question)) is not None


async def test_new_knowledge_carries_over_only_what_it_still_says() -> None:
    known = of()
    kept = replace(RETURNS, question="Can goods be returned?")
    unfounded = replace(RETURNS, question="Can presents be returned?", quotes=())
    for one in (RETURNS, kept, unfounded, replace(RETURNS, quotes=("Gone.",))):
        await known.approve("acme", one)
    texts = ["All  goods count. Goods can be returned within 60 days.\nAsk us."]
    assert await known.renew("acme", knowledge="k2", policy="p1", texts=texts) == 1
    assert await known.lookup(asked("Can goods be returned?", knowledge="k2")) is not None
    assert await known.lookup(asked("Can presents be returned?", knowledge="k2")) is None
    assert await known.lookup(asked(RETURNS.question, knowledge="k2")) is None


async def test_a_tenants_own_answer_goes_before_the_shops() -> None:
    known = of(given=(RETURNS,))
    await known.approve("acme", replace(RETURNS, answer="Ours."))
    own = await known.lookup(asked(RETURNS.question))
    other = await known.lookup(asked(RETURNS.question, tenant="other"))
    assert own is not None
    assert other is not None
    assert (own.approved.answer, other.approved.answer) == ("Ours.", "Yes, within 60.")


async def test_vectors_are_kept_in_the_cache_for_the_next_start() -> None:
    class Counting(FakeEncoder):
        texts = 0

        async def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
            self.texts += len(texts)
            return await super().encode(texts)

    cache, records = MemoryCache(), MemoryRecords()
    first, second = Counting(), Counting()
    question = asked("May goods be sent back within 14 days?")
    for encoder in (first, second):
        known = of(encoder=encoder, cache=cache, records=records)
        await known.approve("acme", RETURNS)
        assert await known.lookup(question) is not None
    assert (first.texts, second.texts) == (2, 1)


async def test_an_empty_answer_is_refused_in_one_sentence() -> None:
    with pytest.raises(InputError, match="needs a question and a text"):
        await of().approve("acme", replace(RETURNS, answer=" "))


def test_the_likest_that_agrees_is_taken() -> None:
    other = replace(RETURNS, question="Can goods be returned within 30 days?")
    found = nearest(asked("Goods returned within 14 days?"), [(other, 0.99), (RETURNS, 0.9)], 0.8)
    assert found is not None
    assert (found.approved, found.likeness) == (RETURNS, 0.9)
    assert nearest(asked("Goods returned within 14 days?"), [(RETURNS, 0.7)], 0.8) is None


def test_the_same_words_under_two_intents_take_the_one_asked_for() -> None:
    rental = replace(RETURNS, intent="rental", answer="Of rented gear.")
    found = exact(asked(RETURNS.question), [rental, RETURNS])
    assert found is not None
    assert found.approved is RETURNS


def test_spelling_of_a_question_does_not_matter() -> None:
    assert normalised("  \u201cIs it\u00a0FREE?! ") == normalised("is it free")


def test_the_samples_answers_all_stand_in_its_articles() -> None:
    texts = [one.text for one in articles.load(SAMPLE / "articles")]
    found = read_answers(SAMPLE / "approved.jsonl", knowledge="k1", policy="p1", at=AT, texts=texts)
    lines = (SAMPLE / "approved.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(found) == len(lines) > 20
    without = [text.replace("Points expire 24 months", "Points expire 12 months") for text in texts]
    fewer = read_answers(
        SAMPLE / "approved.jsonl", knowledge="k2", policy="p1", at=AT, texts=without
    )
    assert {one.question for one in found} - {one.question for one in fewer} == {
        "When do points expire?"
    }


def test_a_day_on_which_an_article_ends_is_another_version() -> None:
    ends = Passage("a#1", "a", "A", "Free until May.", valid_until=date(2026, 5, 31))
    stays = Passage("b#1", "b", "B", "Free of charge.")
    may, texts = knowledge_version([ends, stays], date(2026, 5, 31))
    june, fewer = knowledge_version([stays, ends], date(2026, 6, 1))
    assert texts == ("Free until May.", "Free of charge.")
    assert fewer == ("Free of charge.",)
    assert may == knowledge_version([stays, ends], date(2026, 5, 1))[0] != june


def test_only_templates_that_say_the_same_to_everybody_are_shared() -> None:
    known = templates.load(SAMPLE / "templates.toml")
    questions = {one.intent: ["hello there", "where is my order"] for one in known}
    found = of_templates(
        known, questions, knowledge="k1", policy="p1", at=AT, never=("human_agent",)
    )
    assert {(one.intent, one.question) for one in found} == {("greeting_smalltalk", "hello there")}


def test_a_broken_line_of_answers_is_named(tmp_path: Path) -> None:
    file = tmp_path / "approved.jsonl"
    row = {"intent": "a", "question": "b", "answer": "c"}
    file.write_text(json.dumps(row) + "\n\n" + json.dumps({"intent": "a"}), encoding="utf-8")
    with pytest.raises(InputError, match=r"approved.jsonl, line 3: needs intent"):
        read_answers(file, knowledge="", policy="", at=AT, texts=())
    with pytest.raises(InputError, match="cannot be read"):
        read_answers(tmp_path / "none", knowledge="", policy="", at=AT, texts=())


def test_thresholds_are_read_or_refused_in_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "thresholds.json"
    file.write_text('{"encoder": "e", "intents": {"rental": 0.8}}', encoding="utf-8")
    assert read_thresholds(file).of("rental", "e") == 0.8
    assert read_thresholds(file).of("rental", "f") is None
    file.write_text("[]", encoding="utf-8")
    with pytest.raises(InputError, match="exact questions only"):
        read_thresholds(file)


class Pages:
    """A source whose only passage bears `RETURNS`."""

    async def version(self) -> str:
        return "1"

    async def passages(self) -> Sequence[Passage]:
        return (Passage("returns#1", "returns", "Returns", RETURNS.quotes[0], None, None, ()),)


class Shaky(MemoryRecords):
    """Records that fail once they are `down`."""

    down = False

    async def list(self, tenant: str, kind: str) -> Mapping[str, JsonValue]:
        if self.down:
            raise StoreError("the ledger cannot be read")
        return await MemoryRecords.list(self, tenant, kind)


async def _asked_now(now: ApprovedNow) -> bool:
    found = await now.lookup(
        "acme", RETURNS.question, RETURNS.intent, "en", index="2", day=date(2026, 11, 24)
    )
    return found is not None


async def test_an_answer_is_carried_over_once_the_records_are_there_again(tmp_path: Path) -> None:
    records = Shaky()
    answers = of(records=records)
    await answers.approve("acme", RETURNS)
    (tmp_path / "none.jsonl").touch()
    now = ApprovedNow(answers, Pages(), tmp_path / "none.jsonl", "p1")
    records.down = True
    with pytest.raises(StoreError):
        await _asked_now(now)
    records.down = False
    assert await _asked_now(now)


async def test_a_file_that_breaks_while_it_is_used_does_not_stop_the_others(tmp_path: Path) -> None:
    answers = of()
    await answers.approve("acme", RETURNS)
    (tmp_path / "broken.jsonl").write_text("{")
    assert await _asked_now(ApprovedNow(answers, Pages(), tmp_path / "broken.jsonl", "p1"))


async def test_what_is_approved_is_read_once_for_an_index_and_beside_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = of()
    await answers.approve("acme", RETURNS)
    (tmp_path / "none.jsonl").touch()
    here, read = current_thread(), list[bool]()

    def version(passages: Sequence[Passage], day: date) -> tuple[str, tuple[str, ...]]:
        read.append(current_thread() is here)
        return knowledge_version(passages, day)

    monkeypatch.setattr("arriero.apps.support.approved_now.knowledge_version", version)
    now = ApprovedNow(answers, Pages(), tmp_path / "none.jsonl", "p1")
    hasty = asyncio.create_task(_asked_now(now))
    await asyncio.sleep(0)
    hasty.cancel()  # its time is over; what it has begun is not lost
    assert all(await asyncio.gather(*(_asked_now(now) for _ in range(8))))
    assert read == [False]


async def test_a_question_among_thousands_of_approved_answers_is_looked_up_at_once() -> None:
    answers = of()
    for at in range(3_000):
        question = f"Can goods of kind {at} be returned?"
        await answers.approve("acme", replace(RETURNS, question=question, answer=f"Yes, {at}."))
    question = "can goods of kind 2999 be returned"
    assert (found := await answers.lookup(asked(question, intent="other"))) is not None
    assert found.approved.answer == "Yes, 2999."
    began = perf_counter()
    for _ in range(100):
        assert await answers.lookup(asked(question, intent="other")) is not None
    assert perf_counter() - began < 0.5
