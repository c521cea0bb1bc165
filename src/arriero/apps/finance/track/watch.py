"""The job after the answer: scores what is due, looks for drift, and says how cautious to be.

The caution is kept with its day, so an analysis of an earlier day is as cautious as one was then.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from arriero.apps.finance.evidence.base import Bar
from arriero.apps.finance.track.drift import Look, caution_after, look
from arriero.apps.finance.track.predictions import Prediction, Predictions, scored
from arriero.core.errors import ArrieroError
from arriero.core.words import Alert
from arriero.store.base import AlertSaved, Ledger
from arriero.store.jobs import Job
from arriero.store.records import Records

KIND = "caution"  # records: day -> value
ALERT = "prediction drift"
HOME = "default"  # the tenant of an installation without keys
Bars = Callable[[str, date], Awaitable[Sequence[Bar]]]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Watch:
    """`bars` gives a company's daily prices by a day, as they are known then."""

    predictions: Predictions
    records: Records
    ledger: Ledger
    bars: Bars
    every_h: float

    @property
    def job(self) -> Job:
        return Job("finance-scores", self.every_h * 3_600, self.look)

    async def look(self, now: datetime) -> None:
        """Score what is due in every tenant, then look for drift."""
        tenants = sorted({HOME, *(key.tenant for key in await self.ledger.keys())})
        for tenant in tenants:
            if await self.score(tenant, now.date()):
                await self.judge(tenant, now)

    async def score(self, tenant: str, today: date) -> int:
        """How many predictions got their outcome; a company without prices now is asked again at the next look."""
        waiting = [
            one
            for one in await self.predictions.all(tenant)
            if one.outcome is None and one.due <= today
        ]
        done = 0
        for ticker in sorted({one.ticker for one in waiting}):
            try:
                bars = await self.bars(ticker, today)
            except ArrieroError as error:
                log.warning("predictions of %s wait for prices: %s", ticker, error.message)
                continue
            for one in (it for it in waiting if it.ticker == ticker):
                after = scored(one, bars)
                if after.outcome is not None:
                    await self.predictions.put(tenant, after)
                    done += 1
        return done

    async def judge(self, tenant: str, now: datetime) -> Look:
        """Raise or lower the caution by what the newest scored predictions say, and tell it as an alert."""
        seen = look(await self.predictions.all(tenant))
        before = await self.caution(tenant, now.date())
        after = caution_after(before, seen)
        if after != before:
            await self.records.put(tenant, KIND, now.date().isoformat(), after)
        await self._alert(seen, after, now)
        return seen

    async def caution(self, tenant: str, by: date) -> float:
        """What is added to the abstention threshold on a day."""
        kept = await self.records.list(tenant, KIND)
        newest = max((day for day in kept if date.fromisoformat(day) <= by), default=None)
        return 0.0 if newest is None else float(kept[newest])

    async def _alert(self, seen: Look, caution: float, now: datetime) -> None:
        alerts = await self.ledger.alerts()
        mine = next(
            (
                one
                for one in alerts
                if one.app == "finance" and one.name == ALERT and not one.cleared_at
            ),
            None,
        )
        if seen.alarms and mine is None:
            raised = Alert(
                f"finance:{ALERT}:{now.isoformat()}", "finance", ALERT, caution, 0.0, now
            )
            await self.ledger.commit(AlertSaved(raised))
        elif not seen.alarms and mine is not None and caution == 0.0:
            cleared = Alert(
                mine.id, mine.app, mine.name, mine.value, mine.threshold, mine.raised_at, now
            )
            await self.ledger.commit(AlertSaved(cleared))

    async def waiting(self, tenant: str) -> Sequence[Prediction]:
        """Predictions without an outcome yet."""
        return [one for one in await self.predictions.all(tenant) if one.outcome is None]
