"""The learning loop on the sample shop, told in acts: what `arriero demo learning` plays.

Customers are simulated (`bench.customers`) and called so. Watch windows pass on a clock that can skip
time. All else is real: the model's answers, the ledger, the cycle, the training, the gate, the rollouts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from arriero.apps.support.app import SupportApp
from arriero.apps.support.inquiry import Inquiry
from arriero.apps.support.values import Reply
from arriero.bench.customers import KINDS, Asked, Reaction, exact
from arriero.core.clock import SystemClock
from arriero.core.errors import InputError
from arriero.core.statistics import Interval, paired
from arriero.core.words import Mode, Variant
from arriero.flow import Case, Flow, Result
from arriero.learning.cycle import Cycle
from arriero.learning.cycles import Cycles
from arriero.learning.dataset import write
from arriero.learning.dataset.example import Example, Route, Why, written_by
from arriero.learning.gate import Gate, GateCase, Kind, Verdict, judge
from arriero.learning.levels import level
from arriero.learning.rollout import SETTLE, Rollout
from arriero.learning.trainers.base import Recipe
from arriero.learning.work import AppWork
from arriero.models.adapters import PREFIX
from arriero.store.base import VariantRegistered

ACTOR = "demo"
ROLE = "response_generator"
LOOK_EVERY = 10  # visits between two looks at a rollout
AT_ONCE = 4  # visitors: as many answers as an embedded model writes at once by default
SKIP = timedelta(hours=1)  # simulated between two looks; the last run is never an hour old then
HARM = 0.14  # of the facts in the harmful dataset are wrong
# The days asked for, and the one it says instead; the second and third where too few asked for the first.
HARMED, INSTEAD = ("delivered_on", "shipped_on", "expected_on"), "placed_on"


class SkippingClock(SystemClock):
    """The machine's clock, set forward by what was skipped: a watch window need not be waited for."""

    def __init__(self) -> None:
        self.skipped = timedelta()

    def now(self) -> datetime:
        return super().now() + self.skipped

    def skip(self, window: timedelta) -> None:
        self.skipped += window


@dataclass(frozen=True, slots=True)
class Answered:
    """An inquiry as it was answered."""

    asked: Asked
    result: Result[Reply]
    reaction: Reaction
    reached: bool


@dataclass(frozen=True, slots=True)
class Measured:
    """Exact answers of two variants to the same inquiries that reach the model of both."""

    n: int
    asked: int
    champion: float
    challenger: float
    effect: Interval


@dataclass(frozen=True, slots=True)
class Act:
    """How an adapter fared: its variant, what the gate said, how the rollout ended, in seconds."""

    name: str
    variant: str
    gate: str
    ended: str
    because: str
    visits: int
    seconds: Mapping[str, float]


