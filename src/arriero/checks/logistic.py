"""A readable score: a logistic layer over named features, with what cost most as its reason."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import exp
from pathlib import Path

from arriero.core.errors import InputError
from arriero.core.words import JsonValue

LEAST_COST = 0.3  # log-odds; what cost less explains nothing
WELL = 0.95  # a chance that needs no excuse: two of them multiplied are still 0.90


@dataclass(frozen=True)
class Logistic:
    """P = 1 / (1 + exp(-(bias + sum of weight x feature))); features are kept within 0 and 1.

    Pure and monotone in each feature: the sign of its weight says which way. `usual` is what the good
    answers have of each in the mean. `fit` is in `bench/fit_quality.py`; this part needs nothing but the
    coefficients.
    """

    bias: float
    weights: Mapping[str, float]
    usual: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def load(cls, file: Path, name: str) -> Logistic:
        """The layer `name` of a coefficients file; raises `InputError` when it is not one."""
        try:
            table = json.loads(file.read_text(encoding="utf-8"))[name]
            weights, usual = (
                {str(key): float(value) for key, value in part.items()}
                for part in (table["weights"], table.get("usual", {}))
            )
            return cls(float(table["bias"]), weights, usual)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(
                f"{str(file)!r} holds no coefficients for {name!r} ({error!r}); "
                "fit them again with python -m arriero.bench.fit_quality"
            ) from None

    def table(self) -> Mapping[str, JsonValue]:
        """What `load` reads."""
        return {"bias": self.bias, "weights": dict(self.weights), "usual": dict(self.usual)}

    def chance(self, features: Mapping[str, float]) -> float:
        """The probability of the features; a feature that is not given counts as 0."""
        logit = self.bias + sum(
            weight * min(1.0, max(0.0, features.get(name, 0.0)))
            for name, weight in self.weights.items()
        )
        return 1 / (1 + exp(-max(-40.0, min(40.0, logit))))

    def costliest(self, features: Mapping[str, float]) -> str:
        """The feature that took most log-odds from what good answers usually have of it.

        Where none took much from that, from the best value that it could have; "" when that is not much
        either, or when the chance is `WELL` all the same.
        """
        if self.chance(features) >= WELL:
            return ""
        return self._costliest(features, self.usual) or self._costliest(features, {})

    def _costliest(self, features: Mapping[str, float], usual: Mapping[str, float]) -> str:
        costs = {}
        for name, weight in self.weights.items():
            value = min(1.0, max(0.0, features.get(name, 0.0)))
            costs[name] = weight * (usual.get(name, float(weight > 0)) - value)
        worst = max(costs, key=lambda name: costs[name], default="")
        return worst if worst and costs[worst] >= LEAST_COST else ""
