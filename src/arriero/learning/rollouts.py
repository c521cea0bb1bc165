"""Rollouts that act: they collect evidence, ask `rollout.advance`, and commit what it says.

The state, the exposure and both leaves of the audit log are one transaction: a crash leaves the state
before or the state after, and of two workers one acts and the other hears `Conflict`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from pydantic import TypeAdapter

from arriero.core.clock import Clock
from arriero.core.errors import Conflict, InputError, NotFound
from arriero.core.ids import uuid7
from arriero.core.settings import RolloutSettings, RolloutStep
from arriero.core.words import JsonValue, Mode, Variant
from arriero.learning.cycle import to_cycle
from arriero.learning.evidence import count
from arriero.learning.experiment.findings import Pairs
from arriero.learning.levels import MOST, level
from arriero.learning.rollout import (
    NO_PAIRS,
    Evidence,
    Rollout,
    abort,
    advance,
    begin,
    exposure,
    pause,
    planned,
    promote,
    resume,
)
from arriero.store.base import (
    Entry,
    ExposureSet,
    Ledger,
    Machine,
    MachineMoved,
    Observed,
    VariantRegistered,
)

KIND = "rollout"
ITSELF = "rollouts"  # the actor of what no person asked for
BODY = TypeAdapter(Rollout)
BEFORE = timedelta(days=1)  # of the champion's runs tell how slow its slowest twentieth is
TAIL = 0.95
FEWEST = 100  # runs before a tail is called known
NAMED = 3  # variants of an app that an error names
EVERYBODY = ""  # a rollout belongs to the whole installation, as variants and exposures do

# A look at 100,000 runs takes 2.2 s of a core: it rests, so that looking costs at most a twelfth of one,
# and a breach is still seen within a minute.
CHEAP_S, REST, LONGEST_REST_S = 0.25, 20.0, 30.0

Verb = Literal["pause", "resume", "promote", "abort"]
VERBS: Mapping[Verb, Callable[[Rollout, datetime, str], Rollout]] = {
    "pause": pause,
    "resume": resume,
    "promote": promote,
    "abort": abort,
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Looked:
    """A rollout as it stands, its version in the ledger, and what can be counted of it now."""

    rollout: Rollout
    version: int
    evidence: Evidence


@dataclass(frozen=True)
class Rollouts:
    """All rollouts of an installation. `safety` gives the checks of an app that count as safety."""

    ledger: Ledger
    clock: Clock
    settings: RolloutSettings = field(default_factory=RolloutSettings)
    safety: Callable[[str], Sequence[str]] = lambda app: ()
    stopwatch: Callable[[], float] = time.monotonic
    _rests: dict[str, float] = field(default_factory=dict)

    async def start(
        self,
        app: str,
        challenger: Variant,
        *,
        actor: str,
        forced: bool = False,
        pairs: Pairs = NO_PAIRS,
        cycle: str | None = None,
        settings: RolloutSettings | None = None,
        because: str = "",
        spent: float | None = None,
    ) -> Rollout:
        """Begin the challenger's rollout against the app's champion; `pairs` are the gate's (`begin`).

        `spent` is the level at which the gate tested; without a gate it is the next one (`levels`).

        Raises `Conflict` while another rollout of the app is open, `InputError` when there is no
        champion or it is the challenger itself.
        """
        now, settings = self.clock.now(), settings or self.settings
        there = (await self.ledger.exposures()).get(app)
        if there is None:
            raise InputError(f"app {app!r} has no champion yet; start it with `arriero up`")
        champion = await self.ledger.variant(there.shares[0].variant)
        if champion is None or challenger.app != app or champion.id == challenger.id:
            raise InputError(
                f"variant {challenger.id!r} cannot challenge {there.shares[0].variant!r} of {app!r}; "
                "choose another variant of the same app"
            )
        plan = planned(
            settings,
            await level(self.ledger, app) if spent is None else spent,
            roles=changed(champion, challenger),
            slow_ms=await self._tail(app, champion.id, now),
            safety=tuple(self.safety(app) if settings.safety is None else settings.safety),
        )
        made = begin(
            *(uuid7(), app, champion.id, challenger.id, plan, now),
            tenant=EVERYBODY,
            label=there.rollout,
            forced=forced,
            before=pairs,
            cycle=cycle,
            because=because,
        )
        await self._commit(None, made, 1, actor, VariantRegistered(challenger, now))
        return made

    async def ask(
        self,
        variant: str,
        *,
        actor: str,
        because: str = "",
        forced: bool = False,
        share: float | None = None,
    ) -> Rollout:
        """Begin the rollout of a variant that the ledger knows, because a person asks for it.

        `share`, below 1, makes one step of it. What is forced carries what the gate of its cycle saw of harm.
        Raises `NotFound` without such a variant, `InputError` when it is forced without a reason, and what
        `start` raises.
        """
        if forced and not because.strip():
            raise InputError("what no gate passed needs a reason: say why", param="because")
        found = await self.ledger.variant(variant)
        if found is None:
            raise NotFound(
                f"there is no variant {variant!r} in this ledger; the newest are: "
                f"{', '.join(await self._newest()) or 'none'}",
                param="variant",
            )
        settings = self.settings
        if share is not None and share >= 1:
            raise InputError(
                "a share of 1 leaves nobody to compare with; take less, and promote it when you are sure",
                param="share",
            )
        if share is not None:
            settings = settings.model_copy(update={"steps": (RolloutStep(share=share, hold_h=24),)})
        return await self.start(
            *(found.app, found),
            actor=actor,
            forced=forced,
            pairs=await self._gated(found) if forced else NO_PAIRS,
            settings=settings,
            because=because.strip(),
        )

    async def _gated(self, challenger: Variant) -> Pairs:
        """What the last gate found that compared it with the present champion; no pairs without one."""
        there = (await self.ledger.exposures()).get(challenger.app)
        if there is None:
            return NO_PAIRS
        both = there.shares[0].variant, challenger.id
        kept = await self.ledger.machines("cycle", app=challenger.app, open_only=False, limit=MOST)
        gated = [it for it in map(to_cycle, kept) if it.evaluation and it.before != NO_PAIRS]
        same = [it for it in gated if (it.champion, it.challenger) == both]
        return max(same, key=lambda it: it.begun).before if same else NO_PAIRS

    async def _newest(self) -> Sequence[str]:
        """Variants that may be meant: the newest of each app."""
        apps = await self.ledger.exposures()
        return [it.id for app in apps for it in (await self.ledger.variants(app))[-NAMED:]]

    async def _tail(self, app: str, champion: str, now: datetime) -> float | None:
        """How long the champion's slowest twentieth takes at least, and a tenth more; None: unknown."""
        rows = await self.ledger.outcomes(app, [champion], since=now - BEFORE)
        times = sorted(row.duration_ms for row in rows if row.mode is Mode.LIVE)
        return times[int(TAIL * len(times))] * 1.1 if len(times) >= FEWEST else None

    async def get(self, id: str) -> Looked:
        """`NotFound` when there is no such rollout."""
        found = await self.ledger.machine(KIND, id)
        if found is None:
            raise NotFound(f"there is no rollout {id!r}; `arriero rollout list` names them")
        return await self._looked(found)

    async def all(self, *, app: str | None = None, open_only: bool = False) -> Sequence[Rollout]:
        """The one that moved last comes first."""
        found = await self.ledger.machines(KIND, app=app, open_only=open_only)
        return [BODY.validate_python(it.body) for it in found]

    async def _looked(self, machine: Machine) -> Looked:
        rollout = BODY.validate_python(machine.body)
        rows: Sequence[Observed] = await self.ledger.outcomes(
            rollout.app,
            [rollout.champion, rollout.challenger],
            since=rollout.begun,
            until=None if rollout.open else rollout.at,
        )
        evidence = await asyncio.to_thread(count, rollout, rows, self.clock.now())
        return Looked(rollout, machine.version, evidence)

    async def look(self, now: datetime, *, rests: bool = True) -> None:
        """One look at each open rollout: the job. What another worker moved meanwhile is left to it.

        One whose last look took long rests; not without `rests`, where the time between looks is simulated.
        What one of them raises is raised at the end (the first, of several): no other one goes unguarded for it.
        """
        faults: list[Exception] = []
        for machine in await self.ledger.machines(KIND):
            try:
                await self._look_at(machine, now, rests=rests)
            except Conflict as moved:
                log.info("%s", moved.message)
            except Exception as error:  # noqa: BLE001  raised below
                log.warning("rollout %s cannot be looked at: %s", machine.id, type(error).__name__)
                faults.append(error)
        if faults:
            raise faults[0]

    async def _look_at(self, machine: Machine, now: datetime, *, rests: bool) -> None:
        begun = self.stopwatch()
        if rests and begun < self._rests.get(machine.id, begun):
            return
        looked = await self._looked(machine)
        took = self.stopwatch() - begun
        if took > CHEAP_S:
            self._rests[machine.id] = begun + min(took * REST, LONGEST_REST_S)
        after = advance(looked.rollout, looked.evidence, now)
        if after is not looked.rollout:
            await self._commit(looked.rollout, after, machine.version + 1, ITSELF)
            log.warning("rollout %s of %s: %s, %s", *_told(after))

    async def act(self, id: str, verb: Verb, actor: str) -> Rollout:
        """What a person does with a rollout. `Conflict` when it has ended or just moved."""
        machine = await self.ledger.machine(KIND, id)
        if machine is None:
            raise NotFound(f"there is no rollout {id!r}; `arriero rollout list` names them")
        before = BODY.validate_python(machine.body)
        after = VERBS[verb](before, self.clock.now(), actor)
        await self._commit(before, after, machine.version + 1, actor)
        return after

    async def _commit(
        self, before: Rollout | None, after: Rollout, version: int, actor: str, *more: Entry
    ) -> None:
        await self.ledger.commit(*more, *moves(before, after, version, actor), durable=True)


