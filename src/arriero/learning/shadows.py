"""Shadow runs: after an answer, the other variant tells the same case again, unseen by anybody.

They are what pairs are made of. They are work that may be dropped: a share of cases, one at a time,
only while nobody waits for a model, and never a case that changed the world (the second telling would
find it changed).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from arriero.core.words import Mode, Run, Variant
from arriero.flow import AnyApp, Case, Flow
from arriero.store.exposures import Exposures

log = logging.getLogger(__name__)


@dataclass
class Shadows:
    """`share` of answered cases are told again; `idle` says whether nobody waits for a model."""

    exposures: Exposures
    share: float
    idle: Callable[[], bool] = lambda: True
    chance: Random = field(default_factory=Random)
    told: int = 0
    dropped: int = 0
    _task: asyncio.Task[None] | None = None

    def offer(self, flow: Flow, app: AnyApp, case: Case[Any], run: Run, *, acted: bool) -> None:
        """Tell `case` again, which `run` answered, if it is its turn; returns at once."""
        other = self.exposures.other(app.name, run.variant)
        if other is None or acted or self.chance.random() >= self.share:
            return
        if not self.idle() or (self._task is not None and not self._task.done()):
            self.dropped += 1
            return
        self._task = asyncio.create_task(self._tell(flow, app, case, run.id, other))

    async def _tell(
        self, flow: Flow, app: AnyApp, case: Case[Any], of: str, variant: Variant
    ) -> None:
        """A broad catch: a shadow that fails must hurt nobody; the flow has recorded why."""
        try:
            await flow.run(app, case, mode=Mode.SHADOW, variant=variant, of=of)
            self.told += 1
        except Exception:
            log.exception("the shadow of run %s failed", of)

    async def close(self) -> None:
        """End the one that runs."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
