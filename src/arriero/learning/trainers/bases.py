"""The model that a LoRA is trained on: a catalogue model's GGUF file as a Hugging Face folder, made once.

Trained on the weights that are in the GGUF file, and served on that same file: so training and serving
agree on the base, and what quantisation lost is trained around (the argument of QLoRA, arXiv 2305.14314).
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from arriero.core.errors import ModelError, NotFound
from arriero.learning.trainers.base import Reason, TrainingFailed
from arriero.learning.trainers.environment import Environment, ask_inside
from arriero.models import catalogue
from arriero.models.files import read_json, write_json
from arriero.models.pull import locked

FOLDER = "training"  # beside the GGUF file in the models folder
STAMP = "base.json"
BYTES_A_WEIGHT = 8  # of a 4-bit file: float32, and as much again for rounding


@dataclass(frozen=True, slots=True)
class Base:
    """`folder` is what is trained on. `name` and `gguf_sha256` are empty for a folder of the user's own.

    `template` is the SHA-256 of the chat template's text, or empty without one.
    """

    folder: Path
    name: str
    gguf_sha256: str
    licence: str
    template: str


async def base_of(named: str, models: Path, environment: Environment) -> Base:
    """The base called `named`: a row of the catalogue, or a folder in Hugging Face's format.

    The first time takes about half a minute and 4 bytes of disk a weight. Raises `ModelMissing` when
    the model is not pulled, `TrainingFailed(wrong_base)` when it cannot be trained.
    """
    if (own := await asyncio.to_thread(_own, Path(named))) is not None:
        return own
    try:
        entry = catalogue.entry_of(named, models)
    except NotFound as error:
        raise TrainingFailed(
            Reason.WRONG_BASE, f"{error.message}; and {named!r} is no folder with a config.json"
        ) from None
    if entry.kind != "generator" or not entry.files[0].name.endswith(".gguf"):
        raise TrainingFailed(
            Reason.WRONG_BASE, f"{named!r} is no GGUF text model, so no LoRA can be trained on it"
        )
    gguf = await asyncio.to_thread(catalogue.path_of, entry, models)
    async with locked(models / entry.name, lambda line: None):
        folder = models / entry.name / FOLDER
        if read_json(folder / STAMP).get("from") != entry.files[0].sha256:
            await _make(entry, gguf, folder, environment)
    return Base(folder, entry.name, entry.files[0].sha256, entry.licence, template_of(folder))


def _own(folder: Path) -> Base | None:
    folder = folder.expanduser().absolute()
    if not (folder / "config.json").is_file():
        return None
    stamp = read_json(folder / STAMP)
    name, sha256, licence = (str(stamp.get(key, "")) for key in ("name", "from", "licence"))
    return Base(folder, name, sha256, licence, template_of(folder))


def template_of(folder: Path) -> str:
    """The SHA-256 of the chat template in a Hugging Face folder; empty without one."""
    file = folder / "chat_template.jinja"
    text = (
        file.read_text(encoding="utf-8")
        if file.is_file()
        else read_json(folder / "tokenizer_config.json").get("chat_template") or ""
    )
    return hashlib.sha256(str(text).encode()).hexdigest() if text else ""


async def _make(entry: catalogue.Entry, gguf: Path, folder: Path, environment: Environment) -> None:
    needed, free = BYTES_A_WEIGHT * entry.size, shutil.disk_usage(folder.parent).free
    if free < needed:
        raise TrainingFailed(
            Reason.DISK_FULL,
            f"{entry.name} as a base for training needs {needed / 1e9:.1f} GB of free disk at"
            f" {str(folder.parent)!r}, there are {free / 1e9:.1f} GB; make room",
        )
    unfinished = folder.with_name(f".{FOLDER}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        told = await ask_inside(
            environment, "base_model.py", {"gguf": str(gguf), "folder": str(unfinished)}
        )
    except ModelError as error:
        raise TrainingFailed(
            Reason.WRONG_BASE,
            f"{entry.name} cannot be used as a base for training: {error.message}",
        ) from error
    stamp = {"name": entry.name, "from": entry.files[0].sha256, "licence": entry.licence, **told}
    write_json(unfinished / STAMP, stamp)
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)
