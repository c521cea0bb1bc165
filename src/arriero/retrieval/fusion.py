"""Several rankings -> one: by reciprocal rank where only ranks are known, else by standard scores.

Cormack, Clarke and Buettcher, "Reciprocal rank fusion outperforms Condorcet and individual rank
learning methods", SIGIR 2009. Where all scores are at hand their standard scores keep what ranks
lose, by how much the first leads (Bruch, Gai and Ingber, "An analysis of fusion functions for hybrid
retrieval", TOIS 2023).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum

K = 60  # the paper's constant


@dataclass(frozen=True, slots=True)
class Fused:
    """An item, the sum of 1 / (k + rank) over the rankings that hold it, and these ranks (from 1)."""

    id: str
    score: float
    ranks: Mapping[str, int]


def fuse(rankings: Mapping[str, Sequence[str]], *, k: int = K) -> tuple[Fused, ...]:
    """All items of `rankings` (name -> ids, best first), the best first.

    Equal scores are ordered by the best single rank, then by id, so that the result never depends
    on the order of the rankings.
    """
    ranks: dict[str, dict[str, int]] = {}
    for name, ids in rankings.items():
        for rank, id in enumerate(ids, start=1):
            ranks.setdefault(id, {}).setdefault(name, rank)
    # fsum: an exact sum has the same value whatever the order of the rankings.
    fused = (
        Fused(id, fsum(1 / (k + rank) for rank in of.values()), of) for id, of in ranks.items()
    )
    return tuple(sorted(fused, key=lambda item: (-item.score, min(item.ranks.values()), item.id)))
