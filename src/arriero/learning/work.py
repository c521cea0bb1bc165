"""What the states of a cycle really do: build, train, adapt, judge, expose. The parts come from outside.

Every result is named by what it was made from, so a step that a crash cut off gives the same result again.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from arriero.core.clock import Clock
from arriero.core.errors import Conflict, InputError, NotFound, StoreError
from arriero.core.settings import LearningSettings
from arriero.core.words import JsonValue, RoleBinding, Run, Variant, content_hash
from arriero.flow import AnyApp, Flow
from arriero.learning.cycle import Collected, Cycle, Exposed, Judged, Made, Trigger, Waits
from arriero.learning.cycles import KIND
from arriero.learning.dataset.build import Dataset, NotEnough
from arriero.learning.dataset.example import Route
from arriero.learning.dataset.write import MANIFEST
from arriero.learning.experiment.findings import Pairs, Says
from arriero.learning.gate import Gate, GateCase, Kind, Pair, Verdict, fingerprint, judge, takes
from arriero.learning.judging import Judging
from arriero.learning.levels import level
from arriero.learning.rollout import State as Rolled
from arriero.learning.rollouts import Rollouts
from arriero.learning.trainers.base import (
    Reason,
    Recipe,
    Trained,
    Trainer,
    TrainingFailed,
    TrainingProgress,
)
from arriero.models.adapters import PREFIX
from arriero.models.files import read_json
from arriero.store.base import Artefact, ArtefactRegistered, Ledger, VariantRegistered

T = TypeVar("T")
ITSELF = "arriero"
LOOK_S = 2.0  # between two looks whether a cycle that works was ended
WRITTEN = "generative"  # the origin of an answer that a model wrote
PAGE = 200  # runs looked through for those that reached the trained role
AGAIN = (Reason.CRASHED, Reason.OUT_OF_MEMORY)  # what another try may help against
# What to train when feedback allows several: an edit says most, a thumb says less than a pair.
PREFERRED = (Route.SFT, Route.DPO, Route.KTO)

log = logging.getLogger(__name__)


async def unwatched(champion: str, since: datetime | None, now: datetime) -> str | None:  # noqa: ARG001
    """Where nobody looks out nothing drifts."""
    return None


@dataclass(frozen=True)
class AppWork:
    """The cycles of one app. `roles` are those that write text; the first is trained unless settings say.

    `build` gives the dataset of what was said since a moment, `adapt` registers a trained folder and gives
    the adapter's hash, `golden` reads the app's golden set, `recipe` is how to train a stage on a base,
    `drifted` says what drifted under a champion since a moment (`Lookout.drifted`).
    """

    flow: Flow
    app: AnyApp
    ledger: Ledger
    clock: Clock
    settings: LearningSettings
    tenant: str
    folder: Path
    roles: Sequence[str]
    build: Callable[[datetime | None], Awaitable[Dataset | NotEnough]]
    recipe: Callable[[RoleBinding, Route], Recipe]
    trainer: Trainer
    adapt: Callable[[Trained], Awaitable[str]]
    rollouts: Rollouts
    golden: Callable[[], Sequence[GateCase]] = lambda: ()
    drifted: Callable[[str, datetime | None, datetime], Awaitable[str | None]] = unwatched
    progress: Callable[[TrainingProgress], None] = lambda progress: None
    told: Callable[[str, int, int], None] = field(default=lambda what, done, of: None)

    @property
    def role(self) -> str:
        """The role whose model is trained."""
        if self.settings.role is not None:
            return self.settings.role
        if not self.roles:
            raise InputError(
                f"app {self.app.name!r} has no role that writes text; set learning.role"
            )
        return self.roles[0]

    async def champion(self) -> str:
        exposure = (await self.ledger.exposures())[self.app.name]
        return exposure.shares[0].variant

    async def trigger(self, last: Cycle | None, now: datetime) -> tuple[Trigger, str] | None:
        """New feedback, the schedule, or drift. What found too little is not begun again for nothing."""
        since = last.begun if last is not None else None
        new = await self.ledger.given(self.tenant, self.app.name, since=since)
        if new >= self.settings.min_examples:
            return Trigger.FEEDBACK, f"{new} runs with new feedback"
        every = self.settings.every_h
        if every is not None and (last is None or now - last.begun >= timedelta(hours=every)):
            return Trigger.SCHEDULE, f"{every:g} hours have passed"
        ended = last.at if last is not None else None
        drift = await self.drifted(await self.champion(), ended, now)
        return None if drift is None else (Trigger.DRIFT, drift)

    async def collect(self, cycle: Cycle) -> Collected:
        built = await self._while_open(cycle, self.build(None))
        if isinstance(built, NotEnough):
            return Collected(None, missing="; ".join(built.missing))
        stage = next((one for one in PREFERRED if one in built.stages), None)
        if stage is None:
            return Collected(None, missing="no text to train on, only labels")
        recipe = self.recipe(await self._binding(cycle.champion), stage)
        return Collected(built.id, recipe.key(built.id))

    async def train(self, cycle: Cycle) -> Made:
        if cycle.dataset is None or cycle.training is None:
            raise InputError(f"cycle {cycle.id!r} trains without a dataset; abort it")
        dataset, out = (
            self.folder / "datasets" / cycle.dataset,
            self.folder / "trained" / cycle.training,
        )
        champion = await self._variant(cycle.champion)
        recipe = await self._recipe(cycle, champion.roles[self.role])
        try:
            adapter = await self._adapter(cycle, dataset, recipe, out)
        except TrainingFailed as failed:
            return Made(None, failed=failed.message, again=failed.reason in AGAIN)
        challenger = champion.rebound(
            self.role,
            adapter=f"{PREFIX}{adapter}",
            model=_served(champion.roles[self.role], recipe),
        )
        await self.ledger.commit(VariantRegistered(challenger, self.clock.now()), durable=True)
        return Made(challenger.id, adapter)

    async def _adapter(self, cycle: Cycle, dataset: Path, recipe: Recipe, out: Path) -> str:
        """What training gives, proved and registered; nothing, once somebody was erased from the dataset."""
        await asyncio.to_thread(_refuse_erased, dataset, out)
        training = self.trainer.train(dataset, recipe, out, progress=self.progress)
        trained = await self._while_open(cycle, training)
        await asyncio.to_thread(_refuse_erased, dataset, out)
        adapter = await self.adapt(trained)
        await asyncio.to_thread(_refuse_erased, dataset, out)
        return adapter

    async def _while_open(self, cycle: Cycle, work: Awaitable[T]) -> T:
        """What the work comes to; it ends with the cycle (`Conflict`), wherever a person ended that."""
        task = asyncio.ensure_future(work)
        try:
            while not (await asyncio.wait({task}, timeout=LOOK_S))[0]:
                with suppress(StoreError):  # it is asked again
                    if await self._ended(cycle):
                        raise Conflict(f"cycle {cycle.id!r} was ended")
            return task.result()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _ended(self, cycle: Cycle) -> bool:
        """Whether a person ended the cycle meanwhile."""
        kept = await self.ledger.machine(KIND, cycle.id)
        return kept is not None and not kept.open

    async def judge(self, cycle: Cycle) -> Judged | Waits:
        """The gate's pairs, made once; with `gate.people`, people's word counts in place of the metric's."""
        evaluation = await self.ledger.artefact("evaluation", _evaluation_of(cycle))
        if evaluation is None:
            evaluation = await self._while_open(cycle, self._evaluated(cycle))
        body, says = evaluation.body, Says(evaluation.body["says"])
        nothing_to_judge = body["finding"]["broken"] or says is Says.INVALID
        if not self.settings.gate.people or nothing_to_judge:
            pairs = Pairs(*(body["finding"][name] for name in ("wins", "losses", "ties")))
            return Judged(says, pairs, evaluation.id, body["because"])
        judging = Judging(self.ledger, self.tenant)
        standing = await judging.standing(evaluation)
        if standing.finding.says is Says.UNSURE and await judging.next(evaluation) is not None:
            told = f"{standing.judged} of {standing.of} pairs are judged: `arriero judge`"
            return Waits(told, evaluation.id)
        because = f"people judged {standing.judged} pairs: {standing.finding.says}"
        return Judged(standing.finding.says, standing.pairs, evaluation.id, because)

    async def _evaluated(self, cycle: Cycle) -> Artefact:
        if cycle.challenger is None:
            raise InputError(f"cycle {cycle.id!r} has no challenger; abort it")
        champion, challenger = (
            await self._variant(cycle.champion),
            await self._variant(cycle.challenger),
        )
        cases = [*(self.golden() if self.settings.gate.golden else ()), *await self._recent()]
        gate = Gate(self.flow, self.app, frozenset({self.role}))
        pairs = await gate.pairs(
            cases, champion, challenger, progress=lambda done, of: self.told("judging", done, of)
        )
        spent = await level(self.ledger, self.app.name, besides=cycle.id)
        own = self.settings.gate
        verdict = judge(pairs, spent, tie=own.tie, safety=own.safety)
        return await self._keep(cycle, pairs, verdict, spent)

    async def expose(self, cycle: Cycle) -> Exposed:
        known = await self.rollouts.all(app=self.app.name)
        found = next((one for one in known if one.cycle == cycle.id), None)
        if found is None:
            if cycle.challenger is None:
                raise InputError(f"cycle {cycle.id!r} has no challenger; abort it")
            if await self.champion() != cycle.champion:
                why = "another champion serves now than the one it was compared with"
                return Exposed(Rolled.INVALID, why)
            evaluation = await self.ledger.artefact("evaluation", _evaluation_of(cycle))
            found = await self.rollouts.start(
                self.app.name,
                await self._variant(cycle.challenger),
                actor=ITSELF,
                pairs=cycle.before,
                cycle=cycle.id,
                spent=None if evaluation is None else float(evaluation.body["level"]),
            )
            if await self._ended(cycle):  # a person was faster
                found = await self.rollouts.act(found.id, "abort", ITSELF)
        return Exposed(found.state, found.because)

    async def _recipe(self, cycle: Cycle, bound: RoleBinding) -> Recipe:
        """The recipe whose key the cycle keeps: a changed file of settings does not change a cycle."""
        for stage in PREFERRED:
            recipe = self.recipe(bound, stage)
            if recipe.key(cycle.dataset or "") == cycle.training:
                return recipe
        raise InputError(
            f"the settings of training changed while cycle {cycle.id!r} was open; abort it"
        )

    async def _binding(self, variant: str) -> RoleBinding:
        return (await self._variant(variant)).roles[self.role]

    async def _variant(self, id: str) -> Variant:
        found = await self.ledger.variant(id)
        if found is None:
            raise NotFound(f"variant {id!r} is not in this ledger; restore it, or abort the cycle")
        return found

    async def _recent(self) -> Sequence[GateCase]:
        """Recent live runs in which the trained role was called, one of each unit, newest first."""
        found: list[GateCase] = []
        units: set[str] = set()
        before: str | None = None
        while len(found) < self.settings.gate.replayed:
            page = await self.ledger.runs(self.tenant, app=self.app.name, limit=PAGE, before=before)
            for run in page:
                unit = run.unit or run.id
                if unit in units or run.mode.value != "live" or not await self._reached(run):
                    continue
                units.add(unit)
                found.append(GateCase(run.id, Kind.REPLAYED, run.tenant, run.input, run.unit))
            if len(page) < PAGE:
                break
            before = page[-1].id
        return found[: self.settings.gate.replayed]

    async def _reached(self, run: Run) -> bool:
        """Whether the trained role was called, and what was asked can be asked again."""
        # Most runs that asked no model are told by their row; not every server, and few logs, count tokens.
        written = run.tokens_out > 0 or run.origin == WRITTEN
        if not written or not takes(self.app, run.input):
            return False
        trace = await self.ledger.trace(run)
        return trace is not None and any(call.role == self.role for call in trace.calls)

    async def _keep(
        self, cycle: Cycle, pairs: Sequence[Pair], verdict: Verdict, spent: float
    ) -> Artefact:
        cases = [pair.case for pair in pairs]
        golden = fingerprint([case for case in cases if case.kind is Kind.GOLDEN])
        before = await self.ledger.artefacts("evaluation", app=self.app.name, limit=10_000)
        used = sum(one.body.get("golden") == golden for one in before)
        body: dict[str, JsonValue] = {
            "cycle": cycle.id,
            "champion": cycle.champion,
            "challenger": cycle.challenger,
            "golden": golden,
            "golden_used_before": used,
            "level": spent,
            "hoped_for": self.settings.target_effect,
            "says": verdict.says.value,
            "because": verdict.because,
            "finding": _finding(verdict),
            "pairs": [_pair(pair, self.settings.gate.tie) for pair in pairs],
        }
        made = Artefact(
            "evaluation", _evaluation_of(cycle), self.tenant, self.app.name, body, self.clock.now()
        )
        await self.ledger.commit(ArtefactRegistered(made, ITSELF), durable=True)
        return made


