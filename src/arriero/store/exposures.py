"""The exposure as flow reads it: from memory, refreshed from the ledger by polling.

A rollback is a pointer flip in the ledger; this reader is how it reaches every replica.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging

from arriero.core.errors import StoreError
from arriero.core.words import Exposure, Variant
from arriero.store.base import Ledger

POLL_S = 0.25  # a flip reaches every replica within a second (DESIGN §3)

log = logging.getLogger(__name__)


def choose(exposure: Exposure, unit: str | None) -> str:
    """The variant that this unit sees: sticky, and monotone as a challenger's share grows.

    The first share is the champion's. A case without a unit stays out of tests.
    """
    champion, *challengers = exposure.shares
    if unit is None:
        return champion.variant
    seed = f"{exposure.rollout}\x00{exposure.app}\x00{unit}".encode()
    point = int.from_bytes(hashlib.sha256(seed).digest()[:8], "big") / 2**64
    edge = 0.0
    for share in challengers:
        edge += share.share
        if point < edge:
            return share.variant
    return champion.variant


class Exposures:
    """Which variant a unit sees now. With the ledger down, the last known exposure stays."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._exposures: dict[str, Exposure] = {}
        self._variants: dict[str, Variant] = {}

    async def refresh(self) -> None:
        """Read the exposures, and the variants that are new in them."""
        exposures = dict(await self._ledger.exposures())
        for exposure in exposures.values():
            for share in exposure.shares:
                if share.variant not in self._variants:
                    variant = await self._ledger.variant(share.variant)
                    if variant is None:
                        raise StoreError(f"variant {share.variant!r} is exposed but not registered")
                    self._variants[share.variant] = variant
        self._exposures = exposures

    async def follow(self) -> None:
        """Refresh every `POLL_S` seconds until cancelled."""
        while True:
            await asyncio.sleep(POLL_S)
            try:
                await self.refresh()
            except StoreError as error:
                log.warning("exposures not refreshed: %s", error)

    def variant(self, app: str, unit: str | None) -> Variant:
        """The variant that `unit` of `app` sees; raises `StoreError` before the first refresh."""
        if app not in self._exposures:
            raise StoreError(f"app {app!r} has no champion yet; start it with `arriero up`")
        return self._variants[choose(self._exposures[app], unit)]

    def other(self, app: str, variant: str) -> Variant | None:
        """The variant that competes with this one now, if a rollout is open."""
        exposure = self._exposures.get(app)
        names = [] if exposure is None else [share.variant for share in exposure.shares]
        if len(names) != 2 or variant not in names:
            return None
        return self._variants[names[1 - names.index(variant)]]
