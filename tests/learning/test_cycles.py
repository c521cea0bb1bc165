"""Cycles over a ledger: the whole way, a death between any two writes, and two workers at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from arriero.core.clock import SystemClock
from arriero.core.errors import Conflict, NotFound, StoreError
from arriero.learning import report, rollout
from arriero.learning.cycle import Collected, Cycle, Exposed, Judged, Made, State, Trigger
from arriero.learning.cycles import Cycles
from arriero.learning.experiment.findings import Pairs, Says
from arriero.learning.trainers.environment import TrainerMissing
from arriero.store.base import Entry, Ledger
from arriero.store.engine import sqlite_url
from arriero.store.fake import MemoryLedger
from arriero.store.ledger import open_ledger

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)


@dataclass
class FakeWork:
    """Does everything at once, and counts. What it makes is named by what it is made from."""

    tenant: str = "default"
    due: bool = True
    rollouts: dict[str, rollout.State] = field(default_factory=dict)
    trained: set[str] = field(default_factory=set)
    done: Counter[str] = field(default_factory=Counter)

    async def champion(self) -> str:
        return "support@a"

    async def trigger(self, last: Cycle | None, now: datetime) -> tuple[Trigger, str] | None:
        return (Trigger.FEEDBACK, "120 new examples") if self.due and last is None else None

    async def collect(self, cycle: Cycle) -> Collected:
        self.done["collect"] += 1
        return Collected("dataset", "key")

    async def train(self, cycle: Cycle) -> Made:
        self.done["train"] += 1
        await asyncio.sleep(0)
        self.trained.add(cycle.training or "")
        return Made("support@b", "adapter")

    async def judge(self, cycle: Cycle) -> Judged:
        self.done["judge"] += 1
        return Judged(Says.UNSURE, Pairs(30, 10, 0), "evaluation", "the shadow goes on")

    async def expose(self, cycle: Cycle) -> Exposed:
        self.done["expose"] += 1
        state = self.rollouts.setdefault(cycle.id, rollout.State.SHADOW)
        self.rollouts[cycle.id] = rollout.State.PROMOTED
        return Exposed(state, "so it stands")


class Killed(BaseException):
    """The process died here."""


class Dying:
    """A ledger that dies before or after its n-th commit, as a process does that is killed."""

    def __init__(self, ledger: Ledger, at: int, *, before: bool) -> None:
        self._ledger, self._at, self._before, self.commits = ledger, at, before, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    async def commit(self, *entries: Entry, durable: bool = False) -> None:
        self.commits += 1
        if self.commits == self._at and self._before:
            raise Killed
        await self._ledger.commit(*entries, durable=durable)
        if self.commits == self._at:
            raise Killed


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.service)])
async def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ledger]:
    if request.param == "memory":
        yield MemoryLedger(SystemClock())
        return
    url = sqlite_url(tmp_path / "ledger.db")
    real = open_ledger(
        url if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    )
    yield real
    await real.close()


async def until_it_ends(cycles: Cycles, *, most: int = 20) -> Cycle:
    for step in range(most):
        await cycles.tick(NOW + timedelta(minutes=step))
        if (found := await cycles.listed()) and not found[0].open:
            return found[0]
    raise AssertionError("the cycle does not end")


async def kinds(ledger: Ledger) -> list[str]:
    return [leaf.kind for leaf in await ledger.leaves()]


async def test_a_cycle_goes_all_the_way_and_every_step_is_audited(ledger: Ledger) -> None:
    work = FakeWork()
    ended = await until_it_ends(Cycles(ledger, {"support": work}))
    assert ended.state is State.PROMOTED
    assert ended.before == Pairs(30, 10, 0)
    assert work.done == {"collect": 1, "train": 1, "judge": 1, "expose": 2}
    assert await kinds(ledger) == ["cycle.moved"] * 5


async def test_no_cycle_begins_while_none_is_due(ledger: Ledger) -> None:
    assert await Cycles(ledger, {"support": FakeWork(due=False)}).step("support", NOW) is None
    assert await ledger.machines("cycle", open_only=False) == []


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("at", range(1, 6))
async def test_a_death_at_any_commit_leaves_a_cycle_that_ends_the_same(
    ledger: Ledger, at: int, before: bool
) -> None:
    work = FakeWork()
    with pytest.raises(Killed):
        await until_it_ends(Cycles(Dying(ledger, at, before=before), {"support": work}))
    ended = await until_it_ends(Cycles(ledger, {"support": work}))
    assert ended.state is State.PROMOTED
    assert work.trained == {"key"}
    assert set(work.rollouts) == {ended.id}
    assert len(await ledger.machines("cycle", open_only=False)) == 1
    assert await kinds(ledger) == ["cycle.moved"] * 5


async def test_of_two_workers_exactly_one_moves_a_cycle(ledger: Ledger) -> None:
    work = FakeWork()
    both = [Cycles(ledger, {"support": work}) for _ in range(2)]
    for step in range(12):
        await asyncio.gather(*(one.tick(NOW + timedelta(minutes=step)) for one in both))
    (ended,) = await both[0].listed()
    assert ended.state is State.PROMOTED
    assert await kinds(ledger) == ["cycle.moved"] * 5
    assert set(work.rollouts) == {ended.id}


async def test_what_goes_wrong_keeps_the_cycle_where_it_is(ledger: Ledger) -> None:
    class Broken(FakeWork):
        async def collect(self, cycle: Cycle) -> Collected:
            raise StoreError("the disk is full; free some space")

    cycles = Cycles(ledger, {"support": Broken()})
    await cycles.tick(NOW)
    await cycles.tick(NOW)
    assert cycles.stuck == {"support": "the disk is full; free some space"}
    assert (await cycles.listed())[0].state is State.COLLECTING


async def test_a_second_cycle_of_an_app_is_refused_while_one_is_open(ledger: Ledger) -> None:
    cycles = Cycles(ledger, {"support": FakeWork()})
    first = await cycles.begin("support", Trigger.PERSON, "because", now=NOW, actor="ana")
    with pytest.raises(Conflict, match="open cycle"):
        await cycles.begin("support", Trigger.PERSON, "again", now=NOW, actor="eva")
    ended = await cycles.abort(first.id, NOW, "ana")
    assert ended.because == "aborted by ana"
    assert (await ledger.leaves())[-1].actor == "ana"


async def test_unknown_cycles_and_apps_are_named(ledger: Ledger) -> None:
    cycles = Cycles(ledger, {"support": FakeWork()})
    with pytest.raises(NotFound, match="no cycle 'x'"):
        await cycles.abort("x", NOW, "ana")
    with pytest.raises(NotFound, match="apps that do: support"):
        await cycles.step("chat", NOW)


async def test_what_a_cycle_waits_for_is_told_with_it_once(ledger: Ledger) -> None:
    class Waiting(FakeWork):
        said: str = "run: arriero trainer install"

        async def train(self, cycle: Cycle) -> Made:
            raise TrainerMissing(self.said)

    work = Waiting()
    cycles = Cycles(ledger, {"support": work}, stopwatch=lambda: 0.0)
    for minute in range(5):
        await cycles.tick(NOW + timedelta(minutes=minute))
    (waiting,) = await cycles.listed()
    assert (waiting.state, waiting.waits) == (State.TRAINING, "run: arriero trainer install")
    assert waiting.at == NOW + timedelta(minutes=1)  # it has not moved since
    assert await kinds(ledger) == ["cycle.moved"] * 3
    work.said = "its environment was made for other versions"
    await cycles.tick(NOW + timedelta(minutes=5))
    assert (await cycles.listed())[0].waits == work.said
    told = report.to_markdown(await report.gather(ledger, "default", waiting.id))
    assert f"waits: {work.said}" in told
    cycles = Cycles(ledger, {"support": FakeWork()})
    moved = await cycles.step("support", NOW + timedelta(minutes=6))
    assert moved is not None
    assert (moved.state, moved.waits) == (State.GATED, "")


async def test_one_apps_fault_keeps_no_other_app_from_learning(ledger: Ledger) -> None:
    class Faulty(FakeWork):
        async def collect(self, cycle: Cycle) -> Collected:
            raise ValueError("no such thing")

    good = FakeWork()
    cycles = Cycles(ledger, {"chat": Faulty(), "support": good})
    for minute in range(3):
        await cycles.tick(NOW + timedelta(minutes=minute))
    assert cycles.stuck == {"chat": "ValueError: no such thing"}
    assert good.done["train"] == 1


async def test_a_cycle_moved_when_its_work_was_done_not_when_it_was_begun(ledger: Ledger) -> None:
    seconds = iter(range(0, 100_000, 3_600))
    cycles = Cycles(ledger, {"support": FakeWork()}, stopwatch=lambda: float(next(seconds)))
    await cycles.begin("support", Trigger.PERSON, "because", now=NOW)
    moved = await cycles.step("support", NOW)
    assert moved is not None
    assert moved.at == NOW + timedelta(hours=1)


async def test_the_last_cycle_is_the_one_that_began_last_even_if_a_clock_was_set_back(
    ledger: Ledger,
) -> None:
    seen: list[str | None] = []

    class Noting(FakeWork):
        async def trigger(self, last: Cycle | None, now: datetime) -> None:
            seen.append(last.id if last is not None else None)

    cycles = Cycles(ledger, {"support": Noting()})
    first = await cycles.begin("support", Trigger.PERSON, "because", now=NOW)
    await cycles.abort(first.id, NOW + timedelta(days=2), "ana")
    second = await cycles.begin("support", Trigger.PERSON, "b", now=NOW + timedelta(days=1))
    await cycles.abort(second.id, NOW + timedelta(days=1), "ana")
    await cycles.step("support", NOW + timedelta(days=1))
    assert seen == [second.id]
    ahead = await cycles.begin("support", Trigger.PERSON, "c", now=NOW + timedelta(days=900))
    await cycles.abort(ahead.id, NOW + timedelta(days=900), "ana")
    await cycles.step("support", NOW + timedelta(days=3))
    assert seen == [second.id, second.id]
