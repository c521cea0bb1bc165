"""Runs of a conversation as the ledger has them, and hand-overs over any ledger, for the tests."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from arriero.apps.support.handover import Rules
from arriero.apps.support.hours import Hours, HoursSettings
from arriero.apps.support.inbox import HandOvers
from arriero.core.clock import Clock, HeldClock
from arriero.core.ids import uuid7
from arriero.core.words import Action, Ended, Mode, Run, Source, Trace
from arriero.store.base import Ledger, RunRecorded
from arriero.store.fake import MemoryLedger
from arriero.store.records import MemoryRecords, Records

NUMBERS = itertools.count(1_764_000_000_000)
MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
NIGHT = datetime(2026, 11, 23, 23, tzinfo=UTC)
ALWAYS = Hours(UTC, (((0, 1440),),) * 7)
OFFICE = HoursSettings().table
SOURCE = Source("shipping#2", "Shipping", "Standard shipping costs 4.90 EUR.")


def rules(hours: Hours = OFFICE) -> Rules:
    return Rules(hours, accept_within=timedelta(minutes=30), resolve_within=timedelta(hours=8))


def handovers(
    ledger: Ledger | None = None,
    clock: Clock | None = None,
    records: Records | None = None,
    hours: Hours = OFFICE,
) -> HandOvers:
    clock = clock or HeldClock(MONDAY)
    records = MemoryRecords() if records is None else records
    return HandOvers(ledger or MemoryLedger(clock), records, clock, rules(hours))


async def recorded(ledger: Ledger, message: str, *, at: datetime = MONDAY, **changes: Any) -> str:
    """Record a run of the support app whose answer was not sent; gives its id."""
    conversation, history = changes.pop("conversation", None), changes.pop("history", ())
    draft, tool = changes.pop("draft", ""), changes.pop("tool", None)
    id = uuid7(now_ms=next(NUMBERS))  # ids of one millisecond would have no order
    run = Run(
        **{
            "id": id, "tenant": "default", "app": "support", "unit": conversation, "actor": "t",
            "mode": Mode.LIVE, "variant": "support@1", "config": "c", "started_at": at,
            "duration_ms": 5.0, "ended": Ended.FALLBACK, "reason": "quality 0.41 < 0.7",
            "score": 0.41,
            "input": {
                "message": message, "customer": "c-0042", "conversation": conversation,
                "history": history,
            },
            "answer": {"response": "I have passed your message to a colleague."},
            "labels": {"intent": "shipping_cost", "sentiment": "neutral"},
        }
        | changes
    )  # fmt: skip
    judged = {
        "draft": {"answer": {"response": draft}, "origin": "extractive", "sources": []},
        "verdicts": [{"check": "grounded", "passed": False, "score": 0.4, "reason": "not covered"}],
        "score": 0.41,
    }
    trace = Trace(
        seen={"intent": "shipping_cost", "order": "10234"},
        evidence={
            "order": "known",
            "proposal": {"tool": tool} if tool else None,
            "facts": {"order_id": "10234", "items": "Down jacket", "carrier": ""},
            "passages": [{"id": SOURCE.id, "title": SOURCE.title, "quote": SOURCE.quote}],
        },
        drafts=(judged,) if draft else (),
        calls=(),
        outcome=None,
        seed=1,
        now=at,
    )
    await ledger.commit(RunRecorded(run, trace, (Action("hand_over", "hand-over", {}),)))
    return id
