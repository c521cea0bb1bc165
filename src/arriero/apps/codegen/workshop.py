"""The one sandbox of a platform, opened when it is first needed: probing it takes seconds that a start cannot wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from time import perf_counter

from arriero.apps.codegen.judge.base import Subject, Switches
from arriero.apps.codegen.judge.copied import Known
from arriero.apps.codegen.judge.examine import examine
from arriero.apps.codegen.judge.report import Report
from arriero.apps.codegen.sandbox.open import open_sandbox
from arriero.apps.codegen.sandbox.probe import Probed


class Workshop:
    """Examines candidates. `within_s` bounds one examination; `opens` gives the sandbox.

    `examined` counts the examinations, `examined_s` is the time of all of them together.
    """

    def __init__(
        self,
        within_s: float,
        opens: Callable[[], AbstractAsyncContextManager[Probed]] = open_sandbox,
    ) -> None:
        self._within_s = within_s
        self._opens = opens
        self._stack = AsyncExitStack()
        self._opening: asyncio.Task[Probed] | None = None
        self.examined = 0
        self.examined_s = 0.0

    def begin(self) -> None:
        """Open the sandbox in the background, while the writer writes; anew where that failed."""
        if self._opening is None or self._failed(self._opening):
            self._opening = asyncio.create_task(self._stack.enter_async_context(self._opens()))

    async def probed(self) -> Probed:
        """The sandbox and what was found of it; no sandbox answers "not executed"."""
        self.begin()
        assert self._opening is not None  # noqa: S101  # `begin` made it
        return await asyncio.shield(self._opening)

    async def examine(
        self, subject: Subject, switches: Switches, *, known: Known | None = None
    ) -> Report:
        """All checks of `subject`, which is compared with the sources that are `known`."""
        probed = await self.probed()
        begun = perf_counter()
        try:
            return await examine(
                subject, probed.sandbox, switches, known=known, within_s=self._within_s
            )
        finally:
            self.examined += 1
            self.examined_s += perf_counter() - begun

    @property
    def told(self) -> str:
        """Which sandbox it is, in a sentence; empty before it is open."""
        opening = self._opening
        if opening is None or not opening.done() or self._failed(opening):
            return ""
        return opening.result().told

    @staticmethod
    def _failed(opening: asyncio.Task[Probed]) -> bool:
        return opening.done() and (opening.cancelled() or opening.exception() is not None)

    async def close(self) -> None:
        if self._opening is not None and not self._opening.done():
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        await self._stack.aclose()
