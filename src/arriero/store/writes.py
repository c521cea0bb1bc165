"""The statements of the ledger, and what it means when one of them touches no row.

Every write is safe to repeat: a row that is already there leaves the database as it was, and
`untouched` then tells a harmless repeat from a contradiction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Executable,
    Table,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from arriero.core.errors import Conflict, NotFound
from arriero.store import schema
from arriero.store.rows import Row

INSERTS: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@dataclass(frozen=True, slots=True)
class Write:
    """`untouched` is asked when the statement touched no row; None: that happens and is fine.

    It raises what is wrong, or returns when the entry is a repeat of one that is recorded.
    """

    statement: Executable
    untouched: Callable[[Connection, Row], None] | None = None


def writes(dialect: str) -> Mapping[str, Write]:
    """Every write by name, in the order in which a batch applies them: what is made comes first."""
    insert = INSERTS[dialect]

    def once(table: Table) -> Any:
        return insert(table).on_conflict_do_nothing()

    return {
        "trace": Write(once(schema.traces)),
        "run": Write(once(schema.runs), _run_exists),
        "intended": Write(once(schema.outbox), _key_exists),
        "close": Write(_close(), _not_closed),
        "done": Write(_done(), _not_waiting),
        "feedback": Write(once(schema.feedback), _repeat),
        "task": Write(_task(insert), _repeat),
        "alert": Write(_alert(insert), _repeat),
        "variant": Write(once(schema.variants), _repeat),
        "exposure": Write(insert(schema.exposures)),
        "machine": Write(once(schema.machines), _machine_exists),
        "move": Write(_move(), _moved_meanwhile),
        "artefact": Write(once(schema.artefacts), _repeat),
        "key": Write(_key(insert), _repeat),
        "answered": Write(once(schema.answered), _answered_otherwise),
        **_erases(),
    }


def take_lease(dialect: str) -> Executable:
    """Touches one row when the lease was free, over, or the holder's own. Needs `now` and `latest` too."""
    insert = INSERTS[dialect](schema.leases)
    mine = schema.leases.c.holder == insert.excluded.holder
    until = schema.leases.c.until
    over = or_(until <= bindparam("now"), until > bindparam("latest"))
    new = {"holder": insert.excluded.holder, "until": insert.excluded.until}
    statement: Executable = insert.on_conflict_do_update(
        index_elements=["job"], set_=new, where=or_(mine, over)
    )
    return statement


def put_record(dialect: str) -> Executable:
    """Writes an app's record in place of the one that was there."""
    insert = INSERTS[dialect](schema.records)
    new = {"value": insert.excluded.value, "updated_at": insert.excluded.updated_at}
    keys = ["tenant", "app", "kind", "id"]
    statement: Executable = insert.on_conflict_do_update(index_elements=keys, set_=new)
    return statement


def put_sealed(dialect: str) -> Executable:
    """Writes a vault in place of the one that was there."""
    insert = INSERTS[dialect](schema.vaults)
    new = {"sealed": insert.excluded.sealed, "until": insert.excluded.until}
    statement: Executable = insert.on_conflict_do_update(
        index_elements=["tenant", "unit"], set_=new
    )
    return statement


def _erases() -> Mapping[str, Write]:
    """What empties the rows of one run; they come in this order."""
    id: BindParameter[str] = bindparam("new_id")
    tenant: BindParameter[str] = bindparam("new_tenant")
    run, trace, said = schema.runs.c, schema.traces.c, schema.feedback.c
    task, action, kept = schema.tasks.c, schema.outbox.c, schema.answered.c
    log = schema.audit.c
    own = select(run.trace).where(run.id == id, run.tenant == tenant).scalar_subquery()
    is_text = or_(said.kind == "edit", said.kind == "comment")
    text_only = case((is_text, "null"), else_=said.value)
    given_up = {
        "done_at": func.coalesce(action.done_at, bindparam("new_at")),
        "error": case((action.done_at.is_(None), "erased"), else_=action.error),
        "payload": "{}",
        "receipt": case((action.receipt.is_(None), None), else_="{}"),
    }
    of_run = or_(
        log.subject == id,
        log.subject.in_(select(said.id).where(said.tenant == tenant, said.run == id)),
        log.subject.in_(select(task.id).where(task.tenant == tenant, task.run == id)),
    )
    return {
        "erase salts": Write(
            update(schema.audit).where(log.tenant.in_((tenant, "")), of_run).values(salt=None)
        ),
        "erase trace": Write(
            delete(schema.traces).where(trace.tenant == tenant, trace.sha256 == own)
        ),
        "erase feedback": Write(
            update(schema.feedback)
            .where(said.tenant == tenant, said.run == id)
            .values(value=text_only, comment=None)
        ),
        "erase tasks": Write(
            update(schema.tasks).where(task.tenant == tenant, task.run == id).values(payload="{}")
        ),
        "erase actions": Write(
            update(schema.outbox).where(action.tenant == tenant, action.run == id).values(given_up)
        ),
        "erase answered": Write(
            delete(schema.answered).where(kept.tenant == tenant, kept.run == id)
        ),
        "erase run": Write(
            update(schema.runs)
            .where(run.id == id, run.tenant == tenant)
            .values(
                body=bindparam("new_body"), trace=None, open=False, unit=None, roles=None, failed=""
            ),
            _no_such_run,
        ),
    }


