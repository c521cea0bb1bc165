"""An action that could not be performed is work for a person: what was promised, why it was not done.

They do it by hand, or see that nothing is left to do, and close the task. No app has a desk for these,
since any app's action may fail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from arriero.core.clock import Clock
from arriero.core.desk import Act
from arriero.core.errors import Conflict, NotFound
from arriero.core.words import JsonValue, Task
from arriero.store.base import Intended, Ledger, TaskSaved
from arriero.store.tasks import OPEN, find

KIND = "failed_action"


def failed_action(intended: Intended, why: str, now: datetime) -> Task:
    """The task for what was given up."""
    action = intended.action
    return Task(
        f"{intended.run}:{action.key}:failed", intended.tenant, KIND, intended.run, "requested", now,
        payload={"action": action.kind, "why": why, "reason": f"{action.kind} was promised and not done"},
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class FailedActions:
    """The desk of these tasks: they are resolved, by whoever has seen to what was left undone."""

    ledger: Ledger
    clock: Clock

    @property
    def kinds(self) -> tuple[str, ...]:
        return (KIND,)

    @property
    def conversations(self) -> None:
        return None

    async def about(self, task: Task, actor: str) -> Mapping[str, JsonValue]:
        """What was not done, and why."""
        told = task.payload
        return {
            "verbs": ("resolve",) if task.state in OPEN else (),
            "messages": (),
            "summary": {
                "problem": told.get("reason", "an action was promised and not done"),
                "reason": told.get("why", ""),
                "open_questions": ("Do it by hand, or see that nothing is left to do",),
            },
        }

    async def act(self, tenant: str, task: str, act: Act) -> Task:
        """Close it. A second person is told who did."""
        found = await find(self.ledger, tenant, task, KIND)
        if found is None:
            raise NotFound(f"there is no task {task!r} here; GET /v1/tasks lists them", param="id")
        if found.state not in OPEN:
            raise Conflict(f"this was {found.state} by {found.actor}")
        if act.verb != "resolve":
            raise Conflict("this can be resolved, once what was promised is done or needless")
        told = {
            **found.payload,
            "decided_at": self.clock.now().isoformat(),
            "note": act.text.strip(),
        }
        moved = replace(found, state="resolved", actor=act.actor, payload=told)
        await self.ledger.commit(TaskSaved(moved), durable=True)
        return moved
