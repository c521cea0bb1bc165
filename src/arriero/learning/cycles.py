"""Moves cycles on: finds out what the present state needs, asks `cycle.advance`, commits state and audit leaf.

One job does this for all apps, under a lease. Whoever else tries finds the version moved and lets it be.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from arriero.core.errors import ArrieroError, Conflict, NotFound
from arriero.core.ids import uuid7
from arriero.learning import cycle as pure
from arriero.learning import rollout, rollouts
from arriero.learning.cycle import (
    Collected,
    Cycle,
    Exposed,
    Found,
    Judged,
    Made,
    State,
    Trigger,
    Waits,
)
from arriero.store.base import Entry, Ledger, Machine, MachineMoved

KIND = "cycle"
ITSELF = "arriero"  # the actor of what nobody asked for

log = logging.getLogger(__name__)


class Work(Protocol):
    """What the states of one app's cycles do. Doing it twice gives the same result once.

    An error leaves the cycle where it is, to be tried again when the job is due; the cycle says so.
    """

    @property
    def tenant(self) -> str: ...

    async def champion(self) -> str:
        """The variant that serves now."""

    async def trigger(self, last: Cycle | None, now: datetime) -> tuple[Trigger, str] | None:
        """Whether a cycle is due, and why; `last` is the newest one that ended."""

    async def collect(self, cycle: Cycle) -> Collected: ...

    async def train(self, cycle: Cycle) -> Made: ...

    async def judge(self, cycle: Cycle) -> Judged | Waits: ...

    async def expose(self, cycle: Cycle) -> Exposed:
        """Begin the rollout named like the cycle, unless it was begun; how it stands."""


@dataclass
class Cycles:
    """The cycles of every app that learns. `stuck` says, for each app, what its last try failed with."""

    ledger: Ledger
    works: Mapping[str, Work]
    stuck: dict[str, str] = field(default_factory=dict)
    stopwatch: Callable[[], float] = time.monotonic

    async def tick(self, now: datetime) -> None:
        """One step of each app's cycle, and the begin of those that are due.

        The worker loop's broad catch: one app's fault keeps no other one from learning.
        """
        for app in self.works:
            try:
                await self.step(app, now)
                self.stuck.pop(app, None)
            except Conflict as moved:  # another worker was faster, or a person
                log.info("cycle of %s: %s", app, moved.message)
            except Exception as error:
                told, known = _sentence(error), isinstance(error, ArrieroError)
                if self.stuck.get(app) != told:  # once, though it is tried every few seconds
                    log.warning("cycle of %s waits: %s", app, told, exc_info=not known)
                self.stuck[app] = told

    async def step(self, app: str, now: datetime) -> Cycle | None:
        """The app's cycle after one step; None when there is none, and none is due."""
        work = self._work(app)
        open_ = await self.ledger.machines(KIND, app=app, limit=1)
        if not open_:
            due = await work.trigger(await self._last(app, now), now)
            return None if due is None else await self.begin(app, *due, now=now)
        begun, machine = self.stopwatch(), open_[0]
        try:
            found = await self._found(work, pure.to_cycle(machine))
        except Exception as error:
            await self._move(machine, Waits(_sentence(error)), now)
            raise
        return await self._move(machine, found, now + timedelta(seconds=self.stopwatch() - begun))

    async def _move(self, machine: Machine, found: Found, now: datetime) -> Cycle:
        cycle = pure.to_cycle(machine)
        moved = pure.advance(cycle, found, now)
        if moved is not cycle:
            await self._keep(moved, machine.version + 1, ITSELF)
        return moved

    async def _found(self, work: Work, cycle: Cycle) -> Found:
        match cycle.state:
            case State.COLLECTING:
                return await work.collect(cycle)
            case State.TRAINING:
                return await work.train(cycle)
            case State.GATED:
                return await work.judge(cycle)
            case _:
                return await work.expose(cycle)

    async def begin(
        self, app: str, trigger: Trigger, because: str, *, now: datetime, actor: str = ITSELF
    ) -> Cycle:
        """Begin a cycle. `Conflict` while another one of this app is open."""
        work = self._work(app)
        champion = await work.champion()
        made = pure.begin(uuid7(), app, work.tenant, champion, trigger, now, because)
        await self._keep(made, 1, actor)
        return made

    async def abort(self, id: str, now: datetime, actor: str) -> Cycle:
        """End a cycle, and its rollout, because a person says so.

        Raises `NotFound`, or `Conflict` when it has ended, or just moved.
        """
        machine = await self.machine(id)
        moved = pure.abort(pure.to_cycle(machine), now, actor)
        taken_back: list[Entry] = []
        for found in await self.ledger.machines(rollouts.KIND, app=moved.app):
            shown = rollouts.BODY.validate_python(found.body)
            if shown.cycle == id:
                after = rollout.abort(shown, now, actor)
                taken_back += rollouts.moves(shown, after, found.version + 1, actor)
        await self._keep(moved, machine.version + 1, actor, *taken_back)
        return moved

    async def machine(self, id: str) -> Machine:
        """The kept cycle; `NotFound` without it."""
        found = await self.ledger.machine(KIND, id)
        if found is None:
            raise NotFound(
                f"there is no cycle {id!r}; `arriero learn status` lists them", param="id"
            )
        return found

    async def listed(self, app: str | None = None, *, limit: int = 50) -> list[Cycle]:
        """Open and ended cycles, newest first."""
        found = await self.ledger.machines(KIND, app=app, open_only=False, limit=limit)
        return [pure.to_cycle(machine) for machine in found]

    async def _last(self, app: str, now: datetime) -> Cycle | None:
        """The newest one that ended; by its begin, which a clock that was set back leaves in order.

        One that began after `now` did so under a clock that ran ahead: it would keep others waiting till then.
        """
        begun = [one for one in await self.listed(app) if one.begun <= now]
        return max(begun, key=lambda one: one.begun, default=None)

    async def _keep(self, cycle: Cycle, version: int, actor: str, *more: Entry) -> None:
        because = cycle.waits or cycle.because
        moved = MachineMoved(pure.to_machine(cycle, version), actor, because)
        await self.ledger.commit(moved, *more, durable=True)
        log.info("cycle %s of %s is %s: %s", cycle.id, cycle.app, cycle.state, because)

    def _work(self, app: str) -> Work:
        if app not in self.works:
            learn = ", ".join(self.works) or "none"
            raise NotFound(f"app {app!r} does not learn; apps that do: {learn}", param="app")
        return self.works[app]


def _sentence(error: Exception) -> str:
    return error.message if isinstance(error, ArrieroError) else f"{type(error).__name__}: {error}"
