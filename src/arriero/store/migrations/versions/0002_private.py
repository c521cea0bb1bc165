"""Private data: the vaults, and which run a kept response belongs to (so that it can be erased)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "vaults",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "unit"),
    )
    op.create_index("vaults_by_end", "vaults", ["until"])
    op.add_column("answered", sa.Column("run", sa.Text, nullable=True))
    op.create_index("answered_by_run", "answered", ["run"])
