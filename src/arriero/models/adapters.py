"""Where a learned adapter lies: named by the hash of its content, so that it cannot be another one."""

from __future__ import annotations

import re
from pathlib import Path

from arriero.core.errors import ModelCorrupt, ModelError
from arriero.models.files import sha256_of

PREFIX = "adapter:"  # before the sha256 of a learned adapter, in a binding's adapter


def adapters_folder(data: Path) -> Path:
    """The folder of learned adapters within the data folder `data`."""
    return data.expanduser() / "learning" / "adapters"


def adapter_file(named: str, data: Path) -> Path:
    """The file of a binding's adapter: `adapter:SHA256`, or simply a path."""
    id = named.removeprefix(PREFIX)
    return Path(named) if id == named else adapters_folder(data) / f"{id}.gguf"


def check_adapter(file: Path) -> None:
    """Raises `ModelError` when there is no such file, `ModelCorrupt` when its name is another's hash."""
    if not file.is_file():
        raise ModelError(
            f"adapter {str(file)!r} does not exist; restore it from a backup, or roll back to a"
            " variant without it"
        )
    if re.fullmatch("[0-9a-f]{64}", file.stem) and (actual := sha256_of(file)) != file.stem:
        raise ModelCorrupt(
            f"adapter {str(file)!r} holds something else (sha256 {actual}); restore it from a backup"
        )
