"""Runs one case through an app's stages. Nothing in it knows what an order or a ticker is.

`Flow.run` is the story: choose the variant, mask, understand, gather, deliberate (draft, judge,
improve, decide), record, act, answer. A stage that fails or runs out of time becomes a fallback
outcome with a recorded reason. Nothing happens before it is judged; answered means recorded.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    Protocol,
    TypeAlias,
    TypeGuard,
    TypeVar,
    runtime_checkable,
)

from pydantic import BaseModel, TypeAdapter, ValidationError

from arriero.checks.base import Exhibit, Group
from arriero.core.archive import Archive
from arriero.core.clock import Clock
from arriero.core.desk import Desk
from arriero.core.door import Door
from arriero.core.errors import ArrieroError, InputError, ModelTimeout, StageFailed, StoreError
from arriero.core.golden import Golden, read
from arriero.core.ids import uuid7
from arriero.core.report import Reporter
from arriero.core.settings import AppSettings
from arriero.core.words import (
    Action,
    Draft,
    Ended,
    JsonValue,
    Mode,
    Outcome,
    Run,
    Stage,
    StageTime,
    Trace,
    Variant,
    Verdict,
    content_hash,
)
from arriero.models.base import Encoder
from arriero.models.roles import Models
from arriero.observe.calls import CallLog, recording
from arriero.retrieval.base import Index, Passage
from arriero.security.masking import Known, Masker, Vault
from arriero.security.vault import Vaults, memory_vaults, withhold
from arriero.store.base import ActionDone, Cache, Entry, Ledger, RunClosed, RunRecorded
from arriero.store.exposures import Exposures
from arriero.store.jobs import Job
from arriero.store.records import Records
from arriero.store.rows import traced

if TYPE_CHECKING:  # it needs numpy
    from arriero.models.projection import Projection

Input = TypeVar("Input", bound=BaseModel)
Seen = TypeVar("Seen")
Evidence = TypeVar("Evidence")
Answer = TypeVar("Answer")
VERDICTS = TypeAdapter(tuple[Verdict, ...])
KNOWN_WITHIN_S = 0.5  # a directory that is slower is asked again when the evidence is there
UNRECORDED = "this answer is not recorded: the ledger cannot be reached"
OUT_OF_TIME = ("deadline", ModelTimeout.code)
ACT_WITHIN_S = 5.0  # an action runs past the case's deadline: its intent is already committed

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Case(Generic[Input]):
    """One request to an app. `unit` is the conversation or customer that a rollout keeps together.

    An empty one is None: callers send it for whom they do not know, and these are not one and the same.
    `seed` is what an evaluation gives to repeat its run; without one each run has its own.
    """

    tenant: str
    actor: str
    input: Input
    unit: str | None = None
    deadline_ms: float | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "unit", self.unit or None)


@dataclass(frozen=True, slots=True)
class Event:
    """What a caller may watch while a case runs: a stage that began or ended, a piece of text."""

    kind: str
    data: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Turn(Generic[Input]):
    """What every stage gets. `input` is masked; `deadline` is in the clock's monotonic seconds.

    `who` is the record of who asks, not masked: see `KnowsPeople`; None too when it came too late.
    """

    run: str
    case: Case[Input]
    input: Input
    variant: Variant
    mode: Mode
    deadline: float
    now: datetime
    seed: int
    models: Models
    clock: Clock
    emit: Callable[[Event], None]
    who: object | None = field(default=None, repr=False)  # not to be printed by accident

    def remaining(self) -> float:
        """Seconds until the deadline; never below zero."""
        return max(0.0, self.deadline - self.clock.monotonic())


@dataclass(frozen=True, slots=True)
class Judged(Generic[Answer]):
    """A draft, what the checks said of it, and the app's score in [0, 1]."""

    draft: Draft[Answer]
    verdicts: tuple[Verdict, ...]
    score: float

    @property
    def passed(self) -> bool:
        return all(verdict.passed for verdict in self.verdicts)


