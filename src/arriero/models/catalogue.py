"""The models that can be pulled, and what lies in the models folder of each.

A model lies in FOLDER/NAME/: its files, `verified.json` (what they were when they were last hashed)
and, when there is a copy (a faster generator, a smaller encoder), that file and `repacked.json`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from arriero.core.errors import ModelCorrupt, ModelMissing, NotFound, SettingsError
from arriero.models.files import read_json, sha256_of, write_json

OWN = "catalogue.toml"  # in the models folder: rows of the user
VERIFIED = "verified.json"
REPACKED = "repacked.json"


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Row):
    """Where a file comes from: exactly one of `local`, `hub` and `wheels` (with `member`)."""

    local: Path | None = None
    hub: str = Field(default="", pattern="^(https://.+|http://127\\.0\\.0\\.1[:/].+)?$")
    wheels: str = ""
    member: str = ""
    parts: int = Field(default=1, ge=1, le=999)
    sha256: tuple[str, ...] = Field(default=(), description="of each part, when known")

    @model_validator(mode="after")
    def _one_kind(self) -> Source:
        if sum(map(bool, (self.local, self.hub, self.wheels))) != 1:
            raise ValueError("a source has one of: local, hub, wheels")
        if bool(self.wheels) != bool(self.member):
            raise ValueError("wheels and member (the path inside the package) go together")
        if self.sha256 and len(self.sha256) != self.parts:
            raise ValueError("sha256 has one entry a part")
        return self


class ModelFile(_Row):
    """One file: `size` in bytes, `sha256` in lower-case hex; `sources` in the order of trying."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    size: int = Field(ge=1)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    maker_sha256: Literal["equal", "none", "unknown"] = "unknown"
    sources: tuple[Source, ...] = Field(alias="source", min_length=1)


class Entry(_Row):
    """A row of the catalogue. `repack` names the copy that `models pull` prepares: its kind (`models/copies.py`)."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    title: str
    kind: Literal["generator", "encoder"]
    licence: str
    origin: str
    chat_template: str = ""
    repack: str = ""
    known_as: tuple[str, ...] = Field(
        default=(), description="names that adapters trained elsewhere give their base"
    )
    files: tuple[ModelFile, ...] = Field(alias="file", min_length=1)

    @field_validator("files")
    @classmethod
    def _each_once(cls, value: tuple[ModelFile, ...]) -> tuple[ModelFile, ...]:
        if len({file.name for file in value}) != len(value):
            raise ValueError("two files have the same name")
        return value

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(file.size for file in self.files)

    @property
    def gain(self) -> str:
        """What a copy of it is: a generator's is faster, an encoder's smaller in memory."""
        return "faster" if self.kind == "generator" else "smaller"


class State(StrEnum):
    OK = "ok"
    MISSING = "missing"
    CORRUPT = "corrupt"


@dataclass(frozen=True, slots=True)
class Finding:
    """What `verify` found: `size` in bytes of what lies there, `why` says what is wrong."""

    name: str
    state: State
    size: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Repacked:
    """The copy of a model: its file, and what it loses (the words that `models list` shows).

    `writers`: with how many threads it writes fastest (`models/pace.py`), by the number of cores that it was
    measured on.
    """

    path: Path
    kind: str
    sha256: str
    loss: Mapping[str, Any]
    writers: Mapping[str, int]

    @property
    def said(self) -> str:
        if not self.loss:
            return f"{self.kind}, loss not measured"
        if texts := self.loss.get("same_vectors"):
            return f"{self.kind}, the same vectors bit for bit ({texts} texts)"
        return (
            f"{self.kind}, same first choice {self.loss['agreement']:.1%}, "
            f"perplexity x{self.loss['perplexity_ratio']:.3f} ({self.loss['n']} tokens)"
        )


class _Rows(_Row):
    models: tuple[Entry, ...] = Field(alias="model", default=())


def entries(folder: Path | None = None) -> Mapping[str, Entry]:
    """All rows by name, the user's own in `folder` after ours. Raises `SettingsError` for a bad one."""
    packaged = files("arriero.models").joinpath("catalogue.toml").read_text(encoding="utf-8")
    found = {entry.name: entry for entry in parse(packaged, "the packaged catalogue")}
    if folder is not None and (own := folder / OWN).is_file():
        found |= {entry.name: entry for entry in parse(_text(own), str(own))}
    return found


def _text(own: Path) -> str:
    try:
        return own.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{str(own)!r} cannot be read ({error}); write it in UTF-8") from None


def parse(text: str, where: str) -> tuple[Entry, ...]:
    """The rows in `text`; `where` names it in the `SettingsError` for a row that cannot be used."""
    try:
        return _Rows.model_validate(tomllib.loads(text)).models
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise SettingsError(f"{where} cannot be used: {error}") from None


def entry_of(name: str, folder: Path | None = None) -> Entry:
    """The row called `name`, or `NotFound`."""
    known = entries(folder)
    if name not in known:
        raise NotFound(f"no model {name!r} in the catalogue; there are: {', '.join(known)}")
    return known[name]


