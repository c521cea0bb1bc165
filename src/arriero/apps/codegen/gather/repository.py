"""The caller's own code: which files of it are read, and why the others are not.

Nothing outside the folder is read, whatever a link in it says, and nothing that is no text.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from arriero.core.errors import InputError

LONGEST = 400_000  # bytes of a file: what is longer was made by a machine
MOST_FILES = 20_000
MOST_BYTES = 50_000_000  # of all files together
LONGEST_NAME = 300
LONG_LINES = 400  # characters of a line on average: minified
SHOWN = 3  # names that stand with a reason
# What others wrote, or a machine, or what no code is in.
LEFT_OUT = frozenset(
    "node_modules bower_components __pycache__ venv env site-packages dist build target vendor coverage".split()
)
LANGUAGES: Mapping[str, str] = {
    "py": "python", "pyi": "python", "js": "javascript", "mjs": "javascript", "cjs": "javascript", "jsx": "jsx",
    "ts": "typescript", "tsx": "tsx", "go": "go", "java": "java", "rs": "rust", "c": "c", "h": "c", "cpp": "cpp",
    "cc": "cpp", "hpp": "cpp", "cs": "csharp", "rb": "ruby", "php": "php", "sh": "bash", "kt": "kotlin",
}  # fmt: skip
TERMS = re.compile(r"(?i)(?:licen[cs]e|copying)(?:\.(?:txt|md|rst))?")  # files that tell a licence
_HOSTILE = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\\]")


class Repository(BaseModel):
    """The caller's code by relative file name, as the code that is written may rest on it.

    What cannot be used is left out when it is read, each with its reason; nothing of it is kept on the run.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    files: dict[str, str] = Field(default_factory=dict, max_length=MOST_FILES)


def language_of(name: str) -> str | None:
    """The language of a file by its ending; None where it is none that is read."""
    return LANGUAGES.get(name.rpartition(".")[2].lower()) if "." in name else None


def read_folder(folder: Path) -> tuple[Repository, tuple[str, ...]]:
    """The code in `folder`, and what was left out and why. `InputError` when it is no folder."""
    if not folder.is_dir():
        raise InputError(f"{str(folder)!r} is no folder; give the folder with your code")
    names: dict[str, list[str]] = {}
    files: dict[str, str] = {}
    size = 0
    for path in _walk(folder):
        name = path.relative_to(folder).as_posix()
        if language_of(name) is None and not TERMS.fullmatch(name):
            continue
        text, why = _text(path)
        if not why and (len(files) >= MOST_FILES or size + len(text) > MOST_BYTES):
            why = f"more than {MOST_FILES:,} files or {MOST_BYTES // 1_000_000} MB"
        why = why or refused(name, text)
        if why:
            names.setdefault(why, []).append(name)
            continue
        files[name] = text
        size += len(text)
    return Repository(files=files), told(names)


def usable(repository: Repository) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """The files that can be used, in order of their names, and what was left out and why."""
    found: dict[str, str] = {}
    names: dict[str, list[str]] = {}
    size = 0
    for name, text in sorted(repository.files.items()):
        why = refused(name, text)
        if not why and size + len(text) > MOST_BYTES:
            why = f"more than {MOST_BYTES // 1_000_000} MB"
        if why:
            names.setdefault(why, []).append(name)
        else:
            found[name] = text
            size += len(text)
    return found, told(names)


def refused(name: str, text: str) -> str:
    """Why a file is not used; empty when it is."""
    steps = name.split("/")
    if not name or len(name) > LONGEST_NAME or _HOSTILE.search(name):
        return "a name that is too long or has control characters"
    if name.startswith(("/", "~")) or ".." in steps or re.match(r"[A-Za-z]:", name):
        return "a name that leads out of the folder"
    if any(step in LEFT_OUT or step.startswith(".") for step in steps[:-1]):
        return "in a folder of packages, builds or settings"
    if language_of(name) is None and not TERMS.fullmatch(name):
        return "no code of a language that is read here"
    if len(text) > LONGEST:
        return f"longer than {LONGEST:,} bytes"
    if "\0" in text:
        return "binary"
    if len(text) > LONG_LINES * (text.count("\n") + 1) and language_of(name):
        return "minified"
    return ""


def told(names: Mapping[str, list[str]]) -> tuple[str, ...]:
    """`3 files were not read, binary: a.py, b.py, c.py`; names as Python writes them, so that none can deceive."""
    return tuple(
        f"{len(of)} {'file was' if len(of) == 1 else 'files were'} not read, {why}: "
        + ", ".join(_shown(one) for one in of[:SHOWN])
        + (" ..." if len(of) > SHOWN else "")
        for why, of in sorted(names.items())
    )


def _shown(name: str) -> str:
    plain = name.isascii() and name.isprintable() and len(name) <= 80
    return name if plain else ascii(name[:80])


def _walk(folder: Path) -> Iterator[Path]:
    """Every file below, in order of the names; links to folders are not followed."""
    for place, below, names in os.walk(folder, followlinks=False):
        below[:] = sorted(one for one in below if one not in LEFT_OUT and not one.startswith("."))
        yield from (Path(place, name) for name in sorted(names))


def _text(path: Path) -> tuple[str, str]:
    """The text of a file, or why there is none. A link is not followed, also one that is put there now."""
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return "", "a link" if path.is_symlink() else "it cannot be opened"
    with os.fdopen(opened, "rb") as file:
        state = os.fstat(opened)
        if not stat.S_ISREG(state.st_mode):
            return "", "no regular file"
        if state.st_size > LONGEST:
            return "", f"longer than {LONGEST:,} bytes"
        raw = file.read(LONGEST + 1)
    try:
        return raw.decode("utf-8"), ""
    except UnicodeDecodeError:
        return "", "binary"
