"""A golden set: frozen questions whose right answers are known. An app brings one, a gate asks it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from arriero.core.errors import InputError
from arriero.core.words import JsonValue


@dataclass(frozen=True, slots=True)
class Golden:
    """One question: the app's `input`, and what a right answer says (`facts`) and does not (`never`).

    `answerable` False: the right thing is not to answer. `unit` is who asks.
    """

    input: Mapping[str, JsonValue]
    facts: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    answerable: bool = True
    unit: str | None = None


def read(file: Path) -> Sequence[Golden]:
    """The questions in a JSONL file: `input`, and if known `facts`, `never`, `answerable`, `unit`.

    Raises `InputError` naming the first line that is none.
    """
    found = rows(file, "input")
    for number, row in enumerate(found, 1):
        texts = [row.get("facts", []), row.get("never", [])]
        if not isinstance(row["input"], dict) or not all(map(_are_texts, texts)):
            raise InputError(
                f"question {number} of {file} is none: `input` is an object, `facts` and `never` "
                "are lists of texts"
            )
    return [
        Golden(
            dict(row["input"]), tuple(row.get("facts", ())), tuple(row.get("never", ())),
            bool(row.get("answerable", True)), row.get("unit"),
        )
        for row in found
    ]  # fmt: skip


def _are_texts(value: JsonValue) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def rows(file: Path, *needed: str) -> Sequence[Mapping[str, JsonValue]]:
    """The objects in a JSONL file; `InputError` for a line that is none or lacks a `needed` key."""
    try:
        # Not splitlines: that cuts at signs that may stand within a JSON text, such as U+2028.
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the golden set {str(file)!r} cannot be read: {error}") from None
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            raise InputError(f"line {number} of {file} is no JSON object")
        if missing := [key for key in needed if key not in row]:
            raise InputError(f"line {number} of {file} has no {missing[0]!r}")
        found.append(row)
    return found
