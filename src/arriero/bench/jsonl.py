"""Rows of somebody's file: JSONL, or one JSON list."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from arriero.core.errors import InputError

Row = Mapping[str, Any]


def objects(file: Path) -> Iterable[tuple[int, Row]]:
    """Every row with its number, from 1. `InputError` names the file, and the row that is no object."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{str(file)!r} cannot be read ({error}); give JSONL in UTF-8") from None
    lines = [text] if text.lstrip().startswith("[") else text.split("\n")
    try:
        rows = [json.loads(line) for line in lines if line.strip()]
    except ValueError as error:
        raise InputError(
            f"{file.name} is not JSONL ({error}); give one JSON object a line"
        ) from None
    if len(rows) == 1 and isinstance(rows[0], list):
        rows = rows[0]
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise InputError(
                f"{file.name}, row {number}: is no JSON object; give one object a line"
            )
        yield number, row
