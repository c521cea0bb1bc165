"""What a head is fitted on: a CSV of text and label, checked before anything is learned from it."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from arriero.core.errors import InputError


def read_rows(path: Path) -> tuple[list[str], list[str], int]:
    """Texts, labels and the number of repeated rows of a CSV with the columns text and label.

    `category` is taken for `label`. A row that differs from one with its label in capitals and spaces alone is
    repeated: a head reads both alike, so that leaving one of them out would prove nothing. Raises
    `InputError` naming the line and the remedy.
    """
    seen: dict[str, tuple[str, int]] = {}
    once: dict[tuple[str, str], str] = {}
    rows = 0
    for line, text, label in _lines(path):
        where = f"{path.name}, line {line}"
        if not text or not label:
            raise InputError(f"{where}: the text or its label is empty; fill it in or drop the row")
        known, first = seen.setdefault(text, (label, line))
        if known != label:
            raise InputError(
                f"{where}: {text[:60]!r} is labelled {label!r}, but {known!r} in line {first}; "
                "decide for one"
            )
        once.setdefault((" ".join(text.lower().split()), label), text)
        rows += 1
    texts, labels = list(once.values()), [label for _, label in once]
    check(texts, labels)
    return texts, labels, rows - len(texts)


def _lines(path: Path) -> Iterator[tuple[int, str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            column = label_column(path, reader.fieldnames or ())
            for row in reader:
                yield reader.line_num, (row["text"] or "").strip(), (row[column] or "").strip()
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{str(path)!r} cannot be read ({error}); give a CSV in UTF-8") from error


def label_column(path: Path, columns: Sequence[str]) -> str:
    """The column with the labels: label, else category. Raises `InputError` without text or both."""
    if len(columns) == 1 and ";" in columns[0]:
        raise InputError(
            f"{path.name} has semicolons between its columns; save it with commas, and texts that "
            'hold a comma in double quotes, "like, this"'
        )
    found = [name for name in ("label", "category") if name in columns]
    if "text" not in columns or not found:
        raise InputError(
            f"{path.name} has the columns {', '.join(columns) or '(none)'}; it needs text and label"
        )
    return found[0]


def check(texts: Sequence[str], labels: Sequence[str]) -> None:
    """Raises `InputError` unless there are two labels with two rows each: less cannot be learned."""
    if len(texts) != len(labels):
        raise InputError(f"{len(texts)} texts but {len(labels)} labels; give each text one label")
    counts = Counter(labels)
    if len(counts) < 2:
        raise InputError(f"a classifier needs two labels, not {len(counts)}; add rows of another")
    label, rows = min(counts.items(), key=lambda item: item[1])
    if rows < 2:
        raise InputError(f"label {label!r} has one row; give it two or more (20 are a good start)")
