"""Made-up runs with feedback, for the tests of what is learned from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from itertools import count

from arriero.core.ids import uuid7
from arriero.core.words import (
    Call,
    Ended,
    Feedback,
    JsonValue,
    Message,
    Mode,
    Run,
    Trace,
)
from arriero.models.base import Prompt, Reply
from arriero.store.base import Rated

START = datetime(2026, 11, 1, 8, tzinfo=UTC)
ROLE = "writer"
SYSTEM = "You help customers."
_numbers = count()


def run(
    question: str = "Where is my order?",
    answer: str = "It is on its way.",
    *,
    unit: str | None = None,
    at: datetime = START,
    labels: Mapping[str, str] | None = None,
    number: int | None = None,
    **changes: object,
) -> Run:
    """A live, generated answer; ids sort by `at`, and are the same for the same `number`."""
    place = next(_numbers) if number is None else number
    made = Run(
        id=uuid7(now_ms=int(at.timestamp() * 1e3), entropy=place.to_bytes(10, "big")),
        tenant="default", app="toy", unit=unit, actor="webshop", mode=Mode.LIVE, variant="toy@1",
        config="c", started_at=at, duration_ms=5.0, ended=Ended.ANSWERED, reason="", score=0.9,
        input={"message": question, "customer": unit}, answer={"response": answer},
        origin="generative", labels=labels or {},
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def trace(
    run: Run,
    *,
    reply: str | None = None,
    schema: Mapping[str, JsonValue] | None = None,
    messages: tuple[Message, ...] | None = None,
    calls: tuple[Call, ...] = (),
    evidence: JsonValue = None,
) -> Trace:
    """The trace of a run whose answer a model wrote."""
    asked = messages or (Message("system", SYSTEM), Message("user", str(run.input["message"])))
    text = str(run.answer["response"]) if reply is None else reply
    told = Reply(text, "fake:echo", "stop", 9, 5, 1.0, 2.0)
    call = Call(ROLE, "fake:echo", None, asdict(Prompt(asked, schema=schema)), asdict(told))
    return Trace({}, evidence, (), (*calls, call), {}, 7, run.started_at)


def said(
    run: Run,
    kind: str,
    value: JsonValue,
    *,
    by: str = "webshop",
    after_s: float = 60.0,
    id: str | None = None,
) -> Feedback:
    at = run.started_at + timedelta(seconds=after_s)
    return Feedback(id or f"f-{next(_numbers):09}", run.tenant, run.id, by, at, kind, value)


def rated(run: Run, *feedback: tuple[str, JsonValue] | Feedback) -> Rated:
    """The run with feedback, one minute after the other."""
    events = [
        one if isinstance(one, Feedback) else said(run, *one, after_s=60.0 * (place + 1))
        for place, one in enumerate(feedback)
    ]
    return Rated(run, tuple(events))
