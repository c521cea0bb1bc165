"""Entries as rows: pure, the same for every database.

An entry becomes `Written`: the rows that it puts into named writes (see `store/writes.py`), and the
leaves that it leaves in the audit log.

A leaf is the hash of an *event*: who did what to which subject when, and a commitment to what
exactly, the `content`. The commitment is salted, and the salt is a column of its own: once it is erased
nothing can be guessed from the event any more, while every proof over the event goes on to hold.
"""

from __future__ import annotations

import hashlib
import secrets
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from arriero.core.errors import InputError
from arriero.core.merkle import leaf_hash
from arriero.core.words import (
    Action,
    Alert,
    Ended,
    Feedback,
    Run,
    Task,
    Trace,
    Variant,
    canonical_json,
)
from arriero.store.base import (
    ActionDone,
    AlertSaved,
    Answered,
    ApiKey,
    Artefact,
    ArtefactRegistered,
    Entry,
    ExposureSet,
    FeedbackGiven,
    Intended,
    KeySaved,
    Machine,
    MachineMoved,
    RunClosed,
    RunErased,
    RunRecorded,
    TaskSaved,
    VariantRegistered,
)
from arriero.store.schema import micros

Row = dict[str, Any]  # one row's parameters, on the border to SQLAlchemy
T = TypeVar("T")

EVERYBODY = ""  # the tenant of what belongs to the whole installation
ITSELF = "arriero"  # the actor of what nobody asked for
ZLIB_LEVEL = 1  # traces are repetitive: level 6 took twice the time for a tenth less space


@dataclass(frozen=True, slots=True)
class Step:
    """A row for the write called `write`."""

    write: str
    row: Row


@dataclass(frozen=True, slots=True)
class Written:
    """An entry, ready to be written; its leaves still lack their `seq`."""

    steps: tuple[Step, ...]
    leaves: tuple[Row, ...]


def written(entry: Entry, now: datetime) -> Written:
    """The rows of `entry`, whose leaves are dated `now`.

    Raises:
        InputError: a value in it is no JSON value, no valid text, or a moment without a time zone.
    """
    try:
        return _written(entry, micros(now))
    except (TypeError, ValueError) as error:  # UnicodeEncodeError is a ValueError
        raise InputError(f"{type(entry).__name__} cannot be recorded: {error}") from None


def _written(entry: Entry, at: int) -> Written:
    match entry:
        case RunRecorded():
            return _recorded(entry, at)
        case RunClosed(run):
            body = canonical_json(run)
            row = _named_new(_run_row(run, body, open=False), but=("app", "mode"))
            return _one("close", row, entry, at, run.tenant, run.id, run.actor)
        case ActionDone():
            return _one("done", _done_row(entry), entry, at, EVERYBODY, entry.run)
        case FeedbackGiven(given):
            row = _feedback_row(given)
            return _one("feedback", row, entry, at, given.tenant, given.id, given.actor)
        case TaskSaved(task):
            actor = task.actor or ITSELF
            return _one("task", _task_row(task), entry, at, task.tenant, task.id, actor)
        case AlertSaved(alert):
            return _one("alert", _alert_row(alert), entry, at, EVERYBODY, alert.id)
        case VariantRegistered(variant):
            row = _variant_row(variant, entry.at)
            return _one("variant", row, entry, at, EVERYBODY, variant.id)
        case ExposureSet(exposure):
            row = _exposure_row(entry)
            return _one("exposure", row, entry, at, EVERYBODY, exposure.app, entry.actor)
        case MachineMoved(machine):
            write = "machine" if machine.version == 1 else "move"
            row = _machine_row(machine)
            row = row if machine.version == 1 else _named_new(row)
            tenant, kind = machine.tenant, f"{machine.kind}.moved"
            return _one(write, row, entry, at, tenant, machine.id, entry.actor, kind=kind)
        case ArtefactRegistered(made):
            row = _artefact_row(made)
            return _one("artefact", row, entry, at, made.tenant, made.id, entry.actor)
        case KeySaved(key):
            return _one("key", _key_row(key), entry, at, key.tenant, key.id)
        case RunErased(run):
            row = {"new_id": run.id, "new_tenant": run.tenant, "new_body": _text(run)}
            leaves = _one("", {}, entry, at, run.tenant, run.id, entry.actor).leaves
            done = {"new_at": micros(entry.at)}
            return Written(tuple(Step(write, row | done) for write in ERASES), leaves)
        case Answered():
            subject = entry.run or entry.key  # so that a leaf without its row is known to be erased
            return _one("answered", _answered_row(entry), entry, at, entry.tenant, subject)


def _one(
    write: str,
    row: Row,
    entry: Entry,
    at: int,
    tenant: str,
    subject: str,
    actor: str = ITSELF,
    *,
    kind: str | None = None,
) -> Written:
    named = kind or KINDS[type(entry)]
    leaf = _leaf_row(named, content(entry), at, tenant, subject, actor)
    return Written((Step(write, row),), (leaf,))