def entry_known_as(name: str, folder: Path | None = None) -> Entry | None:
    """The row whose weights others call `name` (the last part of a path or hub name decides), or None."""
    last = name.rstrip("/").rpartition("/")[2].lower()
    for entry in entries(folder).values():
        # "SmolLM2-135M" is the model before instruction tuning, so case matters in our own names.
        if name == entry.name or last in {one.rpartition("/")[2].lower() for one in entry.known_as}:
            return entry
    return None


DEFAULTS: tuple[str, ...] = ("smollm2-135m", "minilm-l6")  # what `make up` pulls


def path(name: str, folder: Path, *, repacked: bool = False) -> Path:
    """What to load for the model `name`: see `path_of`. Raises `NotFound` for an unknown name."""
    return path_of(entry_of(name, folder), folder, repacked=repacked)


def path_of(entry: Entry, folder: Path, *, repacked: bool = False) -> Path:
    """What to load: the file of a model that has one, else the folder that holds its files.

    `repacked` prefers the re-quantised copy when there is a whole one. Raises `ModelMissing` without
    the files and `ModelCorrupt` when one is not what the catalogue says. Files are hashed only when
    their size or time changed since they were last verified.
    """
    home = folder / entry.name
    for file in entry.files:
        _check(entry, file, home)
    if len(entry.files) > 1:
        return home
    copy = repacked_copy(entry, folder) if repacked else None
    return copy.path if copy else home / entry.files[0].name


def is_pulled(name: str, folder: Path) -> bool:
    """Whether all files of a model are there, whole or not: whoever asks often has nothing hashed for it.

    Raises `NotFound` for an unknown name.
    """
    entry = entry_of(name, folder)
    return all((folder / name / file.name).is_file() for file in entry.files)


def _check(entry: Entry, file: ModelFile, home: Path) -> None:
    where = home / file.name
    if not where.is_file():
        raise ModelMissing(entry.name)
    if where.stat().st_size != file.size:
        found = f"has {where.stat().st_size:,} bytes instead of {file.size:,}"
        raise corrupt(entry.name, where, found)
    if not _verified_before(where, file.sha256):
        if (actual := sha256_of(where)) != file.sha256:
            raise corrupt(entry.name, where, f"has sha256 {actual}, expected {file.sha256}")
        remember(where, file.sha256)


def corrupt(name: str, where: Path, found: str) -> ModelCorrupt:
    """The error for a file that is not what the catalogue says."""
    return ModelCorrupt(f"{str(where)!r} {found}; run: arriero models pull {name}")


def verify(entry: Entry, folder: Path) -> Finding:
    """Hash every file of a model anew, its copy too."""
    home = folder / entry.name
    present = [file for file in entry.files if (home / file.name).is_file()]
    size = sum((home / file.name).stat().st_size for file in present)
    for file in present:
        if (actual := sha256_of(home / file.name)) != file.sha256:
            why = f"{file.name} has sha256 {actual}, expected {file.sha256}"
            return Finding(entry.name, State.CORRUPT, size, why)
        remember(home / file.name, file.sha256)
    if len(present) < len(entry.files):
        return Finding(entry.name, State.MISSING, size, "not pulled")
    if (copy := repacked_copy(entry, folder)) and sha256_of(copy.path) != copy.sha256:
        return Finding(entry.name, State.CORRUPT, size, f"{copy.path.name}, its copy, was changed")
    return Finding(entry.name, State.OK, size)


def repacked_copy(entry: Entry, folder: Path) -> Repacked | None:
    """The copy of the row's kind, or None when there is none made from these files."""
    home = folder / entry.name
    note = read_json(home / REPACKED)
    if not note or note.get("kind") != entry.repack or note.get("from") != entry.files[0].sha256:
        return None
    where = home / str(note["file"])
    if not where.is_file() or where.stat().st_size != note["size"]:
        return None
    return Repacked(
        where, entry.repack, str(note["sha256"]), note.get("loss") or {}, note.get("writers") or {}
    )


def writers_of(name: str, folder: Path, cores: int) -> int | None:
    """With how many of `cores` threads the copy of the model `name` was measured to write fastest, if it was."""
    copy = repacked_copy(entry_of(name, folder), folder)
    return copy.writers.get(str(cores)) if copy else None


def remember(where: Path, sha256: str) -> None:
    """Note that a file was hashed, so that `path` need not hash it again until it changes."""
    stamp = where.parent / VERIFIED
    known = read_json(stamp) | {where.name: _state(where, sha256)}
    with suppress(OSError):  # a read-only folder can be used, only slower
        write_json(stamp, known)


def _verified_before(where: Path, sha256: str) -> bool:
    return bool(read_json(where.parent / VERIFIED).get(where.name) == _state(where, sha256))


def _state(where: Path, sha256: str) -> dict[str, object]:
    found = where.stat()
    return {"size": found.st_size, "mtime_ns": found.st_mtime_ns, "sha256": sha256}
