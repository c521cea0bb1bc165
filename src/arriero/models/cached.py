"""Labels remembered for a while: the same text, asked of the same model, is not classified twice."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from arriero.models.base import Classifier, Labels
from arriero.store.base import Cache


@dataclass(frozen=True, slots=True)
class CachedClassifier:
    """A classifier behind a cache. The key holds `bound`, what the role is bound to, and the model's version,
    so another model starts cold: two refitted heads have one name.
    """

    classifier: Classifier
    cache: Cache
    ttl_s: float
    bound: str

    @property
    def name(self) -> str:
        return self.classifier.name

    async def classify(self, text: str, *, timeout_s: float) -> Labels:
        read = hashlib.sha256(text.encode()).hexdigest()
        key = f"labels3:{self.bound}:{self.name}:{read}"
        known = await self.cache.get(key)
        if known is not None:
            model, scores, outside, near = json.loads(known)
            return Labels(_pairs(scores), model, outside, _near(near))
        labels = await self.classifier.classify(text, timeout_s=timeout_s)
        value = json.dumps([labels.model, labels.scores, labels.outside, labels.near]).encode()
        await self.cache.put(key, value, ttl_s=self.ttl_s)
        return labels


def _pairs(scores: list[list[Any]]) -> tuple[tuple[str, float], ...]:
    return tuple((label, chance) for label, chance in scores)


def _near(rows: list[list[Any]]) -> tuple[tuple[str, str, float], ...]:
    return tuple((text, label, likeness) for text, label, likeness in rows)
