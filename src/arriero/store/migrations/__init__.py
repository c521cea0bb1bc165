"""Brings a ledger to the schema of this version; Alembic is imported only when there is work."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from arriero.core.errors import StoreError
from arriero.store.schema import REVISIONS

HERE = Path(__file__).parent


def upgrade(connection: Connection, where: str) -> None:
    """Upgrade inside the caller's transaction, which is the lock; a newer schema is refused.

    Raises:
        StoreError: the ledger was written by a newer Arriero.
    """
    current = revision(connection)
    if current == REVISIONS[-1]:
        # Changes nothing, but fails now, not at the first answer, if the ledger is read-only.
        connection.execute(text("UPDATE alembic_version SET version_num = '' WHERE 1 = 0"))
        return
    if current is not None and current not in REVISIONS:
        raise StoreError(
            f"the ledger {where} has schema {current!r}, newer than this Arriero's "
            f"{REVISIONS[-1]!r}; upgrade Arriero, or point store.ledger at another ledger"
        )
    _run(connection)


def revision(connection: Connection) -> str | None:
    """The schema's revision, None for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _run(connection: Connection) -> None:
    # Alembic costs a tenth of a second at start: only when there is something to migrate.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
