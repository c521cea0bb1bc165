"""How well what a draft says fits the question, by what the search saw. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from arriero.apps.support.values import Evidence, Fit, Near, Reply
from arriero.core.words import Draft
from arriero.retrieval.base import Hit, Passage


def near(hits: Sequence[Hit], chosen: Sequence[Passage]) -> tuple[tuple[Near, ...], float]:
    """How each of the `chosen` passages fits, and the best likeness of all others."""
    ids = {one.id for one in chosen}
    mine = {hit.passage.id: hit for hit in hits if hit.passage.id in ids}
    others = (hit.likeness for hit in hits if hit.passage.id not in ids)
    return tuple(_near(mine[one.id]) for one in chosen), max(others, default=0.0)


def _near(hit: Hit) -> Near:
    firsts = sum(rank == 1 for rank in hit.ranks.values())
    asked = hit.nearest
    return Near(
        hit.passage.id,
        asked.question if asked else "",
        asked.quote if asked else "",
        round(hit.likeness, 4),
        firsts / RANKINGS,
    )


RANKINGS = 2  # by words and by vectors


def of(evidence: Evidence, draft: Draft[Reply], confidence: float, year: int | None = None) -> Fit:
    """The fit of a draft: an expected question counts only if the words that answer it are said."""
    cited = {one.id for one in draft.sources}
    filed = confidence * any(id in evidence.filed for id in cited)
    told = " ".join(draft.answer.response.split())
    said = [
        one for one in evidence.near if one.quote and one.passage in cited and one.quote in told
    ]
    best = max(said, key=lambda one: one.likeness, default=None)
    others = [one.likeness for one in evidence.near if one not in said]
    return Fit(
        filed,
        expecting=any(one.question for one in evidence.near),
        question=best.question if best else "",
        likeness=best.likeness if best else 0.0,
        elsewhere=max([evidence.elsewhere, *others]),
        first=max((one.first for one in evidence.near if one.passage in cited), default=0.0),
        year=year,
    )
