"""The tables, one schema for SQLite and PostgreSQL. Migrations make them; queries name them.

`tenant` is in every table; rows that belong to the whole installation have the tenant ``""``.
Moments are integers: microseconds since 1970 UTC, which both databases keep exactly.
JSON is kept as text: `jsonb` would refuse U+0000 and lose the byte-for-byte canonical form that
the audit digests are taken over.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from arriero.core.errors import InputError

# Every schema this version can read and upgrade, oldest first.
REVISIONS = ("0001", "0002", "0003", "0004", "0005")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

# On SQLite only the type INTEGER makes a key the row id itself, and so free of a second index.
Sequence = Integer().with_variant(BigInteger(), "postgresql")

metadata = MetaData()

runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("app", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("variant", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("duration_ms", Float, nullable=False),
    Column("ended", Text, nullable=False),
    Column("score", Float),
    Column("error", Boolean, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("trace", Text),
    Column("body", Text, nullable=False),
    Column("unit", Text),
    Column("of", Text),
    Column("cost", Float),
    Column("roles", Text),
    Column("failed", Text),
    Index("runs_by_tenant", "tenant", "id"),
    Index("runs_by_app", "tenant", "app", "id"),
    # Holds all that `window` and `outcomes` read, so that they never touch the wide rows.
    Index(
        "runs_in_window",
        *("app", "mode", "started_at", "error", "duration_ms", "score"),
        *("variant", "id", "tenant", "unit", "of", "ended", "cost", "roles", "failed"),
    ),
)

traces = Table(
    "traces",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "sha256"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("run", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("app", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("done_at", BigInteger),
    Column("receipt", Text),
    Column("error", Text),
    PrimaryKeyConstraint("run", "key"),
)
Index(
    "outbox_waiting",
    outbox.c.at,
    sqlite_where=outbox.c.done_at.is_(None),
    postgresql_where=outbox.c.done_at.is_(None),
)

feedback = Table(
    "feedback",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("comment", Text),
    PrimaryKeyConstraint("tenant", "id"),
    Index("feedback_by_run", "tenant", "run", "at"),
)

tasks = Table(
    "tasks",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("run", Text),
    Column("state", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("due_at", BigInteger),
    Column("actor", Text),
    Column("payload", Text, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    Index("tasks_by_state", "tenant", "state", "kind", "created_at"),
    Index("tasks_by_run", "run"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("app", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("value", Float, nullable=False),
    Column("threshold", Float, nullable=False),
    Column("raised_at", BigInteger, nullable=False),
    Column("cleared_at", BigInteger),
    Index("alerts_by_time", "cleared_at", "raised_at"),
)

variants = Table(
    "variants",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("app", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)

# Never updated: the newest row of an app holds, the older ones say what held before.
exposures = Table(
    "exposures",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=True),
    Column("tenant", Text, nullable=False),
    Column("app", Text, nullable=False),
    Column("rollout", Text, nullable=False),
    Column("shares", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("exposures_by_app", "app", "seq"),
)

# The state machines of learning: one row each, as they stand; the audit log holds their way.
machines = Table(
    "machines",
    metadata,
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("app", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("kind", "id"),
    Index("machines_by_time", "kind", "at"),
)
Index(
    "machines_open",
    machines.c.kind,
    machines.c.app,
    unique=True,
    sqlite_where=machines.c.open.is_(True),
    postgresql_where=machines.c.open.is_(True),
)

artefacts = Table(
    "artefacts",
    metadata,
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("app", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("kind", "id"),
    Index("artefacts_by_time", "kind", "at"),
)

keys = Table(
    "keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
)

answered = Table(
    "answered",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("request_hash", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("run", Text),
    PrimaryKeyConstraint("tenant", "key"),
    Index("answered_by_run", "run"),
)

# Private values by conversation or customer, encrypted by the room above; gone after `until`.
vaults = Table(
    "vaults",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("until", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "unit"),
    Index("vaults_by_end", "until"),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=False),
    Column("tenant", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("content", Text),
    Column("salt", Text),
    Index("audit_by_subject", "subject", "seq"),
)

# The roots of complete subtrees over 2^height leaves, for heights 8, 16, ...: see core/merkle.py.
audit_nodes = Table(
    "audit_nodes",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("height", Integer, nullable=False),
    Column("place", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("height", "place"),
)

# Signed tree heads: what the log was when it had `size` leaves.
audit_heads = Table(
    "audit_heads",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("tenant", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("root", Text, nullable=False),
    Column("public_key", Text, nullable=False),
    Column("signature", Text, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("job", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("holder", Text, nullable=False),
    Column("until", BigInteger, nullable=False),
)

records = Table(
    "records",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("app", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "app", "kind", "id"),
)


NEVER = (1 << 63) - 1  # after every moment, for ordering by a moment that may lack


def micros(at: datetime) -> int:
    """Microseconds since 1970 UTC, exactly; a moment without a time zone is an `InputError`."""
    if at.tzinfo is None:
        raise InputError(f"the moment {at.isoformat()!r} has no time zone; give it one (UTC)")
    return (at - EPOCH) // MICROSECOND


def moment(value: int) -> datetime:
    """The moment that `micros` made a number of."""
    return EPOCH + value * MICROSECOND
