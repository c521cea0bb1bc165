"""What the support app says of its own work: the numbers of `/console/support`, and the job behind them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from arriero.apps.support.directory import CustomerDirectory
from arriero.apps.support.gaps_inbox import MOST_RUNS, Gaps, recent, tenants
from arriero.apps.support.resolution import (
    HAND_OVER,
    WINDOW,
    Settled,
    outline,
    recontacts,
    satisfaction,
    settle,
    share_of,
    sliced,
    to_ask,
)
from arriero.apps.support.resolution_quality import MINIMUM, quality
from arriero.apps.support.reviews import Reviews
from arriero.core.clock import Clock
from arriero.core.errors import ArrieroError
from arriero.core.words import Feedback, JsonValue, Run, Task
from arriero.store.base import FeedbackGiven, Ledger
from arriero.store.jobs import Job
from arriero.store.tasks import open_tasks

EVERY_S = 300.0
FRESH_S = 10.0  # a page that is looked at by several people is counted once
AT_ONCE = 16  # feedback is read run by run
SEGMENT_WITHIN_S = 3.0
MOST_CUSTOMERS = 500
MOST_SLICES = 12

log = logging.getLogger(__name__)


@dataclass(slots=True)
class SupportReport:
    """A `Reporter`. Without a directory, or while it is down, nobody's segment is known."""

    ledger: Ledger
    clock: Clock
    gaps: Gaps | None = None
    directory: CustomerDirectory | None = None
    minimum: int = MINIMUM
    app: str = "support"
    reviews: Reviews | None = None
    _made: dict[tuple[str, int], tuple[float, Mapping[str, JsonValue]]] = field(
        default_factory=dict
    )

    @property
    def job(self) -> Job:
        """Writes down who came back."""
        return Job("recontacts", EVERY_S, self.note_recontacts)

    async def note_recontacts(self, now: datetime) -> None:
        """Say of each answered run after which the customer came back that they did, once."""
        for tenant in await tenants(self.ledger):
            runs = recent(self.ledger, tenant, self.app, now - 2 * WINDOW)
            found = await asyncio.to_thread(recontacts, [outline(run) async for run in runs])
            known = await self._feedback(tenant, [one.run for one in found])
            new = [
                one for one in found if one.id not in {given.id for given in known.get(one.run, ())}
            ]
            if new:
                await self.ledger.commit(*(FeedbackGiven(one) for one in new))

    async def report(self, tenant: str, days: int) -> Mapping[str, JsonValue]:
        made, told = self._made.get((tenant, days), (float("-inf"), {}))
        now = self.clock.monotonic()
        if now - made >= FRESH_S:
            told = await self._report(tenant, days)
            self._made[tenant, days] = now, told
        gaps = await self.gaps.known(tenant) if self.gaps else None
        reviews = await self.reviews.known(tenant) if self.reviews else None
        waiting = await self._hand_overs(tenant)
        return {**told, "hand_overs": waiting, "gaps": gaps, "reviews": reviews}

    async def _report(self, tenant: str, days: int) -> Mapping[str, JsonValue]:
        now = self.clock.now()
        since = now - timedelta(days=days)
        runs = [run async for run in recent(self.ledger, tenant, self.app, since)]
        feedback = await self._feedback(tenant, [run.id for run in runs])
        tasks = await self.ledger.tasks(tenant, kind=HAND_OVER)
        segments = await self._segments(runs)
        return await asyncio.to_thread(
            _told, runs, feedback, tasks, segments, now, days, self.minimum
        )

    async def _feedback(self, tenant: str, runs: Sequence[str]) -> Mapping[str, Sequence[Feedback]]:
        slots = asyncio.Semaphore(AT_ONCE)

        async def of(run: str) -> Sequence[Feedback]:
            async with slots:
                return await self.ledger.feedback(tenant, run)

        given = await asyncio.gather(*(of(run) for run in runs))
        return {run: said for run, said in zip(runs, given, strict=True) if said}

    async def _segments(self, runs: Sequence[Run]) -> Mapping[str, str]:
        """The segment of each customer that the directory tells in time."""
        if self.directory is None:
            return {}
        named = dict.fromkeys(
            str(run.input["customer"]) for run in runs if run.input.get("customer")
        )
        found: dict[str, str] = {}
        try:
            async with asyncio.timeout(SEGMENT_WITHIN_S):
                for id in list(named)[:MOST_CUSTOMERS]:
                    customer = await self.directory.customer(id)
                    if customer is not None:
                        found[id] = str(customer.segment)
        except (ArrieroError, TimeoutError) as error:
            log.warning("segments of customers are not known: %s", type(error).__name__)
        return found

    async def _hand_overs(self, tenant: str) -> Mapping[str, JsonValue]:
        now = self.clock.now()
        waiting = await open_tasks(self.ledger, tenant, HAND_OVER)
        due = [task.due_at for task in waiting if task.due_at is not None]
        return {
            "open": len(waiting),
            "late": sum(at < now for at in due),
            "accepted": sum(task.state == "accepted" for task in waiting),
            "next_due": min(due).isoformat() if due else None,
        }


def _told(
    runs: Sequence[Run],
    feedback: Mapping[str, Sequence[Feedback]],
    tasks: Sequence[Task],
    segments: Mapping[str, str],
    now: datetime,
    days: int,
    minimum: int,
) -> Mapping[str, JsonValue]:
    settled = settle(runs, feedback, tasks, now)
    asked = to_ask(settled)

    def segment(one: Settled) -> str:
        customer = str(one.visit.runs[0].input.get("customer") or "")
        return segments.get(customer, "unknown") if customer else "nobody known"

    keys = {
        "intent": lambda one: one.visit.intent,
        "channel": lambda one: one.visit.channel,
        "segment": segment,
    }
    groups = {by: sliced(settled, key)[:MOST_SLICES] for by, key in keys.items()}
    return {
        "days": days,
        "at": now.isoformat(),
        "runs": len(runs),
        "cut_off": len(runs) >= MOST_RUNS,
        "visits": len(settled),
        "resolution": {
            "all": asdict(share_of("all", settled)),
            "by": {
                by: [asdict(share_of(name, members)) for name, members in found]
                for by, found in groups.items()
            },
        },
        "csat": {
            "all": asdict(satisfaction("all", settled, asked)),
            "by": {
                by: [
                    asdict(told)
                    for name, members in found
                    if (told := satisfaction(name, members, asked)).n
                ]
                for by, found in groups.items()
            },
        },
        "quality": {
            **asdict(quality(runs, feedback, segments, minimum=minimum)),
            "minimum": minimum,
        },
    }