def content(entry: Entry) -> bytes:
    """What the leaf of `entry` commits to, and what a verifier makes of the rows again."""
    match entry:
        case RunRecorded(run) | RunClosed(run) | RunErased(run):
            return canonical_json(run)  # it names its trace by hash
        case MachineMoved(stated) | ArtefactRegistered(stated):
            return canonical_json(stated)  # the event names the actor
        case _:
            return canonical_json(entry)


KINDS: Mapping[type, str] = {
    RunRecorded: "run.recorded",
    RunClosed: "run.closed",
    ActionDone: "action.done",
    FeedbackGiven: "feedback.given",
    TaskSaved: "task.saved",
    AlertSaved: "alert.saved",
    VariantRegistered: "variant.registered",
    ExposureSet: "exposure.set",
    ArtefactRegistered: "artefact.registered",
    KeySaved: "key.saved",
    Answered: "answered",
    RunErased: "run.erased",
}
# In this order: the run's row says which trace is its own until it is emptied itself.
ERASES = (
    "erase salts", "erase trace", "erase feedback", "erase tasks", "erase actions", "erase answered", "erase run",
)  # fmt: skip


def erased(run: Run) -> Run:
    """`run` without anything that a person said or was told; what is counted of it stays."""
    return replace(
        run,
        unit=None,
        input={},
        answer={},
        reason=f"error: {ERASED}" if is_error(run) else ERASED,
        verdicts=(),
        sources=(),
        stages=tuple(replace(stage, error=stage.error and ERASED) for stage in run.stages),
        trace=None,
    )


ERASED = "erased"


def _recorded(entry: RunRecorded, at: int) -> Written:
    trace = canonical_json(entry.trace)
    run = traced(entry.run, hashlib.sha256(trace).hexdigest())
    body = canonical_json(run)
    leaf = _leaf_row("run.recorded", body, at, run.tenant, run.id, run.actor)
    promised = [
        _leaf_row(
            "action.intended",
            canonical_json(intended_by(run, action)),
            at,
            run.tenant,
            run.id,
            run.actor,
        )
        for action in entry.intended
    ]
    steps = (
        Step("trace", _trace_row(run, trace)),
        Step("run", _run_row(run, body, open=is_open(entry), trace=entry.trace)),
        *(Step("intended", _intended_row(run, action)) for action in entry.intended),
    )
    return Written(steps, (leaf, *promised))


def intended_by(run: Run, action: Action) -> Intended:
    """The outbox's view of an action."""
    return Intended(run.id, run.app, run.tenant, action, run.started_at)


def traced(run: Run, digest: str) -> Run:
    """`run` naming its trace; a run that names another one is an `InputError`."""
    if run.trace not in (None, digest):
        raise InputError(
            f"run {run.id!r} names the trace {run.trace!r}, but its hash is {digest!r}"
        )
    return run if run.trace else replace(run, trace=digest)


def is_open(entry: RunRecorded) -> bool:
    """An open run may still be closed: it intends actions, or waits for a person."""
    return bool(entry.intended) or entry.run.ended is Ended.PENDING


def is_error(run: Run) -> bool:
    """A run counts as an error when it failed, or fell back because of an exception or time-out.

    The flow writes such a fallback's reason as ``error: ...``; a low score is not an error.
    """
    fell = run.ended is Ended.FALLBACK and run.reason.startswith("error:")
    return fell or run.ended is Ended.FAILED


def commitment(salt: str, content: bytes) -> str:
    """SHA-256 of the salt's bytes and the content: hides the content, and binds to it."""
    return hashlib.sha256(bytes.fromhex(salt) + content).hexdigest()


def roles_called(trace: Trace) -> tuple[str, ...]:
    """The roles whose models a run called."""
    return tuple(sorted({call.role for call in trace.calls}))


def checks_failed(run: Run) -> tuple[str, ...]:
    """The checks that a run's answer failed."""
    return tuple(sorted({it.check for it in run.verdicts if not it.passed}))


def event(leaf: Row) -> bytes:
    """The event of a leaf as RFC 8785 JSON: strings and integers only, so Python's writer agrees."""
    return canonical_json({name: leaf[name] for name in EVENT})


EVENT = ("tenant", "at", "kind", "subject", "actor", "content")


def digest(leaf: Row) -> str:
    """A leaf's hash: SHA-256 of 0x00 and its event (RFC 9162 §2.1.1)."""
    return leaf_hash(event(leaf)).hex()


def _leaf_row(kind: str, content: bytes, at: int, tenant: str, subject: str, actor: str) -> Row:
    salt = secrets.token_hex(SALT_BYTES)
    row = {
        "tenant": tenant,
        "at": at,
        "kind": kind,
        "subject": subject,
        "actor": actor,
        "content": commitment(salt, content),
        "salt": salt,
    }
    return row | {"digest": digest(row)}


