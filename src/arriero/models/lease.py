"""Who may generate now: a first-come lease with a bounded queue.

Two llama.cpp children that write at once on two cores slow each other down tenfold (DESIGN §4:
3-6 tokens/s instead of 46-73), so all embedded children share one lease. Answers of one child are
another matter: it writes four in one batch in less than half the time of four in turn (bars/LOG.md).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from arriero.core.errors import ModelBusy, ModelTimeout


@dataclass(eq=False, slots=True)
class _Waiting:
    """One who waits: for `by`, which may hold the lease `at_once` times."""

    by: object
    at_once: int
    turn: asyncio.Event = field(default_factory=asyncio.Event)


class GenerationLease:
    """One holder at a time, or several of one kind; served in order of arrival; at most `max_waiting` wait."""

    def __init__(self, max_waiting: int = 8) -> None:
        self.max_waiting = max_waiting
        self.held = 0
        self._by: object = None
        self._queue: deque[_Waiting] = deque()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._queue)

    @property
    def idle(self) -> bool:
        """Nobody generates and nobody waits: the moment for work that may be dropped."""
        return self.held == 0 and not self._queue

    @asynccontextmanager
    async def hold(
        self, *, timeout_s: float, by: object = None, at_once: int = 1
    ) -> AsyncIterator[None]:
        """Hold the lease for the length of the `async with`, beside at most `at_once` - 1 others of `by`.

        Raises `ModelBusy` at once when the queue is full and `ModelTimeout` when no turn came
        within `timeout_s` seconds. Cancelling the holder or a waiter gives its place back.
        """
        await self._acquire(_Waiting(by, at_once), timeout_s)
        try:
            yield
        finally:
            self._release()

    async def _acquire(self, one: _Waiting, timeout_s: float) -> None:
        if not self._queue and self._is_free(one):
            return self._take(one)
        if len(self._queue) >= self.max_waiting:
            raise ModelBusy(
                f"{self.held} answers are being written and {self.waiting} requests wait already"
                " (the most allowed); try again in some seconds"
            )
        self._queue.append(one)
        try:
            async with asyncio.timeout(timeout_s):
                await one.turn.wait()
        except TimeoutError:
            self._leave(one)
            raise ModelTimeout(
                f"no model was free within {timeout_s:.3g} s; try again or allow more time"
            ) from None
        except asyncio.CancelledError:
            self._leave(one)
            raise

    def _leave(self, one: _Waiting) -> None:
        """Give up a place in the queue, or the turn that came at the same moment."""
        if one.turn.is_set():
            self._release()
        else:
            self._queue.remove(one)
            self._admit()  # those behind it may have waited for it alone

    def _is_free(self, one: _Waiting) -> bool:
        return not self.held or (one.by is self._by and self.held < one.at_once)

    def _take(self, one: _Waiting) -> None:
        self._by = one.by
        self.held += 1
        one.turn.set()

    def _release(self) -> None:
        self.held -= 1
        self._admit()

    def _admit(self) -> None:
        while self._queue and self._is_free(self._queue[0]):
            self._take(self._queue.popleft())
