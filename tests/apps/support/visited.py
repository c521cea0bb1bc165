"""Runs, feedback and hand-overs of customers' visits as values, for the tests of what became of them."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from arriero.core.ids import uuid7
from arriero.core.words import Ended, Feedback, Mode, Run, Source, Task

MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = MONDAY + timedelta(days=30)
SOURCE = Source("shipping#1", "Shipping", "Standard shipping costs 4.90 EUR.")
ENTROPY = itertools.count(1)


def at(hours: float) -> datetime:
    return MONDAY + timedelta(hours=hours)


def said(
    message: str = "What does shipping cost?",
    hours: float = 0,
    *,
    intent: str = "shipping_cost",
    customer: str | None = "c-1",
    conversation: str | None = None,
    sentiment: str = "neutral",
    response: str = "Standard shipping costs 4.90 EUR.",
    **changes: Any,
) -> Run:
    """A live run that answered, `hours` after Monday noon."""
    moment = at(hours)
    id = uuid7(
        now_ms=int(moment.timestamp() * 1e3), entropy=next(ENTROPY).to_bytes(10, "big")
    )  # sorts by its moment
    given = {"message": message, "customer": customer, "conversation": conversation, "history": ()}
    return Run(
        **{
            "id": id, "tenant": "default", "app": "support", "unit": conversation or customer,
            "actor": "web", "mode": Mode.LIVE, "variant": "support@1", "config": "c",
            "started_at": moment, "duration_ms": 5.0, "ended": Ended.ANSWERED, "reason": "",
            "score": 0.9, "input": given, "answer": {"response": response},
            "origin": "extractive", "sources": (SOURCE,),
            "labels": {"intent": intent, "sentiment": sentiment, "language": "en"},
        }
        | changes
    )  # fmt: skip


def given(run: Run, kind: str, value: Any, hours: float = 1) -> Feedback:
    return Feedback(uuid7(), "default", run.id, "web", at(hours), kind, value)


def handed(run: Run, state: str = "queued", **payload: Any) -> Task:
    return Task(
        f"{run.id}:hand-over",
        "default",
        "hand_over",
        run.id,
        state,
        run.started_at,
        payload=payload,
    )
