"""A forecast's level, corrected by how its earlier forecasts of the same stock turned out.

A model that was fitted to some years says "rise" too often in quieter ones. The share by which the outcomes of the
last two years, as far as they are known, went beyond their probabilities moves the logit: one Newton step of a
logistic regression whose only term is an intercept with a normal prior at zero, worth thirty windows (recalibration
in the large: Cox, Biometrika 45, 1958). Two years and thirty windows were chosen on prices before the test periods.
"""

from __future__ import annotations

import numpy as np

from arriero.apps.finance.trend.prices import YEAR, Floats

SPAN = 2 * YEAR  # forecasts that are looked back on
PRIOR = 30.0  # windows of outcomes that "no correction" counts for
SPREAD = 0.2  # variance of a usual forecast's outcome: p (1 - p) at 0.72
MOST = 1.0  # of the correction, in logits


def recalibrated(score: Floats, rose: Floats, days: int, start: int = 0) -> Floats:
    """The logits, corrected; `rose` is 1, 0, or not a number while the outcome after `days` days is unknown.

    Row t rests on outcomes of windows that had ended by t. Rows before `start` teach nothing.
    """
    chance = chances(score)
    heard = (np.arange(len(score)) >= start) & ~np.isnan(rose) & ~np.isnan(score)
    missed = _so_far(np.where(heard, rose - chance, 0.0))
    spread = _so_far(np.where(heard, chance * (1 - chance), 0.0))
    last = np.maximum(np.arange(len(score)) + 1 - days, 0)
    first = np.maximum(last - SPAN, 0)
    prior = PRIOR * days * SPREAD
    shift = (missed[last] - missed[first]) / (spread[last] - spread[first] + prior)
    return np.asarray(score + np.clip(shift, -MOST, MOST))


def chances(score: Floats) -> Floats:
    """Logits as probabilities."""
    return np.asarray(1 / (1 + np.exp(-np.clip(score, -30, 30))), dtype=np.float64)


def _so_far(values: Floats) -> Floats:
    return np.concatenate([[0.0], np.cumsum(values)])