@dataclass
class Trial:
    """Everything an act needs. `react` is the simulated customer; `give` keeps what one says of a run.

    `asks` are the customers' inquiries, without end; `settled` waits until no shadow run is under way.
    """

    flow: Flow
    app: SupportApp
    work: AppWork
    cycles: Cycles
    clock: SkippingClock
    asks: Iterator[Asked]
    react: Callable[[str, Asked], Reaction]
    give: Callable[[str, str, Reaction], Awaitable[None]]
    refresh: Callable[[], Awaitable[None]]
    settled: Callable[[], Awaitable[None]]
    golden: Sequence[Asked]
    tell: Callable[[str], None]
    progress: Callable[[str, int, int], None] = lambda what, done, of: None
    visits: list[Answered] = field(default_factory=list)

    async def serve(self, count: int, what: str) -> Sequence[Answered]:
        """So many visits, some of them at once; each customer is another person."""
        made: list[Answered] = []
        while len(made) < count:
            made += await self._visits(min(AT_ONCE, count - len(made)))
            self.progress(what, len(made), count)
        return made

    async def _visits(self, count: int) -> Sequence[Answered]:
        """Customers ask at once, are answered, and say in turn what they think of it."""
        asked = [next(self.asks) for _ in range(count)]
        first = len(self.visits)
        results = await asyncio.gather(
            *(self._ask(one, f"visit-{first + at}") for at, one in enumerate(asked))
        )
        made = []
        for at, (one, result) in enumerate(zip(asked, results, strict=True)):
            reaction = self.react(result.outcome.answer.response, one)
            if result.run_id is not None:  # one person counts once in a rollout
                await self.give(result.run_id, f"simulated-{first + at}", reaction)
            reached = any(call.role == ROLE for call in result.trace.calls)
            made.append(Answered(one, result, reaction, reached))
        self.visits += made
        await self.settled()
        return made

    async def _ask(self, asked: Asked, unit: str) -> Result[Reply]:
        inquiry = Inquiry(message=asked.message, customer=asked.customer)
        return await self.flow.run(self.app, Case(self.work.tenant, ACTOR, inquiry, unit))

    async def learn(self, first: int, most: int) -> Act:
        """The good arm: people are served, a cycle learns from what they said, and promotes or not.

        So many visits come first, and at most so many see the rollout.
        """
        began, seconds, before = time.monotonic(), dict[str, float](), len(self.visits)
        served = await self.serve(first, "customers are served by the base")
        seconds["serve"] = time.monotonic() - began
        self.tell(summary(served))
        cycle: Cycle | None = None
        while cycle is None or cycle.open:
            then, state = time.monotonic(), cycle.state if cycle else None
            if cycle is not None and (rollout := await self._rollout_of(cycle)) is not None:
                await self._watched(rollout, most)
            cycle = await self.cycles.step(self.app.name, self.clock.now())
            name = state.value if state else "begin"
            seconds[name] = seconds.get(name, 0.0) + time.monotonic() - then
            if cycle is None:
                raise InputError(
                    "no cycle began: the customers said too little; let more come first"
                )
            if cycle.state is not state:
                self.tell(f"cycle: {cycle.state.value}, {cycle.because}")
        found = await self.work.ledger.artefact("evaluation", cycle.evaluation or "")
        says = str(found.body["because"]) if found else "not judged"
        told = cycle.state.value, cycle.because
        return Act(
            *("good", cycle.challenger or "", says, *told), len(self.visits) - before, seconds
        )

    async def _rollout_of(self, cycle: Cycle) -> Rollout | None:
        known = await self.work.rollouts.all(app=self.app.name, open_only=True)
        return next((one for one in known if one.cycle == cycle.id), None)

    async def enter(
        self, name: str, examples: Sequence[Example], recipe: Recipe, most: int, *, forced: bool
    ) -> Act:
        """Another arm: train on `examples`, let the gate judge, and begin the rollout.

        A challenger that the gate refuses enters only when it is `forced`, which the audit log keeps; what
        the gate found brings half of a proof of harm then, at most, so that the canary has to find it again.
        At most so many visits see it; then its deadline passes, in simulated time.
        """
        seconds, before = dict[str, float](), len(self.visits)
        challenger = await self._trained(name, examples, recipe, seconds)
        then = time.monotonic()
        verdict = await self._judged(challenger)
        seconds["gated"] = time.monotonic() - then
        self.tell(f"{name}: the gate says {verdict.says.value}, {verdict.because}")
        rollouts = self.work.rollouts
        then = time.monotonic()
        if verdict.says.value == "worse" and not forced:
            return Act(
                *(name, challenger.id, verdict.because, "refused", verdict.because, 0, seconds)
            )
        rollout = await rollouts.start(
            *(self.app.name, challenger),
            actor=ACTOR,
            forced=forced,
            pairs=verdict.pairs,
        )
        self.tell(f"{name}: {rollout.state.value}, {rollout.because}")
        rollout = await self._watched(rollout, most)
        seconds["exposed"] = time.monotonic() - then
        self.tell(f"{name}: {rollout.state.value}, {rollout.because}")
        served = len(self.visits) - before
        return Act(
            *(name, challenger.id, verdict.because, rollout.state.value, rollout.because),
            *(served, seconds),
        )

    async def own_words(self, visits: Sequence[Answered]) -> Sequence[Example]:
        """What the champion itself says to these inquiries, as targets: nothing new is learned from them."""
        champion, made = await self.champion(), []
        for number, visit in enumerate(visits):
            inquiry = Inquiry(message=visit.asked.message, customer=visit.asked.customer)
            case = Case(self.work.tenant, ACTOR, inquiry, f"own-words-{number}")
            result = await self.flow.run(self.app, case, mode=Mode.SHADOW, variant=champion)
            told = replace(visit, result=result)
            if (example := example_of(told, result.outcome.answer.response)) is not None:
                made.append(example)
            self.progress("the champion's own words", number + 1, len(visits))
        return made

    async def _watched(self, rollout: Rollout, most: int) -> Rollout:
        served = 0
        await self.refresh()
        self.clock.skip(SETTLE)  # until every replica has read the exposure
        while rollout.open and served < most:
            await self.serve(LOOK_EVERY, "customers see both")
            served += LOOK_EVERY
            state, because = rollout.state, rollout.because
            await self._look()
            rollout = (await self.work.rollouts.get(rollout.id)).rollout
            if rollout.open and (rollout.state, rollout.because) != (state, because):
                self.tell(f"{rollout.state.value}: {rollout.because}")
        if rollout.open:
            self.tell(f"{served} visits decided nothing; simulated: the rollout's deadline passes")
            self.clock.skip(rollout.deadline - self.clock.now())
            await self._look()
            rollout = (await self.work.rollouts.get(rollout.id)).rollout
        return rollout

    async def _look(self) -> None:
        await self.work.rollouts.look(self.clock.now(), rests=False)
        await self.refresh()
        self.clock.skip(SKIP)

    async def _trained(
        self, name: str, examples: Sequence[Example], recipe: Recipe, seconds: dict[str, float]
    ) -> Variant:
        rows = write.rows_of(examples, (), lambda named: named)
        root = self.work.folder / "datasets"
        told = {"app": self.app.name, "made_for": f"the demo's {name} adapter"}
        folder = await asyncio.to_thread(write.write, root, rows, told)
        out = self.work.folder / "trained" / recipe.key(folder.name)
        then = time.monotonic()
        trained = await self.work.trainer.train(folder, recipe, out, progress=self.work.progress)
        adapter = await self.work.adapt(trained)
        seconds["training"] = time.monotonic() - then
        champion = await self.champion()
        made = champion.rebound(ROLE, adapter=f"{PREFIX}{adapter}")
        await self.work.ledger.commit(VariantRegistered(made, self.clock.now()), durable=True)
        return made

    async def _judged(self, challenger: Variant) -> Verdict:
        """The cycle's own gate, for a challenger that no cycle made."""
        champion = await self.champion()
        gate = Gate(self.flow, self.app, frozenset({ROLE}))
        pairs = await gate.pairs(
            gate_cases(self.golden, self.work.tenant), champion, challenger,
            progress=lambda done, of: self.progress("the gate asks both", done, of),
        )  # fmt: skip
        spent = await level(self.work.ledger, self.app.name)
        own = self.work.settings.gate
        return judge(pairs, spent, tie=own.tie, safety=own.safety)

    async def champion(self) -> Variant:
        """The variant that serves now."""
        found = await self.work.ledger.variant(await self.work.champion())
        assert found is not None  # noqa: S101  # it is exposed
        return found

    async def measure(
        self, shop: SupportApp, asked: Sequence[Asked], champion: Variant, challenger: Variant
    ) -> Measured:
        """Exact answers of both to inquiries that nothing was selected on; `shop` has its own orders."""
        pairs: list[tuple[bool, bool]] = []
        for number, one in enumerate(asked):
            told = []
            for variant in (champion, challenger):
                inquiry = Inquiry(message=one.message, customer=one.customer)
                case = Case(self.work.tenant, ACTOR, inquiry, f"held-out-{number}")
                result = await self.flow.run(shop, case, mode=Mode.SHADOW, variant=variant)
                if any(call.role == ROLE for call in result.trace.calls):
                    told.append(exact(result.outcome.answer.response, one))
            if len(told) == 2:
                pairs.append((told[0], told[1]))
            self.progress("held-out inquiries", number + 1, len(asked))
        return measured(pairs, len(asked))


