"""Backup and restore: made under load, the same on the other side; what is damaged never gets in."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from arriero.core.errors import (
    ArrieroError,
    Busy,
    Conflict,
    InputError,
    MissingExtra,
    SettingsError,
    StoreError,
)
from arriero.core.ids import uuid7
from arriero.core.words import Feedback
from arriero.store.backup import (
    LEDGER,
    MANIFEST,
    Manifest,
    Restored,
    back_up,
    read_manifest,
    restore,
)
from arriero.store.base import FeedbackGiven, RunRecorded
from arriero.store.engine import sqlite_url
from arriero.store.ledger import SqlLedger, open_ledger
from tests.engines import Server
from tests.store.samples import a_run, a_trace

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def _url(folder: Path) -> str:
    return sqlite_url(folder / LEDGER)


def _make(folder: Path, archive: Path, url: str = "", **more: bool) -> Manifest:
    return back_up(folder, url or _url(folder), archive, version="0.1.0", now=NOW, **more)


def _back(archive: Path, folder: Path, url: str = "", **more: bool) -> Restored:
    return restore(archive, folder, url or _url(folder), now=NOW, **more)


async def _record(ledger: SqlLedger) -> str:
    """A run and a thumb for it; the run's id."""
    run = replace(a_run(), id=uuid7())
    await ledger.commit(RunRecorded(run, a_trace()))
    thumb = Feedback(uuid7(), run.tenant, run.id, "key-1", NOW, "thumb", True)
    await ledger.commit(FeedbackGiven(thumb))
    return run.id


async def _filled(folder: Path, count: int = 3, url: str = "") -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    ledger = open_ledger(url or _url(folder))
    try:
        return [await _record(ledger) for _ in range(count)]
    finally:
        await ledger.close()


