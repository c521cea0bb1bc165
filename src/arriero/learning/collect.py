"""Reading all that was rated, a page at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime

from arriero.learning.give import PERSON
from arriero.store.base import Ledger, Rated

PAGE = 500  # runs with their wide parts, some kilobytes each
FORGOTTEN = "forgotten"  # the artefact that says until when a person's feedback is not heard
MOST = 100_000  # of them


async def collect(ledger: Ledger, tenant: str, app: str) -> AsyncIterator[Rated]:
    """Every live run of the app that has feedback, oldest first; without what was said by people who were
    forgotten since: the runs that they spoke of may be others', and stay.
    """
    gone = await _forgotten(ledger, tenant)
    after: str | None = None
    while page := await ledger.rated(tenant, app, after=after, limit=PAGE):
        for one in page:
            if heard := _heard(one, gone):
                yield heard
        after = page[-1].run.id


async def erasures(ledger: Ledger, tenant: str) -> frozenset[str]:
    """The marks that erasing people left so far: with a new one, what was read before is not to be kept."""
    kept = await ledger.artefacts(FORGOTTEN, limit=MOST)
    return frozenset(one.id for one in kept if one.tenant == tenant)


async def _forgotten(ledger: Ledger, tenant: str) -> Mapping[str, datetime]:
    """Pseudonym -> when the person was last forgotten."""
    kept = await ledger.artefacts(FORGOTTEN, limit=MOST)
    return {one.body["person"]: one.at for one in reversed(kept) if one.tenant == tenant}


def _heard(one: Rated, gone: Mapping[str, datetime]) -> Rated | None:
    kept = tuple(
        event
        for event in one.feedback
        if (at := gone.get(event.actor.partition(PERSON)[2])) is None or event.at > at
    )
    return replace(one, feedback=kept) if kept else None
