"""A small logistic model over words, word pairs and word classes: what the rules alone cannot weigh.

It corrects the rules' own estimate (a fixed offset), so a text without a known word keeps it. Fitted in
plain Python in seconds, in the order the rows come in, so the same rows give the same weights; kept as
JSON that can be read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from math import exp, sqrt
from pathlib import Path

from arriero.security.injection_grammar import Tagged

STEM = 5  # letters: one feature for the forms of a word, in languages that inflect
EPOCHS = 12
RATE = 0.3
DECAY = 2e-3  # pulls a weight to zero each time it is used: L2
BALANCE = 0.5  # 0: every row weighs the same, 1: both kinds do; chosen by cross-validation
LEAST = 0.03  # a weight smaller than this is not kept


@dataclass(frozen=True, slots=True)
class Row:
    """Features of one text, the rules' estimate as log-odds, whether it is of the kind sought, and
    the text as an encoder reads it.
    """

    features: frozenset[str]
    offset: float
    truth: bool
    text: str = ""


@dataclass(frozen=True)
class Weights:
    """What the model has learned; without any it agrees with the rules."""

    bias: float = 0.0
    weights: Mapping[str, float] = field(default_factory=dict)

    def margin(self, features: Iterable[str], size: int) -> float:
        """The correction in log-odds; `size` is how many features there are (long texts count less)."""
        known = self.weights
        return self.bias + sum(known.get(one, 0.0) for one in features) / sqrt(max(size, 1))

    @classmethod
    def load(cls, file: Path) -> Weights:
        """From what `save` wrote."""
        table = json.loads(file.read_text(encoding="utf-8"))
        return cls(table["bias"], table["weights"])

    def save(self, file: Path) -> None:
        """As JSON, one feature a line, in order."""
        table = {"bias": self.bias, "weights": dict(sorted(self.weights.items()))}
        file.write_text(json.dumps(table, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


def features(tagged: Tagged, first: int, last: int, extra: Sequence[str] = ()) -> frozenset[str]:
    """Of the words `first` to `last` (left out) of a text; `extra` goes in as it is."""
    words = [word.text for word in tagged.words[first:last]]
    found = {*words, *extra}
    found.update(f"{one} {other}" for one, other in pairwise(words))
    found.update(f"{word[:STEM]}*" for word in words if len(word) > STEM)
    classes = sorted(
        name
        for name, hits in tagged.tags.items()
        if any(first <= start and end < last for start, end in hits)
    )
    found.update(f"#{name}" for name in classes)
    found.update(f"#{one}#{other}" for one, other in combinations(classes, 2))
    return frozenset(found)


def probability(odds: float) -> float:
    """The probability with these log-odds."""
    return 1 / (1 + exp(-max(-30.0, min(30.0, odds))))


def fit(rows: Sequence[Row]) -> Weights:
    """Weights by stochastic gradient descent on the logistic loss, with Adagrad's step sizes.

    Duchi, Hazan, Singer (2011). The rarer kind weighs more, by the square root of how rare it is.
    """
    held: dict[str, float] = {}
    steps: dict[str, float] = {}
    bias, bias_steps = 0.0, 1.0
    positive = sum(row.truth for row in rows)
    share = _shares(positive, len(rows) - positive)
    ordered = [(sorted(row.features), row) for row in _mixed(rows)]
    for _ in range(EPOCHS):
        for names, row in ordered:
            scale = 1 / sqrt(max(len(names), 1))
            odds = row.offset + bias + scale * sum(held.get(name, 0.0) for name in names)
            slope = (probability(odds) - row.truth) * share[row.truth]
            bias_steps += slope * slope
            bias -= RATE * slope / sqrt(bias_steps)
            for name in names:
                weight = held.get(name, 0.0)
                push = slope * scale + DECAY * weight
                steps[name] = steps.get(name, 0.01) + push * push
                held[name] = weight - RATE * push / sqrt(steps[name])
    kept = {name: round(weight, 3) for name, weight in held.items() if abs(weight) >= LEAST}
    return Weights(round(bias, 3), kept)


def _shares(positive: int, negative: int) -> Mapping[bool, float]:
    total = positive + negative
    return {
        True: (total / (2 * max(1, positive))) ** BALANCE,
        False: (total / (2 * max(1, negative))) ** BALANCE,
    }


def _mixed(rows: Sequence[Row]) -> list[Row]:
    """Both kinds spread evenly, each in its own order: a fixed order, and no long run of one kind."""
    kinds = [[row for row in rows if row.truth is kind] for kind in (True, False)]
    placed = [((at + 0.5) / len(kind), row) for kind in kinds for at, row in enumerate(kind)]
    return [row for _, row in sorted(placed, key=lambda one: one[0])]
