"""Connections: a ledger URL becomes a writing and a reading engine; their errors one sentence each."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DataError, IntegrityError, SQLAlchemyError

from arriero.core.errors import ArrieroError, InputError, MissingExtra, SettingsError, StoreError
from arriero.store.base import without_password
from arriero.store.migrations import upgrade

BUSY_MS = 5_000  # how long a writer waits for another process's transaction (DESIGN §3)
GLANCE_MS = 20  # the event loop waits no longer than this; in WAL mode a reader hardly ever waits
CONNECT_S = 2  # a dead PostgreSQL fails a commit after this; libpq takes no less
ANSWER_MS = 10_000  # a statement or an unacknowledged packet to PostgreSQL is given up after this
READERS = 4  # threads and connections; the queries are short, two cores are the reference
WRITE_LOCK = 0x617272_6965726F  # "arriero": one writing transaction at a time over all replicas


@dataclass(frozen=True, slots=True)
class Engines:
    """Pools on one database. `where` names it without its password.

    `glancer` is there when a row can be read by its key faster than a thread is woken: a local file
    in WAL mode, where no reader waits for a writer.
    """

    writer: Engine
    reader: Engine
    where: str
    dialect: str
    glancer: Engine | None = None

    @contextmanager
    def writing(self, synchronous: str) -> Iterator[Connection]:
        """A transaction that no other writer, in any process, overlaps.

        `synchronous` is what its COMMIT waits for on SQLite; PostgreSQL always waits for its disk.
        """
        with self.writer.connect() as connection:
            if self.dialect == "sqlite":
                _set_synchronous(connection, synchronous)
            with connection.begin():
                if self.dialect == "postgresql":
                    connection.execute(text("SELECT pg_advisory_xact_lock(:k)"), {"k": WRITE_LOCK})
                yield connection

    def close(self) -> None:
        self.reader.dispose()
        self.writer.dispose()
        if self.glancer is not None:
            self.glancer.dispose()


def open_engines(url: str, *, synchronous: str) -> Engines:
    """Connect, and bring the schema up to date.

    Raises:
        SettingsError: the URL names no database that Arriero knows.
        MissingExtra: the database's driver is not installed.
        StoreError: the database cannot be opened, or is newer than this Arriero.
    """
    parsed = parsed_url(url)
    engines = ENGINES[parsed.get_backend_name()](parsed)
    try:
        with explained(engines.where), engines.writing(synchronous) as connection:
            upgrade(connection, engines.where)
    except ArrieroError:
        engines.close()
        raise
    return engines


@contextmanager
def explained(where: str) -> Iterator[None]:
    """What the database raises inside becomes a `StoreError` (or `InputError`) that says what to do."""
    try:
        yield
    except SQLAlchemyError as error:
        raise explain(error, where) from error


def explain(error: SQLAlchemyError, where: str) -> ArrieroError:
    """The error as one sentence: what happened, to which ledger, what to do next."""
    error = _origin(error)
    cause = getattr(error, "orig", None)
    if isinstance(error, (DataError, IntegrityError)):
        return InputError(f"the ledger {where} cannot keep this entry: {_first_line(cause)}")
    if isinstance(cause, sqlite3.Error):
        return StoreError(_sqlite_sentence(cause, where))
    return StoreError(
        f"the ledger {where} cannot be reached: {_first_line(cause or error)}; "
        "start the database or correct store.ledger"
    )


def _sqlite_sentence(cause: sqlite3.Error, where: str) -> str:
    name = str(getattr(cause, "sqlite_errorname", ""))
    for prefix, sentence in SQLITE_SENTENCES.items():
        if name.startswith(prefix):
            return sentence.format(where=where)
    return f"the ledger {where} failed: {_first_line(cause)}; see `arriero doctor`"


SQLITE_SENTENCES = {
    "SQLITE_READONLY": "the ledger {where} is read-only; make the file and its folder writable",
    "SQLITE_FULL": "the disk of the ledger {where} is full; free some space",
    "SQLITE_BUSY": "the ledger {where} is locked by another process for over 5 s; end that process",
    "SQLITE_LOCKED": "the ledger {where} is locked by another process; end that process",
    "SQLITE_NOTADB": "{where} is not a ledger (not an SQLite database); move it away or restore it",
    "SQLITE_CORRUPT": "the ledger {where} is damaged; restore it from a backup",
    "SQLITE_CANTOPEN": "the ledger {where} cannot be opened; check that its folder exists "
    "and is writable",
    "SQLITE_IOERR": "the disk of the ledger {where} failed to read or write; check the disk",
}


def parsed_url(url: str) -> URL:
    """A ledger's URL in its parts; `SettingsError` when it names no database that Arriero knows."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # a port that is no number is the latter
        raise SettingsError(
            f"store.ledger {without_password(url)!r} is not a URL; {EXAMPLES}"
        ) from None
    if parsed.get_backend_name() not in ENGINES:
        raise SettingsError(
            f"store.ledger {without_password(url)!r} names no known database; {EXAMPLES}"
        )
    return parsed


