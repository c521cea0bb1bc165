"""What a cache and a recorded call keep of a classifier's opinion: all of it."""

from __future__ import annotations

from arriero.core.words import RoleBinding
from arriero.models.base import Labels
from arriero.models.cached import CachedClassifier
from arriero.models.roles import Models
from arriero.observe import calls
from arriero.store.cache import MemoryCache

OPINION = Labels((("a", 0.7), ("b", 0.3)), "m+1", 0.25, (("hello there", "a", 0.9),))


class Once:
    """Answers once; a second question is an error."""

    def __init__(self) -> None:
        self.name = "once"
        self.asked = 0

    async def classify(self, text: str, *, timeout_s: float) -> Labels:
        self.asked += 1
        assert self.asked == 1, (text, timeout_s)
        return OPINION


async def test_the_cache_gives_back_what_it_was_given() -> None:
    cached = CachedClassifier(Once(), MemoryCache(), 60)
    assert await cached.classify("hi", timeout_s=1) == OPINION
    assert await cached.classify("hi", timeout_s=1) == OPINION


async def test_a_replay_sees_what_was_recorded() -> None:
    models = Models({"intent": RoleBinding("head:x")}, {}, {"intent": Once()}, {})
    log = calls.CallLog()
    with calls.recording(log):
        assert await models.classify("intent", "hi", timeout_s=1) == OPINION
    with calls.recording(calls.CallLog(log.calls)):
        assert await models.classify("intent", "hi", timeout_s=1) == OPINION
