"""Proofs over the audit log: salted commitments, stored subtrees, signed heads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audit", sa.Column("content", sa.Text, nullable=True))
    op.add_column("audit", sa.Column("salt", sa.Text, nullable=True))
    op.create_table(
        "audit_nodes",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("place", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("height", "place"),
    )
    op.create_table(
        "audit_heads",
        sa.Column("size", sa.BigInteger, autoincrement=False, primary_key=True),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("root", sa.Text, nullable=False),
        sa.Column("public_key", sa.Text, nullable=False),
        sa.Column("signature", sa.Text, nullable=False),
    )
