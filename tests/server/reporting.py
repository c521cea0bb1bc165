"""A house whose app is called support and reports on itself: real numbers over the fake ledger."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from arriero.apps.support.gaps_inbox import Desks, Gaps, Shelf
from arriero.apps.support.knowledge import Store
from arriero.apps.support.resolution_report import SupportReport
from arriero.assembly import Platform
from arriero.core.words import Ended, Run, Trace
from arriero.models.fake import FakeEncoder
from arriero.store.base import FeedbackGiven, RunRecorded
from tests.apps.support.visited import MONDAY, given, said
from tests.server.conftest import TOY
from tests.server.desk import DeskHouse

ASKED = ("Do you wax skis?", "Do you wax my skis?", "do you wax skis here?")


async def encoder() -> FakeEncoder:
    return FakeEncoder()


@dataclass
class ReportHouse(DeskHouse):
    """A house with numbers. `minimum` is how many answers a slice needs to be shown."""

    minimum: int = 5
    gaps: Gaps = field(init=False)
    reporter: SupportReport = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        first = self.data / "articles"
        first.mkdir()
        (first / "boots.md").write_text("# Boots\n\nWax leather boots after every third tour.")
        self.store = Store(self.data / "knowledge")
        shelf = Shelf(self.data / "approved", first, self.store, self.data / "index", encoder)
        self.gaps = Gaps(self.ledger, self.desk.records, self.clock, encoder, self.desk, shelf)
        self.reporter = SupportReport(self.ledger, self.clock, self.gaps, minimum=self.minimum)

    async def open(self) -> Platform:
        platform = await super().open()
        desks = Desks(self.ledger, (self.desk, self.gaps))
        support = replace(
            TOY, name="support", door=None, desk=lambda app: desks, report=lambda app: self.reporter
        )
        return replace(
            platform,
            plugins={**platform.plugins, "toy": TOY, "support": support},
            apps={**platform.apps, "support": self.toy},
        )

    async def told(self, message: str, hours_ago: float, **changes: Any) -> Run:
        """Record a run that ended so many hours ago."""
        now = (self.clock.now() - MONDAY).total_seconds() / 3600
        run = said(message, now - hours_ago, **changes)
        seed = int(run.id[-6:], 16)  # two traces are never the same
        await self.ledger.commit(RunRecorded(run, Trace(None, None, (), (), None, seed, MONDAY)))
        return run

    async def fill(self) -> None:
        """Visits of a week: good ones, bad ones, people who came back, and what nothing answers."""
        for number in range(30):
            run = await self.told("What does shipping cost?", 150 - number, customer=f"s-{number}")
            if number % 3 == 0:
                rating = 5 if number % 2 else 4
                await self.ledger.commit(FeedbackGiven(given(run, "rating", rating)))
        for number in range(12):
            changes = {"intent": "return_item", "actor": "mail", "score": 0.72}
            run = await self.told(
                "Can I return it?", 140 - number, customer=f"r-{number}", **changes
            )
            if number % 2:
                await self.told(
                    "How do I return it??", 110 - number, customer=f"r-{number}", **changes
                )
            if number == 0:
                await self.ledger.commit(FeedbackGiven(given(run, "rating", 1)))
        for number, text in enumerate(ASKED):
            await self.told(
                text, 20 - number, customer=f"w-{number}", intent="product_care",
                ended=Ended.FALLBACK, origin="fixed", sources=(), score=0.2,
                reason="nothing was found that an answer could rest on",
            )  # fmt: skip
        await self.gaps.look(self.clock.now())
        await self.reporter.note_recontacts(self.clock.now())
