"""How telling a word is in a company's own texts: inverse document frequency, counted once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import log

from arriero.checks.reading import read, sentences


@dataclass(frozen=True)
class Rarity:
    """The weight of a content word between 0 and 1: 1 for a word that no document holds.

    Smoothed inverse document frequency, ln((2 + N) / (1 + n)), over its largest value: a word of
    every document still weighs a little. Without documents every word weighs 1.
    """

    documents: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, documents: Iterable[str]) -> Rarity:
        """Counted over `documents`: the texts that answers are drawn from."""
        counts: Counter[str] = Counter()
        number = 0
        for document in documents:
            number += 1
            counts.update({one for part in sentences(document) for one in read(part).stems})
        return cls(number, counts)

    def __call__(self, stem: str) -> float:
        if self.documents == 0:
            return 1.0
        return log((2 + self.documents) / (1 + self.counts.get(stem, 0))) / log(2 + self.documents)

    def total(self, stems: Iterable[str]) -> float:
        return sum(self(one) for one in stems)
