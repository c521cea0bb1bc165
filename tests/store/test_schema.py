"""The schema: migrations make what the queries name, upgrades run once, newer ledgers are refused."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect

from arriero.core.errors import StoreError
from arriero.store import migrations
from arriero.store.engine import open_engines, sqlite_url
from arriero.store.ledger import open_ledger
from arriero.store.schema import REVISIONS, metadata
from tests.store.samples import recorded

Make = Callable[[Connection], None]
both = pytest.mark.parametrize("make", [migrations.create, migrations.migrate])


def differences(url: str, make: Make | None = None) -> list[object]:
    """How the tables that `make` makes, or that a ledger has when it is opened, differ from the schema."""
    if make is None:
        open_engines(url, synchronous="NORMAL").close()
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    try:
        if make is not None:
            with engine.begin() as connection:
                make(connection)
        with engine.connect() as connection:
            assert migrations.revision(connection) == REVISIONS[-1]
            return list(compare_metadata(MigrationContext.configure(connection), metadata))
    finally:
        engine.dispose()


@both
def test_an_empty_database_gets_the_schema_on_sqlite(tmp_path: Path, make: Make) -> None:
    assert differences(sqlite_url(tmp_path / "ledger.db"), make) == []


@pytest.mark.service
@both
def test_an_empty_database_gets_the_schema_on_postgres(postgres_url: str, make: Make) -> None:
    assert differences(postgres_url, make) == []


def test_created_and_migrated_tables_are_the_same_to_sqlite(tmp_path: Path) -> None:
    """Keys, types and indexes as SQLite itself tells them, in whatever order the columns stand."""
    told = []
    for make in (migrations.create, migrations.migrate):
        engine = create_engine(sqlite_url(tmp_path / f"{make.__name__}.db"))
        with engine.begin() as connection:
            make(connection)
            told.append(_told(connection))
        engine.dispose()
    assert told[0] == told[1] != {}


def _told(connection: Connection) -> dict[str, object]:
    seen = inspect(connection)
    return {
        name: (
            sorted((one["name"], str(one["type"]), one["nullable"], one["default"]) for one in seen.get_columns(name)),
            seen.get_pk_constraint(name)["constrained_columns"],
            sorted((one["name"], one["column_names"], one["unique"]) for one in seen.get_indexes(name)),
        )
        for name in sorted(seen.get_table_names())
    }  # fmt: skip


def test_every_table_has_a_tenant() -> None:
    assert [table.name for table in metadata.sorted_tables if "tenant" not in table.c] == []


def test_every_migration_file_is_a_known_revision() -> None:
    files = sorted((migrations.HERE / "versions").glob("*.py"))
    assert tuple(file.name.partition("_")[0] for file in files) == REVISIONS


async def test_an_empty_file_becomes_a_ledger(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").touch()
    ledger = open_ledger(sqlite_url(tmp_path / "ledger.db"))
    await ledger.commit(recorded())
    await ledger.close()


async def test_a_ledger_is_opened_again_with_all_it_held(tmp_path: Path) -> None:
    url, entry = sqlite_url(tmp_path / "ledger.db"), recorded()
    first = open_ledger(url)
    await first.commit(entry)
    await first.close()
    second = open_ledger(url)
    assert await second.run("acme", entry.run.id) == entry.run
    await second.close()


async def test_an_older_ledger_is_brought_up_to_date_with_all_it_held(tmp_path: Path) -> None:
    file, entry = tmp_path / "ledger.db", recorded()
    ledger = open_ledger(sqlite_url(file))
    await ledger.commit(entry)
    await ledger.close()
    with sqlite3.connect(file) as connection:  # what the first schema did not have
        connection.executescript(
            "DROP INDEX tasks_by_run; DROP TABLE audit_nodes; DROP TABLE audit_heads;"
            "ALTER TABLE audit DROP COLUMN content; ALTER TABLE audit DROP COLUMN salt;"
            "DROP TABLE machines; DROP TABLE artefacts; DROP INDEX runs_in_window;"
            "ALTER TABLE runs DROP COLUMN unit; ALTER TABLE runs DROP COLUMN of;"
            "ALTER TABLE runs DROP COLUMN cost; ALTER TABLE runs DROP COLUMN roles;"
            "ALTER TABLE runs DROP COLUMN failed;"
            "CREATE INDEX runs_in_window ON runs (app, mode, started_at, error, duration_ms, score);"
            "DROP TABLE vaults; DROP INDEX answered_by_run; ALTER TABLE answered DROP COLUMN run;"
            "UPDATE alembic_version SET version_num = '0001'"
        )
    connection.close()
    assert differences(sqlite_url(file)) == []
    again = open_ledger(sqlite_url(file))
    assert await again.run("acme", entry.run.id) == entry.run
    await again.close()


async def test_a_newer_ledger_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    await open_ledger(sqlite_url(file)).close()
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreError, match=rf"'9999', newer than this Arriero's '{REVISIONS[-1]}'"):
        open_ledger(sqlite_url(file))


@pytest.mark.parametrize("new", [True, False])
def test_opening_a_new_or_up_to_date_ledger_imports_no_alembic_and_no_numpy(
    tmp_path: Path, *, new: bool
) -> None:
    url = sqlite_url(tmp_path / "ledger.db")
    if not new:
        asyncio.run(open_ledger(url).close())
    script = (
        "import sys, asyncio\n"
        "from arriero.store.ledger import open_ledger\n"
        f"asyncio.run(open_ledger({url!r}).close())\n"
        "print([name for name in ('alembic', 'numpy', 'redis', 'psycopg') if name in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "[]"


def test_many_processes_open_one_new_ledger_at_once(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "ledger.db")
    script = (
        "import asyncio\n"
        "from arriero.store.ledger import open_ledger\n"
        f"asyncio.run(open_ledger({url!r}).close())"
    )
    opening = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(4)]
    assert [process.wait(timeout=60) for process in opening] == [0, 0, 0, 0]
