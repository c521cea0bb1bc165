"""What a cache and a recorded call keep of a classifier's opinion: all of it."""

from __future__ import annotations

from pathlib import Path

from arriero.core.settings import Settings
from arriero.core.words import RoleBinding, Variant
from arriero.models.base import Labels
from arriero.models.cached import CachedClassifier
from arriero.models.engines import LEARNED, Engines, head_folder, learned_heads
from arriero.models.fit_head import fit
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
    cached = CachedClassifier(Once(), MemoryCache(), 60, "fake:once")
    assert await cached.classify("hi", timeout_s=1) == OPINION
    assert await cached.classify("hi", timeout_s=1) == OPINION


async def test_a_replay_sees_what_was_recorded() -> None:
    models = Models({"intent": RoleBinding("head:x")}, {}, {"intent": Once()}, {})
    log = calls.CallLog()
    with calls.recording(log):
        assert await models.classify("intent", "hi", timeout_s=1) == OPINION
    with calls.recording(calls.CallLog(log.calls)):
        assert await models.classify("intent", "hi", timeout_s=1) == OPINION


async def _label(engines: Engines, bound: RoleBinding) -> str:
    """What the model of a binding says of "track my tent", through the cache that all share."""
    variant = Variant("support", {"intent": bound}, {}, {})
    models = engines.models(variant, {"intent": ("status", "return")}, {"intent": 60})
    return (await models.classify("intent", "track my tent", timeout_s=5)).label


async def test_what_one_model_said_is_not_given_as_anothers_words() -> None:
    engines = Engines(Settings(), MemoryCache())
    assert await _label(engines, RoleBinding("fake:status")) == "status"
    assert await _label(engines, RoleBinding("fake:return")) == "return"


async def test_a_refitted_head_is_asked_what_its_forerunner_was_asked(tmp_path: Path) -> None:
    # Both lie under their hashes and call themselves by the name of the head that they were fitted as.
    settings = Settings.model_validate({"data": tmp_path, "models": {"encoder": "fake:words"}})
    engines = Engines(settings, MemoryCache())
    encoder = await engines.encoder()
    texts = [f"{verb} my {thing}" for verb in ("track", "refund") for thing in ("tent", "stove")]
    labels = ["status", "status", "return", "return"]
    table = tmp_path / "rows.csv"
    table.write_text("text,label\n" + "".join(map("{},{}\n".format, texts, labels)))
    await fit(texts, labels, encoder, head_folder(settings, "x", table.read_bytes(), encoder))
    await engines.fit({"x": table})
    for id, told in (("one", labels), ("two", labels[::-1])):
        await fit(texts, told, encoder, tmp_path / "out" / "x")
        learned_heads(settings).mkdir(parents=True, exist_ok=True)
        (tmp_path / "out" / "x").rename(learned_heads(settings) / id)
    assert await _label(engines, RoleBinding("head:x", f"{LEARNED}one")) == "status"
    assert await _label(engines, RoleBinding("head:x", f"{LEARNED}two")) == "return"
    await engines.close()
