"""The audit log under load and under attack: appends, proofs, and whether tampering is found.

Load is measured on one log of `events` entries. Attacks are tried on small logs with something of every
kind in them, each attack alone: an edit of any column, a row deleted, added, or two of them swapped, a tail
cut off behind an anchor. The lazy verifier beside ours looks only whether the numbers have gaps.
"""

from __future__ import annotations

import asyncio
import logging
import random
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, RowMapping, Table, Text, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from arriero.bench.report import Metric
from arriero.core.clock import SystemClock
from arriero.core.errors import InputError
from arriero.core.merkle import included
from arriero.core.statistics import percentile, wilson
from arriero.core.words import (
    Action,
    Alert,
    Ended,
    Exposure,
    Feedback,
    Mode,
    RoleBinding,
    Run,
    Share,
    Task,
    Trace,
    Variant,
)
from arriero.security.audit import AuditLog
from arriero.security.audit_verify import verify
from arriero.store import schema
from arriero.store.audit_log import Head, SqlAudit
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
    KeySaved,
    Machine,
    MachineMoved,
    RunClosed,
    RunRecorded,
    TaskSaved,
    VariantRegistered,
)
from arriero.store.engine import sqlite_url
from arriero.store.ledger import SqlLedger, open_ledger

AT_ONCE = 512  # commits under way: what a busy server has, and what group commit is for
PROOFS = 1_000
SEED = 20_261_127
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
Progress = Callable[[str, int, int], None]

log = logging.getLogger(__name__)


async def measure(
    events: int, tamperings: int, folder: Path, *, progress: Progress = lambda what, done, of: None
) -> Mapping[str, Metric]:
    """All metrics. `folder` needs some 700 bytes of room an event."""
    return {
        **await _load(events, folder / "load.db", progress),
        **await _attacks(tamperings, folder / "attacked.db", progress),
    }


async def _load(events: int, file: Path, progress: Progress) -> Mapping[str, Metric]:
    ledger = open_ledger(sqlite_url(file))
    audit = AuditLog(SqlAudit(ledger), Ed25519PrivateKey.generate(), SystemClock())
    try:
        took = await _append(ledger, events, progress)
        begun = time.perf_counter()
        head = await audit.seal()
        sealing = time.perf_counter() - begun
        if head is None:
            raise InputError("no events were appended; give --events")
        times, wrong = await _prove(audit, head, min(PROOFS, events), progress)
        begun = time.perf_counter()
        told = await ledger.snapshot(lambda connection: verify(connection, anchors=[head]))
        verifying = time.perf_counter() - begun
    finally:
        await ledger.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "appends_per_s": Metric(events / took, events, "1/s"),
        "seal_s": Metric(sealing, events, "s"),
        "proof_p50_ms": Metric(percentile(times, 50), len(times), "ms"),
        "proof_p95_ms": Metric(percentile(times, 95), len(times), "ms"),
        "proofs_wrong": Metric(wrong, len(times), "proofs"),
        "verify_s": Metric(verifying, events, "s"),
        "findings_untouched": Metric(len(told.findings), events, "findings"),
        "rss_peak_mb": Metric(peak, 1, "MiB"),
    }


async def _append(ledger: SqlLedger, events: int, progress: Progress) -> float:
    """Seconds for so many group-committed appends of one event each."""
    begun, left = time.perf_counter(), iter(range(events))

    async def writer() -> None:
        for number in left:
            given = Feedback(f"f-{number}", "acme", "run", "ana", NOW, "rating", number % 5 + 1)
            await ledger.commit(FeedbackGiven(given))
            if number % 10_000 == 0:
                progress("appending", number, events)

    await asyncio.gather(*(writer() for _ in range(AT_ONCE)))
    return time.perf_counter() - begun


async def _prove(
    log: AuditLog, head: Head, count: int, progress: Progress
) -> tuple[list[float], int]:
    """Milliseconds of each proof, one at a time, and how many of them do not hold."""
    draw, times, wrong = random.Random(SEED), list[float](), 0
    for done in range(count):
        seq = draw.randint(1, head.size)
        begun = time.perf_counter()
        (placed,) = await log.store.place([seq], head.size)
        times.append((time.perf_counter() - begun) * 1e3)
        leaf, root = bytes.fromhex(placed.leaf.digest), bytes.fromhex(head.root)
        wrong += not included(leaf, seq - 1, head.size, placed.path, root)
        progress("proving", done + 1, count)
    return times, wrong


@dataclass(frozen=True, slots=True)
class Tampering:
    """What somebody does who can write the database: `apply` does it, within a transaction."""

    name: str
    apply: Callable[[Connection], None]


