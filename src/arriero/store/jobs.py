"""Jobs: periodic work that one process at a time does, held by a lease in the ledger."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from arriero.core.clock import Clock
from arriero.core.errors import StoreError
from arriero.store.base import Ledger

LEASE_S = 30.0  # a worker that dies is replaced within this; alerts have 60 s (DESIGN §9, issue 2)
RENEW_S = LEASE_S / 3  # two renewals may be lost before the lease is
SKEW_S = (
    600.0  # so much the clocks of two replicas may differ; a lease beyond it is of a clock set back
)
TICK_S = 0.5  # how late a job may start

log = logging.getLogger("arriero.jobs")


@dataclass(frozen=True)
class Job:
    """`run` is called every `every_s` seconds, with the moment at which it is due, by one holder.

    It may be cut off and run again elsewhere at any point: what it does twice must be harmless.
    """

    name: str
    every_s: float
    run: Callable[[datetime], Awaitable[None]]


@dataclass
class JobRunner:
    """Runs the jobs whose lease it gets. `holder` names this process among all that share a ledger.

    `failures` has one line for each job whose last run raised.
    """

    ledger: Ledger
    clock: Clock
    holder: str
    jobs: Sequence[Job]
    failures: dict[str, str] = field(default_factory=dict)
    _due: dict[str, datetime] = field(default_factory=dict)
    _running: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    async def tick(self, now: datetime) -> None:
        """Run each due job whose lease is free, side by side; return when they have ended."""
        started = self._start_due(now)
        await asyncio.gather(*started)

    async def serve(self) -> None:
        """Run jobs when they are due until cancelled; then end those that run."""
        try:
            while True:
                self._start_due(self.clock.now())
                await asyncio.sleep(TICK_S)
        finally:
            await self._end_all()

    def _start_due(self, now: datetime) -> Sequence[asyncio.Task[None]]:
        due = [job for job in self.jobs if self._is_due(job, now)]
        for job in due:
            self._running[job.name] = asyncio.create_task(self._attempt(job, now), name=job.name)
        return [self._running[job.name] for job in due]

    def _is_due(self, job: Job, now: datetime) -> bool:
        running = self._running.get(job.name)
        if running is not None and not running.done():
            return False
        due = self._due.get(job.name, now)
        # Further away than a period: the clock was set back since.
        return now >= due or due - now > timedelta(seconds=job.every_s)

    async def _attempt(self, job: Job, now: datetime) -> None:
        """The worker loop's broad catch: a job that raises is recorded, the others go on."""
        self._due[job.name] = now + timedelta(seconds=min(job.every_s, RENEW_S))
        try:
            if not await self._lease(job, now, LEASE_S):
                return
            self._due[job.name] = now + timedelta(seconds=job.every_s)
            await self._run_leased(job, now)
            self.failures.pop(job.name, None)
        except Exception as error:
            self.failures[job.name] = f"{type(error).__name__}: {error}"
            log.exception("job %s failed; it runs again when it is due", job.name)

    async def _run_leased(self, job: Job, now: datetime) -> None:
        work = asyncio.ensure_future(job.run(now))
        renewing = asyncio.create_task(self._renew(job, work))
        try:
            await work
        except asyncio.CancelledError:
            if renewing.done() and not _is_cancelling():
                raise StoreError(f"job {job.name!r} lost its lease and was stopped") from None
            raise
        finally:
            await _end(renewing)
            await _end(work)
            await self._rest(job, now)

    async def _renew(self, job: Job, work: asyncio.Future[None]) -> None:
        """Keep the lease while the job runs; without it the job stops: another may have begun."""
        held_until = self.clock.monotonic() + LEASE_S
        while self.clock.monotonic() < held_until:
            await asyncio.sleep(RENEW_S)
            with suppress(StoreError):
                if not await self._lease(job, self.clock.now(), LEASE_S):
                    break
                held_until = self.clock.monotonic() + LEASE_S
        work.cancel()

    async def _rest(self, job: Job, now: datetime) -> None:
        """Keep the lease until the job is due again, so that no other runs it in between."""
        since = (self.clock.now() - now).total_seconds()
        with suppress(StoreError):
            await self._lease(job, self.clock.now(), max(0.0, job.every_s - since))

    async def _lease(self, job: Job, now: datetime, seconds: float) -> bool:
        until = now + timedelta(seconds=seconds)
        latest = now + timedelta(seconds=max(LEASE_S, job.every_s) + SKEW_S)
        return await self.ledger.lease(job.name, self.holder, now=now, until=until, latest=latest)

    async def _end_all(self) -> None:
        for task in self._running.values():
            await _end(task)


def _is_cancelling() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _end(task: asyncio.Future[None]) -> None:
    if task.done():
        return
    task.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await task
