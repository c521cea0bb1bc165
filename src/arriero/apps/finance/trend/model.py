"""The fitted part of the outlook: a few dozen numbers in `fitted.json`, and how they are applied.

`fit` (in `fitting.py`) makes them from prices before a day; nothing here is fitted while an analysis runs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arriero.apps.finance.trend.features import MONTH, NAMES, realised, risen
from arriero.apps.finance.trend.prices import YEAR, Floats
from arriero.apps.finance.trend.recalibrated import chances, recalibrated

Flags = NDArray[np.bool_]

HORIZONS = (1, 5, 21, 63)  # trading days that are validated; others are computed and not claimed
MISSES = (0.5, 0.4, 0.3, 0.25, 0.2, 0.15, 0.125, 0.1, 0.08, 0.06, 0.05, 0.04, 0.03, 0.02, 0.01)
LEVEL = 0.9  # of intervals


@dataclass(frozen=True, slots=True)
class Level:
    """How volatile the next `days` days are: weights on the features, and how far moves go beyond it.

    `reach[i]` is the multiple of the forecast volatility that the move exceeds with probability `MISSES[i]`.
    """

    days: int
    intercept: float
    weights: tuple[float, ...]
    reach: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Fitted:
    """What was learned from prices before `until`: `stocks` series with `rows` days to learn from.

    P(the next 21 days are more volatile than the last) = 1 / (1 + exp(-slope * weights . features)), its level
    corrected by the stock's own past (`recalibrated`); it is claimed where it is `threshold` or more away from
    one half.
    """

    until: str
    stocks: int
    rows: int
    weights: tuple[float, ...]
    slope: float
    threshold: float
    levels: tuple[Level, ...]

    def higher(self, returns: Floats, table: Floats) -> Floats:
        """Probability, for each day, that the next 21 are more volatile than the last 21; `table` are its features."""
        score = self.slope * _weighed(table, self.weights)
        return chances(recalibrated(score, risen(returns), MONTH, YEAR - 1))

    def claimed(self, higher: Floats, caution: float = 0.0) -> Flags:
        """Which of these probabilities are far enough from one half to be said; `caution` asks for so much more."""
        return np.asarray(np.abs(higher - 0.5) >= self.threshold + caution)

    def level(self, days: int) -> Level:
        """The level whose horizon is nearest; the shorter of two."""
        return min(self.levels, key=lambda level: (abs(level.days - days), level.days))

    def spread(self, returns: Floats, table: Floats, days: int) -> Floats:
        """Forecast standard deviation of the log return over `days` days, for each row."""
        level = self.level(days)
        ratio = level.intercept + _weighed(table, level.weights)
        daily = realised(returns, MONTH) * np.exp(np.clip(ratio, -2, 2))
        return np.asarray(daily * np.sqrt(days), dtype=np.float64)


def _weighed(table: Floats, weights: tuple[float, ...]) -> Floats:
    """The weighted sum of each row, the same whatever stands in the other rows (a matrix product is not)."""
    return np.asarray((table * np.asarray(weights)).sum(axis=1))


def to_json(fitted: Fitted) -> str:
    """`fitted` as text, the same on every machine."""
    return json.dumps(asdict(fitted), indent=1) + "\n"


def from_json(text: str) -> Fitted:
    """What `to_json` wrote; `ValueError` when it was fitted to other features."""
    table: Mapping[str, Any] = json.loads(text)
    levels = tuple(
        Level(**{**level, "weights": tuple(level["weights"]), "reach": tuple(level["reach"])})
        for level in table["levels"]
    )
    found = Fitted(**{**table, "levels": levels, "weights": tuple(table["weights"])})
    if len(found.weights) != len(NAMES):
        raise ValueError(f"{len(found.weights)} weights for {len(NAMES)} features; fit anew")
    return found


@cache
def shipped() -> Fitted:
    """The model that comes with the package."""
    return from_json(files(__package__).joinpath("fitted.json").read_text(encoding="utf-8"))