async def _attacks(tamperings: int, file: Path, progress: Progress) -> Mapping[str, Metric]:
    ledger = open_ledger(sqlite_url(file))
    audit = AuditLog(SqlAudit(ledger), Ed25519PrivateKey.generate(), SystemClock())
    try:
        for number in range(16):
            await ledger.commit(*_something_of_everything(number))
            if number == 8:
                await audit.seal()
        anchor = await audit.seal()
        if anchor is None:
            raise InputError("nothing was recorded that could be attacked")
        found: Mapping[str, Metric] = await ledger.write(
            lambda connection: _tampered(connection, anchor, tamperings, progress)
        )
    finally:
        await ledger.close()
    return found


def _tampered(
    connection: Connection, anchor: Head, tamperings: int, progress: Progress
) -> Mapping[str, Metric]:
    draw = random.Random(SEED)
    found = lazy = cuts = cuts_found = tried = 0
    missed: list[str] = []
    while tried < tamperings:
        one = _any_tampering(connection, draw)
        attack = connection.begin_nested()
        try:
            one.apply(connection)
        except IntegrityError:  # the database itself refused it: a key that is there already
            attack.rollback()
            continue
        told = verify(connection, trusted=[anchor.public_key], anchors=[anchor])
        gaps = _has_gaps(connection)
        attack.rollback()
        tried += 1
        found += not told.sound
        lazy += gaps
        cuts += one.name == "cut"
        cuts_found += one.name == "cut" and not told.sound
        if told.sound:
            missed.append(one.name)
        progress("tampering", tried, tamperings)
    if missed:
        log.warning("not found: %s", ", ".join(sorted(set(missed))))
    return {
        "tamperings_found": Metric.of(wilson(found, tried), tried),
        "cut_tails_found": Metric.of(wilson(cuts_found, cuts), cuts),
        "tamperings_found_by_lazy": Metric.of(wilson(lazy, tried), tried),
    }


# What has no meaning that could be changed: constants, and the number by which exposures are ordered.
MEANINGLESS = {
    ("audit_nodes", "tenant"), ("audit_heads", "tenant"), ("exposures", "seq"), ("audit", "seq"),
    ("alerts", "tenant"),
}  # fmt: skip
WATCHED: Sequence[Table] = (
    schema.audit, schema.audit_heads, schema.runs, schema.traces, schema.outbox, schema.feedback,
    schema.tasks, schema.alerts, schema.variants, schema.exposures, schema.keys, schema.answered,
    schema.machines, schema.artefacts, schema.audit_nodes,
)  # fmt: skip


def _any_tampering(connection: Connection, draw: random.Random) -> Tampering:
    kind = draw.choices(("edit", "delete", "add", "swap", "cut"), (70, 15, 5, 5, 5))[0]
    if kind == "cut":
        return _cut(connection, draw)
    if kind == "swap":
        return _swap(connection, draw)
    table = draw.choice(WATCHED)
    rows = connection.execute(select(table)).mappings().all()
    if not rows or (kind == "add" and table.name in {"audit_heads", "audit_nodes", "traces"}):
        return _any_tampering(connection, draw)
    row = draw.choice(rows)
    if kind == "delete" and table.name not in {"audit_heads", "audit_nodes"}:
        return Tampering(
            f"delete {table.name}",
            lambda it: _none(it.execute(delete(table).where(*_key(table, row)))),
        )
    if kind == "add":
        return _add(table, row, draw)
    return _edit(table, row, draw)


def _edit(table: Table, row: RowMapping, draw: random.Random) -> Tampering:
    columns = [column for column in table.c if (table.name, column.name) not in MEANINGLESS]
    column = draw.choice(columns)
    new = _another(row[column.name], draw)
    statement = update(table).where(*_key(table, row)).values({column: new})
    return Tampering(f"edit {table.name}.{column.name}", lambda it: _none(it.execute(statement)))


def _add(table: Table, row: RowMapping, draw: random.Random) -> Tampering:
    new = dict(row)
    for column in table.primary_key:
        new[column.name] = (
            f"new-{draw.random()}"
            if isinstance(column.type, Text)
            else draw.randrange(10**6, 10**9)
        )
    if table.name == "machines":
        new["open"] = False
    return Tampering(f"add {table.name}", lambda it: _none(it.execute(insert(table).values(new))))


def _swap(connection: Connection, draw: random.Random) -> Tampering:
    size = int(
        connection.execute(select(schema.audit.c.seq).order_by(schema.audit.c.seq.desc()))
        .scalars()
        .first()
        or 0
    )
    one, two = draw.sample(range(1, size + 1), 2)

    def apply(it: Connection) -> None:
        for old, new in ((one, -1), (two, one), (-1, two)):
            it.execute(update(schema.audit).where(schema.audit.c.seq == old).values(seq=new))

    return Tampering("swap", apply)


