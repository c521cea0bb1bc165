"""What support answers while the ledger is down: without what was said before, and never on a guess."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from arriero.apps.support.confirm import answers
from arriero.apps.support.handover import Texts
from arriero.apps.support.inquiry import Inquiry, Said
from arriero.apps.support.memory import REMEMBER, stands_alone
from arriero.apps.support.modes import Mode as Automation
from arriero.apps.support.orders import OrderStatus
from arriero.apps.support.values import MISSED, NOT_REMEMBERED, Lost, Reply
from arriero.assembly import Platform, open_platform
from arriero.core.errors import StoreError
from arriero.core.settings import Settings
from arriero.core.words import Ended, JsonValue
from arriero.flow import UNRECORDED, Case, Result
from arriero.store.records import MemoryRecords
from tests.apps.support.test_app import ORDERS, Desk
from tests.engines import Server, postgres

CHAT = "chat-1"
OPEN = next(one for one in ORDERS if one.status is OrderStatus.PROCESSING)
LOST = MISSED[Lost.CONTEXT]


@dataclass(slots=True)
class Records(MemoryRecords):
    """Records that cannot be reached while they are `down`."""

    down: bool = field(default=False)

    async def get(self, tenant: str, kind: str, id: str) -> JsonValue | None:
        self._reach()
        return await MemoryRecords.get(self, tenant, kind, id)

    async def put(self, tenant: str, kind: str, id: str, value: JsonValue) -> None:
        self._reach()
        await MemoryRecords.put(self, tenant, kind, id, value)

    async def list(self, tenant: str, kind: str) -> dict[str, JsonValue]:
        self._reach()
        return dict(await MemoryRecords.list(self, tenant, kind))

    async def delete(self, tenant: str, kind: str, id: str) -> None:
        self._reach()
        await MemoryRecords.delete(self, tenant, kind, id)

    def _reach(self) -> None:
        if self.down:
            raise StoreError("the ledger cannot be reached")


@dataclass
class Shop(Desk):
    """The desk over a ledger and records that go down together."""

    records: Records = field(default_factory=Records)

    def fall(self) -> None:
        self.ledger.down = self.records.down = True

    def rise(self) -> None:
        self.ledger.down = self.records.down = False

    async def write(
        self, message: str, customer: str | None = OPEN.customer_id, *history: Said
    ) -> Result[Reply]:
        asked = Inquiry(
            message=message, customer=customer, conversation=CHAT, history=tuple(history)
        )
        return await self.flow.run(self.app, Case("default", "tester", asked, CHAT))


@pytest.fixture
async def shop() -> Shop:
    shop = Shop()
    await shop.open()
    await shop.write("What does standard shipping cost?")  # the modes were read, as in any service
    return shop


async def test_an_order_that_is_named_is_told_in_a_conversation_too(shop: Shop) -> None:
    shop.fall()
    result = await shop.write("Where is my order 10234?", "c-0042")
    assert (result.run_id, result.outcome.ended) == (None, Ended.ANSWERED)
    assert result.outcome.sources[0].id == "order:10234"
    assert result.degraded == (LOST, UNRECORDED)


async def test_what_an_article_says_is_told_in_a_conversation_too(shop: Shop) -> None:
    shop.fall()
    result = await shop.write("What does standard shipping cost?")
    assert (result.run_id, result.outcome.ended) == (None, Ended.ANSWERED)
    assert "4.90 EUR" in result.outcome.answer.response


async def test_while_the_ledger_is_there_nothing_is_stated(shop: Shop) -> None:
    result = await shop.write("Where is my order 10234?", "c-0042")
    assert result.run_id
    assert result.degraded == ()


async def test_a_yes_whose_question_cannot_be_seen_does_nothing_and_says_so(shop: Shop) -> None:
    asked = await shop.write(f"please cancel order {OPEN.id}")
    assert "Reply yes" in asked.outcome.answer.response
    shop.fall()
    result = await shop.write("yes")
    assert (result.run_id, result.outcome.ended) == (None, Ended.CLARIFY)
    assert result.outcome.answer.response == Texts().unseen
    assert result.outcome.actions == ()
    assert await shop.status(OPEN) is OrderStatus.PROCESSING


async def test_after_the_outage_a_yes_is_asked_for_again(shop: Shop) -> None:
    await shop.write(f"please cancel order {OPEN.id}")
    shop.fall()
    await shop.write("What does standard shipping cost?")  # what waits cannot be dropped now
    shop.rise()
    again = await shop.write("yes")  # to which of the two?
    assert f"Cancel order {OPEN.id}" in again.outcome.answer.response
    assert await shop.status(OPEN) is OrderStatus.PROCESSING
    await shop.write("yes")
    assert await shop.status(OPEN) is OrderStatus.CANCELLED


async def test_a_no_after_the_outage_still_leaves_the_order(shop: Shop) -> None:
    await shop.write(f"please cancel order {OPEN.id}")
    shop.fall()
    await shop.write("What does standard shipping cost?")
    shop.rise()
    result = await shop.write("no")
    assert "left order" in result.outcome.answer.response
    assert await shop.app.tools.confirmations.get("default", f"conversation:{CHAT}") is None


@pytest.mark.parametrize("message", ["where is it now?", "that one", "the second one", "10234"])
async def test_what_points_back_is_not_guessed(shop: Shop, message: str) -> None:
    await shop.write("Where is my order 10234?", "c-0042")
    shop.fall()
    result = await shop.write(message, "c-0042")
    assert result.outcome.ended is Ended.CLARIFY
    assert result.outcome.answer.response == Texts().unseen


async def test_of_an_order_that_is_not_named_nothing_is_told(shop: Shop) -> None:
    shop.fall()
    result = await shop.write("Where is my parcel now, please?")
    assert result.outcome.ended is Ended.CLARIFY
    assert not any(one.id in result.outcome.answer.response for one in ORDERS)


async def test_a_history_that_the_caller_sends_is_used(shop: Shop) -> None:
    shop.fall()
    said = Said(role="customer", text="I have a question about order 10234.")
    result = await shop.write("where is it now?", "c-0042", said)
    assert result.outcome.sources[0].id == "order:10234"
    assert result.degraded == (MISSED[Lost.PENDING], UNRECORDED)
    agreed = await shop.write("yes", "c-0042", said)
    assert agreed.outcome.answer.response == Texts().unseen


@pytest.mark.parametrize("message", [f"please cancel order {OPEN.id}", "I want a human"])
async def test_what_promises_an_action_is_not_answered(shop: Shop, message: str) -> None:
    shop.fall()
    with pytest.raises(StoreError):
        await shop.write(message)


async def test_an_intent_that_was_switched_off_stays_off(shop: Shop) -> None:
    await shop.app.modes.set("default", "shipping_cost", Automation.OFF, "ann")
    shop.fall()
    with pytest.raises(StoreError):  # a colleague sees to it, and nobody could tell them
        await shop.write("What does standard shipping cost?")


async def test_a_ledger_that_goes_down_meanwhile_costs_the_memory_of_the_message(
    shop: Shop,
) -> None:
    shop.ledger.down = True  # the records can still be read
    result = await shop.write("Where is my order 10234?", "c-0042")
    assert (result.run_id, result.outcome.ended) == (None, Ended.ANSWERED)
    assert [one.kind for one in result.outcome.actions] == [REMEMBER]
    assert result.degraded == (UNRECORDED, NOT_REMEMBERED)
    shop.rise()
    kept = await shop.app.memory.load("default", f"conversation:{CHAT}")
    assert kept is not None
    assert kept.order is None  # as was said: it is not remembered


async def test_an_answer_without_its_context_overwrites_none(shop: Shop) -> None:
    await shop.write("Where is my order 10234?", "c-0042")
    shop.records.down = True  # a moment later the run can be recorded
    result = await shop.write("What does standard shipping cost?", "c-0042")
    assert result.run_id
    assert result.degraded == (LOST,)
    shop.rise()
    after = await shop.write("where is it now?", "c-0042")
    assert after.outcome.sources[0].id == "order:10234"


async def test_a_run_without_its_context_replays(shop: Shop) -> None:
    shop.records.down = True
    result = await shop.write("yes")
    run = await shop.ledger.run("default", result.run_id or "")
    assert run is not None
    trace = await shop.ledger.trace(run)
    assert trace is not None
    assert list(await shop.flow.replay(shop.app, run, trace)) == []


@pytest.mark.parametrize(
    ("message", "sure", "alone"),
    [
        ("Where is my order 10234?", True, True),
        ("How do I wash my down jacket so that it stays warm?", True, True),
        ("I bought a jacket last week. Can I return it?", True, True),
        ("Is it possible to pay by invoice?", True, True),
        ("And what does express shipping to Norway cost?", True, True),
        ("Please cancel order 10234, it is too late now", True, True),
        ("Is it waterproof?", True, False),
        ("Can I return it?", True, False),
        ("the other one", True, False),
        ("no, 10234", True, False),
        ("10234 please", True, False),
        ("Hauptstraße 5, Berlin", False, False),
        ("In green?", False, False),
        ("What about two people?", False, False),
        ("Do you rent out snow shoes for a whole winter?", False, True),
    ],
)
def test_a_message_stands_alone_or_points_back(message: str, sure: bool, alone: bool) -> None:
    assert stands_alone(message, sure=sure) is alone


@pytest.mark.parametrize(
    ("message", "is_answer"),
    [
        ("yes", True),
        ("ok", True),
        ("Yes, and where is my refund?", True),
        ("no, leave it", True),
        ("My parcel has not arrived", False),
        ("Where is my order 10234?", False),
    ],
)
def test_a_yes_and_a_no_answer_something(message: str, is_answer: bool) -> None:
    assert answers(message) is is_answer


SHOP = {
    "intent_classifier": {"model": "fake:order_status"},
    "sentiment_analyzer": {"model": "fake:neutral"},
    "response_generator": {"model": "fake:echo"},
}


@pytest.fixture
async def crashing(tmp_path: Path) -> AsyncIterator[tuple[Platform, Server]]:
    """A platform over a Postgres of its own, which may be killed."""
    with postgres() as server:
        settings = Settings.model_validate(
            {
                "data": tmp_path,
                "store": {"ledger": server.url},
                "models": {"encoder": "fake:hash"},
                "apps": {
                    "support": {"models": SHOP},
                    "chat": {"enabled": False},
                    "codegen": {"enabled": False},
                    "finance": {"enabled": False},
                },
            }
        )
        async with open_platform(settings) as platform:
            yield platform, server


@pytest.mark.service
async def test_a_conversation_goes_on_while_postgres_is_killed_and_after_it_is_back(
    crashing: tuple[Platform, Server],
) -> None:
    platform, server = crashing

    async def write(message: str) -> Result[Reply]:
        asked = Inquiry(message=message, customer="c-0042", conversation=CHAT)
        return await platform.flow.run(platform.app("support"), Case("default", "t", asked, CHAT))

    before = await write("Where is my order 10234?")
    assert before.run_id
    server.kill()
    during = await write("Where is my order 10234?")
    assert (during.run_id, during.outcome.ended) == (None, Ended.ANSWERED)
    assert during.outcome.answer.response == before.outcome.answer.response
    assert during.degraded == (LOST, UNRECORDED)
    riddle = await write("where is it now?")
    assert riddle.outcome.answer.response == Texts().unseen
    server.start()
    after = await write("where is it now?")
    assert after.run_id
    assert after.outcome.sources[0].id == "order:10234"
    assert after.degraded == ()