@dataclass(frozen=True)
class Shapes(Generic[Input, Seen, Evidence, Answer]):
    """The types of an app, so that what its stages make can be stored and read back."""

    input: type[Input]
    seen: type[Seen]
    evidence: type[Evidence]
    answer: type[Answer]

    @cached_property
    def seen_json(self) -> TypeAdapter[Seen]:
        return TypeAdapter(self.seen)

    @cached_property
    def evidence_json(self) -> TypeAdapter[Evidence]:
        return TypeAdapter(self.evidence)

    @cached_property
    def answer_json(self) -> TypeAdapter[Answer]:
        return TypeAdapter(self.answer)

    @cached_property
    def draft_json(self) -> TypeAdapter[Draft[Answer]]:
        return TypeAdapter(Draft[self.answer])  # type: ignore[name-defined]  # a type only at run time

    @cached_property
    def outcome_json(self) -> TypeAdapter[Outcome[Answer]]:
        return TypeAdapter(Outcome[self.answer])  # type: ignore[name-defined]  # the same


class App(Protocol[Input, Seen, Evidence, Answer]):
    """A business task told in stages. A stage raises `StageFailed(reason)`; the flow falls back.

    `draft` and `improve` only propose: what changes the world is an `Action`, performed by
    `perform` after the decision, in live turns, at least once and idempotent by (run, action.key).
    """

    @property
    def name(self) -> str: ...

    @property
    def shapes(self) -> Shapes[Input, Seen, Evidence, Answer]: ...

    @property
    def checks(self) -> Sequence[Group]:
        """Groups in order; a group runs side by side, a failed blocking check stops later groups."""

    @property
    def jobs(self) -> Sequence[Job]: ...

    @property
    def golden(self) -> Path | None: ...

    @property
    def deadline_ms(self) -> float: ...

    @property
    def unrecorded(self) -> bool:
        """Whether it may answer, with run_id null, while the ledger cannot be reached."""

    def baseline(self) -> Variant: ...

    def versions(self) -> Mapping[str, str]: ...

    async def understand(self, turn: Turn[Input]) -> Seen: ...

    async def gather(self, turn: Turn[Input], seen: Seen) -> Evidence: ...

    async def draft(
        self, turn: Turn[Input], seen: Seen, evidence: Evidence
    ) -> Sequence[Draft[Answer]]: ...

    async def improve(
        self, turn: Turn[Input], seen: Seen, evidence: Evidence, best: Judged[Answer]
    ) -> Sequence[Draft[Answer]]: ...

    def exhibit(
        self, turn: Turn[Input], seen: Seen, evidence: Evidence, draft: Draft[Answer]
    ) -> Exhibit: ...

    def score(self, verdicts: Sequence[Verdict]) -> float: ...

    def decide(
        self, turn: Turn[Input], seen: Seen, best: Judged[Answer] | None
    ) -> Outcome[Answer]: ...

    async def perform(self, tenant: str, run: str, action: Action) -> Mapping[str, JsonValue]: ...

    def fallback(self, turn: Turn[Input], seen: Seen | None, reason: str) -> Outcome[Answer]: ...

    def labels(self, seen: Seen) -> Mapping[str, str]: ...

    async def ping(self) -> None: ...

    async def close(self) -> None: ...


AnyApp = App[Any, Any, Any, Any]


@runtime_checkable
class KnowsPeople(Protocol):
    """An app that knows private values of who asks, such as the customer's record, has this too.

    `who` reads the record (None for a stranger); the turn carries it, so that no stage reads it again.
    What is `known` of it is masked wherever it occurs in the input and in the evidence, so no later
    stage, model, log or store sees it, and told again in the answer.
    """

    async def who(self, case: Case[Any]) -> object | None: ...

    def known(self, who: Any) -> Sequence[Known]: ...


@runtime_checkable
class ActsUnseen(Protocol):
    """An app that has this names the kinds of its actions that no other variant ever sees the effect of.

    After them a case may be told again by another variant, as if nothing had been done.
    """

    @property
    def unseen(self) -> frozenset[str]: ...