def _served(bound: RoleBinding, recipe: Recipe) -> str:
    """The model that an adapter fits: the role's, unless `learning.recipe.base` names another of the catalogue."""
    same = recipe.base == bound.model.partition(":")[2] or "/" in recipe.base
    return bound.model if same else f"llama:{recipe.base}"


def _refuse_erased(dataset: Path, out: Path) -> None:
    """`learn forget` may come while a training runs, and lists only what is registered by then."""
    if read_json(dataset / MANIFEST).get("gone"):
        shutil.rmtree(out, ignore_errors=True)
        raise TrainingFailed(
            Reason.CANCELLED,
            f"somebody was erased from dataset {dataset.name[:12]} meanwhile; the next cycle learns"
            " without them",
        )


def _evaluation_of(cycle: Cycle) -> str:
    """The name of a cycle's evaluation: it has one."""
    return content_hash({"evaluation of": cycle.id})


def _finding(verdict: Verdict) -> Mapping[str, JsonValue]:
    found = verdict.finding
    return {
        "n": found.n,
        "effect": found.effect,
        "low": found.interval.low,
        "high": found.interval.high,
        "detectable": found.detectable if found.detectable < float("inf") else None,
        "wins": verdict.pairs.wins,
        "losses": verdict.pairs.losses,
        "ties": verdict.pairs.ties,
        "reached": verdict.reached,
        "cases": verdict.cases,
        "broken": list(verdict.broken),
    }


def _pair(pair: Pair, tie: float) -> Mapping[str, JsonValue]:
    """What was said stays in the runs, so that erasing a person reaches it."""
    return {
        "case": pair.case.id,
        "kind": pair.case.kind.value,
        "won": pair.won(tie),
        "reached": pair.reached,
        "differs": pair.differs,
        "champion": {"value": pair.champion.value, "run": pair.champion.run},
        "challenger": {"value": pair.challenger.value, "run": pair.challenger.run},
    }
