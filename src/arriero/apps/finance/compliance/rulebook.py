"""Who may change what: rule changes, approvals of publications, withdrawals, as tasks of the one inbox.

Each is a task of the ledger, so each step of it is a leaf of the audit log, with its actor and time, and the history
cannot disagree with what is in force. Four eyes: whoever asked, or wrote, does not decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from arriero.apps.finance.compliance.base import Approval
from arriero.apps.finance.compliance.pack import Pack, RuleChange, check, shipped
from arriero.core.clock import Clock
from arriero.core.desk import Act
from arriero.core.errors import Conflict, InputError, NotFound
from arriero.core.ids import uuid7
from arriero.core.words import JsonValue, Task
from arriero.store.base import Ledger, TaskSaved
from arriero.store.tasks import find

CHANGE, APPROVAL, WITHDRAWAL = "rule_change", "publication_approval", "withdrawal"
CLOSED = frozenset({"resolved", "returned"})
HOLD_S = 3.0  # a decision takes milliseconds; whoever dies in it is waited for this long


@dataclass(frozen=True)
class Rulebook:
    """The rules in force, the approvals and the withdrawals; the desk of the first two kinds of task."""

    ledger: Ledger
    clock: Clock

    kinds = (CHANGE, APPROVAL)
    conversations = None

    async def pack(self, tenant: str) -> Pack:
        """The shipped rules with the changes that two people agreed on, in the order of their approval.

        Raises:
            InputError: a change on record is not possible. Nothing can be released then, rather than by other rules.
        """
        return shipped().changed(await self.changes(tenant))

    async def changes(self, tenant: str) -> Sequence[RuleChange]:
        """The changes in force, oldest first."""
        tasks = await self.ledger.tasks(tenant, kind=CHANGE, state="resolved")
        return sorted((_change(task) for task in tasks), key=lambda one: (one.at, one.id))

    async def propose(
        self, tenant: str, rule: str, what: str, value: float | None, *, reason: str, actor: str
    ) -> Task:
        """Ask for a change: `off`, `on`, or a limit's name with its new value. It holds once somebody else approves.

        Raises:
            InputError: no such rule, or it cannot be changed like that; or no reason is given.
        """
        check(shipped(), rule, what, value)
        if not reason.strip():
            raise InputError("say why the rule is to be changed", param="reason")
        named = what if value is None else f"{what} = {value:g}"
        payload: dict[str, JsonValue] = {
            "rule": rule,
            "what": what,
            "value": value,
            "proposer": actor,
            "reason": f"Rule change: {rule} {named}: {reason.strip()}",
        }
        return await self._open(tenant, CHANGE, None, payload, actor)

    async def ask(self, tenant: str, run: str, text: str, *, author: str, reason: str = "") -> Task:
        """Ask a principal to approve the publication of a run; asking again gives the task that is there."""
        there = await find(self.ledger, tenant, f"{APPROVAL}:{run}", APPROVAL)
        if there is not None:
            return there
        payload: dict[str, JsonValue] = {
            "text": text,
            "author": author,
            "reason": reason or "A publication waits for a principal's approval",
        }
        return await self._open(tenant, APPROVAL, run, payload, None)

    async def approval(self, tenant: str, run: str) -> Approval | None:
        """How the approval of a run stands, as C23 reads it; None when nobody asked."""
        task = await find(self.ledger, tenant, f"{APPROVAL}:{run}", APPROVAL)
        if task is None:
            return None
        state = {"resolved": "approved", "returned": "rejected"}.get(task.state, "requested")
        principal = task.actor if task.state in CLOSED else None
        return Approval(state, str(task.payload.get("author", "")), principal, task.id)

    async def withdraw(self, tenant: str, run: str, *, reason: str, actor: str) -> Task:
        """Take back what a run published, for good; the first reason stays.

        Raises:
            NotFound: there is no such run.
            InputError: no reason is given.
        """
        if not reason.strip():
            raise InputError("say why it is withdrawn", param="reason")
        if await self.ledger.run(tenant, run) is None:
            raise NotFound(f"there is no run {run!r}; `arriero runs` lists them", param="run")
        there = await self.withdrawn(tenant, run)
        if there is not None:
            return there
        now = self.clock.now()
        payload: dict[str, JsonValue] = {"reason": reason.strip(), "at": now.isoformat()}
        task = Task(
            f"{WITHDRAWAL}:{run}", tenant, WITHDRAWAL, run, "resolved", now, None, actor, payload
        )
        await self.ledger.commit(TaskSaved(task), durable=True)
        return task

    async def withdrawn(self, tenant: str, run: str) -> Task | None:
        """The withdrawal of a run (actor, `reason` and `at` in its payload), if there is one."""
        return await find(self.ledger, tenant, f"{WITHDRAWAL}:{run}", WITHDRAWAL)

    async def withdrawals(self, tenant: str) -> Mapping[str, Task]:
        """Every withdrawal by its run."""
        tasks = await self.ledger.tasks(tenant, kind=WITHDRAWAL)
        return {task.run: task for task in tasks if task.run is not None}

    async def about(self, task: Task, actor: str) -> Mapping[str, JsonValue]:
        """What is to be decided; no verbs for whoever asked."""
        payload = task.payload
        text = payload.get("text", "")
        return {
            "verbs": _possible(task, actor),
            "messages": (),
            "summary": {
                "problem": payload.get("reason", "a task that was erased"),
                "reason": f"asked by {_asker(task)}; somebody else decides",
                "rule": payload.get("rule", ""),
                "proposed": text,
            },
        }

    async def act(self, tenant: str, task: str, act: Act) -> Task:
        """Approve (`resolve`) or reject (`return`, with a reason); not by whoever asked, and once."""
        lease, holder, now = f"finance:decision:{task}", uuid7(), self.clock.now()
        if not await self.ledger.lease(
            lease, holder, now=now, until=now + timedelta(seconds=HOLD_S)
        ):
            raise Conflict("somebody else is deciding this; look again in a few seconds")
        try:
            return await self._decide(tenant, task, act)
        finally:
            await self.ledger.lease(lease, holder, now=now, until=now)

    async def _decide(self, tenant: str, task: str, act: Act) -> Task:
        found = await find(self.ledger, tenant, task)
        if found is None or found.kind not in self.kinds:
            raise NotFound(f"there is no task {task!r} here; GET /v1/tasks lists them", param="id")
        if act.verb not in _possible(found, act.actor):
            raise Conflict(_impossible(found, act))
        if act.verb == "return" and not act.text.strip():
            raise InputError("say why it is rejected", param="reason")
        if found.kind == CHANGE and act.verb == "resolve":
            payload = found.payload
            check(shipped(), str(payload["rule"]), str(payload["what"]), payload["value"])
        state = "resolved" if act.verb == "resolve" else "returned"
        told = {
            **found.payload,
            "decided_at": self.clock.now().isoformat(),
            "note": act.text.strip(),
        }
        moved = replace(found, state=state, actor=act.actor, payload=told)
        await self.ledger.commit(TaskSaved(moved), durable=True)
        return moved

    async def _open(
        self,
        tenant: str,
        kind: str,
        run: str | None,
        payload: Mapping[str, JsonValue],
        actor: str | None,
    ) -> Task:
        id = f"{kind}:{run or uuid7()}"
        task = Task(id, tenant, kind, run, "requested", self.clock.now(), None, actor, payload)
        await self.ledger.commit(TaskSaved(task), durable=True)
        return task


def _asker(task: Task) -> str:
    return str(task.payload.get("proposer") or task.payload.get("author") or "")


def _same(one: str, other: str) -> bool:
    return " ".join(one.casefold().split()) == " ".join(other.casefold().split())


def _possible(task: Task, actor: str) -> tuple[str, ...]:
    if task.state in CLOSED or not _asker(task) or _same(_asker(task), actor):
        return ()
    return ("resolve", "return")


def _impossible(task: Task, act: Act) -> str:
    if task.state in CLOSED:
        told = "approved" if task.state == "resolved" else "rejected"
        return f"this was {told} by {task.actor}, once and for all"
    if _same(_asker(task), act.actor):
        return f"{act.actor!r} asked for this; somebody else has to decide it"
    return "this can be resolved (approved) or returned (rejected)"


def _change(task: Task) -> RuleChange:
    payload = task.payload
    value = payload.get("value")
    return RuleChange(
        id=task.id,
        rule=str(payload["rule"]),
        what=str(payload["what"]),
        value=None if value is None else float(value),
        reason=str(payload["reason"]),
        proposer=str(payload["proposer"]),
        approver=task.actor or str(payload["proposer"]),
        at=datetime.fromisoformat(str(payload["decided_at"])),
    )