@runtime_checkable
class GoesWithout(Protocol):
    """An app that has this does its work with less while a store is down, and says what was not there.

    `spared` names the kinds of its actions without which an answer may leave, each with what is then
    said: where they cannot be recorded they are dropped for good. `without` is what the evidence lacks.
    Both are sentences for the caller.
    """

    @property
    def spared(self) -> Mapping[str, str]: ...

    def without(self, evidence: Any) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Result(Generic[Answer]):
    """What the caller gets: the outcome with private values restored, the run and trace as recorded.

    `run_id` is None when the ledger could not be reached and the app may answer all the same.
    `degraded` says in sentences what the answer was made or left without.
    """

    run_id: str | None
    outcome: Outcome[Answer]
    run: Run
    trace: Trace
    degraded: tuple[str, ...] = ()


@dataclass(slots=True)
class _Story(Generic[Seen, Evidence, Answer]):
    """What has been told of a case so far; grows stage by stage, so that a failure keeps the rest."""

    seen: Seen | None = None
    evidence: Evidence | None = None
    evidence_told: JsonValue = None  # the same as JSON: what is recorded was made to be covered
    drafts: list[Judged[Answer]] = field(default_factory=list)
    outcome: Outcome[Answer] | None = None
    vault: Vault = field(default_factory=Vault)
    stages: dict[Stage, StageTime] = field(default_factory=dict)


class _Failed(Exception):
    """A stage ended without a result; the message is the reason that goes on the run."""

    def __init__(self, reason: str, code: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True)
