"""Support's own checks, beside the shared ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from arriero.checks import relevance
from arriero.checks.base import Exhibit, check
from arriero.checks.grounding import speaks_of_what_was_asked
from arriero.checks.logistic import Logistic
from arriero.checks.rarity import Rarity
from arriero.checks.reading import sentences
from arriero.core.errors import ModelError
from arriero.core.words import Verdict
from arriero.models.base import Encoder


@check("relevant", blocking=False, pass_at=0.3)
def is_about_the_intent(exhibit: Exhibit) -> tuple[float, str]:
    """Takes up the question's words, or cites what is filed under the question's intent.

    Words alone would punish a customer for not writing like the articles. The exhibit's `subject` is
    the probability of the intent when a cited article is labelled with it, else 0.
    """
    words, reason = speaks_of_what_was_asked.measure(exhibit)
    filed = exhibit.subject if isinstance(exhibit.subject, float) else 0.0
    return max(words, filed), reason


@dataclass(frozen=True)
class Relevant:
    """P(the answer answers the question): words, names, kind of thing, meaning, the intent's file.

    The exhibit's `subject` is the probability of the intent when a cited article is labelled with
    it, else 0. `approved` origins were matched to their intent by a person. Without an encoder, or
    while it fails, `wordy` judges, which was fitted without the two cosines.
    """

    layer: Logistic
    wordy: Logistic
    rarity: Rarity
    encoder: Encoder | None = None
    approved: frozenset[str] = frozenset()
    pass_at: float = 0.5
    name: str = "relevant"
    blocking: bool = False

    async def judge(self, exhibit: Exhibit) -> Verdict:
        if exhibit.origin in self.approved:
            return Verdict(self.name, passed=True, score=1.0)
        near: Sequence[float]
        layer = self.layer
        titles = tuple(dict.fromkeys(source.title for source in exhibit.sources))
        try:
            near = await self._cosines(exhibit.question, sentences(exhibit.text))
        except ModelError:  # an answer can be judged by its words
            near, layer = (), self.wordy
        features = relevance.features(
            exhibit.question,
            exhibit.text,
            titles,
            self.rarity,
            near=near,
            filed=exhibit.subject if isinstance(exhibit.subject, float) else 0.0,
        )
        chance = layer.chance(features)
        worst = layer.costliest(features)
        return Verdict(
            self.name, chance >= self.pass_at, chance, relevance.MEANINGS.get(worst, worst)
        )

    async def _cosines(self, question: str, told: Sequence[str]) -> tuple[float, ...]:
        """One a sentence: the encoder remembers sentences that are said again."""
        if self.encoder is None:
            raise ModelError("no encoder was given")
        asked, *vectors = await self.encoder.encode([question, *told])
        return tuple(float(asked @ one) for one in vectors)
