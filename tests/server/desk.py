"""A house whose toy app has a desk: real hand-overs over the fake ledger."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from arriero.apps.support.inbox import HandOvers
from arriero.assembly import Platform
from arriero.core.words import Task
from arriero.store.fake import MemoryLedger
from tests.apps.support.recorded import ALWAYS, handovers, recorded
from tests.server.conftest import TOY, House


@dataclass
class DeskHouse(House):
    """A house whose people work."""

    desk: HandOvers = field(init=False)

    def __post_init__(self) -> None:
        self.ledger = MemoryLedger(self.clock)
        self.desk = handovers(self.ledger, self.clock, hours=ALWAYS)

    async def open(self) -> Platform:
        platform = await super().open()
        plugins = dict(platform.plugins) | {"toy": replace(TOY, desk=lambda app: self.desk)}
        return replace(platform, plugins=plugins)

    async def hand_over(self, message: str, **changes: Any) -> Task:
        """Hand a conversation over as a run of the app would."""
        at = self.clock.now()
        run = await recorded(self.ledger, message, at=at, **changes)
        return await self.desk.open("default", run, "hand-over", {"reason": "quality 0.41 < 0.7"})
