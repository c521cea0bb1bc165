"""The exposure as flow reads it: from memory, refreshed from the ledger by polling.

A rollback is a pointer flip in the ledger; this reader is how it reaches every replica. A process that serves
makes the arms of an exposure ready first: nobody's question is the one that starts a model.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from arriero.core.errors import ArrieroError, StoreError
from arriero.core.words import Exposure, Variant
from arriero.store.base import Ledger

POLL_S = 0.25  # a flip reaches every replica within a second (DESIGN §3)
# So long an arm may take to start before units see it anyway; the embedded model starts in 1 to 2 s on two idle
# cores, and took about 8 beside ten other busy processes. What a rollout counts begins later still
# (`learning.rollout.SETTLE`), so waiting biases nothing.
WAIT_S = 15.0

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


@dataclass(frozen=True, slots=True)
class _Arm:
    """A variant that is being made ready, or is: since when, and the work."""

    since: float
    work: asyncio.Task[None]


class Exposures:
    """Which variant a unit sees now. With the ledger down, the last known exposure stays."""

    def __init__(self, ledger: Ledger, *, seconds: Callable[[], float] = time.monotonic) -> None:
        self._ledger = ledger
        self._seconds = seconds
        self._exposures: Mapping[str, Exposure] = {}
        self._variants: dict[str, Variant] = {}
        self._prepare: Callable[[Variant], Awaitable[None]] | None = None
        self._arms: dict[str, _Arm] = {}

    def prepare_with(self, prepare: Callable[[Variant], Awaitable[None]]) -> None:
        """From the next refresh on, make each exposed variant ready with `prepare`.

        A variant that is in a shadow yet is made ready as well. Units see a new one when it is ready, or
        after `WAIT_S` seconds; nothing is waited for on the way back to a variant that served before.
        """
        self._prepare = prepare

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
        named = {share.variant for it in exposures.values() for share in it.shares}
        self._arms = {variant: arm for variant, arm in self._arms.items() if variant in named}
        self._exposures = {app: self._followed(it) for app, it in exposures.items()}

    def _followed(self, new: Exposure) -> Exposure:
        """`new`, or for a while the one before it: while units would be the first to meet a cold arm."""
        cold = {share.variant for share in new.shares if not self._is_ready(share.variant)}
        before = self._exposures.get(new.app)
        if before is None:
            return new
        known = {share.variant for share in before.shares if share.share > 0}
        met = {share.variant for share in new.shares if share.share > 0} - known
        return before if met & cold else new

    def _is_ready(self, variant: str) -> bool:
        if self._prepare is None:
            return True
        if variant not in self._arms:
            work = asyncio.create_task(self._make_ready(self._prepare, self._variants[variant]))
            self._arms[variant] = _Arm(self._seconds(), work)
        arm = self._arms[variant]
        return arm.work.done() or self._seconds() - arm.since >= WAIT_S

    async def _make_ready(
        self, prepare: Callable[[Variant], Awaitable[None]], variant: Variant
    ) -> None:
        try:
            await prepare(variant)
        except ArrieroError as error:  # its runs fail, and a guardrail takes it back
            log.warning("variant %s is not ready: %s", variant.id, error.message)

    async def follow(self) -> None:
        """Refresh every `POLL_S` seconds until cancelled.

        A broad catch: who stops following would go on with a challenger that was taken back.
        """
        try:
            while True:
                await asyncio.sleep(POLL_S)
                try:
                    await self.refresh()
                except Exception as error:  # noqa: BLE001
                    log.warning("exposures not refreshed: %s", error)
        finally:
            for arm in self._arms.values():
                arm.work.cancel()

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