SALT_BYTES = 16  # 128 bits: what was said cannot be guessed from its commitment


def _run_row(run: Run, body: bytes, *, open: bool, trace: Trace | None = None) -> Row:
    return {
        "id": run.id,
        "tenant": run.tenant,
        "app": run.app,
        "mode": run.mode.value,
        "variant": run.variant,
        "started_at": micros(run.started_at),
        "duration_ms": run.duration_ms,
        "ended": run.ended.value,
        "score": run.score,
        "error": is_error(run),
        "open": open,
        "trace": run.trace,
        "body": body.decode(),
        "unit": run.unit,
        "of": run.of,
        "cost": run.cost,
        "roles": None if trace is None else lines(roles_called(trace)),
        "failed": lines(checks_failed(run)),
    }


def _named_new(row: Row, *, but: tuple[str, ...] = ()) -> Row:
    """An UPDATE's parameters: SQLAlchemy keeps the bare column names to itself there."""
    return {f"new_{name}": value for name, value in row.items() if name not in but}


def _trace_row(run: Run, trace: bytes) -> Row:
    packed = zlib.compress(trace, ZLIB_LEVEL)
    return {"tenant": run.tenant, "sha256": run.trace, "body": packed}


def _intended_row(run: Run, action: Action) -> Row:
    return {
        "run": run.id,
        "key": action.key,
        "tenant": run.tenant,
        "app": run.app,
        "kind": action.kind,
        "payload": _text(action.payload),
        "at": micros(run.started_at),
    }


def _done_row(entry: ActionDone) -> Row:
    row = {
        "run": entry.run,
        "key": entry.key,
        "done_at": micros(entry.at),
        "receipt": _text(entry.receipt),
        "error": entry.error,
    }
    return _named_new(row)


def _feedback_row(given: Feedback) -> Row:
    return {
        "tenant": given.tenant,
        "id": given.id,
        "run": given.run,
        "actor": given.actor,
        "at": micros(given.at),
        "kind": given.kind,
        "value": _text(given.value),
        "comment": given.comment,
    }


def _task_row(task: Task) -> Row:
    return {
        "tenant": task.tenant,
        "id": task.id,
        "kind": task.kind,
        "run": task.run,
        "state": task.state,
        "created_at": micros(task.created_at),
        "due_at": _maybe(task.due_at),
        "actor": task.actor,
        "payload": _text(task.payload),
    }


def _alert_row(alert: Alert) -> Row:
    return {
        "id": alert.id,
        "tenant": EVERYBODY,
        "app": alert.app,
        "name": alert.name,
        "value": alert.value,
        "threshold": alert.threshold,
        "raised_at": micros(alert.raised_at),
        "cleared_at": _maybe(alert.cleared_at),
    }


def _variant_row(variant: Variant, at: datetime) -> Row:
    body = _text(variant)
    app = variant.app
    return {"id": variant.id, "tenant": EVERYBODY, "app": app, "at": micros(at), "body": body}


def _exposure_row(entry: ExposureSet) -> Row:
    return {
        "tenant": EVERYBODY,
        "app": entry.exposure.app,
        "rollout": entry.exposure.rollout,
        "shares": _text(entry.exposure.shares),
        "actor": entry.actor,
        "at": micros(entry.at),
    }


def _machine_row(machine: Machine) -> Row:
    return {
        "kind": machine.kind,
        "id": machine.id,
        "tenant": machine.tenant,
        "app": machine.app,
        "state": machine.state,
        "open": machine.open,
        "version": machine.version,
        "body": _text(machine.body),
        "at": micros(machine.at),
    }


def _artefact_row(made: Artefact) -> Row:
    return {
        "kind": made.kind,
        "id": made.id,
        "tenant": made.tenant,
        "app": made.app,
        "body": _text(made.body),
        "at": micros(made.at),
    }


def _key_row(key: ApiKey) -> Row:
    return {
        "id": key.id,
        "tenant": key.tenant,
        "name": key.name,
        "hash": key.hash,
        "created_at": micros(key.created_at),
        "revoked_at": _maybe(key.revoked_at),
    }


def _answered_row(entry: Answered) -> Row:
    return {
        "tenant": entry.tenant,
        "key": entry.key,
        "request_hash": entry.request_hash,
        "status": entry.status,
        "body": entry.body,
        "at": micros(entry.at),
        "run": entry.run,
    }


def lines(names: tuple[str, ...]) -> str:
    """Names as one text, a line each; `queries` takes them apart again."""
    return "\n".join(names)


def _text(value: object) -> str:
    return canonical_json(value).decode()


def _maybe(at: datetime | None) -> int | None:
    return None if at is None else micros(at)
