"""Erasing a person: from vaults, runs, feedback, tasks, kept responses and the apps' records.

What is left is that a run took place, when, how long and how it ended, and the leaves of the audit
log, which hold digests and no data.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from arriero.core.errors import InputError
from arriero.core.words import JsonValue, Run, Task
from arriero.security.holds import refuse_held
from arriero.security.vault import Vaults
from arriero.store.base import Ledger, RunErased, TaskSaved
from arriero.store.records import Records
from arriero.store.rows import ERASED, erased

PAGE = 200  # runs read, and erased in one transaction: it stays well under a second


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How much went: runs, whole vaults, single values in other people's vaults, records."""

    runs: int = 0
    vaults: int = 0
    values: int = 0
    records: int = 0


async def forget(
    ledger: Ledger,
    vaults: Vaults,
    records: Sequence[Records],
    *,
    tenant: str,
    customer: str,
    actor: str,
    at: datetime,
    values: Sequence[str] = (),
) -> Forgotten:
    """Erase `customer` (an id), and `values` (a name, an e-mail address) wherever a vault holds them.

    A run is theirs when its unit is the customer or its input names the customer; so is every other
    run, and the vault, of the conversations that those runs belong to. A task that was made of several
    runs (its payload names them as `runs`) goes whole. Doing it again is harmless.

    Raises:
        InputError: neither a customer nor a value is given.
        Conflict: something of it is under legal hold; nothing was erased.
        StoreError: a store fails; run it again, nothing that went comes back.
    """
    units = await units_of(ledger, tenant, customer)
    names = await concerned(ledger, tenant, customer)
    await refuse_held(ledger, tenant, names)
    made = [one for one in await ledger.tasks(tenant) if not names.isdisjoint(_made_of(one))]
    gone = (TaskSaved(replace(one, state=ERASED, payload={})) for one in made)
    await ledger.commit(*gone, durable=True)
    theirs: set[str] = set()
    waiting: list[RunErased] = []
    async for run in _runs(ledger, tenant):
        if is_of(run, units, customer):
            theirs.add(run.id)
            waiting.append(RunErased(erased(run), actor, at))
        if len(waiting) == PAGE:
            await ledger.commit(*waiting, durable=True)
            waiting.clear()
    await ledger.commit(*waiting, durable=True)
    # Vaults last: a forget that breaks off is found again by its runs.
    whole = [await vaults.forget(tenant, unit) for unit in sorted(units | theirs)]
    about = units | theirs
    return Forgotten(
        runs=len(theirs),
        vaults=sum(whole),
        values=await vaults.forget_values(tenant, values) if values else 0,
        records=sum([await one.forget(tenant, about) for one in records]),
    )


async def units_of(ledger: Ledger, tenant: str, customer: str) -> frozenset[str]:
    """The customer, and the conversations that belong to runs which name the customer.

    Raises:
        InputError: the customer's id is empty.
    """
    if not customer.strip():
        raise InputError("say whom to forget: the customer's id must not be empty")
    named = {
        run.unit async for run in _runs(ledger, tenant) if run.unit and _names(run.input, customer)
    }
    return frozenset({customer} | named)


def is_of(run: Run, units: Collection[str], customer: str) -> bool:
    """Whether the run is the customer's, whose units these are."""
    return run.unit in units or _names(run.input, customer)


async def concerned(ledger: Ledger, tenant: str, customer: str) -> frozenset[str]:
    """The customer's units and runs: all the names under which something of theirs may be kept."""
    units = await units_of(ledger, tenant, customer)
    theirs = {run.id async for run in _runs(ledger, tenant) if is_of(run, units, customer)}
    return units | theirs


async def _runs(ledger: Ledger, tenant: str) -> AsyncIterator[Run]:
    """Every run of the tenant, newest first."""
    before: str | None = None
    while page := await ledger.runs(tenant, limit=PAGE, before=before):
        for run in page:
            yield run
        before = page[-1].id


def _made_of(task: Task) -> Sequence[str]:
    runs = task.payload.get("runs")
    return [str(one) for one in runs] if isinstance(runs, list | tuple) else ()


def _names(value: JsonValue, customer: str) -> bool:
    """Whether a string in `value`, a field of a run's input, is this very id."""
    if isinstance(value, str):
        return value == customer
    if isinstance(value, Mapping):
        return any(_names(item, customer) for item in value.values())
    if isinstance(value, Collection):
        return any(_names(item, customer) for item in value)
    return False
