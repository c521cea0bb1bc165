"""What a trainer reads of a dataset folder: LLaMA-Factory's `dataset_info.json` and the files it names."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from arriero.core.errors import InputError
from arriero.core.words import content_hash
from arriero.models.files import read_json, sha256_of

INFO = "dataset_info.json"
MANIFEST = "manifest.json"


def datasets_in(folder: Path) -> Mapping[str, Mapping[str, Any]]:
    """The entries of the folder's `dataset_info.json` by name. Raises `InputError` without one."""
    file = folder / INFO
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"{str(folder)!r} has no {INFO}; name the folder that LLaMA-Factory calls dataset_dir"
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(f"{str(file)!r} cannot be read: {error}") from None
    if not isinstance(found, dict) or not all(isinstance(entry, dict) for entry in found.values()):
        raise InputError(f"{str(file)!r} is no table of datasets; see LLaMA-Factory's data/README")
    return found


def file_of(folder: Path, name: str) -> Path:
    """The file of the dataset `name`; raises `InputError` when it is not there or lies elsewhere."""
    entries = datasets_in(folder)
    if name not in entries:
        raise InputError(f"{INFO} has no dataset {name!r}; it has: {', '.join(entries) or 'none'}")
    said = entries[name].get("file_name")
    if not isinstance(said, str):
        raise InputError(
            f"dataset {name!r} names no file_name; only files beside {INFO} are read, no hub"
        )
    file = (folder / said).resolve()
    if not file.is_relative_to(folder.resolve()) or not file.is_file():
        raise InputError(f"the file {said!r} of dataset {name!r} is not in {str(folder)!r}")
    return file


def dataset_id(folder: Path) -> str:
    """The id in the folder's manifest, else the hash of `dataset_info.json` and of its files that are here.

    LLaMA-Factory's own `data` folder names dozens that lie on a hub; whether what a training names is here,
    `file_of` says.
    """
    if isinstance(told := read_json(folder / MANIFEST).get("id"), str) and told:
        return told
    hashes = dict(_hashes(folder))
    info = hashlib.sha256((folder / INFO).read_bytes()).hexdigest()
    return content_hash({"info": info, "files": hashes})


def _hashes(folder: Path) -> Iterator[tuple[str, str]]:
    for name in sorted(datasets_in(folder)):
        with suppress(InputError):
            yield name, sha256_of(file_of(folder, name))
