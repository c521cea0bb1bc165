"""What is particular to the SQL ledgers: pragmas, bounds, and errors that say what to do."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from arriero.core.clock import SystemClock
from arriero.core.errors import NotFound, SettingsError, StoreError
from arriero.store.base import RunClosed, RunRecorded, TaskSaved
from arriero.store.engine import open_engines, sqlite_url
from arriero.store.ledger import SqlLedger, open_ledger
from arriero.store.writer import Writer
from tests.engines import postgres
from tests.store.samples import REFUND, a_task, recorded

FULL, NORMAL = 2, 1  # what PRAGMA synchronous answers


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
async def ledger(file: Path) -> AsyncIterator[SqlLedger]:
    ledger = open_ledger(sqlite_url(file))
    yield ledger
    await ledger.close()


def pragmas_at_commit(ledger: SqlLedger) -> list[int]:
    """Grows by what PRAGMA synchronous is, on the writing connection, as each COMMIT runs."""
    seen: list[int] = []

    def note(connection: Connection) -> None:
        seen.append(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())

    event.listen(ledger._engines.writer, "commit", note)
    return seen


def limit_pages(ledger: SqlLedger, pages: int) -> None:
    """As if the disk were full: SQLite may not take more pages than this."""
    driver = ledger._engines.writer.raw_connection()
    driver.cursor().execute(f"PRAGMA max_page_count={pages}")
    driver.close()


async def test_durable_commits_run_under_synchronous_full_and_others_do_not(
    ledger: SqlLedger,
) -> None:
    seen = pragmas_at_commit(ledger)
    await ledger.commit(recorded())
    await ledger.commit(recorded(), durable=True)
    await ledger.commit(recorded())
    assert seen == [NORMAL, FULL, NORMAL]


async def test_a_ledger_opened_with_full_always_commits_so(file: Path) -> None:
    ledger = open_ledger(sqlite_url(file), synchronous="FULL")
    seen = pragmas_at_commit(ledger)
    await ledger.commit(recorded())
    await ledger.close()
    assert seen == [FULL]


async def test_the_file_is_in_wal_mode(ledger: SqlLedger) -> None:
    mode = await ledger.read(lambda connection: connection.exec_driver_sql("PRAGMA journal_mode"))
    assert mode.scalar_one() == "wal"


async def test_readers_cannot_write(ledger: SqlLedger) -> None:
    with pytest.raises(StoreError, match="read-only"):
        await ledger.read(lambda connection: connection.exec_driver_sql("DELETE FROM runs"))


async def test_commits_that_wait_together_share_a_transaction(
    ledger: SqlLedger, file: Path
) -> None:
    seen = pragmas_at_commit(ledger)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = [asyncio.ensure_future(ledger.commit(recorded())) for _ in range(100)]
    await asyncio.sleep(0.1)
    other.close()
    await asyncio.gather(*waiting)
    assert len(seen) <= 3


async def test_in_one_batch_a_run_cannot_be_closed_before_it_is_recorded(
    ledger: SqlLedger, file: Path
) -> None:
    entry = recorded(REFUND)
    final = RunClosed(replace(entry.run, reason="done"))
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    first = asyncio.ensure_future(ledger.commit(recorded()))
    await asyncio.sleep(0.1)
    waiting = [asyncio.ensure_future(ledger.commit(it)) for it in (final, entry)]
    await asyncio.sleep(0)
    other.close()
    outcomes = await asyncio.gather(first, *waiting, return_exceptions=True)
    assert [type(it) for it in outcomes] == [type(None), NotFound, type(None)]


async def test_beyond_the_bound_a_commit_is_refused_at_once(file: Path) -> None:
    engines = open_engines(sqlite_url(file), synchronous="NORMAL")
    ledger = SqlLedger(engines, Writer(engines, "NORMAL", max_waiting=3), SystemClock())
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    stuck = asyncio.ensure_future(ledger.commit(recorded()))
    await asyncio.sleep(0.1)
    waiting = [asyncio.ensure_future(ledger.commit(recorded())) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(StoreError, match=r"3 commits wait .* send less"):
        await ledger.commit(recorded())
    other.close()
    await asyncio.gather(stuck, *waiting)
    assert len(await ledger.runs("acme")) == 4
    await ledger.close()


async def test_closing_commits_what_waits(file: Path) -> None:
    ledger = open_ledger(sqlite_url(file))
    waiting = [asyncio.ensure_future(ledger.commit(recorded())) for _ in range(50)]
    await asyncio.sleep(0)
    await ledger.close()
    await asyncio.gather(*waiting)
    again = open_ledger(sqlite_url(file))
    assert len(await again.runs("acme", limit=100)) == 50
    await again.close()


async def test_a_full_disk_is_said_and_passes(ledger: SqlLedger) -> None:
    kept = recorded()
    await ledger.commit(kept)
    limit_pages(ledger, 1)  # SQLite takes it as: no more than there are
    big = recorded(input={"message": "x" * 1_000_000})
    with pytest.raises(StoreError, match="is full; free some space"):
        await ledger.commit(big)
    limit_pages(ledger, 1_000_000)
    await ledger.commit(big)
    assert {run.id for run in await ledger.runs("acme")} == {kept.run.id, big.run.id}


async def test_a_full_disk_fails_everyone_in_the_batch_and_loses_nothing(
    ledger: SqlLedger,
) -> None:
    kept = recorded()
    await ledger.commit(kept)
    limit_pages(ledger, 1)
    batch = [recorded(input={"message": "x" * 100_000}) for _ in range(20)]
    outcomes = await asyncio.gather(*map(ledger.commit, batch), return_exceptions=True)
    refused = [entry for entry, it in zip(batch, outcomes, strict=True) if it is not None]
    assert {type(it) for it in outcomes} - {type(None)} == {StoreError}
    there = {run.id for run in await ledger.runs("acme", limit=100)}
    assert kept.run.id in there
    assert there.isdisjoint(entry.run.id for entry in refused)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of one megabyte."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine does not let root mount a small file system")
    yield folder
    subprocess.run(["umount", folder], check=True)


async def failure(ledger: SqlLedger, entry: RunRecorded) -> StoreError | None:
    try:
        await ledger.commit(entry)
    except StoreError as error:
        return error
    return None


async def test_on_a_really_full_disk_nothing_acknowledged_is_lost(tiny_disk: Path) -> None:
    url = sqlite_url(tiny_disk / "ledger.db")
    ledger = open_ledger(url)
    entries = [recorded(input={"message": os.urandom(10_000).hex()}) for _ in range(200)]
    outcomes = [await failure(ledger, entry) for entry in entries]
    kept = {entry.run.id for entry, it in zip(entries, outcomes, strict=True) if it is None}
    assert kept
    assert "free some space" in str(outcomes[-1])
    there = {run.id for run in await ledger.runs("acme", limit=1_000)}
    assert there >= kept
    await ledger.close()


def test_a_file_that_is_no_database_is_refused(file: Path) -> None:
    file.write_bytes(b"Dear diary, " * 1_000)
    with pytest.raises(StoreError, match="not a ledger"):
        open_ledger(sqlite_url(file))
    assert file.read_bytes().startswith(b"Dear diary")


async def test_a_damaged_ledger_says_so(file: Path) -> None:
    ledger = open_ledger(sqlite_url(file))
    await ledger.commit(*(recorded() for _ in range(100)))
    await ledger.close()
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    file.write_bytes(content)
    with pytest.raises(StoreError, match="is damaged; restore it from a backup"):
        open_ledger(sqlite_url(file))


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no-such-folder.* cannot be opened; check"):
        open_ledger(sqlite_url(tmp_path / "no-such-folder" / "ledger.db"))


async def test_a_read_only_ledger_is_refused(file: Path) -> None:
    await open_ledger(sqlite_url(file)).close()
    with pytest.raises(StoreError, match="is read-only; make the file and its folder writable"):
        open_ledger(f"sqlite:///file:{file}?mode=ro&uri=true")


@pytest.mark.slow
async def test_a_locked_ledger_says_so_after_five_seconds(ledger: SqlLedger, file: Path) -> None:
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    with pytest.raises(StoreError, match="locked by another process"):
        await ledger.commit(recorded())
    assert 4 < time.monotonic() - began < 8
    other.close()
    await ledger.commit(recorded())


@pytest.mark.parametrize(
    "url", ["mysql://localhost/x", "ledger.db", "", "sqlite://", "sqlite:///:memory:"]
)
def test_an_unusable_url_is_refused_with_examples(url: str) -> None:
    with pytest.raises(SettingsError, match=r"write sqlite:////path/ledger\.db or postgresql://"):
        open_ledger(url)


@pytest.mark.service
async def test_a_postgres_that_is_not_there_is_said_within_two_seconds(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(StoreError, match=r"start the database or correct store\.ledger"):
        open_ledger(f"postgresql://nobody:hunter2@/none?host={tmp_path}")
    assert time.monotonic() - began < 2.5


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://nobody:hunter2@127.0.0.1:1/none",
        "postgresql://127.0.0.1:1/none?user=nobody&password=hunter2",
        "postgresql://127.0.0.1:1/none?user=nobody&sslpassword=hunter2",
        "postgres://nobody:hunter2@127.0.0.1:1/none",
        "postgres://nobody:one/hunter2@127.0.0.1:1/none",
        "postgres://127.0.0.1:1/none?user=nobody&password=hunter2",
    ],
)
def test_a_password_is_never_in_an_error(url: str) -> None:
    with pytest.raises((StoreError, SettingsError)) as raised:
        open_ledger(url)
    assert "hunter2" not in str(raised.value)
    assert "127.0.0.1:1/none" in str(raised.value)


@pytest.mark.service
async def test_after_postgres_was_killed_the_ledger_recovers_by_itself() -> None:
    with postgres() as server:
        ledger = open_ledger(server.url)
        kept = [recorded() for _ in range(20)]
        await asyncio.gather(*map(ledger.commit, kept))
        await asyncio.gather(*(ledger.ping() for _ in range(8)))
        server.kill()
        began = time.monotonic()
        with pytest.raises(StoreError, match="cannot be reached"):
            await ledger.commit(recorded())
        with pytest.raises(StoreError, match="cannot be reached"):
            await ledger.run("acme", kept[0].run.id)
        assert time.monotonic() - began < 2.5
        server.start()
        await ledger.commit(TaskSaved(a_task()))
        there = {run.id for run in await ledger.runs("acme", limit=100)}
        assert there == {entry.run.id for entry in kept}
        await asyncio.gather(*(ledger.ping() for _ in range(8)))
        await ledger.close()


@pytest.mark.service
async def test_two_ledgers_on_one_postgres_number_their_leaves_together(postgres_url: str) -> None:
    one, two = open_ledger(postgres_url), open_ledger(postgres_url)
    await asyncio.gather(*(ledger.commit(recorded()) for _ in range(40) for ledger in (one, two)))
    assert [leaf.seq for leaf in await one.leaves()] == list(range(1, 81))
    await one.close()
    await two.close()


@pytest.mark.service
async def test_whatever_isolation_a_postgres_prefers_leaves_are_numbered(
    postgres_url: str,
) -> None:
    """Under a stricter one a writer would number by what it saw before its turn came."""
    engines = open_engines(postgres_url, synchronous="FULL")
    with engines.writer.connect() as connection, connection.begin():
        name = connection.exec_driver_sql("SELECT current_database()").scalar_one()
        connection.exec_driver_sql(
            f"ALTER DATABASE \"{name}\" SET default_transaction_isolation = 'repeatable read'"
        )
    engines.close()
    await test_two_ledgers_on_one_postgres_number_their_leaves_together(postgres_url)


async def test_two_ledgers_on_one_file_number_their_leaves_together(
    ledger: SqlLedger, file: Path
) -> None:
    other = open_ledger(sqlite_url(file))
    both = (ledger, other)
    await asyncio.gather(*(it.commit(recorded()) for _ in range(40) for it in both))
    assert [leaf.seq for leaf in await other.leaves()] == list(range(1, 81))
    await other.close()


async def test_a_damaged_trace_is_not_given_out(ledger: SqlLedger, file: Path) -> None:
    entry = recorded()
    await ledger.commit(entry)
    with sqlite3.connect(file) as other:
        other.execute("UPDATE traces SET body = x'00'")
    other.close()
    with pytest.raises(StoreError, match=r"trace .* is damaged"):
        await ledger.trace(entry.run)
