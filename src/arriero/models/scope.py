"""Does a message belong to any of the labels? Three signals, added up; own inference in numpy.

The signals are the best label's score, the likeness of the k-th nearest row, and the Mahalanobis
distance to the nearest label's mean under a shared covariance (Lee et al., 2018; Podolskiy et al., 2021).
`models/kernel.py` fits the threshold on labels that are left out in turn, never on messages from outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

SIGNALS = ("score", "likeness", "distance")
STEEPEST = 500.0  # beyond it a float is 0 or 1 anyway


@dataclass(frozen=True, slots=True)
class Means:
    """The labels' means in a space in which their shared covariance is the unit matrix."""

    whitening: NDArray[np.float32]
    places: NDArray[np.float32]

    def distances(self, vectors: Numbers) -> Numbers:
        """Each vector's distance to each mean."""
        moved = np.atleast_2d(vectors) @ self.whitening
        squares = (
            (moved**2).sum(axis=1)[:, None]
            - 2 * moved @ self.places.T
            + (self.places**2).sum(axis=1)[None]
        )
        return np.asarray(np.sqrt(np.maximum(squares, 0)), np.float64)

    def between(self, vector: NDArray[np.float32], others: NDArray[np.float32]) -> Numbers:
        """The distance from a vector to each of the others, in that space."""
        moved = (others.astype(np.float64) - vector) @ self.whitening
        return np.asarray(np.sqrt((moved**2).sum(axis=1)), np.float64)


@dataclass(frozen=True, slots=True)
class Scope:
    """How three signals become one value in [0, 1]: 0.5 is the threshold.

    `centre` and `spread` are the signals' mean and deviation on in-scope rows left out in turn,
    `weights` adds them up, `threshold` is where a message is rejected, `slope` how fast the value
    leaves 0.5 there; `nearest` is the k of the k-th nearest row. `recall` and `kept` are what the
    threshold gave on labels left out and on rows left out.
    """

    centre: tuple[float, float, float]
    spread: tuple[float, float, float]
    weights: tuple[float, float, float]
    threshold: float
    slope: float
    nearest: int
    auroc: float
    recall: float
    kept: float

    def strangeness(self, found: Numbers) -> Numbers:
        """The weighted sum of the signals' z-scores, higher for messages further outside."""
        scaled = (found - np.array(self.centre)) / np.array(self.spread)
        return np.asarray(-scaled @ np.array(self.weights), np.float64)

    def outside(self, found: Numbers) -> float:
        """The calibrated out-of-scope value of one message; from 0.5 on it is rejected."""
        steps = self.slope * (float(self.strangeness(found[None])[0]) - self.threshold)
        return 1 / (1 + exp(-max(-STEEPEST, min(STEEPEST, steps))))


def signals(score: float, likeness: Numbers, distance: float, nearest: int) -> Numbers:
    """The three signals of one message, each higher inside than outside."""
    return np.array([score, kth(likeness[None], nearest)[0], -distance], np.float64)


def kth(likeness: Numbers, nearest: int) -> Numbers:
    """The `nearest`-th highest likeness of each row of `likeness`, or the lowest of fewer."""
    place = max(likeness.shape[1] - nearest, 0)
    return np.asarray(np.partition(likeness, place, axis=1)[:, place], np.float64)


def means_of(vectors: Numbers, owners: NDArray[np.intp], shrink: float) -> Means:
    """Means of the labels and the whitening of the shared covariance, shrunk to its mean variance."""
    labels, places = np.unique(owners, return_inverse=True)
    middles = np.stack([vectors[places == at].mean(axis=0) for at in range(len(labels))])
    rest = vectors - middles[places]
    covariance = rest.T @ rest / len(rest)
    dimension = len(covariance)
    level = max(float(np.trace(covariance)) / dimension, 1e-9)
    covariance = (1 - shrink) * covariance + shrink * level * np.eye(dimension)
    values, axes = np.linalg.eigh(covariance)
    whitening = (axes / np.sqrt(np.maximum(values, 1e-12))).astype(np.float32)
    return Means(whitening, (middles @ whitening).astype(np.float32))


def auroc(inside: Numbers, outside: Numbers) -> float:
    """The chance that a stranger looks stranger than one of ours (Mann-Whitney; ties count half)."""
    if not len(inside) or not len(outside):
        return 0.5  # nothing to tell apart: a coin
    ordered = np.sort(inside)
    below = np.searchsorted(ordered, outside, "left") + np.searchsorted(ordered, outside, "right")
    return float(below.mean() / (2 * len(ordered)))
