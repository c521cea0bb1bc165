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
    """A classifier behind a cache. The key holds the model's version, so a new model starts cold."""

    classifier: Classifier
    cache: Cache
    ttl_s: float

    @property
    def name(self) -> str:
        return self.classifier.name

    async def classify(self, text: str, *, timeout_s: float) -> Labels:
        key = f"labels2:{self.name}:{hashlib.sha256(text.encode()).hexdigest()}"
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
