"""Answers that were shipped, kept for an hour: the same question under the same conditions is not asked twice."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from arriero.apps.codegen.values import Generated
from arriero.apps.codegen.wanted import Wanted
from arriero.core.words import JsonValue, content_hash
from arriero.store.base import Cache

ACTION = "keep"
NOT_KEPT = "this answer is not kept: the same question will be answered anew"
_JSON = TypeAdapter(Generated)
# What judges an answer: with another version of one of them it is judged anew.
_TOOLS = ("arriero", "ruff", "bandit", "ty", "pydantic-monty", "tree-sitter")


@dataclass(frozen=True, slots=True)
class Kept:
    """The response cache. `ttl_s` 0 switches it off."""

    cache: Cache
    ttl_s: float

    async def find(self, key: str) -> Generated | None:
        """The answer under `key`, or None. What cannot be read is not there."""
        if self.ttl_s <= 0:
            return None
        raw = await self.cache.get(key)
        try:
            return None if raw is None else _JSON.validate_json(raw)
        except ValidationError:  # written by another version
            return None

    async def keep(self, key: str, answer: Mapping[str, JsonValue]) -> None:
        """Keep an answer, as JSON, for the cache's time."""
        made = _JSON.validate_python(answer)
        await self.cache.put(key, _JSON.dump_json(made), ttl_s=self.ttl_s)


def key_of(tenant: str, wanted: Wanted, variant: str, settings: JsonValue) -> str:
    """Everything that an answer depends on: whose it is, what is asked, the variant, the settings, the tools.

    What comes back is judged again, so a sandbox that is gone since then shows in the answer.
    """
    asked = wanted.model_dump(mode="json", exclude={"conversation"})
    told = [tenant, asked, variant, settings, dict(versions())]
    return f"codegen:{content_hash(told)}"


def versions() -> Mapping[str, str]:
    """The versions of what judges, as far as it is installed."""
    found = {}
    for name in _TOOLS:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "none"
    return found


def as_json(made: Generated) -> Mapping[str, JsonValue]:
    """The answer as an action's payload holds it."""
    told: Mapping[str, JsonValue] = _JSON.dump_python(made, mode="json")
    return told
