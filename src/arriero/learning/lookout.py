"""Looks out for drift since the last cycle, so that a cycle may begin by itself.

The reference are the champion's first runs since the last cycle ended: whatever came of a cycle, it is a
new beginning, and what it changed itself is no drift. The newest runs are cut into as many batches as
looks have to agree (`drift.look`), so nothing is remembered between two looks or over a restart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from arriero.core.settings import DriftSettings
from arriero.core.words import Mode, Run
from arriero.learning.dataset.example import question_of
from arriero.learning.drift import (
    DEFAULT,
    Limits,
    Reading,
    Sample,
    Watch,
    look,
    readings,
    sample_of,
)
from arriero.store.base import Ledger

if TYPE_CHECKING:
    from arriero.learning.drift import Vectors

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
PAGE = 200
SEED = 7  # of the permutations: the same runs give the same answer
TOLD = 3  # drifts that the sentence names


@dataclass(frozen=True, slots=True)
class Usual:
    """What `champion` saw first after `since`, up to `until`."""

    champion: str
    since: datetime
    until: datetime
    sample: Sample


@dataclass
class Lookout:
    """Whether an app drifted. `encode` gives vectors of questions; None where there is no encoder."""

    ledger: Ledger
    tenant: str
    app: str
    settings: DriftSettings
    encode: Callable[[Sequence[str]], Awaitable[Vectors | None]]
    limits: Limits = DEFAULT
    _next: datetime = BEGINNING
    _usual: Usual | None = None

    async def drifted(self, champion: str, since: datetime | None, now: datetime) -> str | None:
        """What drifted since the last cycle ended, in one sentence; None: nothing, or too little is known.

        It looks every `every_h` hours; in between it says None.
        """
        every = timedelta(hours=self.settings.every_h)
        if not self.settings.enabled or self._next - every <= now < self._next:
            return None
        self._next = now + every
        usual = await self._reference(champion, since or BEGINNING)
        batches = [] if usual is None else await self._batches(usual)
        if usual is None or not batches:
            return None
        samples = [await self._sample(batch) for batch in batches]
        alarms = await asyncio.to_thread(agreed, usual.sample, samples, self.limits)
        return self._sentence(alarms) if alarms else None

    async def _reference(self, champion: str, since: datetime) -> Usual | None:
        """None until there are enough runs; then it never changes, so it is read once."""
        known = self._usual
        if known is None or (known.champion, known.since) != (champion, since):
            runs = await self._first(champion, since)
            if len(runs) < self.settings.reference:
                return None
            self._usual = Usual(champion, since, runs[-1].started_at, await self._sample(runs))
        return self._usual

    async def _first(self, champion: str, since: datetime) -> Sequence[Run]:
        """The champion's first live runs, oldest first."""
        found: dict[str, Run] = {}
        while len(found) < self.settings.reference:
            page = await self.ledger.outcomes(self.app, [champion], since=since, limit=PAGE)
            for row in page:
                if row.tenant == self.tenant and row.mode is Mode.LIVE:
                    run = await self.ledger.run(row.tenant, row.run)
                    found |= {} if run is None else {run.id: run}
            if len(page) < PAGE or page[-1].at == since:
                break
            since = page[-1].at  # rows of this moment come again, and count once
        return list(found.values())[: self.settings.reference]

    async def _batches(self, usual: Usual) -> Sequence[Sequence[Run]]:
        """The newest live runs after the reference, in batches; none while they are too few."""
        size, found = self.settings.batch, list[Run]()
        wanted, before = size * self.limits.looks, None
        while len(found) < wanted:
            page = await self.ledger.runs(self.tenant, app=self.app, limit=PAGE, before=before)
            found += [
                run
                for run in page
                if run.started_at > usual.until
                and run.mode is Mode.LIVE
                and run.variant == usual.champion
            ]
            if len(page) < PAGE or page[-1].started_at <= usual.until:
                break
            before = page[-1].id
        if len(found) < wanted:
            return []
        return [found[start : start + size] for start in range(0, wanted, size)]

    async def _sample(self, runs: Sequence[Run]) -> Sample:
        told = sample_of(runs, await self.encode([question_of(run) for run in runs]))
        ignored = set(self.settings.ignored)
        return replace(
            told,
            labels={name: seen for name, seen in told.labels.items() if name not in ignored},
            numbers={name: seen for name, seen in told.numbers.items() if name not in ignored},
        )

    def _sentence(self, alarms: Sequence[Reading]) -> str:
        told = ", ".join(
            f"{it.name} ({it.method} {it.effect:.2g}, large from {self.limits.effects[it.method]:g})"
            for it in alarms[:TOLD]
        )
        looks, batch = self.limits.looks, self.settings.batch
        return f"drift of {told} in each of the last {looks} batches of {batch} runs"


def agreed(usual: Sample, samples: Sequence[Sample], limits: Limits) -> tuple[Reading, ...]:
    """The readings that are large and no chance in every one of `samples`, compared with what is usual."""
    watch, alarms = Watch(), tuple[Reading, ...]()
    for sample in samples:
        watch, alarms = look(watch, readings(usual, sample, seed=SEED, limits=limits), limits)
    return alarms