async def _held(url: str) -> tuple[set[str], list[tuple[str, int]]]:
    """The runs in a ledger, and how much feedback each has."""
    ledger = open_ledger(url)
    try:
        runs = await ledger.runs(a_run().tenant, limit=100_000)
        told = [(run.id, len(await ledger.feedback(run.tenant, run.id))) for run in runs[:50]]
    finally:
        await ledger.close()
    return {run.id for run in runs}, told


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder as it looks in use."""
    folder = tmp_path / "data"
    asyncio.run(_filled(folder))
    for name in ("support/index/v.bin", "heads/intents-1/weights", "llama/m.log", "server.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    with closing(sqlite3.connect(folder / "support" / "shop.db")) as shop:
        shop.execute("PRAGMA journal_mode=WAL")
        shop.execute("CREATE TABLE orders (id)")
        shop.commit()
    (folder / "link").symlink_to("/etc/passwd")
    return folder


@pytest.fixture
def archive(data: Path, tmp_path: Path) -> Path:
    _make(data, tmp_path / "backup.zip")
    return tmp_path / "backup.zip"


async def test_a_backup_under_load_holds_every_run_that_was_recorded_before_it(
    tmp_path: Path,
) -> None:
    folder, archive = tmp_path / "data", tmp_path / "b.zip"
    folder.mkdir()
    ledger = open_ledger(_url(folder))
    recorded: list[str] = []

    async def load() -> None:
        while True:
            recorded.append(await _record(ledger))

    lines = [asyncio.create_task(load()) for _ in range(4)]
    while len(recorded) < 100:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    before = set(recorded)
    made = await asyncio.to_thread(_make, folder, archive)
    during = set(recorded) - before
    for line in lines:
        line.cancel()
    await asyncio.gather(*lines, return_exceptions=True)
    await ledger.close()

    _back(archive, tmp_path / "other")
    held, told = await _held(_url(tmp_path / "other"))
    assert before <= held
    assert during, "nothing was written meanwhile: this was no load"
    assert len(held) == made.runs
    assert all(count <= 1 for _, count in told)
    assert sum(count for _, count in told) >= len(told) - 4  # at most the ones under way


async def test_what_comes_back_is_what_was_there(data: Path, archive: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    done = _back(archive, other)
    assert done.kept is None
    assert await _held(_url(other)) == await _held(_url(data))
    assert (other / "support/index/v.bin").read_bytes() == b"support/index/v.bin"
    with closing(sqlite3.connect(other / "support" / "shop.db")) as shop:
        assert shop.execute("SELECT count(*) FROM orders").fetchone() == (0,)


def test_what_is_no_memory_and_what_a_link_points_to_is_left_out(archive: Path) -> None:
    assert set(read_manifest(archive).files) == {
        LEDGER, "support/index/v.bin", "support/shop.db", "heads/intents-1/weights",
    }  # fmt: skip


def test_heads_may_be_left_out(data: Path, tmp_path: Path) -> None:
    made = _make(data, tmp_path / "small.zip", heads=False)
    assert not any(name.startswith("heads") for name in made.files)


def test_the_archive_is_its_owners_alone_and_so_is_what_comes_back(
    archive: Path, tmp_path: Path
) -> None:
    _back(archive, tmp_path / "other")
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "other" / LEDGER).stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.glob(".arriero-backup-*")] == []


def test_an_archive_is_overwritten_only_when_asked(data: Path, archive: Path) -> None:
    with pytest.raises(Conflict, match=r"is there already.*--force"):
        _make(data, archive)
    assert _make(data, archive, overwrite=True).runs == 3


def test_an_archive_inside_the_data_folder_is_refused(data: Path) -> None:
    with pytest.raises(Conflict, match="lies in the data folder"):
        _make(data, data / "b.zip")


def test_a_folder_without_a_ledger_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no ledger at"):
        _make(tmp_path / "nothing", tmp_path / "b.zip")
    assert not (tmp_path / "b.zip").exists()


def test_a_damaged_ledger_is_not_backed_up(data: Path, tmp_path: Path) -> None:
    (data / LEDGER).write_bytes(b"SQLite format 3\0" + bytes(4_000))
    with pytest.raises(StoreError, match="the backup cannot be made"):
        _make(data, tmp_path / "b.zip")
    assert not (tmp_path / "b.zip").exists()


def test_a_folder_that_is_not_empty_is_refused_and_unchanged(archive: Path, data: Path) -> None:
    before = (data / LEDGER).read_bytes()
    with pytest.raises(Conflict, match=r"is not empty.*--force"):
        _back(archive, data)
    assert (data / LEDGER).read_bytes() == before


async def test_with_force_what_was_there_is_kept(archive: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    newer = await _filled(other, 5)
    (other / "notes.txt").write_text("mine")
    kept = _back(archive, other, force=True).kept
    assert kept is not None
    assert len((await _held(_url(other)))[0]) == 3
    assert not (other / "notes.txt").exists()
    assert (kept / "notes.txt").read_text() == "mine"
    assert (await _held(_url(kept)))[0] == set(newer)
    made = _make(other, tmp_path / "again.zip")
    assert not any("before-restore" in name for name in made.files)


async def test_a_ledger_that_a_worker_has_open_is_not_replaced(
    archive: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    ledger = open_ledger(_url(other))
    try:
        run = await _record(ledger)
        with pytest.raises(Busy, match=r"a process has the ledger .* open"):
            _back(archive, other, force=True)
        assert await ledger.run(a_run().tenant, run) is not None
    finally:
        await ledger.close()


async def test_a_ledger_in_another_place_comes_back_to_the_place_in_the_settings(
    data: Path, tmp_path: Path
) -> None:
    elsewhere, there = tmp_path / "far" / "x.db", tmp_path / "near" / "y.db"
    ids = await _filled(elsewhere.parent, 2, sqlite_url(elsewhere))
    _make(data, tmp_path / "b.zip", sqlite_url(elsewhere))
    _back(tmp_path / "b.zip", tmp_path / "other", sqlite_url(there))
    assert (await _held(sqlite_url(there)))[0] == set(ids)
    assert not (tmp_path / "other" / LEDGER).exists()


async def test_two_ledgers_of_one_name_are_both_kept(archive: Path, tmp_path: Path) -> None:
    near, far = tmp_path / "near", tmp_path / "far"
    old, newer = await _filled(near, 1), await _filled(far, 2)
    kept = _back(archive, near, _url(far), force=True).kept
    assert kept is not None
    assert (await _held(_url(kept)))[0] == set(old)
    assert (await _held(_url(kept / "outside")))[0] == set(newer)
    assert len((await _held(_url(far)))[0]) == 3


def test_a_folder_of_many_files_comes_back(data: Path, tmp_path: Path) -> None:
    deep = data / "/".join(["d" * 200] * 5)
    deep.mkdir(parents=True)
    for number in range(900):  # with names as long as those of 6,000 together
        (deep / f"{number:0200}").write_bytes(b"")
    _make(data, tmp_path / "b.zip")
    assert len(_back(tmp_path / "b.zip", tmp_path / "other").manifest.files) > 900


def test_a_file_that_could_not_come_back_is_told_when_the_backup_is_made(
    data: Path, tmp_path: Path
) -> None:
    (data / "heads" / "fake:one").write_bytes(b"")
    with pytest.raises(StoreError, match="'heads/fake:one' could not be restored"):
        _make(data, tmp_path / "b.zip")
    assert not (tmp_path / "b.zip").exists()


# --- what must not get in -----------------------------------------------------------------------------

Change = Callable[[dict[str, bytes]], Mapping[str, bytes]]


def _changed(archive: Path, change: Change) -> None:
    with zipfile.ZipFile(archive) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    with zipfile.ZipFile(archive, "w") as packed:
        for name, content in change(files).items():
            packed.writestr(name, content)


def _listed(name: str) -> Change:
    """Adds a file under `name` to archive and manifest, both in agreement."""

    def change(files: dict[str, bytes]) -> Mapping[str, bytes]:
        told = json.loads(files[MANIFEST])
        told["files"][name] = told["files"]["support/index/v.bin"]
        return files | {MANIFEST: json.dumps(told).encode(), name: files["support/index/v.bin"]}

    return change


def _told(**changed: object) -> Change:
    return lambda files: (
        files | {MANIFEST: json.dumps(json.loads(files[MANIFEST]) | changed).encode()}
    )


def _untold(name: str, **changed: object) -> Change:
    def change(files: dict[str, bytes]) -> Mapping[str, bytes]:
        told = json.loads(files[MANIFEST]) | changed
        del told[name]
        return files | {MANIFEST: json.dumps(told).encode()}

    return change


def _refused(archive: Path, folder: Path, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as refused:
        _back(archive, folder)
    assert "\n" not in refused.value.message
    left = [one.name for one in folder.iterdir()] if folder.is_dir() else []
    assert left == []


@pytest.mark.parametrize(
    "name",
    [
        "../evil", "/evil", "support/../../evil", "a\\..\\evil", "C:evil", "./evil", "a//evil",
        "server.json", "up.lock", ".restoring/x", "before-restore-1/x",
    ],
)  # fmt: skip
def test_a_name_that_leads_outside_is_refused(archive: Path, tmp_path: Path, name: str) -> None:
    _changed(archive, _listed(name))
    _refused(archive, tmp_path / "other", "would lie outside|does not hold")
    assert not list(tmp_path.rglob("*evil*"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda files: files | {"support/index/v.bin": b"support/index/v.bim"}, "is not what was"),
        (lambda files: files | {"support/index/v.bin": bytes(10_000_000)}, "larger than its manif"),
        (lambda files: files | {LEDGER: files[LEDGER][:-4096]}, "is not what was backed up"),
        (lambda files: files | {"more": b"x"}, "does not hold the files"),
        (lambda files: {MANIFEST: files[MANIFEST]}, "does not hold the files"),
        (lambda files: {name: files[name] for name in files if name != MANIFEST}, "damaged"),
        (lambda files: files | {MANIFEST: b"{}"}, "damaged"),
        (lambda files: files | {MANIFEST: b"[]"}, "damaged"),
        (_told(runs=4), "its manifest says"),
        (_told(runs="many"), "damaged"),
        (_told(files={}), "does not hold the files"),
        (_told(schema="9999", arriero="99.0"), "made by Arriero 99.0, which is newer"),
        (_told(format=2), "which is newer"),
        (_told(ledger="postgresql"), "there is no ledger in it"),
        (lambda files: files | {MANIFEST: b"[" * 100_000}, "damaged"),
        (_untold("arriero", format=2), "damaged"),
    ],
    ids=[
        "changed",
        "larger",
        "cut",
        "one-more",
        "missing",
        "no-manifest",
        "empty-manifest",
        "list-manifest",
        "miscounted",
        "no-number",
        "nothing-listed",
        "newer",
        "format",
        "no-ledger",
        "deep",
        "no-maker",
    ],
)
def test_a_tampered_archive_is_one_sentence_and_leaves_nothing(
    archive: Path, tmp_path: Path, change: Change, sentence: str
) -> None:
    _changed(archive, change)
    _refused(archive, tmp_path / "other", sentence)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_cut_archive_is_one_sentence(archive: Path, tmp_path: Path, share: float) -> None:
    whole = archive.read_bytes()
    archive.write_bytes(whole[: int(len(whole) * share)])
    _refused(archive, tmp_path / "other", "damaged, cut off or no backup")


def test_a_flipped_byte_anywhere_is_found_or_changes_nothing(archive: Path, tmp_path: Path) -> None:
    whole, found = archive.read_bytes(), 0
    expected = read_manifest(archive)
    for number, at in enumerate(range(40, len(whole), len(whole) // 25)):
        archive.write_bytes(whole[:at] + bytes([whole[at] ^ 0x40]) + whole[at + 1 :])
        try:
            assert _back(archive, tmp_path / f"other-{number}").manifest == expected
        except ArrieroError:
            found += 1
    assert found >= 15


def test_an_archive_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no backup at"):
        _back(tmp_path / "none.zip", tmp_path / "other")


# --- PostgreSQL ---------------------------------------------------------------------------------------


@pytest.mark.service
async def test_a_ledger_in_postgres_goes_through_pg_dump_and_comes_back(
    postgres_url: str, postgres_server: Server, data: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    import psycopg

    programs = Path(postgres_server.command[0]).parent  # pg_dump refuses a newer server
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    ids = await _filled(data, 4, postgres_url)
    archive = tmp_path / "b.zip"
    made = _make(data, archive, postgres_url)
    assert (made.ledger, made.runs, made.feedback) == ("postgresql", 4, 4)
    later = await _filled(data, 2, postgres_url)
    with pytest.raises(Conflict, match="database is not empty"):
        _back(archive, tmp_path / "other", postgres_url)
    restored = _back(archive, tmp_path / "other", postgres_url, force=True)
    assert (await _held(postgres_url))[0] == set(ids)
    assert restored.kept is not None
    dump = restored.kept / "ledger.pgdump"
    assert dump.stat().st_mode & 0o077 == 0
    undo = [
        "pg_restore",
        "--clean",
        "--if-exists",
        "--no-owner",
        f"--dbname={postgres_url}",
        str(dump),
    ]
    subprocess.run(undo, check=True)
    assert (await _held(postgres_url))[0] == {*ids, *later}
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    _back(archive, tmp_path / "third", postgres_url)
    assert (await _held(postgres_url))[0] == set(ids)
    with pytest.raises(InputError, match=r"a ledger in postgresql, but store.ledger is sqlite"):
        _back(archive, tmp_path / "fourth")


@pytest.mark.service
async def test_without_pg_dump_or_with_a_wrong_one_it_is_one_sentence(
    postgres_url: str, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _filled(data, 1, postgres_url)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StoreError, match="pg_dump is not on the PATH"):
        _make(data, tmp_path / "b.zip", postgres_url)
    (tmp_path / "pg_dump").write_text(
        "#!/bin/sh\necho 'mismatch' >&2\necho 'a row' >&2\necho 'pg_dump: detail: 18 and 15' >&2\nexit 1\n"
    )
    (tmp_path / "pg_dump").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin{os.pathsep}/usr/bin")
    with pytest.raises(StoreError, match=r"^pg_dump failed: mismatch; pg_dump: detail: 18 and 15$"):
        _make(data, tmp_path / "b.zip", postgres_url)
    assert not (tmp_path / "b.zip").exists()


@pytest.mark.parametrize("url", ["no url", "mysql://host/db", "postgresql://host:port/db"])
def test_a_ledger_url_that_cannot_be_used_is_one_sentence(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match=r"store\.ledger"):
        _make(tmp_path / "data", tmp_path / "b.zip", url)


def test_without_postgres_driver_it_is_one_sentence(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtra, match=r"arriero\[postgres\]"):
        _make(data, tmp_path / "b.zip", "postgresql://me@127.0.0.1/none")
