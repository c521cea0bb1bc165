"""Fits a hunch: a few small networks on the vectors of labelled texts, put side by side as one."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from arriero.models.hunch import SCALE, Hunch

HIDDEN = 48
NETWORKS = 3  # their mean is steadier than one; chosen by cross-validation on own rows
DECAY = 0.1  # L2
EPOCHS = 60


def fit(vectors: NDArray[np.float32], truths: Sequence[bool], *, encoder: str, data: str) -> Hunch:
    """The hunch whether a text is of the kind sought. The same rows give the same one."""
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415  # a server never fits
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415

    fitted = []
    for seed in range(NETWORKS):
        network = MLPClassifier((HIDDEN,), alpha=DECAY, max_iter=EPOCHS, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # stopping early is meant
            fitted.append(network.fit(vectors * SCALE, np.array(truths)))
    return Hunch(
        encoder,
        data,
        np.concatenate([one.coefs_[0] for one in fitted], axis=1).astype(np.float32),
        np.concatenate([one.intercepts_[0] for one in fitted]).astype(np.float32),
        np.concatenate([one.coefs_[1][:, 0] / NETWORKS for one in fitted]).astype(np.float32),
        float(np.mean([one.intercepts_[1][0] for one in fitted])),
    )
