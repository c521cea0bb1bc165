"""Made-up runs, traces and tasks for the tests of the store."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from arriero.core.ids import uuid7
from arriero.core.words import (
    Action,
    Alert,
    Call,
    Ended,
    Exposure,
    Feedback,
    Mode,
    RoleBinding,
    Run,
    Share,
    Source,
    Stage,
    StageTime,
    Task,
    Trace,
    Variant,
    Verdict,
    content_hash,
)
from arriero.store.base import Artefact, Machine, RunRecorded

NOW = datetime(2026, 11, 23, 12, 0, 0, 123457, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
REFUND = Action("refund", "refund-1", {"order": "10234", "cents": 1999})

VARIANT = Variant(
    app="support",
    roles={"response_generator": RoleBinding("fake:echo", temperature=0.3, stop=("\n\n",))},
    prompts={"answer": "Be kind, señor ☃"},
    thresholds={"quality": 0.7},
)
EXPOSURE = Exposure("support", "rollout-1", (Share(VARIANT.id, 0.9), Share("support@b", 0.1)))


def a_trace(text: str = "Where is my order?") -> Trace:
    call = Call(
        "response_generator",
        "fake:echo",
        None,
        {"messages": [{"role": "user", "content": text}]},
        {"text": "On its way\u0000 \U0001f999"},
        tokens_in=12,
        first_ms=3.5,
    )
    seen = {"intent": "order_status", "confidence": 0.93}
    return Trace(seen, [{"id": "a1"}], ({"answer": "x"},), (call,), {"ended": "answered"}, 7, NOW)


def a_run(trace: Trace | None = None, **changes: object) -> Run:
    """A run with something in every field; each has an id of its own."""
    run = Run(
        id=uuid7(),
        tenant="acme",
        app="support",
        unit="customer-1",
        actor="key-1",
        mode=Mode.LIVE,
        variant=VARIANT.id,
        config="0123456789abcdef",
        started_at=NOW,
        duration_ms=12.625,
        ended=Ended.ANSWERED,
        reason="",
        score=0.1 + 0.2,
        input={"message": "¿Dónde está? \U0001f999", "customer": "c-1"},
        answer={"response": "On its way", "confidence": 0.93, "items": [1, None, True]},
        origin="template",
        labels={"intent": "order_status"},
        stages=(StageTime(Stage.UNDERSTAND, 1.5), StageTime(Stage.DRAFT, 3.0, "too slow")),
        verdicts=(Verdict("grounded", True, 0.9, "fine", ("a1",)),),
        sources=(Source("a1", "Delivery", "two to four days"),),
        versions={"index": "7"},
        tokens_in=12,
        tokens_out=3,
        cost=0.0001,
        trace=content_hash(trace) if trace else None,
    )
    return replace(run, **changes)  # type: ignore[arg-type]


def recorded(*actions: Action, **changes: object) -> RunRecorded:
    """A run as the flow records it: it names its trace."""
    trace = a_trace()
    return RunRecorded(a_run(trace, **changes), trace, actions)


def a_task(id: str = "task-1", **changes: object) -> Task:
    task = Task(id, "acme", "review", "run-1", "open", NOW, LATER, "ana", {"why": "low score"})
    return replace(task, **changes)  # type: ignore[arg-type]


def a_feedback(id: str = "feedback-1", **changes: object) -> Feedback:
    given = Feedback(id, "acme", "run-1", "ana", NOW, "rating", 4, "quick")
    return replace(given, **changes)  # type: ignore[arg-type]


def a_machine(version: int = 1, **changes: object) -> Machine:
    body = {"steps": [1, 5], "since": NOW.isoformat()}
    machine = Machine("rollout", "r-1", "acme", "support", "canary", True, version, body, NOW)
    return replace(machine, **changes)  # type: ignore[arg-type]


def an_artefact(id: str = "ab" * 32, **changes: object) -> Artefact:
    made = Artefact("dataset", id, "acme", "support", {"rows": 120, "licence": "CC0-1.0"}, NOW)
    return replace(made, **changes)  # type: ignore[arg-type]


def an_alert(id: str = "alert-1", **changes: object) -> Alert:
    alert = Alert(id, "support", "error_rate", 0.08, 0.05, NOW)
    return replace(alert, **changes)  # type: ignore[arg-type]
