"""A fake ledger that ships: everything in dictionaries, deterministic, gone with the process."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from arriero.core.clock import Clock, HeldClock
from arriero.core.errors import Conflict, NotFound, StoreError
from arriero.core.merkle import WIDTH, Tree, fold
from arriero.core.words import (
    Action,
    Alert,
    Exposure,
    Feedback,
    Mode,
    Run,
    Task,
    Trace,
    Variant,
    content_hash,
)
from arriero.store.audit_log import Head, Placed
from arriero.store.base import (
    ALL,
    FOR_EVER,
    ActionDone,
    AlertSaved,
    Answered,
    ApiKey,
    Artefact,
    ArtefactRegistered,
    Entry,
    ExposureSet,
    FeedbackGiven,
    Intended,
    KeySaved,
    Leaf,
    Machine,
    MachineMoved,
    Observed,
    Rated,
    RunClosed,
    RunErased,
    RunRecorded,
    Sought,
    TaskSaved,
    VariantRegistered,
    Window,
)
from arriero.store.queries import COUNTED
from arriero.store.rows import (
    EVERYBODY,
    checks_failed,
    is_error,
    is_open,
    roles_called,
    traced,
    written,
)
from arriero.store.schema import moment
from arriero.store.writes import begun_before, moved_meanwhile

T = TypeVar("T")


@dataclass(slots=True)
class MemoryLedger:
    """Implements `Ledger` and keeps its whole contract, but for the disk.

    `down` makes every method raise `StoreError`, as a database does that cannot be reached.
    """

    clock: Clock = field(default_factory=HeldClock)
    down: bool = False
    _runs: dict[str, Run] = field(default_factory=dict)
    _open: dict[str, bool] = field(default_factory=dict)
    _traces: dict[tuple[str, str], Trace] = field(default_factory=dict)
    _outbox: dict[tuple[str, str], Intended] = field(default_factory=dict)
    _done: dict[tuple[str, str], ActionDone] = field(default_factory=dict)
    _feedback: dict[tuple[str, str], Feedback] = field(default_factory=dict)
    _tasks: dict[tuple[str, str], Task] = field(default_factory=dict)
    _alerts: dict[str, Alert] = field(default_factory=dict)
    _variants: dict[str, Variant] = field(default_factory=dict)
    _exposures: dict[str, Exposure] = field(default_factory=dict)
    _machines: dict[tuple[str, str], Machine] = field(default_factory=dict)
    _artefacts: dict[tuple[str, str], Artefact] = field(default_factory=dict)
    _keys: dict[str, ApiKey] = field(default_factory=dict)
    _answered: dict[tuple[str, str], Answered] = field(default_factory=dict)
    _leases: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    _leaves: list[Leaf] = field(default_factory=list)
    _unsalted: dict[int, bool] = field(default_factory=dict)

    async def commit(self, *entries: Entry, durable: bool = False) -> None:
        """All entries or none; nothing waits for a disk, whatever `durable` says."""
        self._reachable()
        before = _Undo()
        length = len(self._leaves)
        try:
            for entry in entries:
                self._enter(entry, before)
        except Exception:
            before.undo()
            del self._leaves[length:]
            raise

    def _enter(self, entry: Entry, undo: _Undo) -> None:
        leaves = written(entry, self.clock.now()).leaves
        if self._apply(entry, undo):
            for seq, leaf in enumerate(leaves, len(self._leaves) + 1):
                self._leaves.append(Leaf(seq=seq, **{**leaf, "at": moment(leaf["at"])}))

    def _apply(self, entry: Entry, undo: _Undo) -> bool:
        """Whether the entry changed anything; a repeat does not."""
        match entry:
            case RunRecorded():
                return self._record(entry, undo)
            case RunClosed(run):
                return self._close_run(run, undo)
            case ActionDone():
                return self._perform(entry, undo)
            case FeedbackGiven(given):
                return undo.add(self._feedback, (given.tenant, given.id), given)
            case TaskSaved(task):
                return self._save_task(task, undo)
            case AlertSaved(alert):
                return self._save_alert(alert, undo)
            case VariantRegistered(variant):
                return undo.add(self._variants, variant.id, variant)
            case ExposureSet(exposure):
                return undo.put(self._exposures, exposure.app, exposure)
            case MachineMoved(machine):
                return self._move(machine, undo)
            case ArtefactRegistered(made):
                return undo.add(self._artefacts, (made.kind, made.id), made)
            case KeySaved(key):
                return self._save_key(key, undo)
            case RunErased(run):
                return self._erase(run, entry.at, undo)
            case Answered():
                return self._answer(entry, undo)

    def _record(self, entry: RunRecorded, undo: _Undo) -> bool:
        run = traced(entry.run, digest := content_hash(entry.trace))
        if not undo.add(self._runs, run.id, run):
            raise Conflict(f"run {run.id!r} is already recorded; give every case an id of its own")
        undo.put(self._open, run.id, is_open(entry))
        undo.add(self._traces, (run.tenant, digest), entry.trace)
        for action in entry.intended:
            self._intend(run, action, undo)
        return True

    def _intend(self, run: Run, action: Action, undo: _Undo) -> None:
        intended = Intended(run.id, run.app, run.tenant, action, run.started_at)
        if not undo.add(self._outbox, (run.id, action.key), intended):
            raise Conflict(f"run {run.id!r} intends two actions with the key {action.key!r}")

    def _close_run(self, run: Run, undo: _Undo) -> bool:
        there = self._runs.get(run.id)
        if there is None or there.tenant != run.tenant:
            raise NotFound(f"run {run.id!r} is not recorded, so it cannot be closed")
        final = replace(run, trace=run.trace or there.trace)
        if not self._open[run.id]:
            if there != final:
                raise Conflict(f"run {run.id!r} is closed; its final record does not change")
            return False
        undo.put(self._open, run.id, value=False)
        return undo.put(self._runs, run.id, final)

    def _perform(self, entry: ActionDone, undo: _Undo) -> bool:
        if (entry.run, entry.key) not in self._outbox:
            raise NotFound(f"run {entry.run!r} intends no action {entry.key!r}")
        return undo.add(self._done, (entry.run, entry.key), entry)

    def _erase(self, run: Run, at: datetime, undo: _Undo) -> bool:
        there = self._runs.get(run.id)
        if there is None or there.tenant != run.tenant:
            raise NotFound(f"run {run.id!r} is not recorded, so it cannot be erased")
        subjects = {run.id}
        undo.drop(self._traces, (run.tenant, there.trace))
        for key, given in tuple(self._feedback.items()):
            if (given.tenant, given.run) == (run.tenant, run.id):
                subjects.add(given.id)
                value = None if given.kind in {"edit", "comment"} else given.value
                undo.put(self._feedback, key, replace(given, value=value, comment=None))
        for name, task in tuple(self._tasks.items()):
            if (task.tenant, task.run) == (run.tenant, run.id):
                subjects.add(task.id)
                undo.put(self._tasks, name, replace(task, payload={}))
        for place, intended in tuple(self._outbox.items()):
            if place[0] == run.id:
                empty = replace(intended, action=replace(intended.action, payload={}))
                undo.put(self._outbox, place, empty)
                undo.add(self._done, place, ActionDone(*place, at, {}, "erased"))
        for mark, answered in tuple(self._answered.items()):
            if (answered.tenant, answered.run) == (run.tenant, run.id):
                undo.drop(self._answered, mark)
        for leaf in self._leaves:
            if leaf.subject in subjects and leaf.tenant in {run.tenant, EVERYBODY}:
                undo.put(self._unsalted, leaf.seq, value=True)
        undo.put(self._open, run.id, value=False)
        return undo.put(self._runs, run.id, run)

    def _save_task(self, task: Task, undo: _Undo) -> bool:
        there = self._tasks.get((task.tenant, task.id))
        if there is None:
            return undo.put(self._tasks, (task.tenant, task.id), task)
        if there.state == task.state:
            return False
        moved = replace(
            there, state=task.state, due_at=task.due_at, actor=task.actor, payload=task.payload
        )
        return undo.put(self._tasks, (task.tenant, task.id), moved)

    def _save_alert(self, alert: Alert, undo: _Undo) -> bool:
        there = self._alerts.get(alert.id)
        if there is None:
            return undo.put(self._alerts, alert.id, alert)
        if there.cleared_at is not None or alert.cleared_at is None:
            return False
        cleared = replace(there, value=alert.value, cleared_at=alert.cleared_at)
        return undo.put(self._alerts, alert.id, cleared)

    def _move(self, machine: Machine, undo: _Undo) -> bool:
        key, version = (machine.kind, machine.id), machine.version
        there = self._machines.get(key)
        if version > 1:
            if there is None or not there.open or there.version != version - 1:
                raise Conflict(moved_meanwhile(machine.kind, machine.id, version))
            kept = replace(machine, tenant=there.tenant, app=there.app)
            return undo.put(self._machines, key, kept)
        mine = (machine.kind, machine.app)
        rivals = (it.id for it in self._machines.values() if it.open and (it.kind, it.app) == mine)
        is_open = next(rivals, None)
        if there or (machine.open and is_open):
            raise Conflict(begun_before(machine.kind, machine.id, machine.app, is_open))
        return undo.put(self._machines, key, machine)

    def _save_key(self, key: ApiKey, undo: _Undo) -> bool:
        there = self._keys.get(key.id)
        if there is None:
            return undo.put(self._keys, key.id, key)
        changed = replace(there, name=key.name, revoked_at=key.revoked_at)
        return changed != there and undo.put(self._keys, key.id, changed)

    def _answer(self, entry: Answered, undo: _Undo) -> bool:
        if undo.add(self._answered, (entry.tenant, entry.key), entry):
            return True
        there = self._answered[entry.tenant, entry.key]
        if replace(there, at=entry.at) != entry:
            raise Conflict(f"the idempotency key {entry.key!r} was answered before, differently")
        return False

    async def run(self, tenant: str, id: str) -> Run | None:
        self._reachable()
        run = self._runs.get(id)
        return run if run is not None and run.tenant == tenant else None

    async def trace(self, run: Run) -> Trace | None:
        self._reachable()
        return None if run.trace is None else self._traces.get((run.tenant, run.trace))

    async def runs(
        self,
        tenant: str,
        *,
        app: str | None = None,
        limit: int = 20,
        before: str | None = None,
        sought: Sought = ALL,
    ) -> Sequence[Run]:
        self._reachable()
        found = [
            run
            for id, run in sorted(self._runs.items(), reverse=True)
            if run.tenant == tenant and app in (None, run.app) and (before is None or id < before)
            and sought.fits(run)
        ]  # fmt: skip
        return found[:limit]

    async def feedback(self, tenant: str, run: str) -> Sequence[Feedback]:
        self._reachable()
        found = [it for it in self._feedback.values() if (it.tenant, it.run) == (tenant, run)]
        return sorted(found, key=lambda given: (given.at, given.id))

    async def tasks(
        self,
        tenant: str,
        *,
        kind: str | None = None,
        state: str | None = None,
        run: str | None = None,
        id: str | None = None,
        due: datetime | None = None,
        limit: int | None = None,
        after: str | None = None,
        soonest: bool = False,
    ) -> Sequence[Task]:
        self._reachable()
        found = [
            task
            for task in self._tasks.values()
            if task.tenant == tenant and kind in (None, task.kind) and state in (None, task.state)
            and run in (None, task.run) and id in (None, task.id)
            and (due is None or (task.due_at is not None and task.due_at < due))
        ]  # fmt: skip
        place = _urgency if soonest else _age
        found.sort(key=place)
        if after is not None:
            mark = self._tasks.get((tenant, after))
            found = [task for task in found if mark is not None and place(task) > place(mark)]
        return found[:limit]

    async def alerts(self, *, open_only: bool = True) -> Sequence[Alert]:
        self._reachable()
        found = [it for it in self._alerts.values() if not open_only or it.cleared_at is None]
        return sorted(found, key=lambda alert: alert.raised_at, reverse=True)

    async def window(self, app: str, since: datetime) -> Window:
        self._reachable()
        seen = [
            run
            for run in self._runs.values()
            if run.app == app and run.mode is Mode.LIVE and run.started_at >= since
        ]
        scores = [run.score for run in seen if run.score is not None]
        times = [run.duration_ms for run in seen]
        errors = sum(is_error(run) for run in seen)
        return Window(len(seen), errors, _mean(times), _mean(scores), len(scores))

    async def exposures(self) -> Mapping[str, Exposure]:
        self._reachable()
        return dict(self._exposures)

    async def variant(self, id: str) -> Variant | None:
        self._reachable()
        return self._variants.get(id)

    async def variants(self, app: str) -> Sequence[Variant]:
        self._reachable()
        return [variant for variant in self._variants.values() if variant.app == app]

    async def machine(self, kind: str, id: str) -> Machine | None:
        self._reachable()
        return self._machines.get((kind, id))

    async def machines(
        self, kind: str, *, app: str | None = None, open_only: bool = True, limit: int = 50
    ) -> Sequence[Machine]:
        self._reachable()
        found = [
            it
            for it in self._machines.values()
            if it.kind == kind and app in (None, it.app) and (it.open or not open_only)
        ]
        return sorted(found, key=lambda it: (it.at, it.id), reverse=True)[:limit]

    async def artefact(self, kind: str, id: str) -> Artefact | None:
        self._reachable()
        return self._artefacts.get((kind, id))

    async def artefacts(
        self, kind: str, *, app: str | None = None, limit: int = 100
    ) -> Sequence[Artefact]:
        self._reachable()
        found = [it for it in self._artefacts.values() if it.kind == kind and app in (None, it.app)]
        return sorted(found, key=lambda it: (it.at, it.id), reverse=True)[:limit]

    async def rated(
        self, tenant: str, app: str, *, after: str | None = None, limit: int = 1000
    ) -> Sequence[Rated]:
        self._reachable()
        found = [
            Rated(run, tuple(given))
            for id, run in sorted(self._runs.items())
            if (run.tenant, run.app, run.mode) == (tenant, app, Mode.LIVE)
            and (after is None or id > after)
            and (given := await self.feedback(tenant, id))
        ]
        return found[:limit]

    async def given(self, tenant: str, app: str, *, since: datetime | None = None) -> int:
        self._reachable()
        rated = await self.rated(tenant, app, limit=len(self._runs))
        return sum(any(since is None or it.at >= since for it in one.feedback) for one in rated)

    async def outcomes(
        self,
        app: str,
        variants: Sequence[str],
        *,
        since: datetime,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> Sequence[Observed]:
        self._reachable()
        found = [
            run
            for run in self._runs.values()
            if run.app == app
            and run.variant in variants
            and run.mode in COUNTED
            and since <= run.started_at
            and (until is None or run.started_at < until)
        ]
        found.sort(key=lambda run: (run.started_at, run.id))
        return [
            _observed(run, self._traced(run), await self.feedback(run.tenant, run.id))
            for run in found[:limit]
        ]

    def _traced(self, run: Run) -> Trace | None:
        return self._traces.get((run.tenant, run.trace or ""))

    async def keys(self) -> Sequence[ApiKey]:
        self._reachable()
        return sorted(self._keys.values(), key=lambda key: (key.created_at, key.id))

    async def answered(self, tenant: str, key: str) -> Answered | None:
        self._reachable()
        return self._answered.get((tenant, key))

    async def intended(self, *, older_than: datetime) -> Sequence[Intended]:
        self._reachable()
        waiting = [row for key, row in self._outbox.items() if key not in self._done]
        found = [row for row in waiting if row.at < older_than]
        return sorted(found, key=lambda row: (row.at, row.run, row.action.key))

    async def leaves(self, *, after: int = 0, limit: int = 1000) -> Sequence[Leaf]:
        self._reachable()
        return [
            replace(leaf, salt=None) if leaf.seq in self._unsalted else leaf
            for leaf in self._leaves[after : after + limit]
        ]

    async def lease(
        self, job: str, holder: str, *, now: datetime, until: datetime, latest: datetime = FOR_EVER
    ) -> bool:
        self._reachable()
        held_by, held_until = self._leases.get(job, (holder, now))
        if held_by != holder and now < held_until <= latest:
            return False
        self._leases[job] = holder, until
        return True

    async def ping(self) -> None:
        self._reachable()

    async def close(self) -> None:
        self.down = True

    def _reachable(self) -> None:
        if self.down:
            raise StoreError("the ledger in memory is down; open it again")


class MemoryAudit:
    """A fake of `AuditStore` over the leaves of a `MemoryLedger`."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self._ledger = ledger
        self._heads: dict[int, Head] = {}

    async def size(self) -> int:
        return len(await self._leaves())

    async def grow(self) -> int:
        return await self.size()

    async def root(self, size: int) -> bytes:
        return (await self._tree(size)).root()

    async def consistency(self, earlier: int, size: int) -> tuple[bytes, ...]:
        return (await self._tree(size)).consistency(earlier)

    async def place(self, seqs: Sequence[int], size: int) -> Sequence[Placed]:
        leaves, tree = await self._leaves(), await self._tree(size)
        return [Placed(leaves[seq - 1], tree.inclusion(seq - 1)) for seq in seqs]

    async def about(self, tenant: str, subject: str) -> Sequence[int]:
        return [
            leaf.seq
            for leaf in await self._leaves()
            if leaf.subject == subject and leaf.tenant in {tenant, EVERYBODY}
        ]

    async def between(self, tenant: str, since: datetime, until: datetime) -> Sequence[int]:
        return [
            leaf.seq
            for leaf in await self._leaves()
            if since <= leaf.at < until and leaf.tenant in {tenant, EVERYBODY}
        ]

    async def head(self) -> Head | None:
        return self._heads[max(self._heads)] if self._heads else None

    async def keep(self, head: Head) -> None:
        self._heads.setdefault(head.size, head)

    async def _leaves(self) -> Sequence[Leaf]:
        return await self._ledger.leaves(limit=1_000_000)

    async def _tree(self, size: int) -> Tree:
        hashes = [bytes.fromhex(leaf.digest) for leaf in await self._leaves()]

        def tile(height: int, index: int) -> Sequence[bytes]:
            width = 1 << height
            first, last = index * WIDTH * width, min((index + 1) * WIDTH * width, len(hashes))
            complete = range(first, last - width + 1, width)
            return [fold(hashes[at : at + width]) for at in complete]

        return Tree(size, tile)