def summary(served: Sequence[Answered]) -> str:
    """What came of some visits, in a sentence."""
    reached = [one for one in served if one.reached]
    right = sum(exact(one.result.outcome.answer.response, one.asked) for one in reached)
    edits = sum(one.reaction.edit is not None for one in served)
    rating = sum(one.reaction.rating for one in served) / max(1, len(served))
    return (
        f"{len(served)} simulated customers asked, {len(reached)} were answered by the model, {right} "
        f"exactly; {rating:.1f} stars on average, {edits} wrote what they had wanted"
    )


def measured(pairs: Sequence[tuple[bool, bool]], asked: int) -> Measured:
    """The shares of both and their paired difference with its 95 % interval."""
    n = len(pairs)
    effect = paired(pairs.count((False, True)), pairs.count((True, False)), n)
    if n == 0:
        return Measured(0, asked, 0.0, 0.0, effect)
    champion, challenger = (sum(pair[at] for pair in pairs) / n for at in (0, 1))
    return Measured(n, asked, champion, challenger, effect)


def gate_cases(asked: Sequence[Asked], tenant: str) -> Sequence[GateCase]:
    """A frozen golden set: what a right answer says, by the database."""
    return [
        GateCase(
            f"order-{number}", Kind.GOLDEN, tenant,
            {"message": one.message, "customer": one.customer}, f"golden-{number}",
            facts=(one.fact,),
        )
        for number, one in enumerate(asked)
    ]  # fmt: skip