def _no_such_run(_connection: Connection, row: Row) -> None:
    raise NotFound(f"run {row['new_id']!r} is not recorded, so it cannot be erased")


def _close() -> Executable:
    table = schema.runs
    given = (
        *("variant", "started_at", "duration_ms", "ended", "score", "error", "open", "body"),
        *("unit", "of", "cost", "failed"),
    )
    new: dict[str, Any] = {name: bindparam(f"new_{name}") for name in given}
    for kept in ("trace", "roles"):  # a run that is closed does not bring its trace along
        new[kept] = func.coalesce(bindparam(f"new_{kept}"), table.c[kept])
    here = table.c.id == bindparam("new_id"), table.c.tenant == bindparam("new_tenant")
    return update(table).where(*here, table.c.open.is_(True)).values(new)


def _done() -> Executable:
    table = schema.outbox
    new: dict[str, Any] = {
        name: bindparam(f"new_{name}") for name in ("done_at", "receipt", "error")
    }
    here = table.c.run == bindparam("new_run"), table.c.key == bindparam("new_key")
    return update(table).where(*here, table.c.done_at.is_(None)).values(new)


def _move() -> Executable:
    table = schema.machines
    new: dict[str, Any] = {
        name: bindparam(f"new_{name}") for name in ("state", "open", "version", "body", "at")
    }
    here = table.c.kind == bindparam("new_kind"), table.c.id == bindparam("new_id")
    before = table.c.version == bindparam("new_version") - 1
    return update(table).where(*here, before, table.c.open.is_(True)).values(new)


def _task(insert: Any) -> Executable:
    made = insert(schema.tasks)
    moved = {name: made.excluded[name] for name in ("state", "due_at", "actor", "payload")}
    statement: Executable = made.on_conflict_do_update(
        index_elements=["tenant", "id"],
        set_=moved,
        where=schema.tasks.c.state != made.excluded.state,
    )
    return statement


def _alert(insert: Any) -> Executable:
    made = insert(schema.alerts)
    cleared = {name: made.excluded[name] for name in ("value", "cleared_at")}
    is_open, clears = schema.alerts.c.cleared_at.is_(None), made.excluded.cleared_at.is_not(None)
    statement: Executable = made.on_conflict_do_update(
        index_elements=["id"], set_=cleared, where=is_open & clears
    )
    return statement


def _key(insert: Any) -> Executable:
    made = insert(schema.keys)
    table, new = schema.keys.c, made.excluded
    changed = or_(table.name != new.name, table.revoked_at.is_distinct_from(new.revoked_at))
    statement: Executable = made.on_conflict_do_update(
        index_elements=["id"], set_={"name": new.name, "revoked_at": new.revoked_at}, where=changed
    )
    return statement


def _repeat(_connection: Connection, _row: Row) -> None:
    """The same entry was recorded before."""


def _run_exists(_connection: Connection, row: Row) -> None:
    raise Conflict(f"run {row['id']!r} is already recorded; give every case an id of its own")


def _key_exists(_connection: Connection, row: Row) -> None:
    raise Conflict(f"run {row['run']!r} intends two actions with the key {row['key']!r}")


def _not_closed(connection: Connection, row: Row) -> None:
    table = schema.runs
    here = table.c.id == row["new_id"], table.c.tenant == row["new_tenant"]
    body = connection.execute(select(table.c.body).where(*here)).scalar()
    if body is None:
        raise NotFound(f"run {row['new_id']!r} is not recorded, so it cannot be closed")
    if body != row["new_body"]:
        raise Conflict(f"run {row['new_id']!r} is closed; its final record does not change")


def _not_waiting(connection: Connection, row: Row) -> None:
    table = schema.outbox
    here = table.c.run == row["new_run"], table.c.key == row["new_key"]
    if connection.execute(select(table.c.key).where(*here)).scalar() is None:
        raise NotFound(f"run {row['new_run']!r} intends no action {row['new_key']!r}")


def _machine_exists(connection: Connection, row: Row) -> None:
    table = schema.machines
    rival = table.c.kind == row["kind"], table.c.app == row["app"], table.c.open.is_(True)
    is_open = connection.execute(select(table.c.id).where(*rival)).scalar()
    raise Conflict(begun_before(row["kind"], row["id"], row["app"], is_open))


def _moved_meanwhile(_connection: Connection, row: Row) -> None:
    raise Conflict(moved_meanwhile(row["new_kind"], row["new_id"], row["new_version"]))


def begun_before(kind: str, id: str, app: str, is_open: str | None) -> str:
    """Why a machine cannot begin beside the one that `is_open`, if any; the fake says the same."""
    if is_open is None or is_open == id:
        return f"{kind} {id!r} began before; begin one with an id of its own"
    return f"app {app!r} has an open {kind}, {is_open!r}; end that one first"


def moved_meanwhile(kind: str, id: str, version: int) -> str:
    """Why a machine cannot take this step; the fake says the same."""
    return f"{kind} {id!r} is not open at version {version - 1}: it moved meanwhile; read it again"


def _answered_otherwise(connection: Connection, row: Row) -> None:
    table = schema.answered
    here = table.c.tenant == row["tenant"], table.c.key == row["key"]
    same = (table.c.request_hash, table.c.status, table.c.body)
    there = connection.execute(select(*same).where(*here)).one()
    if tuple(there) != (row["request_hash"], row["status"], row["body"]):
        raise Conflict(f"the idempotency key {row['key']!r} was answered before, differently")