def _sqlite(url: URL) -> Engines:
    if url.database in (None, "", ":memory:"):
        raise SettingsError(f"store.ledger {str(url)!r} names no file; {EXAMPLES}")
    file = url.set(drivername="sqlite+pysqlite")
    writer = create_engine(file, pool_size=1, max_overflow=0, connect_args=SQLITE_CONNECT)
    reader = create_engine(
        file,
        pool_size=READERS,
        max_overflow=0,
        connect_args=SQLITE_CONNECT,
        isolation_level="AUTOCOMMIT",
    )
    glancer = create_engine(
        file,
        pool_size=1,
        max_overflow=0,
        connect_args={**SQLITE_CONNECT, "timeout": GLANCE_MS / 1000},
        isolation_level="AUTOCOMMIT",
    )
    event.listen(writer, "connect", _sqlite_writer)
    event.listen(writer, "begin", _begin_immediate)
    for reads in (reader, glancer):
        event.listen(reads, "connect", _sqlite_reader)
    return Engines(writer, reader, str(url.database), "sqlite", glancer)


# The driver must not open transactions by itself: we say BEGIN IMMEDIATE.
SQLITE_CONNECT = {"isolation_level": None, "check_same_thread": False, "timeout": BUSY_MS / 1000}


def _sqlite_writer(connection: sqlite3.Connection, _record: object) -> None:
    _wal(connection)
    connection.execute("PRAGMA foreign_keys=ON")


def _set_synchronous(connection: Connection, synchronous: str) -> None:
    """Past SQLAlchemy, which would open a transaction first: inside one SQLite ignores this."""
    connection.connection.cursor().execute(f"PRAGMA synchronous={synchronous}")


def _sqlite_reader(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA query_only=ON")


def _wal(connection: sqlite3.Connection) -> None:
    """Turn WAL on. SQLite does not wait for other openers here, whatever the timeout: so we do."""
    give_up = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.02)


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _postgresql(url: URL) -> Engines:
    if find_spec("psycopg") is None:
        raise MissingExtra("psycopg", "postgres")
    driver = url.set(drivername="postgresql+psycopg")
    options = {"pool_pre_ping": True, "connect_args": POSTGRES_CONNECT, "max_overflow": 0}
    # Said here, whatever the database prefers: leaves are numbered by what the one before has committed.
    writer = create_engine(driver, pool_size=1, isolation_level="READ COMMITTED", **options)
    reader = create_engine(driver, pool_size=READERS, isolation_level="AUTOCOMMIT", **options)
    return Engines(writer, reader, without_password(url.render_as_string()), "postgresql")


POSTGRES_CONNECT = {
    "connect_timeout": CONNECT_S,
    "tcp_user_timeout": ANSWER_MS,
    "options": f"-c statement_timeout={ANSWER_MS} -c timezone=UTC -c synchronous_commit=on",
}

ENGINES = {"sqlite": _sqlite, "postgresql": _postgresql}
EXAMPLES = "write sqlite:////path/ledger.db or postgresql://user@host/database"


def _origin(error: SQLAlchemyError) -> SQLAlchemyError:
    """The first of the errors that followed from one another.

    A full disk ends the transaction; that there is nothing to undo any more is not what happened.
    """
    origin, before = error, error.__context__
    while before is not None:
        origin = before if isinstance(before, SQLAlchemyError) else origin
        before = before.__context__
    return origin


def _first_line(error: object) -> str:
    return str(error).strip().partition("\n")[0]


def sqlite_url(file: Path) -> str:
    """The URL of a ledger in `file`."""
    return f"sqlite:///{file.absolute()}"
