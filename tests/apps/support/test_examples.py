"""Intents taught by examples: who said so, from when on, and what the head is handed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from arriero.apps.support.examples import FRESH_S, HEAD, MOST, Examples
from arriero.core.clock import HeldClock
from arriero.core.errors import InputError, StoreError
from arriero.core.words import JsonValue
from arriero.store.records import MemoryRecords

Rows = Sequence[tuple[str, str]]


@dataclass(slots=True)
class Failing(MemoryRecords):
    down: bool = field(default=False)

    async def list(self, tenant: str, kind: str) -> dict[str, JsonValue]:
        if self.down:
            raise StoreError("no ledger")
        return dict(await MemoryRecords.list(self, tenant, kind))


@dataclass
class Shop:
    """Examples over one store, and what the head was handed last."""

    records: Failing = field(default_factory=Failing)
    clock: HeldClock = field(default_factory=HeldClock)
    handed: dict[str, Rows] = field(default_factory=dict)

    def opened(self) -> Examples:
        async def teach(head: str, rows: Rows) -> None:
            self.handed[head] = list(rows)

        return Examples(self.records, self.clock, teach)


async def test_a_running_server_follows_within_two_seconds() -> None:
    shop = Shop()
    server, command = shop.opened(), shop.opened()
    await server.follow("t")
    assert shop.handed == {HEAD: []}
    await command.add("t", "gift", ["do you sell vouchers", "a voucher please"], "anna")
    assert FRESH_S <= 2
    shop.clock.advance(FRESH_S)
    await server.follow("t")
    assert shop.handed[HEAD] == [("do you sell vouchers", "gift"), ("a voucher please", "gift")]


async def test_every_change_is_kept_with_its_actor() -> None:
    examples = Shop().opened()
    await examples.add("t", "gift", ["a voucher please"], "anna")
    await examples.add("t", "payment", ["a voucher please"], "ben")
    await examples.forget("t", "payment", "carla")
    assert [(one.intent, one.actor, one.kept) for one in await examples.history("t")] == [
        ("gift", "anna", True), ("payment", "ben", True), ("payment", "carla", False),
    ]  # fmt: skip
    assert await examples.in_force("t") == []


async def test_a_message_has_the_intent_of_its_last_change() -> None:
    examples = Shop().opened()
    await examples.add("t", "gift", [" a voucher please ", "a voucher please"], "anna")
    await examples.add("t", "payment", ["a voucher please"], "ben")
    assert [(one.text, one.intent) for one in await examples.in_force("t")] == [
        ("a voucher please", "payment")
    ]


@pytest.mark.parametrize(
    ("intent", "texts", "why"),
    [
        ("  ", ["a"], "is no name of an intent"),
        ("a\x07b", ["a"], "is no name of an intent"),
        ("x" * 65, ["a"], "is no name of an intent"),
        ("gift", [], "needs messages"),
        ("gift", ["a", " "], "none may be empty"),
        ("gift", [str(number) for number in range(MOST + 1)], "run arriero support train"),
    ],
)
async def test_what_cannot_be_an_example_is_one_sentence(
    intent: str, texts: list[str], why: str
) -> None:
    shop = Shop()
    with pytest.raises(InputError, match=why):
        await shop.opened().add("t", intent, texts, "anna")
    assert await shop.opened().history("t") == []


async def test_an_intent_without_examples_cannot_be_forgotten() -> None:
    examples = Shop().opened()
    await examples.add("t", "gift_voucher", ["a voucher please"], "anna")
    with pytest.raises(InputError, match="did you mean gift_voucher"):
        await examples.forget("t", "gift", "anna")


async def test_with_the_ledger_down_the_known_examples_stay() -> None:
    shop = Shop()
    examples = shop.opened()
    await examples.add("t", "gift", ["a voucher please"], "anna")
    await examples.follow("t")
    shop.records.down = True
    shop.clock.advance(FRESH_S)
    await examples.follow("t")
    assert shop.handed[HEAD] == [("a voucher please", "gift")]


async def test_a_head_that_cannot_learn_stops_no_message() -> None:
    async def refuse(head: str, rows: Rows) -> None:
        raise InputError(f"{head} is full of {len(rows)} rows")

    await Examples(MemoryRecords(), HeldClock(), refuse).follow("t")
