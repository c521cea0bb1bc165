"""Copies of what providers served: fresh ones in place of a request, old ones when nobody answers."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from arriero.apps.finance.evidence.base import (
    Bar,
    Entity,
    Fact,
    Filing,
    News,
    Part,
    Served,
)
from arriero.core.clock import Clock
from arriero.store.base import Cache

FRESH_S = 3_600.0  # filings come a few times a day at most
OLD_S = 7 * 86_400.0  # an older copy is no help
ROWS: dict[Part, Any] = {
    Part.ENTITY: Served[Entity],
    Part.FACTS: Served[Fact],
    Part.BARS: Served[Bar],
    Part.FILINGS: Served[Filing],
    Part.NEWS: Served[News],
}


@dataclass(frozen=True)
class Copies:
    """Copies in `cache`, by provider, part, ticker and `as_of`. Only rows that passed `honest.check` come here."""

    cache: Cache
    clock: Clock
    fresh_s: float = FRESH_S
    old_s: float = OLD_S

    async def find(self, provider: str, part: Part, ticker: str, as_of: date) -> Served[Any] | None:
        """The copy, marked stale when it is past its time; None where there is none."""
        raw = await self.cache.get(_key(provider, part, ticker, as_of))
        if raw is None:
            return None
        at, _, packed = raw.partition(b"\n")
        try:
            served: Served[Any] = _shape(part).validate_json(zlib.decompress(packed))
            age = self.clock.now() - datetime.fromisoformat(at.decode())
        except (ValueError, zlib.error):  # kept by another version, in another shape
            return None
        return replace(served, stale=age > timedelta(seconds=self.fresh_s))

    async def keep(
        self, provider: str, part: Part, ticker: str, as_of: date, served: Served[Any]
    ) -> None:
        """Keep a copy."""
        packed = zlib.compress(_shape(part).dump_json(served), level=1)
        raw = self.clock.now().isoformat().encode() + b"\n" + packed
        await self.cache.put(_key(provider, part, ticker, as_of), raw, ttl_s=self.old_s)


def _key(provider: str, part: Part, ticker: str, as_of: date) -> str:
    return f"finance:{provider}:{part}:{ticker}:{as_of.isoformat()}"


@cache
def _shape(part: Part) -> TypeAdapter[Any]:
    return TypeAdapter(ROWS[part])
