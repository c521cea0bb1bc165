"""What is under legal hold is not erased, and who holds it is on record."""

from __future__ import annotations

from dataclasses import replace

import pytest

from arriero.core.clock import HeldClock
from arriero.core.errors import Conflict, InputError, NotFound
from arriero.security.holds import Holds
from arriero.security.privacy_forget import Forgotten, forget
from arriero.security.vault import memory_vaults
from arriero.store.base import RunRecorded
from arriero.store.fake import MemoryLedger
from tests.store.samples import recorded


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
def holds(ledger: MemoryLedger) -> Holds:
    return Holds(ledger, HeldClock())


async def a_case(ledger: MemoryLedger, customer: str = "c-1") -> str:
    entry = recorded()
    run = replace(entry.run, unit=customer, trace=None)
    await ledger.commit(RunRecorded(run, entry.trace))
    return run.id


async def erase(ledger: MemoryLedger, customer: str = "c-1") -> Forgotten:
    return await forget(
        ledger, memory_vaults(), [], tenant="acme", customer=customer, actor="cli",
        at=HeldClock().now(),
    )  # fmt: skip


async def test_a_customer_under_hold_is_not_erased_until_the_hold_is_lifted(
    ledger: MemoryLedger, holds: Holds
) -> None:
    run = await a_case(ledger)
    await holds.place("acme", "c-1", reason="Smith against us", actor="counsel")
    with pytest.raises(Conflict, match=r"nothing was erased.*'c-1' by counsel.*Smith against us"):
        await erase(ledger)
    kept = await ledger.run("acme", run)
    assert kept is not None
    assert kept.input
    (lifted,) = await holds.lift("acme", "c-1", reason="settled", actor="partner")
    assert (lifted.state, lifted.payload["lifted_by"]) == ("lifted", "partner")
    assert (await erase(ledger)).runs == 1


async def test_a_hold_on_one_run_keeps_the_whole_person(ledger: MemoryLedger, holds: Holds) -> None:
    run = await a_case(ledger)
    task = await holds.place("acme", run, reason="an inquiry", actor="counsel")
    assert task.run == run
    with pytest.raises(Conflict, match=run):
        await erase(ledger)
    await a_case(ledger, "c-2")
    assert (await erase(ledger, "c-2")).runs == 1  # nobody holds anything of this one


async def test_of_two_holds_on_the_same_each_has_to_be_lifted(
    ledger: MemoryLedger, holds: Holds
) -> None:
    await a_case(ledger)
    first = await holds.place("acme", "c-1", reason="one", actor="counsel")
    await holds.place("acme", "c-1", reason="two", actor="counsel")
    await holds.lift("acme", first.id, reason="settled", actor="counsel")
    with pytest.raises(Conflict, match="two"):
        await erase(ledger)


async def test_a_hold_of_another_tenant_holds_nothing_here(
    ledger: MemoryLedger, holds: Holds
) -> None:
    await a_case(ledger)
    await holds.place("umbrella", "c-1", reason="theirs", actor="counsel")
    assert (await erase(ledger)).runs == 1


async def test_placing_and_lifting_are_leaves_of_the_audit_log(
    ledger: MemoryLedger, holds: Holds
) -> None:
    task = await holds.place("acme", "c-1", reason="one", actor="counsel")
    await holds.lift("acme", "c-1", reason="settled", actor="partner")
    told = [(leaf.kind, leaf.subject, leaf.actor) for leaf in await ledger.leaves()]
    assert told == [("task.saved", task.id, "counsel"), ("task.saved", task.id, "partner")]


async def test_a_hold_needs_a_subject_and_a_reason_and_what_is_not_held_cannot_be_lifted(
    holds: Holds,
) -> None:
    with pytest.raises(InputError, match="what is to be held"):
        await holds.place("acme", " ", reason="one", actor="counsel")
    with pytest.raises(InputError, match="need a reason"):
        await holds.place("acme", "c-1", reason=" ", actor="counsel")
    with pytest.raises(NotFound, match="nothing is held under 'c-1'"):
        await holds.lift("acme", "c-1", reason="settled", actor="counsel")
