"""Fits a head: `python -m arriero.models.fit_head CSV OUT`. The only module with scikit-learn in it.

A server runs it as a child process (`fit_in_child`): niced, one thread, gone when the server goes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import csv
import hashlib
import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arriero.core import errors
from arriero.core.errors import ArrieroError, InputError, MissingExtra, ModelError
from arriero.core.statistics import expected_calibration_error, wilson
from arriero.models import catalogue
from arriero.models.fake import FakeEncoder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from arriero.models.base import Encoder
    from arriero.models.heads import Head

C = 0.5  # LinearSVC; of 0.1, 0.25, 0.5, 1 the best on a fold of BANKING77's training part
FOLDS = 5
ROWS_A_GRAM = 2  # an n-gram of one row only cannot help another
# Half of BANKING77's n-grams carry almost no weight: 13,600 of 22,200 cost 0.1 points on a fold of
# its training part, and the file is 4 MB.
WEIGHT_BYTES = 4 * 2**20
MOST_GRAMS = 20_000
NICENESS = 10
ENCODED_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Report:
    """What a fit gave. `accuracy` (with its 95 % interval) and `ece` are of rows left out in turn.

    `repeated` rows were dropped: the same text with the same label. `bytes` is the folder's size.
    """

    name: str
    rows: int
    repeated: int
    labels: int
    grams: int
    accuracy: float
    low: float
    high: float
    ece: float
    temperature: float
    bytes: int
    seconds: float


def read_rows(path: Path) -> tuple[list[str], list[str], int]:
    """Texts, labels and the number of repeated rows of a CSV with the columns text and label.

    `category` is taken for `label`. Raises `InputError` naming the line and the remedy.
    """
    seen: dict[str, tuple[str, int]] = {}
    repeated = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            column = _label_column(path, reader.fieldnames or ())
            for row in reader:
                text, label = (row["text"] or "").strip(), (row[column] or "").strip()
                where = f"{path.name}, line {reader.line_num}"
                if not text or not label:
                    raise InputError(f"{where}: text or {column} is empty; fill it in or drop the row")
                known, line = seen.setdefault(text, (label, reader.line_num))
                if known != label:
                    raise InputError(
                        f"{where}: {text[:60]!r} is labelled {label!r}, but {known!r} in line {line}; "
                        "decide for one"
                    )
                repeated += line != reader.line_num
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{str(path)!r} cannot be read ({error}); give a CSV in UTF-8") from error
    return list(seen), [label for label, _ in seen.values()], repeated


def _label_column(path: Path, columns: Sequence[str]) -> str:
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


async def fit(
    texts: Sequence[str],
    labels: Sequence[str],
    encoder: Encoder,
    out: Path,
    *,
    seed: int = 0,
    c: float = C,
    repeated: int = 0,
) -> Report:
    """Fit a head named like the folder `out` and save it there; the same input gives the same head.

    Blocks the loop while scikit-learn works: meant for a process of its own (`fit_in_child`).
    Raises `InputError`, and `MissingExtra` without scikit-learn.
    """
    from arriero.models.fitting import fitted  # noqa: PLC0415  # scikit-learn
    from arriero.models.heads import save_head  # noqa: PLC0415

    started = time.perf_counter()
    check(texts, labels)