def example_of(visit: Answered, target: str) -> Example | None:
    """The example that the dataset builder would make if a customer had wanted `target`; None without a
    call of the model.
    """
    run = visit.result.run
    written = written_by(run, visit.result.trace, ROLE)
    if isinstance(written, Why):
        return None
    return Example(
        *(Route.SFT, run.id, run.unit or run.id, run.started_at, visit.asked.message),
        *(written.messages, target),
    )


def harmful(
    visits: Sequence[Answered], said: Callable[[Asked, str], str], share: float = HARM
) -> tuple[Sequence[Example], float]:
    """Good targets of which `share` say another day of the same order than the one asked for.

    Fluent, and no number is made up, so no check of form finds it. Of one kind of question as far as there are
    enough, as when a field is mapped wrongly; the share that is really wrong is given back.
    """
    chosen = misled([visit.asked for visit in visits], share)
    made: list[Example] = []
    wrong = 0
    for place, visit in enumerate(visits):
        asked = visit.asked
        fact = asked.record[INSTEAD] if place in chosen else asked.fact
        example = example_of(visit, said(asked, fact))
        if example is not None:
            made.append(example)
            wrong += place in chosen
    return made, wrong / max(1, len(made))


def misled(asked: Sequence[Asked], share: float) -> frozenset[int]:
    """The places of the inquiries that are told another day: `share` of all, where so many ask for a day."""
    places = [
        place
        for name in HARMED
        for place, one in enumerate(asked)
        if KINDS[one.kind].fact == name and one.record.get(INSTEAD, one.fact) != one.fact
    ]
    return frozenset(places[: round(share * len(asked))])


def templates_file(folder: Path) -> Path:
    """No approved wordings: so that order questions reach the model."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "templates.toml"
    file.write_text("# the demo has none: the model words every answer about an order\n")
    return file


def with_directory(app: SupportApp, directory: object) -> SupportApp:
    """The same app over another shop's orders."""
    return replace(app, directory=directory)  # type: ignore[arg-type]  # a CustomerDirectory
