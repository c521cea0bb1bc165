"""Each test of an app counts once, and only what was proved buys back strictness."""

from __future__ import annotations

from datetime import UTC, datetime

from arriero.learning.experiment.control import level as nth
from arriero.learning.experiment.findings import DEFAULT
from arriero.learning.levels import level
from arriero.store.base import Machine, MachineMoved
from arriero.store.fake import MemoryLedger

NOW = datetime(2026, 11, 27, tzinfo=UTC)


def spent(test: int, won: int = 0) -> float:
    return nth(DEFAULT.alpha, test, won)


async def kept(ledger: MemoryLedger, kind: str, id: str, state: str, **body: object) -> None:
    proved = {"proved": False, "forced": False, "cycle": None} if kind == "rollout" else {}
    machine = Machine(kind, id, "", "support", state, False, 1, {**proved, **body}, NOW)
    await ledger.commit(MachineMoved(machine, "test", "made"))


async def test_a_cycle_and_its_rollout_are_one_test() -> None:
    ledger = MemoryLedger()
    assert await level(ledger, "support") == spent(1)
    await kept(ledger, "cycle", "c-1", "inconclusive", evaluation="e")
    assert await level(ledger, "support", besides="c-1") == spent(1)
    await kept(ledger, "rollout", "r-1", "inconclusive", cycle="c-1")
    assert await level(ledger, "support") == spent(2)
    await kept(ledger, "rollout", "r-2", "rolled_back")
    assert await level(ledger, "support") == spent(3)
    assert await level(ledger, "chat") == spent(1)


async def test_a_cycle_that_came_to_no_gate_tested_nothing() -> None:
    ledger = MemoryLedger()
    await kept(ledger, "cycle", "c-1", "failed", evaluation=None)
    assert await level(ledger, "support") == spent(1)


async def test_a_cycle_that_the_gate_refused_was_a_test_for_the_next_rollout_too() -> None:
    ledger = MemoryLedger()
    await kept(ledger, "cycle", "c-1", "refused", evaluation="e")
    assert await level(ledger, "support") == spent(2) < spent(1)


async def test_what_a_person_promoted_without_proof_or_by_force_is_not_won() -> None:
    ledger = MemoryLedger()
    await kept(ledger, "rollout", "r-1", "promoted", proved=True)
    assert await level(ledger, "support") == spent(2, 1)
    await kept(ledger, "rollout", "r-2", "promoted")
    await kept(ledger, "rollout", "r-3", "promoted", proved=True, forced=True)
    assert await level(ledger, "support") == spent(4, 1)
