"""The texts that must not be learned: golden sets and benchmark files, as they lie on the disk."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from io import StringIO
from pathlib import Path

from arriero.core.errors import InputError
from arriero.security.masking import each_string

READ = (".jsonl", ".json", ".csv", ".tsv", ".txt", ".md")
LONGEST = 2_000  # characters of a text that the encoder compares: longer ones share 13-grams


def texts_of(paths: Sequence[Path]) -> list[str]:
    """Every text in these files, and in the readable files of these folders, each once.

    Raises `InputError` for a file that is not there or cannot be read.
    """
    found: dict[str, None] = {}
    for path in paths:
        for file in files_in(path):
            try:
                found |= dict.fromkeys(text for text in _texts(file) if text.strip())
            except (OSError, ValueError, csv.Error) as error:
                raise InputError(f"the benchmark {str(file)!r} cannot be read: {error}") from None
    return list(found)


def files_in(path: Path) -> Sequence[Path]:
    """The file itself, or the files of a folder that can be read, by name."""
    path = path.expanduser()
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if file.suffix in READ)
    if not path.is_file():
        raise InputError(
            f"there is no benchmark {str(path)!r}; correct learning.dataset.benchmarks"
        )
    return [path]


def _texts(file: Path) -> Iterable[str]:
    text = file.read_text(encoding="utf-8-sig")
    match file.suffix:
        case ".jsonl":
            for line in text.split("\n"):  # a text may hold what else ends a line
                if line.strip():
                    yield from each_string(json.loads(line))
        case ".json":
            yield from each_string(json.loads(text))
        case ".csv" | ".tsv":
            dialect = "excel" if file.suffix == ".csv" else "excel-tab"
            for row in csv.reader(StringIO(text, newline=""), dialect):
                yield from row
        case _:  # paragraphs, and lines: some files have a question on each
            yield from text.split("\n\n")
            yield from text.split("\n")
