"""Rows that are added to a fitted head: a new intent is live at once, without a fit.

The head's scores are corrected by kernel regression of what it gets wrong on those rows: one block
step towards the fit that would have them all, so that a message like an added row takes its label,
and other messages keep theirs. Who adds rows keeps them: the head forgets them with the process.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from arriero.core.errors import InputError

Numbers = NDArray[np.float64]

MOST = 500  # a square system of them is solved at each change, and they count at each message


def kernel(likeness: Numbers, width: float) -> Numbers:
    """exp(-width |a - b|^2) of unit vectors with this cosine."""
    return np.asarray(np.exp(-2 * width * (1 - likeness)), np.float64)


@dataclass(frozen=True)
class Added:
    """Rows (text, label) beside a head, their unit vectors, and what they change in its scores.

    `duals` has a row a row and a column a label: the head's own, then `new_labels`.
    """

    rows: tuple[tuple[str, str], ...]
    vectors: NDArray[np.float32]
    new_labels: tuple[str, ...]
    duals: Numbers

    @cached_property
    def version(self) -> str:
        """A short hash of the rows."""
        return hashlib.sha256(json.dumps(self.rows).encode()).hexdigest()[:8]

    def scored(self, fitted: Numbers, likeness: Numbers, width: float) -> Numbers:
        """The head's scores, corrected by the rows that are `likeness` away."""
        whole = np.concatenate([fitted, np.zeros(len(self.new_labels))])
        return np.asarray(whole + kernel(likeness, width) @ self.duals, np.float64)


def added_to(
    labels: Sequence[str],
    fitted: Callable[[str, NDArray[np.float32]], Numbers],
    rows: Sequence[tuple[str, str]],
    vectors: NDArray[np.float32],
    *,
    width: float,
    ridge: float,
) -> Added:
    """What `rows` change in a head with these `labels` whose own scores are `fitted(text, vector)`.

    Raises `InputError` for an empty text or label, and for more rows than `MOST`.
    """
    if len(rows) > MOST:
        raise InputError(
            f"{len(rows)} rows were added since the last fit, {MOST} can be; "
            "put them into the CSV and run: arriero support train"
        )
    if any(not text.strip() or not label.strip() for text, label in rows):
        raise InputError("a row that is added needs a text and a label; one of them is empty")
    new = tuple(dict.fromkeys(label for _, label in rows if label not in set(labels)))
    place = {label: at for at, label in enumerate([*labels, *new])}
    wanted = np.zeros((len(rows), len(place)))
    for at, ((text, label), vector) in enumerate(zip(rows, vectors, strict=True)):
        wanted[at, place[label]] = 1
        wanted[at, : len(labels)] -= fitted(text, vector)
    own = vectors.astype(np.float64)
    system = kernel(own @ own.T, width) + ridge * np.eye(len(rows))
    duals = np.asarray(np.linalg.solve(system, wanted), np.float64)
    return Added(tuple(rows), vectors, new, duals)
