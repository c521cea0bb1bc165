"""Support's own checks, beside the shared ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arriero.apps.support.values import Fit
from arriero.checks import relevance
from arriero.checks.base import Exhibit
from arriero.checks.logistic import Logistic
from arriero.checks.rarity import Rarity
from arriero.checks.reading import sentences
from arriero.core.errors import ModelError
from arriero.core.words import Verdict
from arriero.models.base import Encoder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from arriero.models.compact import Compact
    from arriero.models.projection import Projection

MEANINGS: Mapping[str, str] = {
    **relevance.MEANINGS,
    **relevance.EXPECTED,
    **relevance.UNANSWERED,
}


def features_of(
    question: str,
    answer: str,
    titles: Sequence[str],
    rarity: Rarity,
    near: Sequence[float],
    fit: Fit,
) -> Mapping[str, float]:
    """All that is known of an answer to a question; see `relevance`."""
    plain = relevance.features(
        question, answer, titles, rarity, near=near, filed=fit.filed, year=fit.year
    )
    if not fit.expecting:
        return plain
    nearest = relevance.Nearest(fit.question, fit.likeness, fit.elsewhere, fit.first)
    return {**plain, **relevance.of_expected(question, answer, titles, rarity, nearest)}


@dataclass(frozen=True)
class Relevant:
    """P(the answer answers the question): words, names, kind of thing, meaning, the intent's file.

    The exhibit's `subject` is a `Fit`: what the search saw. `approved` origins were matched to their
    intent by a person. Where the company has written down the questions that it expects, `expecting`
    judges, which was fitted with them, and `warned` where it wrote down questions that nothing answers
    as well, of which `unanswered` are the vectors; without an encoder, or while it fails, `wordy` does,
    which needs no vectors. With a `projection`, expected and unanswered questions are as like the
    question as they are there, and `unanswered` are the vectors there.
    """

    layer: Logistic
    wordy: Logistic
    expecting: Logistic
    warned: Logistic
    rarity: Rarity
    encoder: Encoder | None = None
    unanswered: Compact | None = None
    approved: frozenset[str] = frozenset()
    projection: Projection | None = None
    pass_at: float = 0.5
    name: str = "relevant"
    blocking: bool = False

    async def judge(self, exhibit: Exhibit) -> Verdict:
        if exhibit.origin in self.approved:
            return Verdict(self.name, passed=True, score=1.0)
        titles = tuple(dict.fromkeys(source.title for source in exhibit.sources))
        fit = exhibit.subject if isinstance(exhibit.subject, Fit) else Fit()
        near: Sequence[float]
        alike: Sequence[float]
        layer = self._layer(fit)
        try:
            near, alike = await self._cosines(exhibit.question, sentences(exhibit.text))
        except ModelError:  # an answer can be judged by its words
            near, alike, layer = (), (), self.wordy
        told = features_of(exhibit.question, exhibit.text, titles, self.rarity, near, fit)
        features = {**told, **relevance.of_unanswered(alike)}
        chance = layer.chance(features)
        worst = layer.costliest(features)
        return Verdict(self.name, chance >= self.pass_at, chance, MEANINGS.get(worst, worst))

    def _layer(self, fit: Fit) -> Logistic:
        if not fit.expecting:
            return self.layer
        return self.expecting if self.unanswered is None else self.warned

    async def _cosines(
        self, question: str, told: Sequence[str]
    ) -> tuple[Sequence[float], Sequence[float]]:
        """One a sentence, and one a question that nothing answers; the encoder remembers sentences."""
        if self.encoder is None:
            raise ModelError("no encoder was given")
        asked, *vectors = await self.encoder.encode([question, *told])
        near = [float(asked @ one) for one in vectors]
        return near, self._alike(asked)

    def _alike(self, asked: NDArray[np.float32]) -> Sequence[float]:
        """Of a question with this vector of the encoder, one a question that nothing answers."""
        if self.unanswered is None:
            return ()
        asked = asked[None]
        if self.projection is not None:
            asked = self.projection.of(asked)
        likeness: Sequence[float] = self.unanswered.cosines(asked)[:, 0].tolist()
        return likeness
