"""What becomes of an analysis that waits for a principal: released with the very text that was judged, or rejected.

The run's own record never changes. A release is a task of kind `publication` beside it, so it is a leaf of the audit log;
it holds the text, who wrote and who approved it, what each rule said, and the hash of the whole answer, which is told
again from the run's trace. Before anybody's yes counts, the gate judges anew: a name that was restricted meanwhile, or a
rule that was changed, is not got round by an old approval.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from pydantic import TypeAdapter

from arriero.apps.finance.compliance.base import Approval, Review, State
from arriero.apps.finance.compliance.rulebook import APPROVAL, Rulebook
from arriero.apps.finance.publish import OpenEncoder, Submission, publication_of
from arriero.apps.finance.rating.table import Table
from arriero.apps.finance.settings import FinanceSettings
from arriero.apps.finance.track.predictions import (
    LATE_DAYS,
    Prediction,
    Predictions,
    prediction_of,
)
from arriero.apps.finance.values import Analysis, Evidence, Request, Ruled, Seen
from arriero.core.clock import Clock
from arriero.core.desk import Act
from arriero.core.errors import ArrieroError, Conflict, NotFound
from arriero.core.words import JsonValue, Run, Source, Task, Trace, content_hash
from arriero.store.base import Ledger, TaskSaved
from arriero.store.jobs import Job
from arriero.store.tasks import find

PUBLICATION, RELEASED = "publication", "released"
STATUS = "released after approval"
LOOK_EVERY_S = 300.0  # only what a crash left half done waits for it
log = logging.getLogger(__name__)

_ANALYSIS, _SEEN, _EVIDENCE, _RULES, _SOURCES = (
    TypeAdapter(Analysis), TypeAdapter(Seen), TypeAdapter(Evidence), TypeAdapter(tuple[Ruled, ...]),
    TypeAdapter(tuple[Source, ...]),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Drafted:
    """An analysis that waits, as it was judged: its answer, what it cites, and the prediction it makes."""

    run: Run
    answer: Analysis
    sources: tuple[Source, ...]
    seen: Seen
    evidence: Evidence
    prediction: Prediction


@dataclass(frozen=True)
class Releases:
    """The desk of approvals (the rulebook's, with what follows from a yes), and what it released.

    Without an `encoder` the gate is stricter than when the text was judged, never less strict.
    """

    rulebook: Rulebook
    predictions: Predictions
    settings: FinanceSettings
    table: Table
    encoder: OpenEncoder

    conversations = None

    @property
    def ledger(self) -> Ledger:
        return self.rulebook.ledger

    @property
    def clock(self) -> Clock:
        return self.rulebook.clock

    @property
    def kinds(self) -> Sequence[str]:
        return self.rulebook.kinds

    @property
    def job(self) -> Job:
        return Job("finance-releases", LOOK_EVERY_S, self.finish)

    async def about(self, task: Task, actor: str) -> Mapping[str, JsonValue]:
        """What is to be decided, and the verbs for `actor`."""
        return await self.rulebook.about(task, actor)

    async def act(self, tenant: str, task: str, act: Act) -> Task:
        """Decide, as the rulebook does; an approved analysis is released at once.

        Raises:
            Conflict: it cannot be decided now, or it may not be published any more; the task stays as it is.
        """
        found = await find(self.ledger, tenant, task)
        if found is not None and found.kind == APPROVAL and act.verb == "resolve":
            possible = (await self.about(found, act.actor))["verbs"]
            if act.verb in possible:
                await self._judged(tenant, found, act.actor)
        moved = await self.rulebook.act(tenant, task, act)
        if moved.kind == APPROVAL and moved.state == "resolved":
            await self._release(tenant, moved)
        return moved

    async def finish(self, now: datetime) -> None:  # jobs are told the time
        """Release what was approved by a process that died before it released it."""
        tenants = sorted({"default", *(key.tenant for key in await self.ledger.keys())})
        for tenant in tenants:
            done = {task.run for task in await self.ledger.tasks(tenant, kind=PUBLICATION)}
            for task in await self.ledger.tasks(tenant, kind=APPROVAL, state="resolved"):
                if task.run in done or not task.payload:
                    continue
                try:
                    await self._release(tenant, task)
                except ArrieroError as error:
                    log.warning("run %s is approved and not released: %s", task.run, error.message)

    async def released(self, run: Run) -> tuple[Analysis, tuple[Source, ...]] | None:
        """What a run published after its approval; None when nothing was, or it was erased.

        Raises:
            Conflict: what the trace tells is not what was released.
        """
        task = await find(self.ledger, run.tenant, f"{PUBLICATION}:{run.id}", PUBLICATION)
        if task is None or not task.payload:
            return None
        drafted = await self._drafted(run.tenant, run.id)
        rules = _RULES.validate_python(task.payload["rules"])
        answer = _told(drafted.answer, rules, tuple(task.payload["notices"]))
        if content_hash(answer) != task.payload["answer_sha256"]:
            raise Conflict(f"run {run.id!r} tells another analysis than was released")
        return answer, drafted.sources

    async def _release(self, tenant: str, task: Task) -> None:
        """Record the release and the prediction that it makes. Doing it twice is doing it once."""
        drafted, seen = await self._judged(tenant, task, str(task.actor))
        rules, at = _ruled(seen), datetime.fromisoformat(str(task.payload["decided_at"]))
        legends = (await self.rulebook.pack(tenant)).legends
        notices = tuple(legends[id] for id in drafted.answer.legends)
        payload: dict[str, JsonValue] = {
            "text": drafted.answer.explanation,
            "notices": notices,
            "answer_sha256": content_hash(_told(drafted.answer, rules, notices)),
            "rules": _RULES.dump_python(rules, mode="json"),
            "rule_pack": seen.version,
            "author": task.payload["author"],
            "principal": task.actor,
            "approval": task.id,
            "at": at.isoformat(),
        }
        run = drafted.run.id
        known = Task(
            f"{PUBLICATION}:{run}", tenant, PUBLICATION, run, RELEASED, at, None, task.actor, payload
        )  # fmt: skip
        await self.ledger.commit(TaskSaved(known), durable=True)
        if await self.predictions.get(tenant, run) is None:
            late = at.date() - drafted.prediction.as_of > timedelta(days=LATE_DAYS)
            await self.predictions.put(
                tenant, replace(drafted.prediction, made=at, backdated=late)
            )  # it was published then: one kept back until its outcome showed proves nothing

    async def _judged(self, tenant: str, task: Task, principal: str) -> tuple[Drafted, Review]:
        """The analysis and what the rules in force say of it with this approval; all of them have to hold."""
        drafted = await self._drafted(tenant, str(task.run))
        answer = drafted.answer
        if answer.explanation != task.payload.get("text"):
            raise Conflict(f"the text of {task.id!r} is not the run's; reject it and ask anew")
        if answer.table != self.table.version:
            raise Conflict(
                "the rating table was changed since; reject it and ask for an analysis anew"
            )
        made, ends = drafted.run.started_at.date(), date.fromisoformat(answer.valid_until)
        if (
            made <= ends < self.clock.now().date()
        ):  # one of a day long ago never was a view of today
            raise Conflict(f"it was valid until {ends}; reject it and ask anew")
        given = Request.model_validate(drafted.run.input)
        seen = replace(drafted.seen, restricted=self.settings.restricts(drafted.seen.ticker))
        assert drafted.evidence.bundle is not None  # noqa: S101  # without one nothing waits for an approval
        publication = publication_of(
            answer, seen, drafted.evidence.bundle, self.settings.firm, self.table,
            run=drafted.run.id, customer=given.customer, past=drafted.evidence.past,
        )  # fmt: skip
        yes = Approval("approved", str(task.payload["author"]), principal, task.id)
        record = replace(publication.record, approval=yes)
        approved = replace(publication, record=record)
        pack = await self.rulebook.pack(tenant)
        found = await Submission(approved, pack, self.encoder).review()
        if not found.released:
            why = "; ".join(f"{one.id}: {one.reason}" for one in found.failed)
            raise Conflict(f"it may not be published ({why}); reject it, with this as the reason")
        return drafted, found

    async def _drafted(self, tenant: str, run: str) -> Drafted:
        found = await self.ledger.run(tenant, run)
        trace = None if found is None else await self.ledger.trace(found)
        if found is None or trace is None:
            raise NotFound(f"run {run!r} was erased, so there is nothing to release", param="run")
        best = _best(trace)
        predicted = next(one for one in best["actions"] if one["kind"] == "predict")
        return Drafted(
            found,
            _ANALYSIS.validate_python(best["answer"]),
            _SOURCES.validate_python(best["sources"]),
            _SEEN.validate_python(trace.seen),
            _EVIDENCE.validate_python(trace.evidence),
            prediction_of(predicted["payload"]),
        )


def _best(trace: Trace) -> Mapping[str, JsonValue]:
    """The draft that was decided on: the flow keeps the best score, the earlier one on a tie."""
    best: Mapping[str, JsonValue] = max(trace.drafts, key=lambda one: one["score"])["draft"]
    return best


def _told(answer: Analysis, rules: tuple[Ruled, ...], notices: tuple[str, ...]) -> Analysis:
    return replace(answer, compliance_status=STATUS, rules=rules, notices=notices)


def _ruled(seen: Review) -> tuple[Ruled, ...]:
    states = {State.PASS: "pass", State.FAIL: "fail", State.NA: "na"}
    return tuple(Ruled(one.id, states[one.state], one.reason, one.citation) for one in seen.results)
