"""Whether predictions are getting worse: then the threshold from which a direction is claimed is raised.

Two looks at the newest scored predictions, each against what was promised, not against luck: the intervals hold
significantly less than they say, or P(up) scores significantly worse than its base rate. An alarm adds to the
threshold; it comes down again in the same steps once the newest predictions are as promised.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from arriero.apps.finance.track.predictions import Prediction
from arriero.core.statistics import wilson

WINDOW = 60  # newest scored predictions that are looked at
FEWEST = 30  # with fewer nothing is said
STEP, MOST = 0.02, 0.10  # of probability; five alarms in a row are as much as is ever added
WORSE_Z = 1.645  # one-sided 95 %


@dataclass(frozen=True, slots=True)
class Look:
    """What was found; `alarms` is empty when all is as promised. None: `n` is too small to tell."""

    n: int
    alarms: tuple[str, ...]
    held: float | None
    promised: float | None
    brier: float | None
    base: float | None


def look(predictions: Sequence[Prediction]) -> Look:
    """The newest scored predictions against their promises. Backdated ones say nothing."""
    done = [one for one in predictions if one.outcome is not None and not one.backdated]
    newest = sorted(done, key=_ended)[-WINDOW:]
    alarms: list[str] = []
    inside = [
        (one.outcome.inside, one.level)
        for one in newest
        if one.outcome and one.outcome.inside is not None and one.level is not None
    ]
    held = promised = None
    if len(inside) >= FEWEST:
        seen = wilson(sum(bool(it) for it, _ in inside), len(inside))
        held, promised = seen.value, sum(level for _, level in inside) / len(inside)
        if seen.high < promised:
            alarms.append("interval coverage")
    losses = [
        ((one.p_up - (one.outcome.change > 0)) ** 2, (one.base_rate - (one.outcome.change > 0)) ** 2)
        for one in newest
        if one.outcome and one.p_up is not None and one.base_rate is not None
    ]  # fmt: skip
    brier = base = None
    if len(losses) >= FEWEST:
        brier, base = (sum(column) / len(losses) for column in zip(*losses, strict=True))
        gaps = [mine - lazy for mine, lazy in losses]
        mean = sum(gaps) / len(gaps)
        spread = math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / (len(gaps) - 1))
        if mean > 0 and mean > WORSE_Z * spread / math.sqrt(len(gaps)):
            alarms.append("Brier score")
    return Look(len(newest), tuple(alarms), held, promised, brier, base)


def _ended(prediction: Prediction) -> tuple[date, str]:
    assert prediction.outcome is not None  # noqa: S101  # only scored ones are looked at
    return prediction.outcome.day, prediction.run


def caution_after(before: float, seen: Look) -> float:
    """What is added to the threshold from now on; too few predictions leave it as it was."""
    if seen.held is None and seen.brier is None:
        return before
    step = STEP if seen.alarms else -STEP
    return round(min(MOST, max(0.0, before + step)), 6)
