"""Files that are either whole or not there, and what they hash to."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from typing import Any


@contextmanager
def replaced(target: Path) -> Iterator[Path]:
    """A file beside `target` to write to; it becomes `target` when the block ends without an error."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".unfinished")
    os.close(handle)
    unfinished = Path(name)
    try:
        yield unfinished
        unfinished.chmod(0o644)  # mkstemp gives 0600; models may be shared by users
        sync(unfinished)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def sync(file: Path) -> None:
    """Wait until `file` is on the disk: a rename must not come back, after a crash, to an empty file."""
    handle = os.open(file, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256_of(file: Path) -> str:
    """The sha256 of a file in lower-case hex, read in pieces."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def read_json(file: Path) -> dict[str, Any]:
    """The table in `file`; empty when there is none that can be read."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_json(file: Path, table: Mapping[str, Any]) -> None:
    """Write `table` to `file`, whole or not at all."""
    with replaced(file) as unfinished:
        unfinished.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")
