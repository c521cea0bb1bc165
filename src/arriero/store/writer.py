"""Group commit: one thread takes everything that waits and makes one transaction of it.

While one transaction reaches the disk, the next batch gathers, so that a commit costs its caller
one or two transactions' time at any load, and nobody waits for a timer.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Insert, func, insert, select
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from arriero.core.errors import ArrieroError, StoreError
from arriero.store import schema
from arriero.store.engine import Engines, explain
from arriero.store.rows import Row, Step, Written
from arriero.store.writes import Write, writes

MAX_WAITING = 4_096  # commits; about two seconds of the slowest disk we measured
MAX_BATCH = 256  # commits in one transaction: it stays well under 0.2 s, so nobody waits long

Errand = Callable[[Connection], Any]


@dataclass(slots=True)
class Pending:
    """Somebody waits for these entries, or for this errand, to be committed."""

    work: tuple[Written, ...] | Errand
    durable: bool
    future: asyncio.Future[Any]
    result: Any = None
    error: ArrieroError | None = None


@dataclass(slots=True)
class Writer:
    """The only one that writes. `submit` returns after the COMMIT returned."""

    engines: Engines
    synchronous: str
    max_waiting: int = MAX_WAITING
    _writes: Mapping[str, Write] = field(init=False)
    _waiting: deque[Pending] = field(init=False, default_factory=deque)
    _wake: threading.Condition = field(init=False, default_factory=threading.Condition)
    _closed: bool = field(init=False, default=False)
    _thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self._writes = writes(self.engines.dialect)
        self._thread = threading.Thread(target=self._serve, name="ledger-writer", daemon=True)
        self._thread.start()

    async def submit(self, work: tuple[Written, ...] | Errand, *, durable: bool = False) -> Any:
        """Commit `work` with whatever else waits; an errand's result comes back.

        A caller that is cancelled stops waiting; its work may still be committed.
        """
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._enqueue(Pending(work, durable, future))
        return await future

    def _enqueue(self, pending: Pending) -> None:
        with self._wake:
            if self._closed:
                raise StoreError(f"the ledger {self.engines.where} is closed; open it again")
            if len(self._waiting) >= self.max_waiting:
                raise StoreError(
                    f"{self.max_waiting} commits wait for the ledger {self.engines.where}, whose "
                    "disk does not keep up; send less, or use a faster disk or PostgreSQL"
                )
            self._waiting.append(pending)
            self._wake.notify()

    def close(self) -> None:
        """Commit what waits, then end the thread. Blocks; call it in a thread."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join()

    def _serve(self) -> None:
        while batch := self._next_batch():
            try:
                self._commit(batch)
            except ArrieroError as error:
                _fail(batch, error)
            except SQLAlchemyError as error:
                _fail(batch, explain(error, self.engines.where))
            except Exception as error:  # noqa: BLE001  the worker loop: whoever waits must hear
                _fail(batch, StoreError(f"the ledger {self.engines.where} failed: {error!r}"))
            _answer(batch)

    def _next_batch(self) -> Sequence[Pending]:
        with self._wake:
            while not self._waiting and not self._closed:
                self._wake.wait()
            return [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_BATCH))]

    def _commit(self, batch: Sequence[Pending]) -> None:
        durable = any(pending.durable for pending in batch)
        with self.engines.writing(self._synchronous(durable)) as connection:
            if len(batch) == 1 and not callable(batch[0].work):
                # Alone in its transaction it needs no savepoint: it is undone with it.
                self._write_one_by_one(connection, batch[0].work)
                return
            for errands, together in groupby(batch, key=lambda pending: callable(pending.work)):
                apply = self._run_errands if errands else self._write
                apply(connection, list(together))

    def _synchronous(self, durable: bool) -> str:
        return "FULL" if durable else self.synchronous

    def _run_errands(self, connection: Connection, batch: Sequence[Pending]) -> None:
        for pending in batch:
            if callable(pending.work):
                with _savepoint(connection, pending, self.engines.where):
                    pending.result = pending.work(connection)

    def _write(self, connection: Connection, batch: Sequence[Pending]) -> None:
        """All together if every row is new; else one by one, to find the one at fault."""
        if len(batch) > 1 or len(_entries(batch)) > 1:
            try:
                with connection.begin_nested():
                    self._write_together(connection, _entries(batch))
                return
            except (_Untouched, IntegrityError, DataError):
                pass
        for pending in batch:
            with _savepoint(connection, pending, self.engines.where):
                self._write_one_by_one(connection, _entries([pending]))

    def _write_together(self, connection: Connection, entries: Sequence[Written]) -> None:
        rows: dict[str, list[Row]] = {name: [] for name in self._writes}
        ended: set[str] = set()
        for entry in entries:
            for step in entry.steps:
                rows[step.write].append(step.row)
                _keep_order(step, ended)
        for name, write in self._writes.items():
            if rows[name] and not _touches_all(connection, write, rows[name]):
                raise _Untouched
        _append(connection, [leaf for entry in entries for leaf in entry.leaves])

    def _write_one_by_one(self, connection: Connection, entries: Sequence[Written]) -> None:
        """A repeat of what is recorded changes nothing and leaves no further leaf."""
        for entry in entries:
            repeats = False
            for step in entry.steps:
                write = self._writes[step.write]
                if not _touches_all(connection, write, [step.row]) and write.untouched:
                    write.untouched(connection, step.row)
                    repeats = True
            if not repeats:
                _append(connection, entry.leaves)


