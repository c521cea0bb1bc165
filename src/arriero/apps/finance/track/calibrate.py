"""From how often ratings were right to a probability: Platt's logistic curve over the weighted score. Pure.

Platt, "Probabilistic outputs for support vector machines" (1999), with his smoothed targets and a small ridge, by
Newton's method on two parameters. Lin, Lin and Weng (2007) is the stable form of the loss.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from arriero.apps.finance.track.predictions import Prediction
from arriero.apps.finance.values import Calibration

FEWEST = 200  # scored ratings; below that the case study's weights stay, and say so
RIDGE = 1e-3


def calibration_of(predictions: Sequence[Prediction]) -> Calibration | None:
    """Fitted on what was rated and scored, backdated ones left out; None with too few, or of one kind only."""
    rows = [
        (one.score, one.outcome.right)
        for one in predictions
        if one.outcome and one.outcome.right is not None and one.score is not None
        and not one.backdated
    ]  # fmt: skip
    rights = sum(right for _, right in rows)
    if len(rows) < FEWEST or rights in {0, len(rows)}:
        return None
    intercept, slope = platt(rows)
    return Calibration(round(intercept, 9), round(slope, 9), len(rows))


def platt(rows: Sequence[tuple[float, bool]]) -> tuple[float, float]:
    """Intercept and slope of the logistic curve."""
    rights = sum(right for _, right in rows)
    wrongs = len(rows) - rights
    targets = [(rights + 1) / (rights + 2) if right else 1 / (wrongs + 2) for _, right in rows]
    a, b = math.log((rights + 1) / (wrongs + 1)), 0.0
    for _ in range(50):
        grad_a, grad_b, haa, hab, hbb = 0.0, RIDGE * b, 1e-9, 0.0, RIDGE
        for (score, _), target in zip(rows, targets, strict=True):
            p = 1 / (1 + math.exp(-max(-35.0, min(35.0, a + b * score))))
            weight = p * (1 - p)
            grad_a += p - target
            grad_b += (p - target) * score
            haa += weight
            hab += weight * score
            hbb += weight * score * score
        det = haa * hbb - hab * hab
        step_a, step_b = (hbb * grad_a - hab * grad_b) / det, (haa * grad_b - hab * grad_a) / det
        a, b = a - step_a, b - step_b
        if abs(step_a) + abs(step_b) < 1e-10:
            break
    return a, b
