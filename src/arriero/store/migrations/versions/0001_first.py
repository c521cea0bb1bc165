"""The first schema: everything the spine remembers.

A migration names its tables itself: `schema.py` moves on, this stays.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

Sequence = sa.Integer().with_variant(sa.BigInteger(), "postgresql")


def text(name: str, *, null: bool = False, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null and not key, primary_key=key)


def moment(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=null)


def upgrade() -> None:
    op.create_table(
        "runs",
        text("id", key=True),
        text("tenant"),
        text("app"),
        text("mode"),
        text("variant"),
        moment("started_at"),
        sa.Column("duration_ms", sa.Float, nullable=False),
        text("ended"),
        sa.Column("score", sa.Float),
        sa.Column("error", sa.Boolean, nullable=False),
        sa.Column("open", sa.Boolean, nullable=False),
        text("trace", null=True),
        text("body"),
    )
    op.create_index("runs_by_tenant", "runs", ["tenant", "id"])
    op.create_index("runs_by_app", "runs", ["tenant", "app", "id"])
    op.create_index(
        "runs_in_window", "runs", ["app", "mode", "started_at", "error", "duration_ms", "score"]
    )
    op.create_table(
        "traces",
        text("tenant"),
        text("sha256"),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "sha256"),
    )
    op.create_table(
        "outbox",
        text("run"),
        text("key"),
        text("tenant"),
        text("app"),
        text("kind"),
        text("payload"),
        moment("at"),
        moment("done_at", null=True),
        text("receipt", null=True),
        text("error", null=True),
        sa.PrimaryKeyConstraint("run", "key"),
    )
    op.create_index(
        "outbox_waiting",
        "outbox",
        ["at"],
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "feedback",
        text("tenant"),
        text("id"),
        text("run"),
        text("actor"),
        moment("at"),
        text("kind"),
        text("value"),
        text("comment", null=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("feedback_by_run", "feedback", ["tenant", "run", "at"])
    op.create_table(
        "tasks",
        text("tenant"),
        text("id"),
        text("kind"),
        text("run", null=True),
        text("state"),
        moment("created_at"),
        moment("due_at", null=True),
        text("actor", null=True),
        text("payload"),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("tasks_by_state", "tasks", ["tenant", "state", "kind", "created_at"])
    op.create_table(
        "alerts",
        text("id", key=True),
        text("tenant"),
        text("app"),
        text("name"),
        sa.Column("value", sa.Float, nullable=False),
        sa.Column("threshold", sa.Float, nullable=False),
        moment("raised_at"),
        moment("cleared_at", null=True),
    )
    op.create_index("alerts_by_time", "alerts", ["cleared_at", "raised_at"])
    op.create_table(
        "variants", text("id", key=True), text("tenant"), text("app"), moment("at"), text("body")
    )
    op.create_table(
        "exposures",
        sa.Column("seq", Sequence, primary_key=True, autoincrement=True),
        text("tenant"),
        text("app"),
        text("rollout"),
        text("shares"),
        text("actor"),
        moment("at"),
    )
    op.create_index("exposures_by_app", "exposures", ["app", "seq"])
    op.create_table(
        "keys",
        text("id", key=True),
        text("tenant"),
        text("name"),
        text("hash"),
        moment("created_at"),
        moment("revoked_at", null=True),
    )
    op.create_table(
        "answered",
        text("tenant"),
        text("key"),
        text("request_hash"),
        sa.Column("status", sa.Integer, nullable=False),
        text("body"),
        moment("at"),
        sa.PrimaryKeyConstraint("tenant", "key"),
    )
    op.create_table(
        "audit",
        sa.Column("seq", Sequence, primary_key=True, autoincrement=False),
        text("tenant"),
        moment("at"),
        text("kind"),
        text("subject"),
        text("actor"),
        text("digest"),
    )
    op.create_index("audit_by_subject", "audit", ["subject", "seq"])
    op.create_table(
        "leases", text("job", key=True), text("tenant"), text("holder"), moment("until")
    )
    op.create_table(
        "records",
        text("tenant"),
        text("app"),
        text("kind"),
        text("id"),
        text("value"),
        moment("updated_at"),
        sa.PrimaryKeyConstraint("tenant", "app", "kind", "id"),
    )
