"""Fits the injection weights on the rows beside this file: `python -m arriero.security.injection_fit`.

The held-out set is not read here. `left_out` scores every row by weights that have not seen it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from arriero.core.errors import InputError
from arriero.security.injection import HERE, WEIGHTS, Channel, Scanner
from arriero.security.injection_model import Weights, fit

ROWS = HERE / "injection_rows.jsonl"
HELD_OUT = HERE / "injection_heldout.jsonl"
FOLDS = 5
_TRUTH = {"attack": True, "malicious": True, "benign": False}


def rows(file: Path) -> Iterator[tuple[str, Channel, bool]]:
    """Text, channel and truth of each line `{"text", "channel", "label": "attack" or "benign"}`."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{str(file)!r} cannot be read ({error}); give a JSONL file") from None
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _row(line, f"{file.name}, line {number}")


def fitted(given: Sequence[tuple[str, Channel, bool]]) -> Weights:
    """The weights learned from `given`, on top of the packaged rules."""
    scanner = Scanner.packaged(Weights())
    return fit([row for text, channel, truth in given for row in scanner.row(text, channel, truth)])


def left_out(given: Sequence[tuple[str, Channel, bool]]) -> list[float]:
    """The score of each row from a model that was fitted on the other folds."""
    scores = [0.0] * len(given)
    for fold in range(FOLDS):
        seen = [row for at, row in enumerate(given) if at % FOLDS != fold]
        scanner = Scanner.packaged(fitted(seen))
        for at in range(fold, len(given), FOLDS):
            scores[at] = scanner.scan(given[at][0], given[at][1]).score
    return scores


def _row(line: str, where: str) -> tuple[str, Channel, bool]:
    try:
        table: Mapping[str, Any] = json.loads(line)
        return str(table["text"]), _channel(table), _TRUTH[table["label"]]
    except (ValueError, KeyError, TypeError):
        raise InputError(
            f"{where}: each line is a JSON object with text, label (attack or benign) and channel "
            f"({', '.join(get_args(Channel))})"
        ) from None


def _channel(table: Mapping[str, Any]) -> Channel:
    channel: Channel = table.get("channel", "message")
    if channel not in get_args(Channel):
        raise ValueError(channel)
    return channel


def main() -> None:
    """Write the weights."""
    fitted(list(rows(ROWS))).save(WEIGHTS)


if __name__ == "__main__":
    main()
