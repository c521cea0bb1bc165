"""Jobs: due when they should be, by one runner at a time, and no failure stops the others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from arriero.core.clock import HeldClock, SystemClock
from arriero.store import jobs
from arriero.store.base import Ledger
from arriero.store.engine import sqlite_url
from arriero.store.fake import MemoryLedger
from arriero.store.jobs import LEASE_S, Job, JobRunner
from arriero.store.ledger import open_ledger
from tests.store.samples import NOW


@pytest.fixture(params=["memory", "sqlite"])
async def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ledger]:
    made: Ledger = MemoryLedger()
    if request.param == "sqlite":
        made = open_ledger(sqlite_url(tmp_path / "ledger.db"))
    yield made
    await made.close()


@dataclass
class Work:
    """A job that notes when it ran and how many ran at the same time."""

    lasts_s: float = 0.0
    ran: list[datetime] = field(default_factory=list)
    ended: int = 0
    running: int = 0
    most: int = 0

    async def __call__(self, now: datetime) -> None:
        self.ran.append(now)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await asyncio.sleep(self.lasts_s)
            self.ended += 1
        finally:
            self.running -= 1


async def fail(_now: datetime) -> None:
    raise RuntimeError("no luck")


async def ticks(runner: JobRunner, clock: HeldClock, times: int, every_s: float = 1.0) -> None:
    for _ in range(times):
        await runner.tick(clock.now())
        clock.advance(every_s)


async def test_a_job_runs_at_once_and_then_whenever_it_is_due(ledger: Ledger) -> None:
    clock, work = HeldClock(NOW), Work()
    await ticks(JobRunner(ledger, clock, "one", [Job("j", 3, work)]), clock, 7)
    assert work.ran == [NOW, NOW + timedelta(seconds=3), NOW + timedelta(seconds=6)]


async def test_two_runners_share_a_job_without_running_it_twice(ledger: Ledger) -> None:
    clock, work = HeldClock(NOW), Work()
    runners = [JobRunner(ledger, clock, name, [Job("j", 3, work)]) for name in ("one", "two")]
    for _ in range(7):
        await asyncio.gather(*(runner.tick(clock.now()) for runner in runners))
        clock.advance(1)
    assert len(work.ran) == 3
    assert work.most == 1


async def test_two_serving_runners_never_run_a_job_at_the_same_time(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "TICK_S", 0.005)
    monkeypatch.setattr(jobs, "LEASE_S", 0.2)
    monkeypatch.setattr(jobs, "RENEW_S", 0.05)
    work = Work(lasts_s=0.3)  # longer than the lease, which is renewed meanwhile
    job = Job("j", 0.01, work)
    runners = [JobRunner(ledger, SystemClock(), name, [job]) for name in ("one", "two")]
    serving = [asyncio.ensure_future(runner.serve()) for runner in runners]
    await asyncio.sleep(1.5)
    for task in serving:
        task.cancel()
    await asyncio.gather(*serving, return_exceptions=True)
    assert work.most == 1
    assert work.ended >= 3
    assert [runner.failures for runner in runners] == [{}, {}]


async def test_a_dead_runners_job_is_taken_over_when_its_lease_is_over(ledger: Ledger) -> None:
    clock, work = HeldClock(NOW), Work()
    until = NOW + timedelta(seconds=LEASE_S)
    assert await ledger.lease("j", "dead", now=NOW, until=until)
    runner = JobRunner(ledger, clock, "one", [Job("j", 3_600, work)])
    await ticks(runner, clock, 60)
    assert len(work.ran) == 1
    assert until <= work.ran[0] <= until + timedelta(seconds=LEASE_S / 3)


async def test_a_job_that_raises_is_recorded_and_the_others_go_on(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    clock, work = HeldClock(NOW), Work()
    runner = JobRunner(ledger, clock, "one", [Job("bad", 1, fail), Job("good", 1, work)])
    with caplog.at_level(logging.ERROR, "arriero.jobs"):
        await ticks(runner, clock, 2)
    assert runner.failures == {"bad": "RuntimeError: no luck"}
    assert len(work.ran) == 2
    assert "job bad failed" in caplog.text


async def test_a_failure_is_forgotten_when_the_job_succeeds(ledger: Ledger) -> None:
    clock, attempts = HeldClock(NOW), iter((fail, Work().__call__))

    async def run(now: datetime) -> None:
        await next(attempts)(now)

    runner = JobRunner(ledger, clock, "one", [Job("j", 1, run)])
    await ticks(runner, clock, 2)
    assert runner.failures == {}


async def test_a_ledger_that_is_down_is_a_failure_and_the_job_runs_when_it_is_back() -> None:
    clock, work, ledger = HeldClock(NOW), Work(), MemoryLedger(down=True)
    runner = JobRunner(ledger, clock, "one", [Job("j", 1, work)])
    await runner.tick(clock.now())
    assert "StoreError" in runner.failures["j"]
    ledger.down = False
    clock.advance(1)
    await runner.tick(clock.now())
    assert (len(work.ran), runner.failures) == (1, {})


async def test_a_job_that_lost_its_lease_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "RENEW_S", 0.01)
    clock, work, ledger = HeldClock(NOW), Work(lasts_s=60), MemoryLedger()
    runner = JobRunner(ledger, clock, "one", [Job("j", 3_600, work)])
    ticking = asyncio.ensure_future(runner.tick(clock.now()))
    await asyncio.sleep(0.005)
    clock.advance(LEASE_S)  # as if the process had been suspended for longer than its lease
    assert await ledger.lease("j", "two", now=clock.now(), until=clock.now() + timedelta(hours=1))
    await asyncio.wait_for(ticking, 5)
    assert (work.running, work.ended) == (0, 0)
    assert "lost its lease" in runner.failures["j"]


async def test_a_cancelled_runner_ends_its_jobs() -> None:
    work = Work(lasts_s=60)
    runner = JobRunner(MemoryLedger(), SystemClock(), "one", [Job("j", 1, work)])
    serving = asyncio.ensure_future(runner.serve())
    await asyncio.sleep(0.05)
    assert work.running == 1
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert work.running == 0


async def test_a_slow_job_does_not_keep_others_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "TICK_S", 0.005)
    slow, quick = Work(lasts_s=60), Work()
    both = [Job("slow", 0.01, slow), Job("quick", 0.01, quick)]
    serving = asyncio.ensure_future(JobRunner(MemoryLedger(), SystemClock(), "one", both).serve())
    await asyncio.sleep(0.2)
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    assert len(slow.ran) == 1
    assert quick.ended >= 3


async def test_a_clock_that_was_set_back_stops_no_job(ledger: Ledger) -> None:
    clock, work = HeldClock(NOW), Work()
    runner = JobRunner(ledger, clock, "one", [Job("j", 3, work)])
    await runner.tick(clock.now())
    clock.at -= timedelta(days=1)
    await ticks(runner, clock, 7)
    assert len(work.ran) == 4


async def test_a_dead_runners_lease_from_before_a_clock_was_set_back_is_over(
    ledger: Ledger,
) -> None:
    clock, work = HeldClock(NOW), Work()
    assert await ledger.lease("j", "dead", now=NOW, until=NOW + timedelta(seconds=LEASE_S))
    clock.at -= timedelta(days=1)
    await ticks(JobRunner(ledger, clock, "one", [Job("j", 5, work)]), clock, 2)
    assert work.ran == [NOW - timedelta(days=1)]


async def test_a_replica_whose_clock_is_minutes_behind_takes_no_job_away(ledger: Ledger) -> None:
    clock, work = HeldClock(NOW), Work()
    assert await ledger.lease("j", "alive", now=NOW, until=NOW + timedelta(seconds=LEASE_S))
    clock.at -= timedelta(minutes=5)
    await ticks(JobRunner(ledger, clock, "one", [Job("j", 5, work)]), clock, 2)
    assert work.ran == []
