"""Modes per intent: what holds, who said so, and what measured risk allows."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

import pytest

from arriero.apps.support.modes import (
    FRESH_S,
    Judgements,
    Mode,
    Modes,
    known,
    promote,
    strictest,
)
from arriero.core.clock import HeldClock
from arriero.core.errors import InputError, StoreError
from arriero.core.words import JsonValue
from arriero.store.records import MemoryRecords


async def test_nobody_set_anything_so_the_default_holds() -> None:
    assert await Modes(MemoryRecords(), HeldClock()).mode_of("t", "refund") is Mode.AUTO
    careful = Modes(MemoryRecords(), HeldClock(), Mode.SUGGEST)
    assert await careful.mode_of("t", "refund") is Mode.SUGGEST


async def test_a_change_holds_at_once_here() -> None:
    modes = Modes(MemoryRecords(), HeldClock())
    assert await modes.mode_of("t", "refund") is Mode.AUTO
    await modes.set("t", "refund", Mode.OFF, "anna")
    assert await modes.mode_of("t", "refund") is Mode.OFF
    assert await modes.mode_of("t", "order_status") is Mode.AUTO
    assert await modes.mode_of("other", "refund") is Mode.AUTO


async def test_a_change_in_another_process_holds_within_a_second() -> None:
    records, clock = MemoryRecords(), HeldClock()
    here, there = Modes(records, clock), Modes(records, clock)
    assert await here.mode_of("t", "refund") is Mode.AUTO
    await there.set("t", "refund", Mode.SUGGEST, "anna")
    assert FRESH_S <= 1.0
    clock.advance(FRESH_S)
    assert await here.mode_of("t", "refund") is Mode.SUGGEST


async def test_every_change_is_kept_with_its_actor_and_time() -> None:
    clock = HeldClock()
    modes = Modes(MemoryRecords(), clock)
    first = await modes.set("t", "refund", Mode.OFF, "anna")
    clock.advance(60)
    await modes.set("t", "refund", Mode.AUTO, "ben")
    await modes.set("t", "cancel_order", Mode.OFF, "ben")
    told = await modes.history("t", "refund")
    assert [(one.mode, one.actor) for one in told] == [(Mode.OFF, "anna"), (Mode.AUTO, "ben")]
    assert told[0] == first
    assert (await modes.in_force("t"))["refund"].actor == "ben"


async def test_the_more_careful_of_intent_and_tool_holds() -> None:
    modes = Modes(MemoryRecords(), HeldClock())
    await modes.set("t", "refund", Mode.SUGGEST, "anna")
    assert await modes.mode_of("t", "return_item", "refund") is Mode.SUGGEST
    assert strictest([Mode.AUTO, Mode.OFF, Mode.SUGGEST]) is Mode.OFF
    assert strictest([]) is Mode.AUTO


@dataclass(slots=True)
class Failing(MemoryRecords):
    reads: int = 0
    down: bool = field(default=False)

    async def list(self, tenant: str, kind: str) -> dict[str, JsonValue]:
        self.reads += 1
        if self.down:
            raise StoreError("no ledger")
        return dict(await MemoryRecords.list(self, tenant, kind))


async def test_what_was_switched_off_stays_off_while_the_records_are_down() -> None:
    records, clock = Failing(), HeldClock()
    modes = Modes(records, clock)
    await modes.set("t", "refund", Mode.OFF, "anna")
    records.down = True
    clock.advance(60)
    assert await modes.mode_of("t", "refund") is Mode.OFF


async def test_the_records_are_not_read_for_every_message() -> None:
    records, clock = Failing(), HeldClock()
    modes = Modes(records, clock)
    for _ in range(100):
        await modes.mode_of("t", "refund")
    assert records.reads == 1


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("refnd_status", "did you mean refund_status"),
        ("refund_stat", "did you mean refund_status"),
        ("order", "did you mean cancel_order, order_status"),
        ("qqqq", "there are: cancel_order, order_status, refund_status"),
    ],
)
def test_an_unknown_intent_is_answered_with_the_nearest(name: str, why: str) -> None:
    with pytest.raises(InputError, match=why) as told:
        known(name, ["refund_status", "order_status", "cancel_order"])
    assert "\n" not in told.value.message


@pytest.mark.parametrize(
    ("judged", "limit", "allowed"),
    [
        (Judgements(99, 0, 0), 0.05, False),  # too few
        (Judgements(100, 0, 0), 0.05, True),
        (Judgements(99, 1, 0), 0.05, False),  # an edit is an error: up to 5.4 %
        (Judgements(99, 0, 1), 0.05, False),
        (Judgements(199, 1, 0), 0.05, True),
        (Judgements(380, 0, 0), 0.01, False),
        (Judgements(381, 0, 0), 0.01, True),
        (Judgements(0, 0, 0), 0.05, False),
    ],
)
def test_only_measured_risk_promotes(judged: Judgements, limit: float, allowed: bool) -> None:
    assert promote(judged, limit=limit).allowed is allowed


def test_too_small_a_coverage_does_not_promote() -> None:
    found = promote(Judgements(400, 0, 0, seen=4_000), coverage=0.2)
    assert not found.allowed
    assert found.coverage == 0.1
    assert "10% of the messages" in found.reason


@pytest.mark.parametrize("judged", [Judgements(-1, 0, 0), Judgements(50, 0, 0, seen=10)])
def test_counts_that_cannot_be_are_refused(judged: Judgements) -> None:
    with pytest.raises(InputError, match="no counts"):
        promote(judged)


def test_a_useless_bot_is_hardly_ever_promoted() -> None:
    """A bot that is wrong at exactly the limit may pass by chance, but rarely."""
    random = Random(7)
    passed = 0
    for _ in range(400):
        wrong = sum(random.random() < 0.05 for _ in range(200))
        passed += promote(Judgements(200 - wrong, 0, wrong), limit=0.05).allowed
    assert passed / 400 <= 0.03
