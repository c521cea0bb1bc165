"""`arriero up`: everything on, one line each; Ctrl-C ends everything it started."""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
import shlex
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import RawIOBase
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arriero.cli.local import Running, announce
from arriero.cli.options import load, settings_options
from arriero.cli.process import prepare, settle, signals_to, until_ended
from arriero.core.errors import Busy, StoreError

if TYPE_CHECKING:
    from arriero.assembly import Platform
    from arriero.core.settings import Settings


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65_535), help="Listen here instead (0: any free port)."
)
@click.option("--new-key", is_flag=True, help="Make and print another API key.")
@settings_options
def up(port: int | None, new_key: bool, config: Path | None, data: Path | None) -> None:
    """Start the server, the models and the jobs; prints what to try."""
    prepare()
    settings = load(config, data)
    if port is not None:
        server = settings.server.model_copy(update={"port": port})
        settings = settings.model_copy(update={"server": server})
    with _only_one(settings.data), _listening(settings) as listener:
        until_ended(_serve(settings, listener, new_key, config))


async def _serve(
    settings: Settings, listener: socket.socket, new_key: bool, config: Path | None
) -> None:
    from arriero.assembly import open_platform  # noqa: PLC0415  # keeps --help fast
    from arriero.console import pages  # noqa: PLC0415
    from arriero.server import server  # noqa: PLC0415

    started = time.monotonic()
    url = _url(listener)
    click.echo("arriero: opening apps and models ...")
    async with open_platform(settings) as platform:
        secret = await _key(platform, new_key)
        told = Running(url, platform.keyring.local(secrets.token_urlsafe(32)), os.getpid())
        note = announce(settings.data, told)
        jobs = asyncio.create_task(platform.jobs().serve())
        platform.exposures.prepare_with(platform.make_ready)
        serving = server(platform, listener, pages())
        settle()
        try:
            with signals_to(serving.handle_exit):
                took = time.monotonic() - started
                _say(platform, url, secret, took, _to_try(platform, config))
                await serving.serve(sockets=[listener])
        finally:
            note.unlink(missing_ok=True)
            jobs.cancel()
            await asyncio.gather(jobs, return_exceptions=True)


async def _key(platform: Platform, new_key: bool) -> str | None:
    """A new API key on the first start or when asked for: its secret is shown this once."""
    from arriero.assembly import TENANT  # noqa: PLC0415
    from arriero.security.keys import mint  # noqa: PLC0415
    from arriero.store.base import KeySaved  # noqa: PLC0415

    known = await platform.ledger.keys()
    if known and not new_key:
        return None
    taken = {key.name for key in known}
    name = next(name for number in count(1) if (name := f"key-{number}") not in taken)
    secret, key = mint(name, TENANT, platform.clock.now())
    await platform.ledger.commit(KeySaved(key), durable=True)
    return secret


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _say(platform: Platform, url: str, secret: str | None, seconds: float, to_try: str) -> None:
    key = (
        secret
        or "the one that was printed at the first start (`arriero up --new-key` makes another)"
    )
    from arriero.assembly import left_behind  # noqa: PLC0415  # keeps --help fast

    lacking, left = platform.lacking(), left_behind(platform.settings)
    lines = [
        f"ready in {seconds:.1f} s",
        *(f"  {name:<10} ready" for name in platform.apps if name not in lacking),
        *(f"  {name:<10} needs: arriero models pull {what}" for name, what in lacking.items()),
        *([f"  ledger     {left}"] if left else []),
        f"  API        {url}/v1  ({url}/openapi.json)",
        f"  inbox      {url}/console/inbox",
        f"  health     {url}/health/ready",
        f"  metrics    {url}/metrics",
        f"  API key    {key}",
        "try:",
        f"  {to_try}",
        "Ctrl-C ends it.",
    ]
    click.echo("\n".join(lines))


def _to_try(platform: Platform, config: Path | None) -> str:
    """One whole command that works when it is pasted into another shell in this folder.

    A question that the support app can answer; what this server does, where it has none.
    """
    options = ["--config", str(config)] if config else []
    if platform.settings.data != Path(".arriero"):
        options += ["--data", str(platform.settings.data)]
    question = getattr(platform.apps.get("support"), "to_try", "")
    return shlex.join([_program(), *(["ask", question] if question else ["status"]), *options])


def _program() -> str:
    """What calls this very program: its name when the PATH finds it, else where it lies."""
    program = Path(sys.argv[0]).absolute()
    found = shutil.which("arriero")
    if found and Path(found).absolute() == program:
        return "arriero"
    here = Path.cwd()
    return str(program.relative_to(here) if program.is_relative_to(here) else program)


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Hold the data folder's lock: two servers would fight over port and children."""
    from arriero.assembly import writable  # noqa: PLC0415

    file = writable(folder) / "up.lock"
    with file.open("a+b", buffering=0) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise Busy(
                f"`arriero up` (process {lock.read().decode() or '?'}) already runs in {str(folder)!r}; "
                "end it, or choose another folder with --data"
            ) from None
        _sign(lock, folder)
        yield


def _sign(lock: RawIOBase, folder: Path) -> None:
    try:
        lock.truncate(0)
        lock.write(str(os.getpid()).encode())
    except OSError as error:
        raise StoreError(
            f"the data folder {str(folder)!r} cannot be written ({error.strerror}); "
            "free space or choose another with --data"
        ) from None


@contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """The bound socket, so that an occupied port is found before anything is opened."""
    family = socket.AF_INET6 if ":" in settings.server.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.server.host, settings.server.port))
        except OSError as error:
            raise Busy(
                f"port {settings.server.port} cannot be used ({error.strerror}); "
                "choose another with --port, or --port 0 for any free one"
            ) from None
        listener.listen(1024)
        yield listener
