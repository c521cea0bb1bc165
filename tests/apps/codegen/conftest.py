"""The codegen app in a real flow: a fake writer that says what a test scripts, and this machine's sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from arriero.apps.codegen.app import CodegenApp
from arriero.apps.codegen.gather.library import Library
from arriero.apps.codegen.kept import Kept
from arriero.apps.codegen.sandbox.base import NoSandbox, Sandbox
from arriero.apps.codegen.sandbox.probe import Probed
from arriero.apps.codegen.settings import CodegenSettings
from arriero.apps.codegen.values import Generated
from arriero.apps.codegen.wanted import Wanted
from arriero.apps.codegen.workshop import Workshop
from arriero.core.clock import SystemClock
from arriero.core.words import Exposure, Share, Variant
from arriero.flow import Case, Event, Flow, Result
from arriero.models.base import Generator, Piece, Prompt
from arriero.models.fake import ScriptedGenerator
from arriero.models.roles import Models
from arriero.security.masking import PatternMasker
from arriero.store.base import ExposureSet, VariantRegistered
from arriero.store.cache import MemoryCache
from arriero.store.exposures import Exposures
from arriero.store.fake import MemoryLedger
from tests.apps.codegen.sandbox.conftest import sandbox

__all__ = ["sandbox"]

Said = str | Callable[[Prompt], str]


class Slow:
    """A fake writer whose request number `at` (from 0) gets one word and then nothing."""

    def __init__(self, writer: Generator, at: int) -> None:
        self.name = writer.name
        self.given_up = 0
        self._writer, self._at, self._asked = writer, at, 0

    async def stream(self, prompt: Prompt, *, timeout_s: float) -> AsyncIterator[Piece]:
        number, self._asked = self._asked, self._asked + 1
        async for piece in self._writer.stream(prompt, timeout_s=timeout_s):
            yield piece
            if number == self._at:
                try:
                    await asyncio.sleep(timeout_s)
                finally:
                    self.given_up += 1

    async def ping(self) -> None:
        await self._writer.ping()

    async def close(self) -> None:
        await self._writer.close()


class Desk:
    """One app with one fake writer. `says` are its answers in order, the last one over and over."""

    def __init__(
        self,
        sandbox: Sandbox,
        *says: Said,
        settings: CodegenSettings | None = None,
        library: Library | None = None,
    ) -> None:
        self.says = list(says)
        self.clock = SystemClock()
        self.ledger = MemoryLedger(self.clock)
        self.cache = MemoryCache(clock=self.clock)
        # A busy machine must not leave a check out: what is judged has to be the same each time.
        self.settings = settings or CodegenSettings(samples=2, examine_s=60, deadline_ms=300_000)
        self.writer: Generator = ScriptedGenerator(self._say, name="fake writer")
        self.events: list[Event] = []
        self.asked: list[Prompt] = []
        self.flow: Flow

        @asynccontextmanager
        async def opens() -> AsyncIterator[Probed]:
            sound = not isinstance(sandbox, NoSandbox)
            yield Probed(sandbox, sound=sound, told="the sandbox of a test")

        self.app = CodegenApp(
            self.settings,
            Workshop(self.settings.examine_s, opens),
            Kept(self.cache, self.settings.response_cache_s),
            library=library,
        )

    def _say(self, prompt: Prompt) -> str:
        self.asked.append(prompt)
        said = self.says.pop(0) if len(self.says) > 1 else self.says[0]
        return said(prompt) if callable(said) else said

    async def open(self) -> Desk:
        variant, now = self.app.baseline(), self.clock.now()
        exposure = Exposure("codegen", "baseline", (Share(variant.id, 1.0),))
        await self.ledger.commit(
            VariantRegistered(variant, now), ExposureSet(exposure, "settings", now)
        )
        exposures = Exposures(self.ledger)
        await exposures.refresh()
        self.flow = Flow(self.ledger, exposures, self._models, PatternMasker(), self.clock, "test")
        return self

    def _models(self, variant: Variant) -> Models:
        return Models(variant.roles, {"writer": self.writer}, {}, {})

    async def ask(self, requirement: str, **more: Any) -> Result[Generated]:
        case = Case("default", "tester", Wanted(requirement=requirement, **more))
        return await self.flow.run(self.app, case, watch=self.events.append)


Opens = Callable[..., Any]


@pytest.fixture
async def desk(sandbox: Sandbox) -> AsyncIterator[Opens]:
    """Opens desks, and closes their apps."""
    opened: list[Desk] = []

    async def open_desk(
        *says: Said,
        settings: CodegenSettings | None = None,
        box: Sandbox | None = None,
        library: Library | None = None,
    ) -> Desk:
        one = Desk(box or sandbox, *says, settings=settings, library=library)
        opened.append(one)
        return await one.open()

    yield open_desk
    for one in opened:
        await one.app.close()
