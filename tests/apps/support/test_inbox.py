"""Hand-overs as they are kept: once each, one winner, nothing lost by a crash, nothing private in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from arriero.apps.support.conversation import MaskedForGood, Messages, exclusive
from arriero.apps.support.handover import State
from arriero.apps.support.inbox import HandOvers
from arriero.core.clock import HeldClock, SystemClock
from arriero.core.desk import Act, Desk
from arriero.core.errors import Conflict, InputError, NotFound, StoreError
from arriero.core.words import Ended, JsonValue, Task
from arriero.security.masking import each_text
from arriero.store.base import Entry, TaskSaved
from arriero.store.fake import MemoryLedger
from arriero.store.ledger import SqlLedger, open_ledger
from arriero.store.records import MemoryRecords, SqlRecords
from tests.apps.support.recorded import ALWAYS, MONDAY, handovers, recorded

SHIPPING = "What does shipping cost?"


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock(MONDAY)


@pytest.fixture
def ledger(clock: HeldClock) -> MemoryLedger:
    return MemoryLedger(clock)


@pytest.fixture
def desk(ledger: MemoryLedger, clock: HeldClock) -> HandOvers:
    return handovers(ledger, clock)


@pytest.fixture
async def file(tmp_path: Path) -> AsyncIterator[SqlLedger]:
    opened = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    yield opened
    await opened.close()


async def _opened(desk: HandOvers, message: str = SHIPPING, **changes: Any) -> Task:
    changes.setdefault("conversation", "c1")
    run = await recorded(desk.ledger, message, **changes)
    return await desk.open("default", run, "hand-over", {"reason": "quality 0.41 < 0.7"})


async def _texts(desk: HandOvers, conversation: str = "c1") -> list[tuple[str, str]]:
    said = await desk.messages("default", conversation)
    return [(one["sender"], one["text"]) for one in said]


def test_it_is_a_desk(desk: HandOvers) -> None:
    offered: Desk = desk
    assert offered.kinds == ("hand_over",)


async def test_opening_queues_it_and_tells_the_customer(desk: HandOvers) -> None:
    task = await _opened(desk)
    assert (task.state, task.due_at) == ("queued", MONDAY + timedelta(minutes=30))
    (asked, told) = await _texts(desk)
    assert asked == ("customer", SHIPPING)
    assert told[0] == "service"
    assert "today at 12:30" in told[1]
    assert await desk.held("default", "c1") == task


async def test_a_human_please_with_an_empty_history_reaches_somebody(desk: HandOvers) -> None:
    changes = {"ended": Ended.PENDING, "labels": {"intent": "human_agent"}, "conversation": None}
    task = await _opened(desk, "A human please", **changes)
    (waiting,) = await desk.ledger.tasks("default", kind="hand_over", state="queued")
    assert waiting == task
    assert task.payload["summary"]["problem"] == "A human please"
    about = await desk.about(task, "anna")
    assert about["verbs"] == ("accept",)
    await desk.accept("default", task.id, "anna")
    await desk.reply("default", task.id, "anna", "I am a human. What can I do?")
    assert task.run is not None
    assert (await _texts(desk, task.run))[-1] == ("agent", "I am a human. What can I do?")


async def test_even_a_run_that_is_not_recorded_reaches_somebody(desk: HandOvers) -> None:
    task = await desk.open("default", "run-1", "hand-over", {})
    assert task.state == "queued"
    assert (await _texts(desk, "run-1"))[0][0] == "service"


async def test_opening_twice_opens_once(desk: HandOvers, ledger: MemoryLedger) -> None:
    run = await recorded(ledger, SHIPPING, conversation="c1")
    both = [desk.open("default", run, "hand-over", {}) for _ in range(2)]
    first, again = await asyncio.gather(*both)
    assert first == again
    assert len(await ledger.tasks("default")) == 1
    assert len(await _texts(desk)) == 2


async def test_opening_again_after_its_end_does_not_open_it_anew(
    desk: HandOvers, ledger: MemoryLedger
) -> None:
    run = await recorded(ledger, SHIPPING, conversation="c1")
    task = await desk.open("default", run, "hand-over", {})
    await desk.accept("default", task.id, "anna")
    await desk.resolve("default", task.id, "anna")
    assert (await desk.open("default", run, "hand-over", {})).state == "resolved"
    assert [one.state for one in await ledger.tasks("default")] == ["resolved"]


async def test_a_second_message_goes_to_the_colleague_who_has_the_conversation(
    desk: HandOvers, ledger: MemoryLedger
) -> None:
    first = await _opened(desk)
    await desk.accept("default", first.id, "anna")
    second = await _opened(desk, "And how long does it take?")
    assert second.id == first.id
    assert len(await ledger.tasks("default")) == 1
    assert (await _texts(desk))[-1] == ("customer", "And how long does it take?")


async def test_after_its_end_the_next_request_opens_a_new_one(desk: HandOvers) -> None:
    first = await _opened(desk)
    await desk.accept("default", first.id, "anna")
    await desk.return_("default", first.id, "anna", "the bot knows this")
    assert await desk.held("default", "c1") is None
    assert (await _opened(desk, "A human again")).id != first.id


async def test_the_agent_sees_what_the_bot_tried_before(
    desk: HandOvers, ledger: MemoryLedger
) -> None:
    was: dict[str, Any] = {
        "ended": Ended.ANSWERED,
        "answer": {"response": "4.90 EUR."},
        "origin": "template",
    }
    await recorded(ledger, SHIPPING, conversation="c1", **was)
    await recorded(ledger, "Another conversation", conversation="c2")
    task = await _opened(desk, "And to Norway?", draft="Norway costs 9 EUR.")
    told = task.payload["summary"]
    assert told["tried"][0] == "shipping_cost: answered, template: 4.90 EUR."
    assert told["proposed"] == "Norway costs 9 EUR."
    about = await desk.about(task, "anna")
    said = [one["text"] for one in about["messages"]]
    assert said[:3] == [SHIPPING, "4.90 EUR.", "And to Norway?"]


async def test_what_was_handed_over_before_is_shown_once_and_in_order(
    desk: HandOvers, clock: HeldClock
) -> None:
    first = await _opened(desk, "Where is it?")
    clock.advance(60)
    await desk.accept("default", first.id, "anna")
    await desk.return_("default", first.id, "anna", "the bot knows")
    clock.advance(60)
    was: dict[str, Any] = {
        "ended": Ended.ANSWERED,
        "answer": {"response": "On its way."},
        "at": clock.now(),
    }
    await recorded(desk.ledger, "And now?", conversation="c1", **was)
    clock.advance(60)
    second = await _opened(desk, "A human, please", at=clock.now())
    about = await desk.about(second, "anna")
    said = [one["text"] for one in about["messages"] if one["sender"] != "service"]
    assert said == ["Where is it?", "And now?", "On its way.", "A human, please"]


async def test_of_two_agents_who_accept_at_once_one_wins(file: SqlLedger, tmp_path: Path) -> None:
    other = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    clock = SystemClock()
    desks = [
        handovers(one, clock, SqlRecords(one, "support"), ALWAYS) for one in (file, other)
    ]  # as two servers on one ledger
    try:
        for at in range(5):
            task = await _opened(desks[0], conversation=f"c{at}")
            tries = [
                desks[by % 2].accept("default", task.id, name)
                for by, name in enumerate(["anna", "ben", "carla", "dora"])
            ]
            came = await asyncio.gather(*tries, return_exceptions=True)
            won = [one for one in came if isinstance(one, Task)]
            lost = [one for one in came if isinstance(one, Conflict)]
            assert (len(won), len(lost)) == (1, 3)
            (kept,) = [one for one in await file.tasks("default") if one.id == task.id]
            assert kept.actor == won[0].actor
            assert all(f"{kept.actor!r} has accepted" in one.message for one in lost)
            told = [
                text for sender, text in await _texts(desks[1], f"c{at}") if sender == "service"
            ]
            assert len(told) == 2  # queued, accepted: the losers told nobody anything
    finally:
        await other.close()


async def test_accepting_twice_is_accepting_once(desk: HandOvers) -> None:
    task = await _opened(desk)
    assert await desk.accept("default", task.id, "anna") == await desk.accept(
        "default", task.id, "anna"
    )
    assert len(await _texts(desk)) == 3


@pytest.mark.parametrize("times_out_first", [True, False])
async def test_a_time_out_and_an_acceptance_do_not_overwrite_each_other(
    file: SqlLedger, *, times_out_first: bool
) -> None:
    clock = HeldClock(MONDAY)
    desk = handovers(file, clock, SqlRecords(file, "support"))
    task = await _opened(desk)
    clock.advance(3_600)
    both = [desk.tick(clock.now()), desk.accept("default", task.id, "anna")]
    await asyncio.gather(*(both if times_out_first else both[::-1]))
    (kept,) = await file.tasks("default")
    assert (kept.state, kept.actor) == ("accepted", "anna")


async def test_the_tick_times_out_what_nobody_accepts(desk: HandOvers, clock: HeldClock) -> None:
    task = await _opened(desk)
    await desk.tick(clock.now())
    clock.advance(1_801)
    for _ in range(3):
        await desk.tick(clock.now())
    (late,) = await desk.ledger.tasks("default")
    assert (late.state, late.payload["priority"]) == ("timed_out", task.payload["priority"] + 1)
    assert len(await _texts(desk)) == 3
    accepted = await desk.accept("default", task.id, "anna")
    assert (accepted.state, accepted.actor) == ("accepted", "anna")


async def test_the_tick_reaches_every_tenant(ledger: MemoryLedger, clock: HeldClock) -> None:
    desk = handovers(ledger, clock)
    await desk.open("elsewhere", "run-1", "hand-over", {})
    clock.advance(1_801)
    await desk.tick(clock.now())
    assert [one.state for one in await ledger.tasks("elsewhere")] == ["timed_out"]


class Crashing(MemoryLedger):
    """Dies at the commit that would keep a task in the state `at`."""

    at: State | None = None

    async def commit(self, *entries: Entry, durable: bool = False) -> None:
        for entry in entries:
            if isinstance(entry, TaskSaved) and entry.task.state == self.at:
                raise StoreError("the machine went away")
        await super().commit(*entries, durable=durable)


@pytest.mark.parametrize("at", [State.REQUESTED, State.QUEUED])
async def test_a_crash_while_opening_is_made_up_for(clock: HeldClock, at: State) -> None:
    ledger = Crashing(clock)
    desk = handovers(ledger, clock)
    run = await recorded(ledger, SHIPPING, conversation="c1")
    ledger.at = at
    with pytest.raises(StoreError):
        await desk.open("default", run, "hand-over", {})
    ledger.at = None
    task = await desk.open("default", run, "hand-over", {})
    assert task.state == "queued"
    assert [sender for sender, _ in await _texts(desk)] == ["customer", "service"]


class DyingRecords(MemoryRecords):
    """Dies at the write that comes after `left` others, once."""

    left = -1

    async def put(self, tenant: str, kind: str, id: str, value: JsonValue) -> None:
        self.left -= 1
        if self.left == -1:
            raise StoreError("the machine went away")
        await super().put(tenant, kind, id, value)


@pytest.mark.parametrize("write", range(5))
async def test_whichever_write_an_opening_dies_at_the_customers_message_is_there_after_tick_and_repeat(
    clock: HeldClock, write: int
) -> None:
    records = DyingRecords()
    desk = handovers(MemoryLedger(clock), clock, records)
    run = await recorded(desk.ledger, SHIPPING, conversation="c1")
    records.left = write
    with pytest.raises(StoreError):
        await desk.open("default", run, "hand-over", {})
    await desk.tick(clock.now())
    task = await desk.open("default", run, "hand-over", {})
    assert task.state == "queued"
    assert [sender for sender, _ in await _texts(desk)] == ["customer", "service"]


async def test_the_tick_queues_what_a_crash_left_requested(clock: HeldClock) -> None:
    ledger = Crashing(clock)
    desk = handovers(ledger, clock)
    ledger.at = State.QUEUED
    with pytest.raises(StoreError):
        await _opened(desk)
    ledger.at = None
    await desk.tick(clock.now())
    assert [one.state for one in await ledger.tasks("default")] == ["queued"]
    assert [sender for sender, _ in await _texts(desk)] == ["customer", "service"]


async def test_a_crash_after_the_message_does_not_tell_it_twice(clock: HeldClock) -> None:
    ledger = Crashing(clock)
    desk = handovers(ledger, clock)
    task = await _opened(desk)
    ledger.at = State.ACCEPTED
    with pytest.raises(StoreError):
        await desk.accept("default", task.id, "anna")
    ledger.at = None
    await desk.accept("default", task.id, "anna")
    assert len(await _texts(desk)) == 3


async def test_a_customer_writes_to_the_colleague_and_reads_that_it_arrived(
    desk: HandOvers,
) -> None:
    task = await _opened(desk)
    waiting = await desk.post("default", "c1", "It is urgent.")
    await desk.accept("default", task.id, "anna")
    held = await desk.post("default", "c1", "Are you there?")
    assert (held["outcome"], held["task"]) == ("pending", task.id)
    assert held["response"] != waiting["response"]
    assert (await _texts(desk))[-1] == ("customer", "Are you there?")


async def test_writing_to_nobody_is_refused_with_the_way(desk: HandOvers) -> None:
    with pytest.raises(Conflict, match="POST /v1/support/inquiries"):
        await desk.post("default", "c1", "Hello?")
    with pytest.raises(InputError, match="message is empty"):
        await desk.post("default", "c1", " ")


async def test_a_reader_asks_for_what_came_after(desk: HandOvers) -> None:
    task = await _opened(desk)
    seen = (await desk.messages("default", "c1"))[-1]["id"]
    assert not await desk.messages("default", "c1", after=seen)
    await desk.accept("default", task.id, "anna")
    (new,) = await desk.messages("default", "c1", after=seen)
    assert new["sender"] == "service"


async def test_messages_keep_their_order_when_many_write_at_once(file: SqlLedger) -> None:
    desk = handovers(file, SystemClock(), SqlRecords(file, "support"), ALWAYS)
    await _opened(desk)
    seen, texts = "", [f"line {at}" for at in range(20)]
    posting = asyncio.gather(*(desk.post("default", "c1", text) for text in texts))
    read: list[str] = []
    while not posting.done():
        for one in await desk.messages("default", "c1", after=seen):
            seen = one["id"]
            read.append(one["text"])
        await asyncio.sleep(0)
    await posting
    read += [one["text"] for one in await desk.messages("default", "c1", after=seen)]
    assert sorted(read[2:]) == sorted(texts)


async def test_private_values_are_not_kept(desk: HandOvers) -> None:
    task = await _opened(desk)
    await desk.post("default", "c1", "Write to eva@example.org")
    await desk.accept("default", task.id, "anna")
    await desk.reply("default", task.id, "anna", "I wrote to eva@example.org.")
    await desk.return_("default", task.id, "anna", "eva@example.org knows")
    (kept,) = await desk.ledger.tasks("default")
    assert isinstance(desk.records, MemoryRecords)
    assert "eva@" not in repr(desk.records) + repr(kept)


class Vault(MaskedForGood):
    """Restores what it masked: stands for the real vault."""

    async def restore(self, tenant: str, conversation: str, value: JsonValue) -> JsonValue:
        return each_text(
            value, lambda text: text.replace("<EMAIL_1>", f"eva@{tenant}.{conversation}")
        )


async def test_a_vault_gives_private_values_back_to_customer_and_agent(
    ledger: MemoryLedger, clock: HeldClock
) -> None:
    desk = handovers(ledger, clock)
    desk = HandOvers(desk.ledger, desk.records, desk.clock, desk.rules, Vault())
    task = await _opened(desk, "My address is <EMAIL_1>")
    assert (await _texts(desk))[0][1] == "My address is eva@default.c1"
    about = await desk.about(task, "anna")
    assert about["summary"]["problem"] == "My address is eva@default.c1"


async def test_forgetting_removes_every_message(desk: HandOvers) -> None:
    await _opened(desk)
    assert await desk.forget("default", "c1") == 2
    assert not await desk.messages("default", "c1")


async def test_after_its_end_it_is_still_known_whose_conversation_it_was(desk: HandOvers) -> None:
    task = await _opened(desk)
    await desk.accept("default", task.id, "anna")
    await desk.resolve("default", task.id, "anna", "All done.")
    assert await desk.held("default", "c1") is None
    # By this run the private values of its messages are told again.
    assert await desk.records.get("default", "conversation", "c1") == {"task": task.id}


async def test_a_person_who_is_forgotten_leaves_no_message(desk: HandOvers) -> None:
    task = await _opened(desk)
    await desk.accept("default", task.id, "anna")
    await desk.reply("default", task.id, "anna", "Ask your mother, she signed for it.")
    await _opened(desk, "Mine stays", conversation="c2")
    await desk.records.forget("default", {"c1"})
    assert not await desk.messages("default", "c1")
    assert await desk.messages("default", "c2")


async def test_tenants_do_not_see_each_other(desk: HandOvers) -> None:
    task = await _opened(desk)
    assert await desk.held("elsewhere", "c1") is None
    assert not await desk.messages("elsewhere", "c1")
    with pytest.raises(NotFound, match="no hand-over"):
        await desk.accept("elsewhere", task.id, "eve")


async def test_every_verb_does_what_it_says(desk: HandOvers) -> None:
    task = await _opened(desk)
    states = [
        (await desk.act("default", task.id, act)).state
        for act in (Act("accept", "a"), Act("reply", "a", "hi"), Act("resolve", "a", "done"))
    ]
    assert states == ["accepted", "accepted", "resolved"]
    again = await _opened(desk, "again")
    await desk.act("default", again.id, Act("accept", "a"))
    returned = await desk.act("default", again.id, Act("return", "a", "known"))
    assert (returned.state, returned.payload["note"]) == ("returned", "known")


async def test_the_job_ticks_and_each_change_is_in_the_audit_log(
    desk: HandOvers, clock: HeldClock, ledger: MemoryLedger
) -> None:
    task = await _opened(desk)
    clock.advance(1_801)
    assert desk.job.name == "hand-overs"
    await desk.job.run(clock.now())
    await desk.accept("default", task.id, "anna")
    leaves = [leaf for leaf in await ledger.leaves() if leaf.kind == "task.saved"]
    assert [leaf.actor for leaf in leaves] == ["arriero", "arriero", "arriero", "anna"]


async def test_who_died_while_changing_a_conversation_is_waited_for(
    ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = HeldClock(datetime(2026, 11, 23, 12, tzinfo=UTC))
    monkeypatch.setattr("arriero.apps.support.conversation.WAIT_S", 0.05)

    async def enter() -> str:
        async with exclusive(ledger, clock, "default", "c1"):
            return "in"

    async with exclusive(ledger, clock, "default", "c1"):
        with pytest.raises(StoreError, match="try again in a second"):
            await enter()
        clock.advance(3.1)
        assert await enter() == "in"


async def test_a_clock_that_goes_back_does_not_turn_the_order_round(clock: HeldClock) -> None:
    messages = Messages(MemoryRecords(), clock, MaskedForGood())
    await messages.add("default", "c1", "customer", "first")
    clock.advance(-60)
    await messages.add("default", "c1", "agent", "second")
    read = await messages.read("default", "c1")
    assert [one["text"] for one in read] == ["first", "second"]


async def test_what_was_said_before_is_found_among_many_other_conversations(
    desk: HandOvers, ledger: MemoryLedger
) -> None:
    was: dict[str, Any] = {"ended": Ended.ANSWERED, "answer": {"response": "4.90 EUR."}}
    await recorded(ledger, SHIPPING, conversation="c1", **was)
    for at in range(450):
        await recorded(ledger, "Hello?", conversation=f"other-{at}", **was)
    task = await _opened(desk, "And to Norway?")
    about = await desk.about(task, "anna")
    assert [one["text"] for one in about["messages"]][:2] == [SHIPPING, "4.90 EUR."]