def moves(before: Rollout | None, after: Rollout, version: int, actor: str) -> Sequence[Entry]:
    """What commits a step: the machine, and the exposure if it is another one."""
    machine = Machine(
        *(KIND, after.id, after.tenant, after.app, after.state.value, after.open, version),
        body=BODY.dump_python(after, mode="json"),
        at=after.at,
    )
    moved = MachineMoved(machine, actor, after.because)
    if before is not None and exposure(before) == exposure(after):
        return [moved]
    return [moved, ExposureSet(exposure(after), actor, after.at)]


def changed(champion: Variant, challenger: Variant) -> tuple[str, ...]:
    """The roles whose model is another; empty when more than models differs: then all runs count."""
    if replace(challenger, roles=champion.roles) != champion:
        return ()
    names = {*champion.roles, *challenger.roles}
    return tuple(sorted(it for it in names if champion.roles.get(it) != challenger.roles.get(it)))


def brief(rollout: Rollout) -> Mapping[str, JsonValue]:
    """A rollout in a few words, for a list, a page or a terminal."""
    return {
        "id": rollout.id,
        "app": rollout.app,
        "champion": rollout.champion,
        "challenger": rollout.challenger,
        "state": rollout.state,
        "share": rollout.share,
        "paused": rollout.paused,
        "forced": rollout.forced,
        "proved": rollout.proved,
        "carried": rollout.carried,
        "because": rollout.because,
        "begun": rollout.begun.isoformat(),
        "moved": rollout.at.isoformat(),
        "deadline": rollout.deadline.isoformat(),
    }


def _told(rollout: Rollout) -> tuple[str, str, str, str]:
    return rollout.id, rollout.app, rollout.state.value, rollout.because
