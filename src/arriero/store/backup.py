"""One archive of a data folder, made while it is in use, and its way back.

The archive is a ZIP: `manifest.json` first, then every file that it lists, by SHA-256. An SQLite file is
copied by SQLite's own online backup, in one read transaction: writers go on, and the copy is the
database at one moment. The hashes find damage and cut ends; who may write the archive can change both,
so keep the archive's own SHA-256 elsewhere if that matters.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

from sqlalchemy import URL

from arriero.core.errors import (
    ArrieroError,
    Busy,
    Conflict,
    InputError,
    MissingExtra,
    StoreError,
)
from arriero.store.engine import parsed_url
from arriero.store.schema import REVISIONS

MANIFEST, LEDGER, DUMP = "manifest.json", "ledger.db", "ledger.pgdump"
FORMAT = 1
HEADS = "heads"
STAGE, OLD = ".restoring", "before-restore-"
OUTSIDE = "outside"  # within it, what did not lie in the data folder: a ledger in another place
# What says that a server runs here, what it said, and what restoring leaves: no part of the memory.
SKIPPED = re.compile(
    rf"server\.(json|new)|up\.lock|\.writable|llama/[^/]*\.log|{re.escape(STAGE)}/.*|{OLD}[^/]*/.*"
)
BESIDE = ("-wal", "-shm", "-journal")  # SQLite's, of the file that is copied with its own means
SQLITE = b"SQLite format 3\0"
PIECE = 1 << 20
TRIES = 3  # for a file that changes while it is read
MOST_NAMES = (
    64 << 20
)  # bytes of a manifest: 400,000 files; trainings leave dozens each, a folder starts with as many
BUSY_S = 5.0
DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, NotImplementedError),
    *(EOFError, OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError),
)


@dataclass(frozen=True, slots=True)
class File:
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive holds. `ledger` is `sqlite` or `postgresql`, `runs` counts its runs."""

    format: int
    arriero: str
    made_at: str
    ledger: str
    schema: str
    runs: int
    feedback: int
    files: Mapping[str, File]

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files.values())


@dataclass(frozen=True, slots=True)
class Restored:
    """`kept` is where the files lie that were in the folder before, if there were any."""

    manifest: Manifest
    kept: Path | None


# --- making one ---------------------------------------------------------------------------------------


def back_up(
    folder: Path,
    ledger_url: str,
    archive: Path,
    *,
    version: str,
    now: datetime,
    heads: bool = True,
    overwrite: bool = False,
) -> Manifest:
    """Write ledger and files of the data `folder` into `archive`; servers and workers may run.

    Without `heads` the fitted classifiers are left out: they can be fitted again.

    Raises:
        Conflict: the archive is there already, or would lie inside the folder.
        StoreError: something cannot be read or written; no archive is left then.
    """
    folder, archive = folder.absolute(), archive.absolute()
    if archive.resolve().is_relative_to(folder.resolve()):
        raise Conflict(f"{str(archive)!r} lies in the data folder; choose a place outside of it")
    if archive.exists() and not overwrite:
        raise Conflict(f"{str(archive)!r} is there already; choose another name, or say --force")
    url = parsed_url(ledger_url)
    with _explained(f"the backup {str(archive)!r} cannot be written"):
        archive.parent.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=".arriero-backup-", dir=archive.parent))
    try:
        with _explained("the backup cannot be made"):
            counts = _copy_ledger(url, stage)
            _copy_files(folder, url, stage, heads=heads)
            files = {name: _hashed(stage / name) for name in _names(stage)}
            if wrong := [name for name in files if not _stays_inside(name)]:
                raise StoreError(
                    f"the file {wrong[0]!r} could not be restored: a name with ':' or a backslash may "
                    "lead elsewhere; rename it or move it out of the data folder"
                )
            manifest = Manifest(
                FORMAT, version, now.isoformat(), url.get_backend_name(), **counts, files=files
            )
            _write(manifest, stage, archive)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return manifest


def _copy_ledger(url: URL, stage: Path) -> dict[str, Any]:
    """Copy the ledger; its schema and how many runs and feedbacks it holds."""
    if url.get_backend_name() == "postgresql":
        return _dump(url, stage / DUMP)
    source = Path(str(url.database))
    if not source.is_file():
        raise StoreError(f"there is no ledger at {str(source)!r}; nothing was ever recorded here")
    _copy_sqlite(source, stage / LEDGER)
    return _counted(stage / LEDGER)


