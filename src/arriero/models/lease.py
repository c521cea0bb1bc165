"""Who may generate now: a first-come lease with a bounded queue.

Two llama.cpp children that write at once on two cores slow each other down tenfold (DESIGN §4:
3-6 tokens/s instead of 46-73), so all embedded children share one lease.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from arriero.core.errors import ModelBusy, ModelTimeout


class GenerationLease:
    """`slots` holders at a time, served in order of arrival; at most `max_waiting` wait."""

    def __init__(self, slots: int = 1, max_waiting: int = 8) -> None:
        self._slots = asyncio.Semaphore(slots)
        self.slots = slots
        self.max_waiting = max_waiting
        self.held = 0
        self.waiting = 0

    @property
    def idle(self) -> bool:
        """Nobody generates and nobody waits: the moment for work that may be dropped."""
        return self.held == 0 and self.waiting == 0

    @asynccontextmanager
    async def hold(self, *, timeout_s: float) -> AsyncIterator[None]:
        """Hold a slot for the length of the `async with`.

        Raises `ModelBusy` at once when the queue is full and `ModelTimeout` when no slot came
        free within `timeout_s` seconds. Cancelling the holder or a waiter gives its place back.
        """
        await self._acquire(timeout_s)
        self.held += 1
        try:
            yield
        finally:
            self.held -= 1
            self._slots.release()

    async def _acquire(self, timeout_s: float) -> None:
        if self._slots.locked() and self.waiting >= self.max_waiting:
            raise ModelBusy(
                f"{self.slots} answers are being written and {self.waiting} requests wait already"
                " (the most allowed); try again in some seconds"
            )
        self.waiting += 1
        try:
            async with asyncio.timeout(timeout_s):
                await self._slots.acquire()
        except TimeoutError:
            raise ModelTimeout(
                f"no model was free within {timeout_s:.3g} s; try again or allow more time"
            ) from None
        finally:
            self.waiting -= 1
