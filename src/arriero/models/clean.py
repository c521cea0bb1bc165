"""Rows whose label is probably wrong, and labels that are mistaken for each other. Pure.

Confident learning (Northcutt, Jiang and Chuang, JAIR 70, 2021) on chances of rows left out of the fit.
Only for training rows: a test set is never cleaned.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Suspect:
    """A row that the others contradict: they say `better`, with these probabilities."""

    text: str
    label: str
    better: str
    chance: float
    chance_better: float


@dataclass(frozen=True, slots=True)
class Confusion:
    """`rows` rows of `label` that were taken for `taken_for`."""

    label: str
    taken_for: str
    rows: int


def suspects(
    texts: Sequence[str],
    labels: NDArray[np.intp],
    chances: NDArray[np.float64],
    names: Sequence[str],
) -> tuple[Suspect, ...]:
    """The rows with a probably wrong label, the surest first.

    A row counts as confidently of a label when its chance is at least the mean chance of the rows that
    carry that label; suspect is a row that is confidently of another label only.
    """
    rows = np.arange(len(labels))
    own = chances[rows, labels]
    usual = np.array([own[labels == label].mean() for label in range(len(names))])
    sure = np.where(chances >= usual, chances, 0.0)
    better = sure.argmax(axis=1)
    found = (sure[rows, better] > 0) & (better != labels) & (own < usual[labels])
    gap = chances[rows, better] - own
    order = [int(row) for row in np.argsort(-gap, kind="stable") if found[row] and gap[row] > 0]
    return tuple(
        Suspect(
            texts[row],
            names[labels[row]],
            names[better[row]],
            float(own[row]),
            float(chances[row, better[row]]),
        )
        for row in order
    )


def confusions(
    labels: NDArray[np.intp], chances: NDArray[np.float64], names: Sequence[str]
) -> tuple[Confusion, ...]:
    """The pairs that are mistaken most often, first."""
    pairs = zip(labels.tolist(), chances.argmax(axis=1).tolist(), strict=True)
    counts = Counter(pair for pair in pairs if pair[0] != pair[1])
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Confusion(names[one], names[other], rows) for (one, other), rows in ranked)
