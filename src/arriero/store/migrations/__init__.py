"""Brings a ledger to the schema of this version.

An empty database is given today's tables at once, which is Alembic's recipe for a new one; a test holds them
against what the migrations make. Alembic is imported only for an older ledger: it would stay, with 11 MB.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    inspect,
    text,
)

from arriero.core.errors import StoreError
from arriero.store.schema import REVISIONS, metadata

HERE = Path(__file__).parent
# Alembic's own table, as it makes it.
VERSION = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


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
    if current is None:
        create(connection)
        return
    if current not in REVISIONS:
        raise StoreError(
            f"the ledger {where} has schema {current!r}, newer than this Arriero's "
            f"{REVISIONS[-1]!r}; upgrade Arriero, or point store.ledger at another ledger"
        )
    migrate(connection)


def revision(connection: Connection) -> str | None:
    """The schema's revision, None for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def create(connection: Connection) -> None:
    """Make the tables of this version in an empty database."""
    metadata.create_all(connection, checkfirst=False)
    VERSION.create(connection, checkfirst=True)
    connection.execute(VERSION.insert().values(version_num=REVISIONS[-1]))


def migrate(connection: Connection) -> None:
    """Run the migrations that the database has not seen: all of them in an empty one."""
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