class Flow:
    """The parts that every run needs. `models_of` gives the models bound to a variant."""

    ledger: Ledger
    exposures: Exposures
    models_of: Callable[[Variant], Models]
    masker: Masker
    clock: Clock
    config: str
    on_run: Callable[[Run], None] = lambda run: None
    on_answer: Callable[[Flow, AnyApp, Case[Any], Outcome[Any], Run], None] | None = None
    vaults: Vaults = field(default_factory=memory_vaults)

    async def run(
        self,
        app: App[Input, Seen, Evidence, Answer],
        case: Case[Input],
        *,
        mode: Mode = Mode.LIVE,
        variant: Variant | None = None,
        of: str | None = None,
        watch: Callable[[Event], None] = lambda event: None,
    ) -> Result[Answer]:
        """Tell `case` from arrival to answer. Raises only what the caller did wrong.

        `variant` tells it with a variant that is given (a shadow of the live run `of`, an offline
        gate); a live case always takes the one that its unit sees.
        """
        if variant is not None and mode is Mode.LIVE:
            raise ValueError("a live case takes the variant that its unit sees; give none")
        begun = self.clock.monotonic()
        id, who = uuid7(), await _who(app, case)
        masked, vault = await withhold(
            case.input, self.masker, self.vaults, (case.tenant, case.unit or id), _known(app, who),
            keeps=mode is Mode.LIVE, typed=mode is Mode.LIVE,
        )  # fmt: skip
        sees = variant or self.exposures.variant(app.name, case.unit)
        turn = self._turn(app, case, masked, mode, begun, watch, id, sees, who)
        calls, story = CallLog(), _Story[Seen, Evidence, Answer](vault=vault)
        with recording(calls):
            outcome = await self._tell(app, turn, story)
        run, trace = self._record(app, turn, story, outcome, calls, begun, of)
        run_id = await self._commit(app, turn, outcome, run, trace, vault)
        self.on_run(run)
        if mode is Mode.LIVE and run_id is not None and self.on_answer is not None:
            self.on_answer(self, app, case, outcome, run)
        told = _restored(app.shapes, outcome, trace.outcome, vault)
        missed = _missed(app, story.evidence, None if run_id else outcome)
        return Result(run_id, told, run, trace, missed)

    async def _tell(
        self,
        app: App[Input, Seen, Evidence, Answer],
        turn: Turn[Input],
        story: _Story[Seen, Evidence, Answer],
    ) -> Outcome[Answer]:
        try:
            async with self._stage(Stage.UNDERSTAND, turn, story):
                story.seen = await app.understand(turn)
            async with self._stage(Stage.GATHER, turn, story):
                found = await app.gather(turn, story.seen)
                evidence, told = await _covered(app, turn.case, found, story.vault)
                story.evidence, story.evidence_told = evidence, told
            return await self._deliberate(app, turn, story, story.seen, evidence)
        except _Failed as failed:
            return _fallback(app, turn, story.seen, failed)

    async def _deliberate(
        self,
        app: App[Input, Seen, Evidence, Answer],
        turn: Turn[Input],
        story: _Story[Seen, Evidence, Answer],
        seen: Seen,
        evidence: Evidence,
    ) -> Outcome[Answer]:
        """Draft, judge, and improve while it pays; then decide on the best draft."""
        async with self._stage(Stage.DRAFT, turn, story):
            drafts = await app.draft(turn, seen, evidence)
        best = await self._judge(app, turn, story, seen, evidence, drafts)
        for _ in range(turn.variant.rounds):
            if best is None or _answers(app, turn, seen, best):
                break
            async with self._stage(Stage.DRAFT, turn, story):
                drafts = await app.improve(turn, seen, evidence, best)
            if not drafts:
                break
            best = await self._judge(app, turn, story, seen, evidence, drafts)
        async with self._stage(Stage.DECIDE, turn, story):
            decided = app.decide(turn, seen, best)
            story.outcome = replace(
                decided,
                verdicts=decided.verdicts or (best.verdicts if best else ()),
                score=best.score if decided.score is None and best else decided.score,
            )
        return story.outcome

    async def _judge(
        self,
        app: App[Input, Seen, Evidence, Answer],
        turn: Turn[Input],
        story: _Story[Seen, Evidence, Answer],
        seen: Seen,
        evidence: Evidence,
        drafts: Sequence[Draft[Answer]],
    ) -> Judged[Answer] | None:
        """Judge each draft; the best of all judged so far (the earlier one on a tie)."""
        async with self._stage(Stage.JUDGE, turn, story):
            for draft in drafts:
                exhibit = app.exhibit(turn, seen, evidence, draft)
                verdicts = await _verdicts(app.checks, exhibit)
                story.drafts.append(Judged(draft, verdicts, app.score(verdicts)))
        return max(story.drafts, key=lambda judged: judged.score, default=None)

    @asynccontextmanager
    async def _stage(
        self, stage: Stage, turn: Turn[Any], story: _Story[Any, Any, Any]
    ) -> AsyncIterator[None]:
        """Time a stage against the deadline; whatever goes wrong in it becomes `_Failed`."""
        turn.emit(Event("stage", {"stage": stage.value, "state": "begun"}))
        started = time.perf_counter()
        error: str | None = None
        code = "internal_error"
        try:
            async with asyncio.timeout(_time_left(turn)):
                yield
        except TimeoutError:
            error, code = f"error: the deadline passed in {stage.value}", "deadline"
        except StageFailed as failure:
            error, code = failure.message, failure.code
        except ArrieroError as failure:
            error, code = f"error: {failure.message}", failure.code
        except Exception as failure:  # the request edge of an app: its bugs become fallbacks
            log.exception("stage %s of run %s failed", stage, turn.run)
            error = f"error: {type(failure).__name__} in {stage.value}"
        error = error and story.vault.hide(error)
        ms = (time.perf_counter() - started) * 1e3
        before = story.stages.get(stage)
        story.stages[stage] = StageTime(stage, ms + (before.ms if before else 0.0), error)
        turn.emit(
            Event("stage", {"stage": stage.value, "state": "ended", "ms": ms, "error": error})
        )
        if error is not None:
            raise _Failed(error, code)

    def _turn(
        self,
        app: App[Input, Seen, Evidence, Answer],
        case: Case[Input],
        masked: Input,
        mode: Mode,
        begun: float,
        watch: Callable[[Event], None],
        run: str,
        variant: Variant,
        who: object | None,
    ) -> Turn[Input]:
        return Turn(
            run=run,
            case=case,
            input=masked,
            variant=variant,
            mode=mode,
            deadline=begun + (case.deadline_ms or app.deadline_ms) / 1e3,
            now=self.clock.now(),
            seed=int(run[-8:], 16) & 0x7FFFFFFF if case.seed is None else case.seed,
            models=self.models_of(variant),
            clock=self.clock,
            emit=watch,
            who=who,
        )

    def _record(
        self,
        app: App[Input, Seen, Evidence, Answer],
        turn: Turn[Input],
        story: _Story[Seen, Evidence, Answer],
        outcome: Outcome[Answer],
        calls: CallLog,
        begun: float,
        of: str | None,
    ) -> tuple[Run, Trace]:
        shapes, told = app.shapes, _dump(app.shapes.outcome_json, outcome)
        trace = Trace(
            seen=None if story.seen is None else _dump(shapes.seen_json, story.seen),
            evidence=story.evidence_told,
            drafts=tuple(_judged_json(shapes, judged) for judged in story.drafts),
            calls=tuple(calls.calls),
            outcome=told,
            seed=turn.seed,
            now=turn.now,
        )
        run = Run(
            id=turn.run,
            tenant=turn.case.tenant,
            app=app.name,
            unit=turn.case.unit,
            actor=turn.case.actor,
            mode=turn.mode,
            variant=turn.variant.id,
            config=self.config,
            started_at=turn.now,
            duration_ms=(self.clock.monotonic() - begun) * 1e3,
            ended=outcome.ended,
            reason=outcome.reason,
            score=outcome.score,
            input=turn.input.model_dump(mode="json"),
            answer=told["answer"],
            origin=outcome.origin,
            labels={} if story.seen is None else app.labels(story.seen),
            stages=tuple(story.stages.values()),
            verdicts=outcome.verdicts,
            sources=outcome.sources,
            versions=app.versions(),
            tokens_in=sum(call.tokens_in for call in calls.calls),
            tokens_out=sum(call.tokens_out for call in calls.calls),
            cost=sum((call.cost for call in calls.calls), 0.0),
            of=of,
        )
        return run, trace

    async def _commit(
        self,
        app: App[Input, Seen, Evidence, Answer],
        turn: Turn[Input],
        outcome: Outcome[Answer],
        run: Run,
        trace: Trace,
        vault: Vault,
    ) -> str | None:
        """Record, then act: an intent is committed before its action is performed."""
        actions = outcome.actions if turn.mode is Mode.LIVE else ()
        try:
            # An app that never answers unrecorded has its runs on the disk, not only in the system's memory.
            await self.ledger.commit(RunRecorded(run, trace, actions), durable=not app.unrecorded)
        except StoreError as error:
            if not app.unrecorded or any(one.kind not in _spared(app) for one in actions):
                raise  # an answer that promises an action must not leave without its intent
            log.warning("run %s was answered unrecorded: %s", run.id, error)
            return None
        if actions:
            await self._act(app, traced(run, content_hash(trace)), actions, vault)
        return run.id

    async def _act(self, app: AnyApp, run: Run, actions: Sequence[Action], vault: Vault) -> None:
        """Perform what was intended. What fails stays in the outbox, for the job that finishes it."""
        started = time.perf_counter()
        done: list[Entry] = []
        error: str | None = None
        for action in actions:
            try:
                receipt = await perform(app, run.tenant, run.id, action)
            except ArrieroError as failure:
                error = vault.hide(f"action {action.kind!r} is not done yet: {failure!s}")
                log.warning("run %s: %s", run.id, error)
                continue
            done.append(ActionDone(run.id, action.key, self.clock.now(), vault.cover(receipt)))
        acted = StageTime(Stage.ACT, (time.perf_counter() - started) * 1e3, error)
        closed = replace(run, stages=(*run.stages, acted))
        try:
            await self.ledger.commit(RunClosed(closed), *done)
        except StoreError as failure:  # the outbox still holds the intent: the job finishes it
            log.warning("run %s was not closed: %s", run.id, failure)

    async def reveal(self, app: AnyApp, run: Run, value: JsonValue) -> JsonValue:
        """`value`, which belongs to `run`, with private values told again: for people who may see them.

        What was erased, or is over, stays a placeholder.
        """
        return (await self.vault_of(app, run)).restore_json(value)

    async def vault_of(self, app: AnyApp, run: Run) -> Vault:
        """What is private in `run`: what its unit's vault still holds, and what the app knows of who asked.

        Raises `InputError` for a run of an earlier version, whose input the app does not take any more.
        """
        vault = await self.vaults.open(run.tenant, run.unit or run.id)
        if run.input:
            try:
                given = app.shapes.input.model_validate(run.input)
            except ValidationError:
                raise InputError(
                    f"the input of run {run.id} is none that {app.name!r} takes now"
                ) from None
            case = Case(run.tenant, run.actor, given, run.unit)
            vault.lend(_known(app, await _who(app, case)))
        return vault

    async def replay(
        self, app: App[Input, Seen, Evidence, Answer], run: Run, trace: Trace
    ) -> Sequence[Difference]:
        """Tell a recorded run again from its recorded calls and evidence; what came out different.

        Acts on nothing and records nothing. Stages that the run never finished are not compared.
        """
        shapes = app.shapes
        turn = self._replayed_turn(app, run, trace, await self._variant(run.variant))
        found: list[Difference] = []
        with recording(CallLog(trace.calls)):
            story = _Story[Seen, Evidence, Answer]()
            try:
                async with self._stage(Stage.UNDERSTAND, turn, story):
                    story.seen = await app.understand(turn)
                if trace.seen is None:
                    return found
                found += _compare(Stage.UNDERSTAND, trace.seen, _dump(shapes.seen_json, story.seen))
                if trace.evidence is None:
                    return found
                seen = shapes.seen_json.validate_python(trace.seen)
                evidence = shapes.evidence_json.validate_python(trace.evidence)
                outcome = await self._deliberate(app, turn, story, seen, evidence)
            except _Failed as failed:
                outcome = _fallback(app, turn, story.seen, failed)
        drafts = [_judged_json(shapes, judged) for judged in story.drafts]
        for stage, key in ((Stage.DRAFT, "draft"), (Stage.JUDGE, "verdicts")):
            was = [draft[key] for draft in trace.drafts]
            found += _compare(stage, was, [draft[key] for draft in drafts])
        return found + _compare(Stage.DECIDE, trace.outcome, _dump(shapes.outcome_json, outcome))

    async def _variant(self, id: str) -> Variant:
        variant = await self.ledger.variant(id)
        if variant is None:
            raise InputError(f"variant {id!r} is not in this ledger, so the run cannot be replayed")
        return variant

    def _replayed_turn(
        self, app: App[Input, Seen, Evidence, Answer], run: Run, trace: Trace, variant: Variant
    ) -> Turn[Input]:
        given = app.shapes.input.model_validate(run.input)
        return Turn(
            run=run.id,
            case=Case(run.tenant, run.actor, given, run.unit),
            input=given,
            variant=variant,
            mode=Mode.REPLAY,
            deadline=self.clock.monotonic() + 60.0,
            now=trace.now,
            seed=trace.seed,
            models=self.models_of(variant),
            clock=self.clock,
            emit=lambda event: None,
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a replay came out different from its run, as canonical JSON values."""

    stage: Stage
    was: JsonValue
    now: JsonValue


def _time_left(turn: Turn[Any]) -> float:
    """Seconds until the deadline; `TimeoutError` when there are none, so that no stage begins late."""
    if (left := turn.remaining()) <= 0:
        raise TimeoutError
    return left


async def perform(app: AnyApp, tenant: str, run: str, action: Action) -> Mapping[str, JsonValue]:
    """The receipt of an action that was intended; an `ArrieroError` says why there is none.

    A broad catch: the answer that promised the action is recorded, and other actions wait behind it.
    """
    try:
        async with asyncio.timeout(ACT_WITHIN_S):
            return await app.perform(tenant, run, action)
    except ArrieroError:
        raise
    except TimeoutError:
        raise StageFailed(f"it took longer than {ACT_WITHIN_S:g} s") from None
    except Exception as failure:
        log.exception("action %s of run %s failed", action.kind, run)
        raise StageFailed(type(failure).__name__) from failure


async def _verdicts(groups: Sequence[Group], exhibit: Exhibit) -> tuple[Verdict, ...]:
    """The verdicts of all groups, up to the first group in which a blocking check failed."""
    verdicts: list[Verdict] = []
    for group in groups:
        given = [check.judge(exhibit) for check in group]
        waiting = [verdict for verdict in given if not isinstance(verdict, Verdict)]
        came = iter(await asyncio.gather(*waiting)) if waiting else iter(())
        told = [one if isinstance(one, Verdict) else next(came) for one in given]
        verdicts += told
        if any(
            not verdict.passed and check.blocking
            for check, verdict in zip(group, told, strict=True)
        ):
            break
    return tuple(verdicts)


def _answers(
    app: App[Input, Seen, Any, Answer], turn: Turn[Input], seen: Seen, best: Judged[Answer]
) -> bool:
    """Whether `best` is good enough, so that nothing has to be improved."""
    try:
        return app.decide(turn, seen, best).ended is Ended.ANSWERED
    except Exception:  # noqa: BLE001  # the stage that decides meets it again, and makes it a fallback
        return True


def _fallback(
    app: App[Input, Any, Any, Answer], turn: Turn[Input], seen: Any, failed: _Failed
) -> Outcome[Answer]:
    reason = _hurried(app, turn.case, failed) or str(failed)
    try:
        return replace(app.fallback(turn, seen, reason), error=failed.code)
    except Exception as failure:  # the last line of defence: an app's fallback must never fail
        log.exception("the fallback of app %s failed", app.name)
        empty = app.shapes.answer_json.validate_python({})
        why = f"{reason}; fallback: {type(failure).__name__}"
        return Outcome(Ended.FAILED, empty, why, error=failed.code)


def _hurried(app: AnyApp, case: Case[Any], failed: _Failed) -> str | None:
    """The reason when time ran out that the caller, not the app, had cut short: no error of ours.

    Else whoever may ask could raise the alert `error_rate` by asking for an answer within a millisecond.
    """
    within = case.deadline_ms
    if within is None or within >= app.deadline_ms or failed.code not in OUT_OF_TIME:
        return None
    return f"{str(failed).removeprefix('error: ')} (the caller allowed {within:g} ms)"


def _judged_json(shapes: Shapes[Any, Any, Any, Answer], judged: Judged[Answer]) -> JsonValue:
    return {
        "draft": _dump(shapes.draft_json, judged.draft),
        "verdicts": VERDICTS.dump_python(judged.verdicts, mode="json"),
        "score": judged.score,
    }


def _dump(adapter: TypeAdapter[Any], value: Any) -> JsonValue:
    return adapter.dump_python(value, mode="json")


def _compare(stage: Stage, was: JsonValue, now: JsonValue) -> list[Difference]:
    return [] if content_hash(was) == content_hash(now) else [Difference(stage, was, now)]


async def _who(app: AnyApp, case: Case[Any]) -> object | None:
    """The record of who asks; None when there is none, or the app cannot tell now."""
    name = app.name
    if not _knows_people(app):
        return None
    try:
        async with asyncio.timeout(KNOWN_WITHIN_S):
            return await app.who(case)
    except (ArrieroError, TimeoutError) as error:
        log.warning("app %s cannot say who asks: %s", name, type(error).__name__)
        return None


def _spared(app: AnyApp) -> Mapping[str, str]:
    return app.spared if _goes_without(app) else {}


def _missed(app: AnyApp, evidence: object, unrecorded: Outcome[Any] | None) -> tuple[str, ...]:
    """What an answer went without: evidence, and if it is `unrecorded`, its record and its actions."""
    missed: tuple[str, ...] = ()
    if evidence is not None and _goes_without(app):
        missed = tuple(app.without(evidence))
    if unrecorded is None:
        return missed
    dropped = [_spared(app)[one.kind] for one in unrecorded.actions if one.kind in _spared(app)]
    return (*missed, UNRECORDED, *dropped)


def _known(app: AnyApp, who: object | None) -> Sequence[Known]:
    return app.known(who) if who is not None and _knows_people(app) else ()


# What `isinstance` says as well; of a protocol it takes Python 3.11 ten times as long, several times a run.
def _knows_people(app: object) -> TypeGuard[KnowsPeople]:
    return hasattr(app, "who") and hasattr(app, "known")


def _goes_without(app: object) -> TypeGuard[GoesWithout]:
    return hasattr(app, "spared") and hasattr(app, "without")


async def _covered(
    app: App[Any, Any, Evidence, Any], case: Case[Any], evidence: Evidence, vault: Vault
) -> tuple[Evidence, JsonValue]:
    """`evidence` without the private values that are known (what a directory told of who asks), and as JSON."""
    if not vault.lent:
        vault.lend(_known(app, await _who(app, case)))
    told = _dump(app.shapes.evidence_json, evidence)
    covered = vault.cover(told)
    if covered == told:
        return evidence, told
    covering = app.shapes.evidence_json.validate_python(covered)
    return covering, _dump(app.shapes.evidence_json, covering)


def _restored(
    shapes: Shapes[Any, Any, Any, Answer],
    outcome: Outcome[Answer],
    told: JsonValue,
    vault: Vault,
) -> Outcome[Answer]:
    """`outcome`, which is `told` as JSON, with private values told again."""
    if not vault.values and not vault.lent:
        return outcome
    plain = vault.restore_json(told)
    return outcome if plain == told else shapes.outcome_json.validate_python(plain)


Teach: TypeAlias = Callable[[str, Sequence[tuple[str, str]]], Awaitable[None]]


async def _as_it_is(tenant: str, run: str, value: JsonValue) -> JsonValue:  # noqa: ARG001
    return value


async def untaught(head: str, rows: Sequence[tuple[str, str]]) -> None:
    """Where no head is served there is none to teach."""


class OpenIndex(Protocol):
    """Opens an app's index over passages, in which likeness is the encoder's or that of a projection."""

    def __call__(
        self, passages: Sequence[Passage], projection: Projection | None = None, /
    ) -> Awaitable[Index]: ...


@dataclass(frozen=True)
class Parts:
    """What assembly gives an app to build itself of. `encoder` is opened on first use; `open_index` opens
    the app's index.

    `reveal(tenant, run, value)` tells private values again, for a tool that must have them or a
    person who may: what an app keeps or hands to a model stays masked. `teach(head, rows)` has a head
    know rows (text, label) without a fit, in place of those that it was taught before.
    """

    folder: Path
    clock: Clock
    ledger: Ledger
    records: Records
    cache: Cache
    encoder: Callable[[], Awaitable[Encoder]]
    open_index: OpenIndex
    reveal: Callable[[str, str, JsonValue], Awaitable[JsonValue]] = _as_it_is
    vaults: Vaults = field(default_factory=memory_vaults)
    teach: Teach = untaught


Settings = TypeVar("Settings", bound=AppSettings)


@dataclass(frozen=True)
class Plugin(Generic[Settings]):
    """An app as the entry-point group `arriero.apps` offers it: ours and a stranger's alike.

    `heads` names the heads that the app trains (name -> CSV of text,label); `labels` gives, for
    each role that classifies, the labels it may answer with; `cached`
    for how many seconds a role's labels for the same text may be reused. `golden` reads the app's
    golden set.
    """

    name: str
    settings: type[Settings]
    open: Callable[[Settings, Parts], Awaitable[AnyApp]]
    heads: Callable[[Settings], Mapping[str, Path]] = lambda settings: {}
    labels: Callable[[Settings], Mapping[str, tuple[str, ...]]] = lambda settings: {}
    cached: Callable[[Settings], Mapping[str, float]] = lambda settings: {}
    golden: Callable[[Path], Sequence[Golden]] = read
    door: Door | None = None
    desk: Callable[[AnyApp], Desk] | None = None  # the opened app's tasks for people
    report: Callable[[AnyApp], Reporter] | None = None  # the opened app's view of its own work
    archive: Callable[[AnyApp], Archive] | None = None  # what the opened app answered, found again