class _Undo:
    """What to do backwards when an entry of a commit turns out wrong."""

    def __init__(self) -> None:
        self._steps: list[Callable[[], object]] = []

    def put(self, table: dict[Any, T], key: Hashable, value: T) -> bool:
        if key in table:
            self._steps.append(lambda was=table[key]: table.__setitem__(key, was))  # type: ignore[misc]
        else:
            self._steps.append(lambda: table.pop(key))
        table[key] = value
        return True

    def add(self, table: dict[Any, T], key: Hashable, value: T) -> bool:
        """Put it, unless there is one already."""
        return key not in table and self.put(table, key, value)

    def drop(self, table: dict[Any, T], key: Hashable) -> None:
        if key in table:
            self._steps.append(lambda was=table[key]: table.__setitem__(key, was))  # type: ignore[misc]
            del table[key]

    def undo(self) -> None:
        for step in reversed(self._steps):
            step()


def _observed(run: Run, trace: Trace | None, given: Sequence[Feedback]) -> Observed:
    feedback = tuple((one.kind, one.value) for one in given)
    return Observed(
        *(run.id, run.tenant, run.unit, run.variant, run.mode, run.of, run.started_at, run.ended),
        *(is_error(run), run.score, run.duration_ms, run.cost),
        roles_called(trace) if trace else (),
        checks_failed(run),
        feedback,
        tuple(one.actor for one in given),
    )


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _age(task: Task) -> tuple[datetime, str]:
    """What tasks are ordered by."""
    return task.created_at, task.id


def _urgency(task: Task) -> tuple[datetime, str]:
    """What they are ordered by when the soonest is wanted."""
    return task.due_at or datetime.max.replace(tzinfo=UTC), task.id
