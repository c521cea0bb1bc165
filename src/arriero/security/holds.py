"""Legal holds: what a person ordered to be kept, whoever asks for its erasure.

A hold names a customer, a conversation or a run. It is a task of the ledger, so placing and lifting it are leaves of
the audit log, each with its actor and reason. Several holds may name the same; each is lifted for itself or with all.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from arriero.core.clock import Clock
from arriero.core.errors import Conflict, InputError, NotFound
from arriero.core.ids import uuid7
from arriero.core.words import JsonValue, Task
from arriero.store.base import Ledger, TaskSaved

KIND = "legal_hold"
HELD, LIFTED = "held", "lifted"
SHOWN = 3  # holds that a refusal names


@dataclass(frozen=True)
class Holds:
    """The holds of a ledger."""

    ledger: Ledger
    clock: Clock

    async def place(self, tenant: str, subject: str, *, reason: str, actor: str) -> Task:
        """From now on nothing of `subject` can be erased. It need not be known yet.

        Raises:
            InputError: no subject or no reason is given.
        """
        subject, reason = _said(subject, "what is to be held", "subject"), _why(reason)
        run = await self.ledger.run(tenant, subject)
        now = self.clock.now()
        payload: dict[str, JsonValue] = {
            "subject": subject,
            "reason": reason,
            "placed_by": actor,
            "at": now.isoformat(),
        }
        task = Task(
            f"{KIND}:{uuid7()}", tenant, KIND, run.id if run else None, HELD, now, None, actor, payload
        )  # fmt: skip
        await self.ledger.commit(TaskSaved(task), durable=True)
        return task

    async def lift(self, tenant: str, name: str, *, reason: str, actor: str) -> Sequence[Task]:
        """End the hold `name` (its id), or every one that names the subject `name`.

        Raises:
            InputError: no reason is given.
            NotFound: nothing is held under this name.
        """
        reason = _why(reason)
        found = [one for one in await self.held(tenant) if name in (one.id, one.payload["subject"])]
        if not found:
            raise NotFound(
                f"nothing is held under {name!r}; `arriero finance hold` lists what is",
                param="subject",
            )
        now = self.clock.now().isoformat()
        lifted = [
            replace(
                one,
                state=LIFTED,
                actor=actor,
                payload={**one.payload, "lifted_by": actor, "lifted_at": now, "lifted_because": reason},
            )
            for one in found
        ]  # fmt: skip
        await self.ledger.commit(*map(TaskSaved, lifted), durable=True)
        return lifted

    async def held(self, tenant: str) -> Sequence[Task]:
        """What is in force, oldest first."""
        return await in_force(self.ledger, tenant)


async def in_force(ledger: Ledger, tenant: str) -> Sequence[Task]:
    """The holds of a tenant that are in force, oldest first."""
    return await ledger.tasks(tenant, kind=KIND, state=HELD)


async def refuse_held(ledger: Ledger, tenant: str, names: Collection[str]) -> None:
    """Nothing happens where none of `names` is held.

    Raises:
        Conflict: one of them is; it says by whom, since when and why.
    """
    found = [one for one in await in_force(ledger, tenant) if one.payload["subject"] in names]
    if not found:
        return
    told = "; ".join(
        f"{one.payload['subject']!r} by {one.payload['placed_by']} since {one.created_at:%Y-%m-%d} ({one.payload['reason']})"
        for one in found[:SHOWN]
    )
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    raise Conflict(
        f"nothing was erased: under legal hold are {told}{more}; "
        "`arriero finance hold SUBJECT --lift --reason ...` ends a hold"
    )


def _said(text: str, what: str, param: str) -> str:
    if not text.strip():
        raise InputError(f"say {what}", param=param)
    return text.strip()


def _why(reason: str) -> str:
    return _said(reason, "why: a hold and its end need a reason", "reason")
