"""What the rows of the ledger state, as the leaves of the audit log should have it.

A verifier makes each row into the entry that wrote it: its columns must then be those that the entry
writes, and its content the one that a leaf committed to.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, func, select

from arriero.core.errors import InputError
from arriero.core.words import Ended, Run, Trace, Variant, canonical_json
from arriero.store import schema, values
from arriero.store.base import (
    ActionDone,
    AlertSaved,
    ArtefactRegistered,
    Entry,
    ExposureSet,
    FeedbackGiven,
    KeySaved,
    Leaf,
    MachineMoved,
    RunClosed,
    TaskSaved,
    VariantRegistered,
)
from arriero.store.rows import content, lines, roles_called, written
from arriero.store.schema import moment

PAGE = 5_000  # rows read at once


@dataclass(frozen=True, slots=True)
class Stated:
    """One thing that a row says.

    `kinds` are the leaves that may have stated it about `subject`; of a `changing` row only the newest
    counts; what comes in an `ordered` way comes as its leaves do. `run` is the run it belongs to; `emptied`
    whether it looks as erasing leaves it; `sound` whether the row's columns agree with one another. `open`
    is that of a run, `waits` whether it would be open without an action, too.
    """

    where: str
    kinds: frozenset[str]
    subject: str
    content: bytes
    changing: bool = False
    run: str | None = None
    emptied: bool = False
    sound: bool = True
    ordered: bool = False
    open: bool | None = None
    waits: bool = False


def leaves(connection: Connection) -> Iterator[Leaf]:
    """All leaves in order of their number."""
    for row in _rows(connection, schema.audit, schema.audit.c.seq):
        yield values.to_leaf(row)


def stated(connection: Connection) -> Iterator[Stated]:
    """Everything that rows say, table by table. A row that cannot be read is not sound."""
    for table, order, tell in TELLERS:
        for row in _rows(connection, table, order):
            try:
                yield from tell(row)
            except (ValueError, TypeError, InputError):
                yield Stated(f"{table.name} {row[order.name]}", frozenset(), "", b"", sound=False)


def counted(connection: Connection) -> int:
    """How many rows `leaves` and `stated` read: for a progress bar."""
    tables = (schema.audit, *(table for table, _, _ in TELLERS))
    return sum(
        connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables
    )


def damaged_traces(connection: Connection) -> Iterator[tuple[str, str, str]]:
    """What is wrong with traces, and with what runs tell of theirs: kind, where, what."""
    roles = dict[tuple[str, str], str | None]()
    for row in _rows(connection, schema.traces, schema.traces.c.sha256):
        key = row["tenant"], row["sha256"]
        roles[key] = _roles(row)
        if roles[key] is None:
            yield "trace", row["sha256"], "is not what was recorded"
    runs = schema.runs.c
    for id, tenant, sha256, told in connection.execute(
        select(runs.id, runs.tenant, runs.trace, runs.roles)
    ):
        if sha256 is not None and (tenant, sha256) not in roles:
            yield "trace", sha256, "is missing"
            continue
        called = None if sha256 is None else roles[tenant, sha256]
        if told != called and (sha256 is None or called is not None):
            yield "row", f"run {id}", "was edited: it tells of other roles than its trace"


def _roles(row: RowMapping) -> str | None:
    """The roles that a trace calls, as its run's row tells them; None when it was damaged."""
    try:
        body = zlib.decompress(row["body"])
        called = lines(roles_called(values.parsed(Trace, body)))
    except (zlib.error, ValueError):
        return None
    return called if hashlib.sha256(body).hexdigest() == row["sha256"] else None


def nodes(connection: Connection) -> dict[tuple[int, int], bytes]:
    """The stored subtrees: (height, index) -> root."""
    found = _rows(connection, schema.audit_nodes, schema.audit_nodes.c.place)
    return {(row["height"], row["place"]): bytes(row["hash"]) for row in found}


def _rows(connection: Connection, table: Table, order: Any) -> Iterator[RowMapping]:
    query = select(table).order_by(order).execution_options(stream_results=True, yield_per=PAGE)
    yield from connection.execute(query).mappings()


def _agrees(entry: Entry, row: RowMapping, *, but: Sequence[str] = ()) -> bool:
    """Whether the columns of `row` are those that `entry` writes."""
    (step,) = written(entry, moment(0)).steps
    told = {name.removeprefix("new_"): value for name, value in step.row.items()}
    return all(row[name] == value for name, value in told.items() if name not in but)


