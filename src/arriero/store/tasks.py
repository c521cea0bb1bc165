"""Finding tasks with what a `Ledger` reads: one by its id, and those that wait."""

from __future__ import annotations

from arriero.core.words import Task
from arriero.store.base import Ledger

OPEN = ("requested", "queued", "accepted", "timed_out")  # states in which a task waits for a person


async def open_tasks(ledger: Ledger, tenant: str, kind: str | None = None) -> tuple[Task, ...]:
    """The tasks that wait for a person or that a person has, oldest first within a state."""
    found = [await ledger.tasks(tenant, kind=kind, state=state) for state in OPEN]
    return tuple(task for tasks in found for task in tasks)


async def find(ledger: Ledger, tenant: str, id: str, kind: str | None = None) -> Task | None:
    """The task `id`. Only its row is read: thousands may be waiting."""
    return next(iter(await ledger.tasks(tenant, kind=kind, id=id)), None)
