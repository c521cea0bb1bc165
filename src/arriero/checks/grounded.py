"""The chance that every sentence of an answer is supported by what it may rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from arriero.checks import evidence
from arriero.checks.base import Exhibit
from arriero.checks.facts import supports
from arriero.checks.logistic import Logistic
from arriero.checks.rarity import Rarity
from arriero.checks.reading import read, sentences
from arriero.core.words import Verdict

SHOWN = 60  # characters of the weakest sentence in a reason


@dataclass(frozen=True)
class Weakest:
    """The sentence of an answer with the least support: its chance, its features."""

    sentence: str
    chance: float
    features: Mapping[str, float]


@dataclass(frozen=True)
class Grounded:
    """P(every sentence is supported), as the chance of the weakest one; blocking below `pass_at`.

    An answer is as true as its falsest sentence; a product would punish every further true one. `approved` origins were worded by a person:
    their facts are checked (`facts`), their wording is not.
    """

    layer: Logistic
    rarity: Rarity
    approved: frozenset[str] = frozenset()
    pass_at: float = 0.5
    name: str = "grounded"
    blocking: bool = True

    def judge(self, exhibit: Exhibit) -> Verdict:
        if exhibit.origin in self.approved:
            return Verdict(self.name, passed=True, score=1.0)
        weakest = self.weakest(exhibit)
        if weakest is None:
            return Verdict(self.name, passed=False, score=0.0, reason="says nothing")
        passed = weakest.chance >= self.pass_at
        worst = self.layer.costliest(weakest.features)
        reason = ""
        if worst:
            shown = weakest.sentence[:SHOWN]
            reason = f"{evidence.MEANINGS.get(worst, worst)}: {shown!r}"
        return Verdict(self.name, passed, weakest.chance, reason)

    def weakest(self, exhibit: Exhibit) -> Weakest | None:
        """The least supported sentence; None when no sentence claims anything."""
        sources = evidence.Sources.of(tuple(supports(exhibit)))
        found = [
            Weakest(sentence, self.layer.chance(features), features)
            for sentence in sentences(exhibit.text)
            if read(sentence).claims
            for features in [evidence.features(sentence, sources, self.rarity)]
        ]
        return min(found, key=lambda one: one.chance, default=None)