def _cut(connection: Connection, draw: random.Random) -> Tampering:
    """The newest events, the heads over them, and the rows they speak of go without a trace."""
    seqs = (
        connection.execute(select(schema.audit.c.seq).order_by(schema.audit.c.seq)).scalars().all()
    )
    keep = seqs[-1] - draw.randint(1, 20)

    def apply(it: Connection) -> None:
        it.execute(delete(schema.audit).where(schema.audit.c.seq > keep))
        it.execute(delete(schema.audit_heads).where(schema.audit_heads.c.size > keep))
        known = set(it.execute(select(schema.audit.c.subject)).scalars())
        for table in (
            schema.feedback,
            schema.tasks,
            schema.alerts,
            schema.artefacts,
            schema.machines,
        ):
            for row in it.execute(select(table)).mappings().all():
                if row["id"] not in known:
                    it.execute(delete(table).where(*_key(table, row)))

    return Tampering("cut", apply)


def _key(table: Table, row: RowMapping) -> list[Any]:
    return [column == row[column.name] for column in table.primary_key]


def _another(value: Any, draw: random.Random) -> Any:
    """A value of the same type that is not this one."""
    match value:
        case None:
            return "mallory"
        case bool():
            return not value
        case int():
            return value + draw.choice((-1, 1, 1_000))
        case float():
            return value + draw.choice((-0.5, 0.25, 1.0))
        case bytes():
            at = draw.randrange(len(value))
            return value[:at] + bytes([value[at] ^ (1 << draw.randrange(8))]) + value[at + 1 :]
        case _:
            at = draw.randrange(len(value) + 1)
            return value[:at] + draw.choice("abcxyz019 ") + value[at:]


def _none(_result: object) -> None:
    """A statement was executed; nobody needs its result."""


def _has_gaps(connection: Connection) -> bool:
    seqs = list(
        connection.execute(select(schema.audit.c.seq).order_by(schema.audit.c.seq)).scalars()
    )
    return seqs != list(range(1, len(seqs) + 1))


def _something_of_everything(number: int) -> list[Entry]:
    variant = Variant("support", {"writer": RoleBinding("fake:echo")}, {}, {"at": float(number)})
    trace = Trace({"n": number}, [], (), (), {}, number, NOW)
    run = Run(
        f"run-{number}", "acme", "support", "c-1", "ana", Mode.LIVE, variant.id, "config", NOW, 12.5,
        Ended.PENDING, "", 0.75, {"message": "hello"}, {"response": "hello"},
    )  # fmt: skip
    plain = replace(run, id=f"plain-{number}", ended=Ended.ANSWERED)
    refund = Action("refund", "refund-1", {"cents": 100 + number})
    task = Task(f"task-{number}", "acme", "review", run.id, "open", NOW, NOW, "ana", {"why": "low"})
    alert = Alert(f"alert-{number}", "support", "quality", 0.5, 0.8, NOW)
    key = ApiKey(f"key-{number}", "acme", "ana", "h" * 64, NOW)
    machine = Machine(
        "cycle", f"c-{number}", "acme", f"app-{number}", "training", True, 1, {"n": 1}, NOW
    )
    ended = replace(machine, state="failed", open=False, version=2)
    feedback = Feedback(f"f-{number}", "acme", plain.id, "ana", NOW, "edit", "Better", "because")
    return [
        VariantRegistered(variant, NOW),
        ExposureSet(Exposure("support", f"r-{number}", (Share(variant.id, 1.0),)), "ana", NOW),
        KeySaved(key),
        RunRecorded(run, trace, (refund,)),
        RunRecorded(plain, replace(trace, seed=number + 1000)),
        Answered("acme", f"idem-{number}", "h", 200, "sealed", NOW, plain.id),
        ActionDone(run.id, refund.key, NOW, {"paid": True}),
        RunClosed(replace(run, ended=Ended.ANSWERED, reason="done")),
        FeedbackGiven(feedback),
        FeedbackGiven(Feedback(f"t-{number}", "acme", plain.id, "eva", NOW, "thumb", value=True)),
        TaskSaved(task),
        TaskSaved(replace(task, state="resolved", actor="eva")),
        AlertSaved(alert),
        AlertSaved(replace(alert, value=0.9, cleared_at=NOW)),
        MachineMoved(machine, "eva", "begun"),
        MachineMoved(ended, "eva", "no disk"),
        ArtefactRegistered(
            Artefact("adapter", f"{number:064x}", "acme", "support", {"n": 1}, NOW), "eva"
        ),
    ]
