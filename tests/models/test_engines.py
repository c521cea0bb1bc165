"""The models of a process: what is told of them, and what is taught to them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from arriero.core.settings import Settings
from arriero.core.words import RoleBinding, Variant
from arriero.models import catalogue
from arriero.models.base import Labels
from arriero.models.engines import Engines
from arriero.store.cache import MemoryCache

ROWS = [("a voucher for my sister", "gift")]


class Pupil:
    """A classifier that takes a moment to learn."""

    def __init__(self) -> None:
        self.name = "pupil"
        self.lessons: list[Sequence[tuple[str, str]]] = []

    async def classify(self, text: str, *, timeout_s: float) -> Labels:
        raise AssertionError((text, timeout_s))

    async def teach(self, rows: Sequence[tuple[str, str]]) -> None:
        self.lessons.append(rows)
        await asyncio.sleep(0.01)


async def test_what_comes_with_many_messages_at_once_is_learnt_once() -> None:
    engines, pupil = Engines(Settings(), MemoryCache()), Pupil()
    engines._classifiers["head:x", None, "gift"] = pupil
    await asyncio.gather(*(engines.teach("x", ROWS) for _ in range(5)))
    assert pupil.lessons == [ROWS]


async def test_a_model_that_is_damaged_is_not_said_to_be_missing(tmp_path: Path) -> None:
    # The generator says so itself when it is asked; who asks for the platform's health gets an answer.
    entry = catalogue.entry_of("smollm2-135m")
    settings = Settings.model_validate({"models": {"folder": tmp_path}})
    variant = Variant("chat", {"writer": RoleBinding("llama:smollm2-135m")}, {}, {})
    engines = Engines(settings, MemoryCache())
    assert engines.lacking(variant) == "smollm2-135m"
    (tmp_path / entry.name).mkdir()
    (tmp_path / entry.name / entry.files[0].name).write_bytes(b"half a model")
    assert engines.lacking(variant) is None
