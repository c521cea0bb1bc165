"""Reading all that was rated, a page at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator

from arriero.store.base import Ledger, Rated

PAGE = 500  # runs with their wide parts, some kilobytes each


async def collect(ledger: Ledger, tenant: str, app: str) -> AsyncIterator[Rated]:
    """Every live run of the app that has feedback, oldest first."""
    after: str | None = None
    while page := await ledger.rated(tenant, app, after=after, limit=PAGE):
        for one in page:
            yield one
        after = page[-1].run.id