def _copy_sqlite(source: Path, target: Path) -> None:
    """One moment of an SQLite database as one file, whoever writes to it meanwhile."""
    with (
        closing(
            sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_S)
        ) as live,
        closing(sqlite3.connect(target)) as copy,
    ):
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # no second file beside it


def _counted(file: Path) -> dict[str, Any]:
    """Schema, runs and feedbacks of a ledger; `StoreError` when SQLite finds it damaged."""
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as db:
        found = db.execute("PRAGMA integrity_check").fetchall()
        if found != [("ok",)]:
            raise StoreError(f"SQLite finds the ledger damaged: {found[0][0]}")
        (schema,) = db.execute("SELECT version_num FROM alembic_version").fetchone()
        (runs,) = db.execute("SELECT count(*) FROM runs").fetchone()
        (feedback,) = db.execute("SELECT count(*) FROM feedback").fetchone()
    return {"schema": schema, "runs": runs, "feedback": feedback}


def _copy_files(folder: Path, url: URL, stage: Path, *, heads: bool) -> None:
    ledger = Path(str(url.database)).resolve() if url.get_backend_name() == "sqlite" else None
    for name in _names(folder):
        source, parts = folder / name, PurePosixPath(name).parts
        own = source.resolve() == ledger or name.removesuffix("-wal").removesuffix("-shm") == LEDGER
        left_out = own or (parts[0] == HEADS and not heads) or bool(SKIPPED.fullmatch(name))
        beside = any(
            name.endswith(end) and (folder / name.removesuffix(end)).is_file() for end in BESIDE
        )
        if left_out or beside or source.is_symlink() or not source.is_file():
            continue
        target = stage / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            if _starts_with(source, SQLITE):
                _copy_sqlite(source, target)
            else:
                _copy_unchanging(source, target)
        except FileNotFoundError:
            target.unlink(missing_ok=True)  # deleted meanwhile, as an old log or index is


def _copy_unchanging(source: Path, target: Path) -> None:
    """A copy during which the file stayed the same."""
    for _ in range(TRIES):
        before = source.stat()
        shutil.copyfile(source, target)
        after = source.stat()
        if (before.st_mtime_ns, before.st_size, before.st_ino) == (
            after.st_mtime_ns, after.st_size, after.st_ino,
        ):  # fmt: skip
            return
    raise StoreError(f"{str(source)!r} changes all the time; end what writes it and try again")


def _write(manifest: Manifest, stage: Path, archive: Path) -> None:
    told = json.dumps(asdict(manifest), indent=1, sort_keys=True)
    if len(told) > MOST_NAMES:
        raise StoreError(
            f"{len(manifest.files):,} files are more than a backup holds; move some out of the data folder"
        )
    part = archive.with_name(archive.name + ".part")
    part.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
                packed.writestr(MANIFEST, told)
                for name in manifest.files:
                    packed.write(stage / name, name)
            out.flush()
            os.fsync(out.fileno())
        part.rename(archive)
    finally:
        part.unlink(missing_ok=True)


# --- and back -----------------------------------------------------------------------------------------


def read_manifest(archive: Path) -> Manifest:
    """What is in the archive, by its own word; `InputError` when it is none or is cut off."""
    with _opened(archive) as packed:
        return _manifest(archive, packed)


