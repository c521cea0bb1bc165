"""A finance app over the sample's two invented companies in a memory ledger, for bars that run it many times."""

from __future__ import annotations

import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from arriero.apps.finance.plugin import plugin
from arriero.apps.finance.settings import FinanceSettings
from arriero.apps.finance.values import Analysis, Request
from arriero.core.clock import HeldClock
from arriero.core.errors import ModelMissing
from arriero.core.words import Exposure, Share, content_hash
from arriero.flow import AnyApp, Case, Flow, Parts, Result
from arriero.models.base import Encoder, Generator
from arriero.models.roles import Models
from arriero.security.masking import PatternMasker
from arriero.store.base import Entry, ExposureSet, RunRecorded, VariantRegistered
from arriero.store.cache import MemoryCache
from arriero.store.exposures import Exposures
from arriero.store.fake import MemoryLedger
from arriero.store.records import MemoryRecords

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
FIRST, LAST = date(2020, 6, 1), date(2026, 3, 31)
TICKERS = ("XTAM", "XPUN")
HORIZONS = (21, 63, 126, 252)


@dataclass(frozen=True, slots=True)
class Asked:
    """One analysis that is asked for."""

    ticker: str
    as_of: date
    horizon: int


def asked(count: int, seed: int) -> Sequence[Asked]:
    """So many analyses of random days, the same for the same seed."""
    random, days = Random(seed), (LAST - FIRST).days
    return [
        Asked(
            random.choice(TICKERS),
            FIRST + timedelta(days=random.randint(0, days)),
            random.choice(HORIZONS),
        )
        for _ in range(count)
    ]


@dataclass(frozen=True)
class Analyst:
    """Asks the app. Nothing that it says is remembered: each analysis is the first of its company."""

    app: AnyApp
    flow: Flow

    async def ask(self, one: Asked) -> Result[Analysis]:
        given = Request(ticker=one.ticker, as_of=one.as_of, horizon=one.horizon)  # type: ignore[arg-type]
        return await self.flow.run(self.app, Case("default", "bar", given))


class Forgetful(MemoryRecords):
    """Keeps no prediction, so that the order of the analyses plays no part."""

    async def put(self, tenant: str, kind: str, id: str, value: Any) -> None:
        """Forget it."""


class NoCache(MemoryCache):
    """Remembers nothing: each analysis reads its evidence anew."""

    async def get(self, key: str) -> bytes | None:
        return None


class Passing(MemoryLedger):
    """Lets go of each run when the next one begins: one with its evidence takes some 2 MB."""

    async def commit(self, *entries: Entry, durable: bool = False) -> None:
        if any(isinstance(entry, RunRecorded) for entry in entries):
            for table in (self._runs, self._open, self._traces, self._outbox, self._done):
                table.clear()
            self._leaves.clear()
        await super().commit(*entries, durable=durable)


class Ticking(HeldClock):
    """It is always the same noon, and seconds pass."""

    def monotonic(self) -> float:
        return time.monotonic()


@asynccontextmanager
async def analyst(
    *,
    cached: bool = False,
    writer: Generator | None = None,
    encoder: Callable[[], Awaitable[Encoder]] | None = None,
    **settings: Any,
) -> AsyncIterator[Analyst]:
    """An open app with `settings` of its own; its caches are off unless `cached`. `writer` rewords, in real time.

    Without an `encoder` the gate is stricter; of what our own sentences say no rule of a firm's own use doubts anything.
    """
    clock, ledger = Ticking(NOON) if writer else HeldClock(NOON), Passing()
    generators = {"writer": writer} if writer else {}
    with tempfile.TemporaryDirectory() as folder:
        cache = MemoryCache() if cached else NoCache()
        parts = Parts(
            Path(folder), clock, ledger, Forgetful(), cache, encoder or _not_pulled, _none
        )
        app = await plugin.open(FinanceSettings(**settings), parts)
        variant = app.baseline()
        everybody = Exposure("finance", "baseline", (Share(variant.id, 1.0),))
        await ledger.commit(VariantRegistered(variant, NOON), ExposureSet(everybody, "bar", NOON))
        exposures = Exposures(ledger)
        await exposures.refresh()
        flow = Flow(
            ledger, exposures,
            lambda bound: Models(bound.roles, generators=generators, classifiers={}, prices={}),
            PatternMasker(), clock, config="bar",
        )  # fmt: skip
        yield Analyst(app, flow)


def told(result: Result[Analysis]) -> str:
    """The hash of all that leaves: outcome, answer, verdicts, sources."""
    return content_hash(result.trace.outcome | {"actions": []})


async def _not_pulled() -> Encoder:
    raise ModelMissing("minilm-l6")


async def _none(*given: Any) -> Any:
    raise AssertionError(f"finance needs no model, but asked for one with {given!r}")
