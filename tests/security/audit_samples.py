"""A ledger with something of every kind in it, for the tests of the audit log."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from arriero.core.words import Ended
from arriero.store.base import (
    ActionDone,
    AlertSaved,
    Answered,
    ApiKey,
    ArtefactRegistered,
    Entry,
    ExposureSet,
    FeedbackGiven,
    KeySaved,
    Ledger,
    MachineMoved,
    RunClosed,
    RunRecorded,
    TaskSaved,
    VariantRegistered,
)
from tests.store.samples import (
    EXPOSURE,
    LATER,
    NOW,
    REFUND,
    VARIANT,
    a_feedback,
    a_machine,
    a_run,
    a_task,
    a_trace,
    an_alert,
    an_artefact,
)

KEY = ApiKey("key-1", "acme", "ana", "h" * 64, NOW)


def entries(number: int = 0) -> list[Entry]:
    """One of each kind, and the second state of what changes; their ids end in `number`."""
    pending, trace = a_trace(f"pending {number}"), a_trace(f"plain {number}")
    run = a_run(pending, id=f"run-{number}", ended=Ended.PENDING)
    plain = a_run(trace, id=f"plain-{number}")
    task = a_task(f"task-{number}", run=run.id)
    key = replace(KEY, id=f"key-{number}")
    closed = replace(run, ended=Ended.ANSWERED, reason="done")
    return [
        VariantRegistered(replace(VARIANT, rounds=number + 1), NOW),
        ExposureSet(replace(EXPOSURE, app=f"app-{number}"), "eva", NOW),
        KeySaved(key),
        RunRecorded(run, pending, (REFUND,)),
        RunRecorded(plain, trace),
        Answered("acme", f"idem-{number}", "h", 200, "sealed", NOW, plain.id),
        ActionDone(run.id, REFUND.key, NOW, {"paid": True}),
        RunClosed(closed),
        FeedbackGiven(a_feedback(f"feedback-{number}", run=plain.id)),
        FeedbackGiven(a_feedback(f"edit-{number}", run=plain.id, kind="edit", value="Better")),
        TaskSaved(task),
        TaskSaved(replace(task, state="resolved", actor="eva")),
        AlertSaved(an_alert(f"alert-{number}")),
        AlertSaved(an_alert(f"alert-{number}", value=0.01, cleared_at=LATER)),
        KeySaved(replace(key, revoked_at=LATER)),
        MachineMoved(a_machine(id=f"r-{number}", app=f"app-{number}"), "eva", "it is time"),
        MachineMoved(
            a_machine(2, id=f"r-{number}", app=f"app-{number}", state="done", open=False),
            "eva",
            "well",
        ),
        ArtefactRegistered(an_artefact(f"{number:064x}"), "eva"),
    ]


async def fill(ledger: Ledger, count: int = 1) -> None:
    for number in range(count):
        for entry in entries(number):
            await ledger.commit(entry)


def now() -> datetime:
    return datetime.now(UTC)
