"""A finance app over the sample's two invented companies, on the day on which their prices end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from arriero.apps.finance.app import FinanceApp
from arriero.apps.finance.plugin import open_finance
from arriero.apps.finance.settings import FinanceSettings
from arriero.apps.finance.values import Analysis, Request
from arriero.core.clock import HeldClock
from arriero.core.errors import ModelMissing
from arriero.core.words import Exposure, Mode, Share
from arriero.flow import Case, Flow, Parts, Result
from arriero.models.base import Classifier, Encoder, Generator
from arriero.models.roles import Models
from arriero.retrieval.base import Index
from arriero.security.masking import PatternMasker
from arriero.store.base import ExposureSet, Ledger, VariantRegistered
from arriero.store.cache import MemoryCache
from arriero.store.exposures import Exposures
from arriero.store.fake import MemoryLedger
from arriero.store.records import MemoryRecords

DAY = date(2026, 3, 31)
TENANT = "default"


async def no_encoder() -> Encoder:
    """As on a machine where no model was pulled: the gate is stricter then."""
    raise ModelMissing("minilm-l6")


async def no_index(*_: Any) -> Index:
    raise AssertionError("finance needs no index")


@dataclass
class Desk:
    """An opened app and the flow that runs it. The clock stands at noon of the last day."""

    app: FinanceApp
    flow: Flow
    ledger: Ledger
    clock: HeldClock

    async def ask(
        self, ticker: str = "XTAM", *, mode: Mode = Mode.LIVE, **more: Any
    ) -> Result[Analysis]:
        asked = Request.model_validate({"ticker": ticker, **more})
        variant = None if mode is Mode.LIVE else self.app.baseline()
        return await self.flow.run(
            self.app, Case(TENANT, "me", asked, asked.client), mode=mode, variant=variant
        )


Open = Callable[..., Awaitable[Desk]]


@pytest.fixture
def open_desk(tmp_path: Path) -> Open:
    """Opens a desk: `settings` are of the app, `writer` words, `ledger` and `clock` are the usual fakes."""

    async def opened(
        settings: Mapping[str, Any] | None = None,
        *,
        writer: Generator | None = None,
        reader: Classifier | None = None,
        ledger: Ledger | None = None,
        at: datetime = datetime(2026, 3, 31, 12, tzinfo=UTC),
    ) -> Desk:
        clock, ledger = HeldClock(at), ledger or MemoryLedger()
        parts = Parts(tmp_path, clock, ledger, MemoryRecords(), MemoryCache(), no_encoder, no_index)
        app = await open_finance(FinanceSettings.model_validate(settings or {}), parts)
        variant = app.baseline()
        everybody = Exposure("finance", "baseline", (Share(variant.id, 1.0),))
        await ledger.commit(
            VariantRegistered(variant, clock.now()), ExposureSet(everybody, "me", clock.now())
        )
        exposures = Exposures(ledger)
        await exposures.refresh()
        generators = {"writer": writer} if writer is not None else {}
        classifiers = {"news_reader": reader} if reader is not None else {}
        flow = Flow(
            ledger, exposures,
            lambda bound: Models(bound.roles, generators=generators, classifiers=classifiers, prices={}),
            PatternMasker(), clock, config="tests",
        )  # fmt: skip
        return Desk(app, flow, ledger, clock)

    return opened


@pytest.fixture
async def desk(open_desk: Open) -> Desk:
    return await open_desk()
