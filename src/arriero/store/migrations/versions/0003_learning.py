"""Learning: state machines, artefacts, and what an experiment reads of a run without its wide row.

Runs from before have no unit or cost in their columns: no rollout that could count them was open.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


COLUMNS = {"unit": sa.Text, "of": sa.Text, "cost": sa.Float, "roles": sa.Text, "failed": sa.Text}


def text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def upgrade() -> None:
    for name, kind in COLUMNS.items():
        op.add_column("runs", sa.Column(name, kind, nullable=True))
    op.drop_index("runs_in_window", "runs")
    op.create_index(
        "runs_in_window",
        "runs",
        [
            *("app", "mode", "started_at", "error", "duration_ms", "score"),
            *("variant", "id", "tenant", "unit", "of", "ended", "cost", "roles", "failed"),
        ],
    )
    op.create_table(
        "machines",
        *(text(name) for name in ("kind", "id", "tenant", "app", "state")),
        sa.Column("open", sa.Boolean, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        text("body"),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("kind", "id"),
    )
    op.create_index("machines_by_time", "machines", ["kind", "at"])
    is_open = sa.column("open", sa.Boolean).is_(True)
    op.create_index(
        "machines_open",
        "machines",
        ["kind", "app"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_table(
        "artefacts",
        *(text(name) for name in ("kind", "id", "tenant", "app", "body")),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("kind", "id"),
    )
    op.create_index("artefacts_by_time", "artefacts", ["kind", "at"])
