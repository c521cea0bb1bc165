"""Rows of somebody's file: JSONL, or one JSON list."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from arriero.core.errors import InputError

Row = Mapping[str, Any]


def objects(file: Path) -> Iterable[tuple[int, Row]]:
    """Every row with its number: its line, or its place in the list, from 1. `InputError` names a row that is none."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{str(file)!r} cannot be read ({error}); give JSONL in UTF-8") from None
    for number, row in _listed(file, text) if text.lstrip().startswith("[") else _lines(file, text):
        if not isinstance(row, dict):
            raise InputError(
                f"{file.name}, row {number}: is no JSON object; give one object a line"
            )
        yield number, row


def _listed(file: Path, text: str) -> Iterable[tuple[int, Any]]:
    try:
        return enumerate(json.loads(text), 1)
    except ValueError as error:
        raise InputError(
            f"{file.name} is not JSONL, and no JSON list ({error}); give one JSON object a line"
        ) from None


def _lines(file: Path, text: str) -> Iterable[tuple[int, Any]]:
    # Not splitlines: that cuts at signs that may stand within a JSON text, such as U+2028.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except ValueError as error:
                raise InputError(
                    f"{file.name}, line {number} is no JSON ({error}); give one JSON object a line"
                ) from None
