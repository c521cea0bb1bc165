"""The engine of `docs/extend.md` keeps every promise of the part that it replaces."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType
from typing import cast

import pytest

from arriero.core.clock import SystemClock
from arriero.store.base import Cache
from tests.contracts import test_caches
from tests.docs.blocks import blocks

RECIPES = Path(__file__).resolve().parents[2] / "docs" / "extend.md"

globals().update(
    {name: test for name, test in vars(test_caches).items() if name.startswith("test")}
)


@pytest.fixture
async def cache(tmp_path: Path) -> AsyncIterator[Cache]:
    (block,) = (
        one for one in blocks(RECIPES.read_text(encoding="utf-8")) if one.file == "file_cache.py"
    )
    module = ModuleType("file_cache")
    exec(compile(block.text, "docs/extend.md", "exec"), module.__dict__)  # noqa: S102  # our page
    made = cast("Cache", module.FileCache.from_url(f"file://{tmp_path}/values", SystemClock()))
    yield made
    await made.close()
