"""Support's own checks, beside the shared ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from arriero.apps.support.values import Fit
from arriero.checks import relevance
from arriero.checks.base import Exhibit
from arriero.checks.logistic import Logistic
from arriero.checks.rarity import Rarity
from arriero.checks.reading import sentences
from arriero.core.errors import ModelError
from arriero.core.words import Verdict
from arriero.models.base import Encoder

MEANINGS: Mapping[str, str] = {**relevance.MEANINGS, **relevance.EXPECTED}


def features_of(
    question: str,
    answer: str,
    titles: Sequence[str],
    rarity: Rarity,
    near: Sequence[float],
    fit: Fit,
) -> Mapping[str, float]:
    """All that is known of an answer to a question; see `relevance`."""
    plain = relevance.features(question, answer, titles, rarity, near=near, filed=fit.filed)
    if not fit.expecting:
        return plain
    nearest = relevance.Nearest(fit.question, fit.likeness, fit.elsewhere, fit.first)
    return {**plain, **relevance.of_expected(question, answer, titles, rarity, nearest)}


@dataclass(frozen=True)
class Relevant:
    """P(the answer answers the question): words, names, kind of thing, meaning, the intent's file.

    The exhibit's `subject` is a `Fit`: what the search saw. `approved` origins were matched to their
    intent by a person. Where the company has written down the questions that it expects, `expecting`
    judges, which was fitted with them; without an encoder, or while it fails, `wordy` does, which
    needs no vectors.
    """

    layer: Logistic
    wordy: Logistic
    expecting: Logistic
    rarity: Rarity
    encoder: Encoder | None = None
    approved: frozenset[str] = frozenset()
    pass_at: float = 0.5
    name: str = "relevant"
    blocking: bool = False

    async def judge(self, exhibit: Exhibit) -> Verdict:
        if exhibit.origin in self.approved:
            return Verdict(self.name, passed=True, score=1.0)
        titles = tuple(dict.fromkeys(source.title for source in exhibit.sources))
        fit = exhibit.subject if isinstance(exhibit.subject, Fit) else Fit()
        near: Sequence[float]
        layer = self.expecting if fit.expecting else self.layer
        try:
            near = await self._cosines(exhibit.question, sentences(exhibit.text))
        except ModelError:  # an answer can be judged by its words
            near, layer = (), self.wordy
        features = features_of(exhibit.question, exhibit.text, titles, self.rarity, near, fit)
        chance = layer.chance(features)
        worst = layer.costliest(features)
        return Verdict(self.name, chance >= self.pass_at, chance, MEANINGS.get(worst, worst))

    async def _cosines(self, question: str, told: Sequence[str]) -> tuple[float, ...]:
        """One a sentence: the encoder remembers sentences that are said again."""
        if self.encoder is None:
            raise ModelError("no encoder was given")
        asked, *vectors = await self.encoder.encode([question, *told])
        return tuple(float(asked @ one) for one in vectors)