class _Untouched(Exception):
    """Some row of a batch was there already, or is missing, or comes too early."""


def _keep_order(step: Step, ended: set[str]) -> None:
    """Together, what is made comes before what changes it; who did it the other way round must hear."""
    match step.write:
        case "close":
            ended.add(step.row["new_id"])
        case "done":
            ended.add(step.row["new_run"])
        case "move":
            ended.add(step.row["new_id"])
        case "run" | "machine" if step.row["id"] in ended:
            raise _Untouched


def _touches_all(connection: Connection, write: Write, rows: list[Row]) -> bool:
    counted = {"preserve_rowcount": True}
    result = connection.execute(write.statement, rows, execution_options=counted)
    return write.untouched is None or result.rowcount == len(rows)


_APPEND: Insert = insert(schema.audit)
_NEXT = select(func.coalesce(func.max(schema.audit.c.seq), 0) + 1).scalar_subquery()
_APPEND_ONE: Insert = insert(schema.audit).values(seq=_NEXT)
_LAST = select(func.coalesce(func.max(schema.audit.c.seq), 0))


def _append(connection: Connection, leaves: Sequence[Row]) -> None:
    """Number the leaves without gaps: the write lock lets nobody else number any meanwhile."""
    if len(leaves) == 1:
        connection.execute(_APPEND_ONE, leaves[0])
        return
    last = connection.execute(_LAST).scalar_one()
    rows = [leaf | {"seq": seq} for seq, leaf in enumerate(leaves, last + 1)]
    connection.execute(_APPEND, rows)


def _entries(batch: Sequence[Pending]) -> Sequence[Written]:
    return [entry for pending in batch if not callable(pending.work) for entry in pending.work]


@contextmanager
def _savepoint(connection: Connection, pending: Pending, where: str) -> Iterator[None]:
    """What fails inside is undone, told to the one who waits for it, and hurts nobody else.

    A database that cannot be reached fails the whole batch: that error goes on.
    """
    try:
        with connection.begin_nested():
            yield
    except ArrieroError as error:
        pending.error = error
    except (IntegrityError, DataError) as error:
        pending.error = explain(error, where)


def _fail(batch: Sequence[Pending], error: ArrieroError) -> None:
    for pending in batch:
        pending.error = pending.error or error


def _answer(batch: Sequence[Pending]) -> None:
    """Wake the waiting, each in its own event loop, one call a loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Pending]] = {}
    for pending in batch:
        by_loop.setdefault(pending.future.get_loop(), []).append(pending)
    for loop, together in by_loop.items():
        try:
            loop.call_soon_threadsafe(_resolve, together)
        except RuntimeError:  # that loop is closed: nobody waits any more
            continue


def _resolve(batch: Sequence[Pending]) -> None:
    for pending in batch:
        if pending.future.done():
            continue
        if pending.error is None:
            pending.future.set_result(pending.result)
        else:
            pending.future.set_exception(_own(pending.error))


def _own(error: ArrieroError) -> ArrieroError:
    """A copy for each who waits, so that their tracebacks do not grow into one another."""
    copy = type(error)(error.message, param=error.param)
    copy.__cause__ = error.__cause__
    return copy