def restore(
    archive: Path, folder: Path, ledger_url: str, *, now: datetime, force: bool = False
) -> Restored:
    """Unpack `archive` into the data `folder`, checked before anything is put in its place.

    The caller sees to it that no server runs there. With `force`, what is in the folder is moved
    into a folder of its own beside the restored files, and what is in the PostgreSQL database is dumped there.

    Raises:
        InputError: the archive is damaged, cut off, changed, or from a newer Arriero.
        Conflict: the folder, or the PostgreSQL database, is not empty and `force` was not said.
        Busy: a process has the ledger open.
        StoreError: there is no space, or the folder cannot be written.
    """
    folder, url = folder.absolute(), parsed_url(ledger_url)
    stage = folder / STAGE
    with _opened(archive) as packed:
        manifest = _manifest(archive, packed)
        if manifest.ledger != url.get_backend_name():
            raise InputError(
                f"the backup is of a ledger in {manifest.ledger}, but store.ledger is "
                f"{url.get_backend_name()}; restore it with settings of its own kind"
            )
        target = None if manifest.ledger == "postgresql" else Path(str(url.database)).absolute()
        there = _there(folder, target)
        if there and not force:
            raise Conflict(
                f"{str(there[0].parent)!r} is not empty ({there[0].name}); restore into an empty "
                "folder with --data, or say --force: what is there is kept beside it"
            )
        kept = folder / f"{OLD}{now:%Y%m%dT%H%M%S}"
        if kept.exists():
            raise Conflict(f"{str(kept)!r} is there already; try again in a second")
        with _explained(f"the data folder {str(folder)!r} cannot be written"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            shutil.rmtree(stage, ignore_errors=True)
            stage.mkdir(mode=0o700)
            if shutil.disk_usage(folder).free < manifest.bytes:
                raise StoreError(
                    f"the backup needs {manifest.bytes / 1e6:.0f} MB in {str(folder)!r}; free some space"
                )
        try:
            _unpack(archive, packed, manifest, stage)
            if target is not None:
                _check_ledger(stage / LEDGER, manifest)
                _nobody_has_open(target)
            else:
                _restore_postgres(url, stage / DUMP, manifest, kept if force else None)
            with _explained(f"the data folder {str(folder)!r} cannot be written"):
                _put_in_place(stage, folder, target, there, kept)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    return Restored(manifest, kept if kept.exists() else None)


def _there(folder: Path, ledger: Path | None) -> list[Path]:
    """What restoring would mix with: the ledger first."""
    with _explained(f"the data folder {str(folder)!r} cannot be read"):
        found = sorted(folder.iterdir()) if folder.is_dir() else []
    names = {"up.lock", "server.json", STAGE}
    found = [one for one in found if one.name not in names and not one.name.startswith(OLD)]
    if ledger is not None and ledger.parent != folder:
        found += [one for one in _with_siblings(ledger) if one.exists()]
    return sorted(found, key=lambda one: one.name != LEDGER)


def _with_siblings(ledger: Path) -> list[Path]:
    return [ledger, *(ledger.with_name(ledger.name + end) for end in BESIDE)]


def _manifest(archive: Path, packed: zipfile.ZipFile) -> Manifest:
    with _undamaged(archive):
        if packed.getinfo(MANIFEST).file_size > MOST_NAMES:
            raise ValueError("its manifest is too large")
        told = json.loads(packed.read(MANIFEST))
        maker = str(told["arriero"])
        files = {name: File(str(f["sha256"]), int(f["bytes"])) for name, f in told["files"].items()}
        if told["format"] == FORMAT:
            counts = {name: int(told[name]) for name in ("runs", "feedback")}
            words = {name: str(told[name]) for name in ("arriero", "made_at", "ledger", "schema")}
            manifest = Manifest(FORMAT, **words, **counts, files=files)  # type: ignore[arg-type]
        names = [info.filename for info in packed.infolist()]
        if sorted(names) != sorted([MANIFEST, *files]):
            raise ValueError("it does not hold the files that its manifest lists")
        if wrong := [name for name in files if not _stays_inside(name)]:
            raise ValueError(f"its file {wrong[0]!r} would lie outside the data folder")
        if (LEDGER if told["ledger"] == "sqlite" else DUMP) not in files:
            raise ValueError("there is no ledger in it")
    if told["format"] != FORMAT or manifest.schema not in REVISIONS:
        raise InputError(
            f"the backup {str(archive)!r} was made by Arriero {maker}, which is newer than "
            "this one; update Arriero"
        )
    return manifest


def _stays_inside(name: str) -> bool:
    """Whether a name in the archive is a plain relative path, and none that we use ourselves."""
    parts = PurePosixPath(name).parts
    return (
        bool(parts)
        and "/".join(parts) == name
        and not name.startswith("/")
        and not any(part in {".", "..", STAGE} or set(part) & set("\\:\0") for part in parts)
        and parts[0] not in {"up.lock", "server.json"}
        and not parts[0].startswith(OLD)
    )


def _unpack(archive: Path, packed: zipfile.ZipFile, manifest: Manifest, stage: Path) -> None:
    for name, file in manifest.files.items():
        target = stage / name
        with _explained(f"the data folder {str(stage.parent)!r} cannot be written"):
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            out = os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        with out, _undamaged(archive):
            with packed.open(name) as content:
                digest = _copy_hashed(content, out, file.bytes)
            if digest != file.sha256:
                raise ValueError(f"{name} is not what was backed up")


def _copy_hashed(content: IO[bytes], out: IO[bytes], most: int) -> str:
    digest, size = hashlib.sha256(), 0
    while piece := content.read(PIECE):
        size += len(piece)
        if size > most:
            raise ValueError("a file is larger than its manifest says")
        digest.update(piece)
        try:
            out.write(piece)
        except OSError as error:
            raise StoreError(
                f"the backup cannot be unpacked ({error.strerror}); free space"
            ) from None
    return digest.hexdigest()


def _check_ledger(file: Path, manifest: Manifest) -> None:
    """The unpacked ledger passes SQLite's check and holds the runs that the manifest counts."""
    try:
        found = _counted(file)
    except (sqlite3.Error, StoreError) as error:
        raise InputError(
            f"the ledger in the backup cannot be used ({error}); take another backup"
        ) from None
    counted = {"schema": manifest.schema, "runs": manifest.runs, "feedback": manifest.feedback}
    if found != counted:
        raise InputError(
            f"the ledger in the backup holds {found}, its manifest says {counted}; take another"
        )


def _nobody_has_open(ledger: Path) -> None:
    """`Busy` while a process has the ledger open: changing the journal's mode needs it alone."""
    if not ledger.is_file() or not _starts_with(ledger, SQLITE):
        return
    with closing(sqlite3.connect(ledger, timeout=0.5)) as db:
        try:
            db.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError:
            raise Busy(
                f"a process has the ledger {str(ledger)!r} open; end `arriero up` and every "
                "`arriero worker` of this data folder first"
            ) from None
        except sqlite3.DatabaseError:
            return  # a damaged one is why somebody restores


def _put_in_place(
    stage: Path, folder: Path, ledger: Path | None, there: list[Path], kept: Path
) -> None:
    """Move what is there into `kept`, then what was unpacked in, the ledger last."""
    for one in there:
        kept.mkdir(exist_ok=True, mode=0o700)
        home = kept if one.parent == folder else kept / OUTSIDE
        home.mkdir(exist_ok=True, mode=0o700)
        shutil.move(one, home / one.name)
    for one in sorted(stage.iterdir(), key=lambda one: one.name == LEDGER):
        if one.name == DUMP:
            continue  # it is in the database by now
        target = ledger if one.name == LEDGER and ledger is not None else folder / one.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(one, target)


# --- PostgreSQL ---------------------------------------------------------------------------------------


def _postgres(program: str, url: URL, *options: str) -> None:
    """Run a program of PostgreSQL's on the ledger; the password goes by the environment."""
    if shutil.which(program) is None:
        raise StoreError(
            f"the ledger is in PostgreSQL and {program} is not on the PATH; "
            "install postgresql-client in the server's version, or back the database up yourself"
        )
    secret = url.password or url.query.get("password")
    bare = url.set(drivername="postgresql", password=None).difference_update_query(["password"])
    plain = bare.render_as_string(hide_password=False)
    more = {"PGPASSWORD": str(secret)} if secret else {}
    done = subprocess.run(
        [program, *options, f"--dbname={plain}"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        env=os.environ | more,
    )  # fmt: skip
    if done.returncode != 0:
        lines = done.stderr.splitlines()
        told = [*lines[:1], *(line for line in lines[1:] if line.startswith(f"{program}: detail:"))]
        said = (
            "; ".join(" ".join(line.split()) for line in told) or f"exit status {done.returncode}"
        )
        raise StoreError(f"{program} failed: {said}")


def _dump(url: URL, file: Path) -> dict[str, Any]:
    """Dump the database and count it at one and the same moment."""
    with _connected(url) as db, db.transaction():
        db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        (snapshot,) = db.execute("SELECT pg_export_snapshot()").fetchone()
        counts = _counts(db)
        what = ("--format=custom", "--no-owner", f"--snapshot={snapshot}", f"--file={file}")
        _postgres("pg_dump", url, *what)
    return counts


def _counts(db: Any) -> dict[str, Any]:
    return {
        "schema": db.execute("SELECT version_num FROM alembic_version").fetchone()[0],
        "runs": db.execute("SELECT count(*) FROM runs").fetchone()[0],
        "feedback": db.execute("SELECT count(*) FROM feedback").fetchone()[0],
    }


@contextmanager
def _connected(url: URL) -> Iterator[Any]:
    try:
        import psycopg  # noqa: PLC0415  # an extra
    except ImportError:
        raise MissingExtra("psycopg", "postgres") from None
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        with psycopg.connect(plain, autocommit=True, connect_timeout=5) as connection:
            yield connection
    except psycopg.Error as error:
        raise StoreError(
            f"the ledger cannot be reached: {str(error).partition(chr(10))[0]}"
        ) from None


def _restore_postgres(url: URL, dump: Path, manifest: Manifest, kept: Path | None) -> None:
    """Fill the database. Tables that are there are dumped into the folder `kept` and then replaced."""
    query = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    with _connected(url) as db:
        filled = db.execute(query).fetchone()[0] > 0
    if filled and kept is None:
        raise Conflict(
            "the PostgreSQL database is not empty; name an empty one in store.ledger, or say --force: "
            "its tables are dumped beside the restored files and replaced"
        )
    if filled and kept is not None:
        with _explained(f"the data folder {str(kept.parent)!r} cannot be written"):
            kept.mkdir(mode=0o700)
            os.close(os.open(kept / DUMP, os.O_WRONLY | os.O_CREAT, 0o600))  # its owner's alone
        try:
            _postgres("pg_dump", url, "--format=custom", "--no-owner", f"--file={kept / DUMP}")
        except StoreError as error:
            shutil.rmtree(kept)
            raise StoreError(
                f"what is in the database cannot be kept ({error.message}); name an empty one in store.ledger"
            ) from None
    clean = ("--clean", "--if-exists") if filled else ()
    _postgres(
        "pg_restore",
        url,
        "--no-owner",
        "--exit-on-error",
        "--single-transaction",
        *clean,
        str(dump),
    )
    counted = {"schema": manifest.schema, "runs": manifest.runs, "feedback": manifest.feedback}
    with _connected(url) as db:
        found = _counts(db)
    if found != counted:
        raise StoreError(
            f"the database now holds {found}, the manifest says {counted}; restore again"
        )


# --- small parts --------------------------------------------------------------------------------------


def _names(folder: Path) -> list[str]:
    """Every file below `folder`, as relative paths with /; links are not followed."""
    found = []
    for where, _, files in os.walk(folder):
        found += [(Path(where) / file).relative_to(folder).as_posix() for file in files]
    return sorted(found)


def _hashed(file: Path) -> File:
    with file.open("rb") as content:
        return File(hashlib.file_digest(content, "sha256").hexdigest(), file.stat().st_size)


def _starts_with(file: Path, beginning: bytes) -> bool:
    with file.open("rb") as content:
        return content.read(len(beginning)) == beginning


@contextmanager
def _opened(archive: Path) -> Iterator[zipfile.ZipFile]:
    if not archive.is_file():
        raise InputError(
            f"there is no backup at {str(archive)!r}; name the file that `arriero backup` made"
        )
    with _undamaged(archive):
        packed = zipfile.ZipFile(archive)
    with packed:
        yield packed


@contextmanager
def _undamaged(archive: Path) -> Iterator[None]:
    try:
        yield
    except ArrieroError:
        raise
    except DAMAGED as error:
        raise InputError(
            f"the backup {str(archive)!r} is damaged, cut off or no backup ({error}); take another one"
        ) from None


@contextmanager
def _explained(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{what} ({error.strerror or error}); free space, or choose another place"
        ) from None
    except sqlite3.Error as error:
        raise StoreError(f"{what} ({error}); see `arriero doctor`") from None


def file_sha256(file: Path) -> str:
    """The SHA-256 of a file, 64 hexadecimal digits."""
    return _hashed(file).sha256
