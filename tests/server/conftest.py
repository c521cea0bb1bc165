"""A platform with the toy app and the chat app over the fake ledger, and clients of its server."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from arriero.apps.chat import plugin as chat_plugin
from arriero.apps.chat.app import ChatApp
from arriero.apps.chat.settings import ChatSettings
from arriero.assembly import Platform
from arriero.core.clock import SystemClock
from arriero.core.settings import AppSettings, ServerSettings, Settings
from arriero.core.words import Exposure, Share, Variant
from arriero.flow import AnyApp, Flow, Parts, Plugin
from arriero.models.base import Generator
from arriero.models.engines import Engines
from arriero.models.fake import ScriptedGenerator
from arriero.models.roles import Models
from arriero.observe.metrics import Metrics
from arriero.security.audit import AuditLog
from arriero.security.delivery import Webhooks
from arriero.security.keys import Keyring, mint
from arriero.security.masking import PatternMasker
from arriero.server import create, server
from arriero.store.audit_log import AuditStore, SqlAudit
from arriero.store.base import ExposureSet, KeySaved, Ledger, VariantRegistered
from arriero.store.cache import open_cache
from arriero.store.exposures import Exposures
from arriero.store.fake import MemoryAudit, MemoryLedger
from arriero.store.ledger import SqlLedger
from arriero.store.records import MemoryRecords
from tests.server.toy import ToyApp, door

HOST = "http://testserver"
HOSTS = (*ServerSettings().allowed_hosts, "testserver")


async def _never(settings: AppSettings, parts: Parts) -> AnyApp:
    raise AssertionError("the tests open the toy themselves")


TOY = Plugin(name="toy", settings=AppSettings, open=_never, door=door)


@dataclass
class House:
    """A platform under test, with what the tests look into."""

    data: Path
    clock: SystemClock = field(default_factory=SystemClock)
    ledger: Any = None
    toy: ToyApp = field(default_factory=ToyApp)
    generator: Generator = field(
        default_factory=lambda: ScriptedGenerator(
            {"hello": "Hello to you too.", "mail": "I wrote to <EMAIL_1> <now>."}
        )
    )
    settings: Settings = field(
        default_factory=lambda: Settings(
            server=ServerSettings(max_body_bytes=65_536, allowed_hosts=HOSTS)
        )
    )
    secrets: dict[str, str] = field(default_factory=dict)

    async def open(self) -> Platform:
        """Everything wired as assembly does it, with fakes where the outside would be."""
        ledger: Ledger = self.ledger or MemoryLedger(self.clock)
        self.ledger = ledger
        now = self.clock.now()
        for name, tenant in (("tester", "default"), ("stranger", "elsewhere")):
            self.secrets[name], key = mint(name, tenant, now)
            await ledger.commit(KeySaved(key))
        apps: list[AnyApp] = [self.toy, ChatApp(ChatSettings())]
        for app in apps:
            variant = app.baseline()
            exposure = Exposure(app.name, "baseline", (Share(variant.id, 1.0),))
            await ledger.commit(
                VariantRegistered(variant, now), ExposureSet(exposure, "settings", now)
            )
        exposures, metrics, cache = Exposures(ledger), Metrics(), open_cache("memory://")
        await exposures.refresh()
        flow = Flow(
            ledger=ledger,
            exposures=exposures,
            models_of=self._models,
            masker=PatternMasker(),
            clock=self.clock,
            config="test",
            on_run=metrics.run,
        )
        return Platform(
            settings=self.settings,
            clock=self.clock,
            ledger=ledger,
            cache=cache,
            keyring=Keyring(ledger, self.clock),
            metrics=metrics,
            flow=flow,
            engines=Engines(self.settings, cache),
            exposures=exposures,
            webhooks=Webhooks({}, MemoryRecords(), ledger, self.clock),
            audit=AuditLog(self._audit(ledger), Ed25519PrivateKey.generate(), self.clock),
            plugins={"toy": TOY, "chat": chat_plugin},
            sections={"toy": AppSettings(), "chat": ChatSettings()},
            apps={app.name: app for app in apps},
        )

    def _audit(self, ledger: Ledger) -> AuditStore:
        if isinstance(ledger, SqlLedger):
            return SqlAudit(ledger)
        assert isinstance(ledger, MemoryLedger)
        return MemoryAudit(ledger)

    def _models(self, variant: Variant) -> Models:
        return Models(variant.roles, {"chat": self.generator}, {}, {})

    def headers(self, name: str = "tester") -> dict[str, str]:
        return {"authorization": f"Bearer {self.secrets[name]}"}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
async def platform(house: House) -> Platform:
    return await house.open()


@pytest.fixture
async def client(house: House, platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    """Speaks to the application directly; every request carries the tester's key."""
    transport = httpx.ASGITransport(app=create(platform))
    async with httpx.AsyncClient(
        transport=transport, base_url=HOST, headers=house.headers()
    ) as opened:
        yield opened


@pytest.fixture
def real(house: House) -> Iterator[str]:
    """The URL of a real server of `house` in a thread of its own."""
    with serving(house) as url:
        yield url


@contextmanager
def serving(house: House) -> Iterator[str]:
    """A real uvicorn server on a free port of loopback, ended when the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running: dict[str, Any] = {}
        up = threading.Event()

        async def serve() -> None:
            running["server"] = server(await house.open(), listener)
            serving = asyncio.create_task(running["server"].serve(sockets=[listener]))
            # uvicorn has no event for it, only this flag
            while not running["server"].started and not serving.done():  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            up.set()
            await serving

        def run() -> None:
            try:
                asyncio.run(serve())
            finally:
                up.set()

        thread = threading.Thread(target=run)
        thread.start()
        assert up.wait(10), "the server did not start in time"
        assert "server" in running, "the server did not start"
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            running["server"].should_exit = True
            thread.join(15)
            assert not thread.is_alive(), "the server did not end"


Refused = Callable[[httpx.Response, int], Mapping[str, Any]]


@pytest.fixture
def refused() -> Refused:
    """Asserts that a response is an OpenAI-shaped error of this status; gives the error."""

    def check(response: httpx.Response, status: int) -> Mapping[str, Any]:
        assert response.status_code == status, response.text
        told = response.json()
        assert set(told) == {"error"}
        assert set(told["error"]) == {"message", "type", "param", "code"}
        assert response.headers["x-request-id"]
        error: Mapping[str, Any] = told["error"]
        return error

    return check


def events(text: str) -> list[tuple[str, Any]]:
    """The server-sent events in `text` as (name, data)."""
    found = []
    for block in text.strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "data" in lines:
            data = lines["data"]
            found.append((lines.get("event", ""), data if data == "[DONE]" else json.loads(data)))
    return found
