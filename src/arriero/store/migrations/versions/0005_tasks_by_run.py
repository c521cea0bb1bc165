"""The tasks of a run are found without reading those of every other."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("tasks_by_run", "tasks", ["run"])
