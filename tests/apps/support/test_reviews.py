"""Random answers judged by two people: who is drawn, who sees what, how far they agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random
from time import perf_counter
from typing import Any

import pytest

from arriero.apps.support.gaps_inbox import Desks
from arriero.apps.support.reviews import MOST_WAITING, Reviews, agreement, drawn, kappa
from arriero.core.clock import HeldClock
from arriero.core.desk import Act
from arriero.core.errors import Conflict, InputError, NotFound
from arriero.core.words import Ended, JsonValue, Task
from arriero.store.base import RunErased, TaskSaved
from arriero.store.fake import MemoryLedger
from arriero.store.records import MemoryRecords
from arriero.store.rows import erased
from tests.apps.support.recorded import MONDAY, recorded


async def _told(tenant: str, run: str, value: JsonValue) -> JsonValue:
    return value


@pytest.fixture
def reviews() -> Reviews:
    clock = HeldClock(MONDAY)
    return Reviews(MemoryLedger(clock), MemoryRecords(), clock, 1.0, _told)


async def _answered(reviews: Reviews, n: int = 1, **changes: object) -> None:
    for at in range(n):
        given = {"ended": Ended.ANSWERED, "answer": {"response": f"Answer {at}"}} | changes
        await recorded(reviews.ledger, f"Question {at}?", at=MONDAY, **given)


async def _tasks(reviews: Reviews) -> list[Task]:
    await reviews.draw(MONDAY)
    return list(await reviews.ledger.tasks("default"))


def test_a_share_of_runs_is_drawn_whoever_asks_and_however_often() -> None:
    runs = [f"run-{at}" for at in range(20_000)]
    picked = [run for run in runs if drawn(run, 0.05)]
    assert len(picked) / len(runs) == pytest.approx(0.05, abs=0.006)
    assert picked == [run for run in runs if drawn(run, 0.05)]
    assert set(picked) <= {run for run in runs if drawn(run, 0.2)}
    assert not any(drawn(run, 0.0) for run in runs)


async def test_only_answers_are_drawn_and_each_once(reviews: Reviews) -> None:
    await _answered(reviews)
    await _answered(reviews, ended=Ended.FALLBACK)
    assert len(await _tasks(reviews)) == 1
    assert len(await _tasks(reviews)) == 1


async def test_nobody_is_buried_under_reviews(reviews: Reviews) -> None:
    await _answered(reviews, MOST_WAITING + 10)
    assert len(await _tasks(reviews)) == MOST_WAITING


async def test_a_review_whose_answer_was_erased_ends_and_makes_room(reviews: Reviews) -> None:
    await _answered(reviews, MOST_WAITING)
    for task in await _tasks(reviews):
        assert task.run is not None
        run = await reviews.ledger.run("default", task.run)
        assert run is not None
        await reviews.ledger.commit(RunErased(erased(run), "cli", MONDAY))
    await _answered(reviews)
    (waiting,) = [task for task in await _tasks(reviews) if task.state == "queued"]
    assert waiting.payload["question"] == "Question 0?"


async def test_no_share_draws_nothing_and_old_answers_are_left_alone(reviews: Reviews) -> None:
    await _answered(reviews)
    assert not await _tasks(replace(reviews, share=0.0))
    await reviews.draw(MONDAY + timedelta(hours=2))
    assert not await reviews.ledger.tasks("default")


async def test_two_people_judge_and_neither_sees_the_other_before_it_is_over(
    reviews: Reviews,
) -> None:
    await _answered(reviews)
    (task,) = await _tasks(reviews)
    first = await reviews.act("default", task.id, Act("resolve", "ana"))
    assert first.state == "queued"
    seen = await reviews.about(first, "ben")
    assert seen["verbs"] == ("resolve", "return")
    assert "ana" not in str(seen)
    assert "ana" not in str(first.payload)
    assert (await reviews.about(first, "ana"))["verbs"] == ()
    with pytest.raises(Conflict, match="somebody else"):
        await reviews.act("default", task.id, Act("return", "ana", "no"))
    over = await reviews.act("default", task.id, Act("return", "ben", "It is not the question."))
    assert over.state == "resolved"
    told = (await reviews.about(over, "eve"))["summary"]
    assert told["tried"] == ("ana: acceptable", "ben: not acceptable: It is not the question.")
    with pytest.raises(Conflict, match="is over"):
        await reviews.act("default", task.id, Act("resolve", "eve"))


async def test_a_judgement_against_needs_its_reason_and_other_verbs_are_refused(
    reviews: Reviews,
) -> None:
    await _answered(reviews)
    (task,) = await _tasks(reviews)
    with pytest.raises(InputError, match="say why"):
        await reviews.act("default", task.id, Act("return", "ana", " "))
    with pytest.raises(Conflict, match="is judged"):
        await reviews.act("default", task.id, Act("accept", "ana"))
    with pytest.raises(NotFound):
        await reviews.act("default", "review:nope", Act("resolve", "ana"))


async def test_a_reason_is_kept_without_private_values(reviews: Reviews) -> None:
    await _answered(reviews)
    (task,) = await _tasks(reviews)
    await reviews.act("default", task.id, Act("return", "ana", "ask ilka.szabo@example.org"))
    kept = str(await reviews.records.list("default", "review"))
    assert "not_acceptable" in kept
    assert "ilka.szabo" not in kept


async def test_the_numbers_tell_what_is_over_and_what_waits(reviews: Reviews) -> None:
    await _answered(reviews, 3)
    one, two, _ = await _tasks(reviews)
    for task, verbs in ((one, ("resolve", "resolve")), (two, ("resolve", "return"))):
        for actor, verb in zip(("ana", "ben"), verbs, strict=True):
            await reviews.act("default", task.id, Act(verb, actor, "why"))  # type: ignore[arg-type]
    told = await reviews.known("default")
    assert (told["n"], told["waiting"], told["observed"]) == (2, 1, 0.5)
    assert told["acceptable"] == 0.75


async def test_the_desk_of_the_app_hands_a_review_to_its_reviewers(reviews: Reviews) -> None:
    await _answered(reviews)
    (task,) = await _tasks(reviews)
    desks = Desks(reviews.ledger, (reviews,))
    assert "review" in desks.kinds
    await desks.act("default", task.id, Act("resolve", "ana"))
    assert (await desks.about(task, "ana"))["verbs"] == ()


def test_kappa_is_fleiss_kappa() -> None:
    # 10 answers: 5 both good, 2 both bad, 3 split. Good 13 of 20; chance .65^2 + .35^2 = .545
    judged = [(True, True)] * 5 + [(False, False)] * 2 + [(True, False)] * 3
    assert kappa(judged) == pytest.approx((0.7 - 0.545) / (1 - 0.545))
    assert kappa([(True, True), (False, False)]) == 1.0
    assert kappa([(True, False), (False, True)]) == -1.0
    assert kappa([(True, True)] * 5) is None


def test_judges_who_toss_a_coin_do_not_agree_and_the_interval_says_so() -> None:
    random = Random(1)
    told = agreement([(random.random() < 0.5, random.random() < 0.5) for _ in range(400)])
    assert told.kappa is not None
    assert told.kappa_low is not None
    assert told.kappa_high is not None
    assert told.kappa_low < 0 < told.kappa_high
    assert told.kappa_high - told.kappa_low < 0.25


def test_without_a_review_nothing_is_claimed() -> None:
    assert agreement([]).n == 0
    assert agreement([(True, True)]).kappa is None


def test_many_judgements_are_told_at_once() -> None:
    random = Random(3)
    judged = [[random.random() < 0.9 for _ in range(2)] for _ in range(4_000)]
    agreement(judged)
    began = perf_counter()
    for _ in range(20):  # as the page asks, again and again
        told = agreement(judged)
    assert perf_counter() - began < 0.5
    assert told.n == 4_000
    assert told.kappa is not None
    assert told.kappa_low is not None
    assert told.kappa_high is not None
    assert told.kappa_low < told.kappa < told.kappa_high


async def test_drawing_does_not_read_what_was_judged_long_ago(
    reviews: Reviews, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _answered(reviews)
    (task,) = await _tasks(reviews)
    await reviews.ledger.commit(TaskSaved(replace(task, state="resolved")))
    asked: list[dict[str, object]] = []
    real = MemoryLedger.tasks

    async def tasks(self: MemoryLedger, tenant: str, **sought: Any) -> Sequence[Task]:
        asked.append(sought)
        return await real(self, tenant, **sought)

    monkeypatch.setattr(MemoryLedger, "tasks", tasks)
    await reviews.draw(MONDAY)
    assert all(one.get("id") or one.get("state") for one in asked)
    (kept,) = await reviews.ledger.tasks("default")
    assert kept.state == "resolved"  # and not drawn again
