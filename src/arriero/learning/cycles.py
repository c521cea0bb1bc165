"""Moves cycles on: finds out what the present state needs, asks `cycle.advance`, commits state and audit leaf.

One job does this for all apps, under a lease. Whoever else tries finds the version moved and lets it be.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from arriero.core.errors import ArrieroError, Conflict, NotFound
from arriero.core.ids import uuid7
from arriero.learning import cycle as pure
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
from arriero.store.base import Ledger, Machine, MachineMoved

KIND = "cycle"
ITSELF = "arriero"  # the actor of what nobody asked for

log = logging.getLogger(__name__)


class Work(Protocol):
    """What the states of one app's cycles do. Doing it twice gives the same result once.

    An `ArrieroError` leaves the cycle where it is, to be tried again when the job is due.
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

    async def tick(self, now: datetime) -> None:
        """One step of each app's cycle, and the begin of those that are due."""
        for app in self.works:
            try:
                await self.step(app, now)
                self.stuck.pop(app, None)
            except Conflict as moved:  # another worker was faster, or a person
                log.info("cycle of %s: %s", app, moved.message)
            except ArrieroError as error:
                self.stuck[app] = error.message
                log.warning("cycle of %s waits: %s", app, error.message)

    async def step(self, app: str, now: datetime) -> Cycle | None:
        """The app's cycle after one step; None when there is none, and none is due."""
        work = self._work(app)
        open_ = await self.ledger.machines(KIND, app=app, limit=1)
        if not open_:
            due = await work.trigger(await self._last(app), now)
            return None if due is None else await self.begin(app, *due, now=now)
        machine = open_[0]
        cycle = pure.to_cycle(machine)
        moved = pure.advance(cycle, await self._found(work, cycle), now)
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
        """End a cycle because a person says so. `NotFound`, or `Conflict` when it has ended."""
        machine = await self.machine(id)
        moved = pure.abort(pure.to_cycle(machine), now, actor)
        await self._keep(moved, machine.version + 1, actor)
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

    async def _last(self, app: str) -> Cycle | None:
        found = await self.listed(app, limit=1)
        return found[0] if found else None

    async def _keep(self, cycle: Cycle, version: int, actor: str) -> None:
        moved = MachineMoved(pure.to_machine(cycle, version), actor, cycle.because)
        await self.ledger.commit(moved, durable=True)
        log.info("cycle %s of %s is %s: %s", cycle.id, cycle.app, cycle.state, cycle.because)

    def _work(self, app: str) -> Work:
        if app not in self.works:
            learn = ", ".join(self.works) or "none"
            raise NotFound(f"app {app!r} does not learn; apps that do: {learn}", param="app")
        return self.works[app]
