"""Finding a task by its id with what a `Ledger` reads: by kind and state, of which the open ones are few."""

from __future__ import annotations

from arriero.core.words import Task
from arriero.store.base import Ledger

OPEN = ("requested", "queued", "accepted", "timed_out")  # states in which a task waits for a person


async def open_tasks(ledger: Ledger, tenant: str, kind: str | None = None) -> tuple[Task, ...]:
    """The tasks that wait for a person or that a person has, oldest first within a state."""
    found = [await ledger.tasks(tenant, kind=kind, state=state) for state in OPEN]
    return tuple(task for tasks in found for task in tasks)


async def find(ledger: Ledger, tenant: str, id: str, kind: str | None = None) -> Task | None:
    """The task `id`: the open ones first, since the closed ones only ever grow in number."""
    for task in await open_tasks(ledger, tenant, kind):
        if task.id == id:
            return task
    known = await ledger.tasks(tenant, kind=kind)
    return next((task for task in known if task.id == id), None)
