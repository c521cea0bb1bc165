"""The ledger over SQLAlchemy: SQLite in a file by default, PostgreSQL by URL."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, and_, case, func, or_, select, text
from sqlalchemy.exc import SQLAlchemyError

from arriero.core.clock import Clock, SystemClock
from arriero.core.errors import StoreError
from arriero.core.words import Alert, Exposure, Feedback, Mode, Run, Task, Trace, Variant
from arriero.store import queries, schema, values
from arriero.store.base import (
    ALL,
    FOR_EVER,
    Answered,
    ApiKey,
    Artefact,
    Entry,
    Intended,
    Leaf,
    Machine,
    Observed,
    Rated,
    Sought,
    Window,
)
from arriero.store.engine import READERS, Engines, explained, open_engines
from arriero.store.rows import EVERYBODY, written
from arriero.store.schema import micros
from arriero.store.writer import Errand, Writer
from arriero.store.writes import take_lease

T = TypeVar("T")


def open_ledger(url: str, *, synchronous: str = "NORMAL", clock: Clock | None = None) -> SqlLedger:
    """The ledger at `url`, its schema up to date. Blocks for the moment that takes.

    `synchronous` is SQLite's: NORMAL survives the death of the process, FULL of the machine too
    (a `durable` commit always does; PostgreSQL always does).

    Raises:
        SettingsError: the URL names no database that Arriero knows.
        MissingExtra: the database's driver is not installed.
        StoreError: the database cannot be opened, or is newer than this Arriero.
    """
    engines = open_engines(url, synchronous=synchronous)
    return SqlLedger(engines, Writer(engines, synchronous), clock or SystemClock())


# Asked several times a second, so it is put together once.
_EXPOSED = select(schema.exposures).where(
    schema.exposures.c.seq.in_(
        select(func.max(schema.exposures.c.seq)).group_by(schema.exposures.c.app)
    )
)


class SqlLedger:
    """Implements `Ledger`. One thread writes, a few read; the event loop never waits for a disk."""

    def __init__(self, engines: Engines, writer: Writer, clock: Clock) -> None:
        self.dialect = engines.dialect
        self.clock = clock
        self._engines = engines
        self._writer = writer
        self._take_lease = take_lease(engines.dialect)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="ledger-reader")
        self._closed = False
        self._glancing: Connection | None = None

    async def commit(self, *entries: Entry, durable: bool = False) -> None:
        """All entries in one transaction, on disk when it returns; `durable` waits for fsync.

        Raises:
            Conflict: a run, or a differing answer, is recorded under this id already.
            NotFound: what an entry closes or completes was never recorded.
            InputError: an entry holds what is no JSON value, text or moment.
            StoreError: the database failed; nothing of this commit is recorded, unless the
                connection was lost in the very COMMIT.
        """
        now = self.clock.now()
        if entries:
            work = tuple(written(entry, now) for entry in entries)
            await self._writer.submit(work, durable=durable)

    async def write(self, errand: Errand) -> Any:
        """Run `errand` inside the next batch's transaction (for this room's own tables)."""
        return await self._writer.submit(errand)

    async def read(self, errand: Callable[[Connection], T]) -> T:
        """Run `errand` on a reading connection, in a thread."""
        if self._closed:
            raise StoreError(f"the ledger {self._engines.where} is closed; open it again")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._read, errand)

    async def snapshot(self, errand: Callable[[Connection], T]) -> T:
        """`read`, of everything as it is at one moment, whoever writes meanwhile."""
        begin = "BEGIN" if self.dialect == "sqlite" else "BEGIN ISOLATION LEVEL REPEATABLE READ"

        def still(connection: Connection) -> T:
            connection.exec_driver_sql(begin)  # readers commit each statement by itself
            try:
                return errand(connection)
            finally:
                connection.exec_driver_sql("ROLLBACK")

        return await self.read(still)

    async def glance(self, errand: Callable[[Connection], T]) -> T:
        """Run `errand`, which reads a row by its key: in the event loop where that is quicker.

        Measured on SQLite: 0.1 ms, where waking a thread and being woken takes as long again.
        """
        glancer = self._engines.glancer
        if glancer is None or self._closed:
            return await self.read(errand)
        with explained(self._engines.where):
            if self._glancing is None:
                self._glancing = glancer.connect()  # kept: to take it from the pool costs as much
            try:
                return errand(self._glancing)
            except SQLAlchemyError:
                self._glancing.close()
                self._glancing = None
                raise

    def _read(self, errand: Callable[[Connection], T]) -> T:
        with explained(self._engines.where), self._engines.reader.connect() as connection:
            return errand(connection)

    async def _all(self, query: Select[Any], to_value: Callable[[Any], T]) -> Sequence[T]:
        return await self.read(
            lambda connection: [to_value(row) for row in connection.execute(query).mappings()]
        )

    async def _first(self, query: Select[Any], to_value: Callable[[Any], T]) -> T | None:
        found = await self._all(query, to_value)
        return found[0] if found else None

    async def run(self, tenant: str, id: str) -> Run | None:
        table = schema.runs.c
        return await self._first(
            select(*queries.RUN).where(table.id == id, table.tenant == tenant), values.to_run
        )

    async def trace(self, run: Run) -> Trace | None:
        """The trace of `run`; `StoreError` when it is not what was recorded."""
        sha256 = run.trace
        if sha256 is None:
            return None
        table = schema.traces.c
        query = select(table.body).where(table.tenant == run.tenant, table.sha256 == sha256)
        return await self._first(query, lambda row: values.to_trace(row["body"], sha256))

    async def runs(
        self,
        tenant: str,
        *,
        app: str | None = None,
        limit: int = 20,
        before: str | None = None,
        sought: Sought = ALL,
    ) -> Sequence[Run]:
        return await self.read(
            lambda connection: queries.runs(connection, tenant, app, limit, before, sought)
        )

    async def feedback(self, tenant: str, run: str) -> Sequence[Feedback]:
        """Oldest first."""
        table = schema.feedback
        query = select(table).where(table.c.tenant == tenant, table.c.run == run)
        return await self._all(query.order_by(table.c.at, table.c.id), values.to_feedback)

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
        """Oldest first, or with `soonest` what is due first; see `Ledger.tasks`."""
        table = schema.tasks
        at = func.coalesce(table.c.due_at, schema.NEVER) if soonest else table.c.created_at
        query = select(table).where(table.c.tenant == tenant)
        if run is not None:
            query = query.where(table.c.run == run)
        if id is not None:
            query = query.where(table.c.id == id)
        if due is not None:
            query = query.where(table.c.due_at < schema.micros(due))
        if kind is not None:
            query = query.where(table.c.kind == kind)
        if state is not None:
            query = query.where(table.c.state == state)
        if after is not None:
            mark = select(at).where(table.c.tenant == tenant, table.c.id == after)
            then = mark.scalar_subquery()
            query = query.where(or_(at > then, and_(at == then, table.c.id > after)))
        query = query.order_by(at, table.c.id).limit(limit)
        return await self._all(query, values.to_task)

    async def alerts(self, *, open_only: bool = True) -> Sequence[Alert]:
        """Newest first."""
        table = schema.alerts
        query = select(table).order_by(table.c.raised_at.desc(), table.c.id)
        if open_only:
            query = query.where(table.c.cleared_at.is_(None))
        return await self._all(query, values.to_alert)

    async def window(self, app: str, since: datetime) -> Window:
        table = schema.runs.c
        query = select(
            func.count().label("runs"),
            func.coalesce(func.sum(case((table.error, 1), else_=0)), 0).label("errors"),
            func.avg(table.duration_ms).label("mean_ms"),
            func.avg(table.score).label("mean_score"),
            func.count(table.score).label("scored"),
        ).where(table.app == app, table.mode == Mode.LIVE.value, table.started_at >= micros(since))
        return await self.read(
            lambda connection: Window(**connection.execute(query).mappings().one())
        )

    async def exposures(self) -> Mapping[str, Exposure]:
        found = await self._all(_EXPOSED, values.to_exposure)
        return {exposure.app: exposure for exposure in found}

    async def variant(self, id: str) -> Variant | None:
        query = select(schema.variants.c.body).where(schema.variants.c.id == id)
        return await self._first(query, lambda row: values.parsed(Variant, row["body"]))

    async def variants(self, app: str) -> Sequence[Variant]:
        table = schema.variants.c
        query = select(table.body).where(table.app == app).order_by(table.at, table.id)
        return await self._all(query, lambda row: values.parsed(Variant, row["body"]))

    async def machine(self, kind: str, id: str) -> Machine | None:
        table = schema.machines
        query = select(table).where(table.c.kind == kind, table.c.id == id)
        return await self._first(query, values.to_machine)

    async def machines(
        self, kind: str, *, app: str | None = None, open_only: bool = True, limit: int = 50
    ) -> Sequence[Machine]:
        table = schema.machines
        query = select(table).where(table.c.kind == kind)
        if app is not None:
            query = query.where(table.c.app == app)
        if open_only:
            query = query.where(table.c.open.is_(True))
        newest = query.order_by(table.c.at.desc(), table.c.id.desc()).limit(limit)
        return await self._all(newest, values.to_machine)

    async def artefact(self, kind: str, id: str) -> Artefact | None:
        table = schema.artefacts
        query = select(table).where(table.c.kind == kind, table.c.id == id)
        return await self._first(query, values.to_artefact)

    async def artefacts(
        self, kind: str, *, app: str | None = None, limit: int = 100
    ) -> Sequence[Artefact]:
        table = schema.artefacts
        query = select(table).where(table.c.kind == kind)
        if app is not None:
            query = query.where(table.c.app == app)
        newest = query.order_by(table.c.at.desc(), table.c.id.desc()).limit(limit)
        return await self._all(newest, values.to_artefact)

    async def rated(
        self, tenant: str, app: str, *, after: str | None = None, limit: int = 1000
    ) -> Sequence[Rated]:
        return await self.read(
            lambda connection: queries.rated(connection, tenant, app, after, limit)
        )

    async def given(self, tenant: str, app: str, *, since: datetime | None = None) -> int:
        return await self.read(lambda connection: queries.given(connection, tenant, app, since))

    async def outcomes(
        self,
        app: str,
        variants: Sequence[str],
        *,
        since: datetime,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> Sequence[Observed]:
        return await self.read(
            lambda connection: queries.outcomes(connection, app, variants, since, until, limit)
        )

    async def keys(self) -> Sequence[ApiKey]:
        """Oldest first, the revoked ones included."""
        table = schema.keys
        return await self._all(
            select(table).order_by(table.c.created_at, table.c.id), values.to_key
        )

    async def answered(self, tenant: str, key: str) -> Answered | None:
        table = schema.answered
        query = select(table).where(table.c.tenant == tenant, table.c.key == key)
        return await self._first(query, values.to_answered)

    async def intended(self, *, older_than: datetime) -> Sequence[Intended]:
        """Outbox rows of runs that started before `older_than`, oldest first."""
        table = schema.outbox
        query = select(table).where(table.c.done_at.is_(None), table.c.at < micros(older_than))
        return await self._all(
            query.order_by(table.c.at, table.c.run, table.c.key), values.to_intended
        )

    async def leaves(self, *, after: int = 0, limit: int = 1000) -> Sequence[Leaf]:
        """In order of `seq`, which has no gaps."""
        table = schema.audit
        query = select(table).where(table.c.seq > after).order_by(table.c.seq).limit(limit)
        return await self._all(query, values.to_leaf)

    async def lease(
        self, job: str, holder: str, *, now: datetime, until: datetime, latest: datetime = FOR_EVER
    ) -> bool:
        """A lease taken with `until` = `now` is given back."""
        row = {
            "job": job,
            "tenant": EVERYBODY,
            "holder": holder,
            "until": micros(until),
            "now": micros(now),
            "latest": micros(latest),
        }
        return bool(await self.write(lambda connection: self._touches(connection, row)))

    def _touches(self, connection: Connection, row: Mapping[str, Any]) -> bool:
        counted = {"preserve_rowcount": True}
        result = connection.execute(self._take_lease, row, execution_options=counted)
        return result.rowcount == 1

    async def ping(self) -> None:
        """`StoreError` when the database does not answer."""
        await self.read(lambda connection: connection.execute(text("SELECT 1")).scalar_one())

    async def close(self) -> None:
        """Commits what waits; closing twice is fine."""
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._writer.close()
        self._readers.shutdown()
        if self._glancing is not None:
            self._glancing.close()
        self._engines.close()