def _run(row: RowMapping) -> Iterator[Stated]:
    run = values.parsed(Run, row["body"])
    here = (row["tenant"], row["app"], row["mode"]) == (run.tenant, run.app, run.mode.value)
    # Its trace has the roles. A run that was closed without naming its trace keeps the one it was recorded with.
    # The leaf commits to the body letter by letter, so it is not compared with how the run is written today.
    kept = ("open", "roles", "body") if run.trace else ("open", "roles", "body", "trace")
    sound = here and _agrees(RunClosed(run), row, but=kept)
    kinds = frozenset({"run.recorded", "run.closed", "run.erased"})
    yield Stated(
        f"run {row['id']}", kinds, row["id"], row["body"].encode(), True, sound=sound,
        open=bool(row["open"]), waits=run.ended is Ended.PENDING,
    )  # fmt: skip


def _outbox(row: RowMapping) -> Iterator[Stated]:
    where, run = f"action {row['run']} {row['key']}", row["run"]
    told, emptied = canonical_json(values.to_intended(row)), row["payload"] == "{}"
    yield Stated(where, frozenset({"action.intended"}), run, told, run=run, emptied=emptied)
    if row["done_at"] is not None:
        receipt = values.parsed(dict[str, Any], row["receipt"] or "{}")
        done = ActionDone(run, row["key"], moment(row["done_at"]), receipt, row["error"])
        gone = row["receipt"] in (None, "{}")
        yield Stated(where, frozenset({"action.done"}), run, content(done), run=run, emptied=gone)


def _feedback(row: RowMapping) -> Iterator[Stated]:
    entry = FeedbackGiven(values.to_feedback(row))
    text = row["kind"] in {"edit", "comment"}
    emptied = row["comment"] is None and (not text or row["value"] == "null")
    yield _one("feedback.given", entry, row, row["id"], run=row["run"], emptied=emptied)


def _task(row: RowMapping) -> Iterator[Stated]:
    entry, emptied = TaskSaved(values.to_task(row)), row["payload"] == "{}"
    yield _one("task.saved", entry, row, row["id"], changing=True, run=row["run"], emptied=emptied)


def _alert(row: RowMapping) -> Iterator[Stated]:
    yield _one("alert.saved", AlertSaved(values.to_alert(row)), row, row["id"], changing=True)


def _key(row: RowMapping) -> Iterator[Stated]:
    yield _one("key.saved", KeySaved(values.to_key(row)), row, row["id"], changing=True)


def _variant(row: RowMapping) -> Iterator[Stated]:
    entry = VariantRegistered(values.parsed(Variant, row["body"]), moment(row["at"]))
    yield _one("variant.registered", entry, row, row["id"])


def _exposure(row: RowMapping) -> Iterator[Stated]:
    entry = ExposureSet(values.to_exposure(row), row["actor"], moment(row["at"]))
    yield replace(_one("exposure.set", entry, row, row["app"]), ordered=True)


def _answered(row: RowMapping) -> Iterator[Stated]:
    entry = values.to_answered(row)
    yield _one("answered", entry, row, row["run"] or row["key"], run=row["run"])


def _one(
    kind: str,
    entry: Entry,
    row: RowMapping,
    subject: str,
    *,
    changing: bool = False,
    run: str | None = None,
    emptied: bool = False,
) -> Stated:
    where, sound = f"{kind.partition('.')[0]} {subject}", _agrees(entry, row)
    return Stated(where, frozenset({kind}), subject, content(entry), changing, run, emptied, sound)


def _machine(row: RowMapping) -> Iterator[Stated]:
    machine = values.to_machine(row)
    kinds = frozenset({f"{machine.kind}.moved"})
    sound = _agrees(MachineMoved(machine, "", ""), row)
    where = f"{machine.kind} {machine.id}"
    yield Stated(where, kinds, machine.id, canonical_json(machine), changing=True, sound=sound)


def _artefact(row: RowMapping) -> Iterator[Stated]:
    made = values.to_artefact(row)
    sound = _agrees(ArtefactRegistered(made, ""), row)
    kinds = frozenset({"artefact.registered"})
    yield Stated(f"{made.kind} {made.id}", kinds, made.id, canonical_json(made), sound=sound)


Teller = Callable[[RowMapping], Iterator[Stated]]
TELLERS: Sequence[tuple[Table, Any, Teller]] = (
    (schema.runs, schema.runs.c.id, _run),
    (schema.outbox, schema.outbox.c.run, _outbox),
    (schema.feedback, schema.feedback.c.id, _feedback),
    (schema.tasks, schema.tasks.c.id, _task),
    (schema.alerts, schema.alerts.c.id, _alert),
    (schema.variants, schema.variants.c.id, _variant),
    (schema.exposures, schema.exposures.c.seq, _exposure),
    (schema.keys, schema.keys.c.id, _key),
    (schema.answered, schema.answered.c.key, _answered),
    (schema.machines, schema.machines.c.id, _machine),
    (schema.artefacts, schema.artefacts.c.id, _artefact),
)
