"""A server with the console's pages, and a real browser that opens them.

Without Chromium or Playwright the tests skip and say so; with REQUIRE_SERVICES set they fail instead.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
import uvicorn

from arriero.console import pages
from arriero.server import create
from tests.conftest import absent
from tests.server.desk import DeskHouse

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage",
)  # fmt: skip
PATIENCE_MS = 10_000
T = TypeVar("T")


@pytest.fixture
def house(tmp_path: Path) -> DeskHouse:
    return DeskHouse(tmp_path)


@pytest.fixture
def url(house: DeskHouse) -> Iterator[str]:
    """The address of a real server with the console, ended with the test."""
    with _serving(house) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One headless Chromium for a file of tests.

    While it is open, Playwright's event loop runs in this thread, so it must not outlive the file:
    asynchronous tests need a loop of their own. Coroutines go through `elsewhere` meanwhile.
    """
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        raise absent("REQUIRE_SERVICES", "there is no chromium; run: apt-get install chromium")
    if find_spec("playwright") is None:
        raise absent("REQUIRE_SERVICES", "playwright is not installed; run: pip install playwright")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=program, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    opened.set_default_timeout(PATIENCE_MS)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A tab that must not complain: an error in its console, or a script that CSP stopped, fails."""
    wrong: list[str] = []
    opened = context.new_page()
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on(
        "console",
        lambda said: (
            wrong.append(said.text)
            if said.type == "error" and "Failed to load resource" not in said.text  # a 401, a 409
            else None
        ),
    )
    yield opened
    assert wrong == []


def elsewhere(work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, run in a thread whose event loop is its own."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result(10)


@contextmanager
def _serving(house: DeskHouse) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running: list[uvicorn.Server] = []
        up = threading.Event()

        async def serve() -> None:
            app = create(await house.open(), pages=pages())
            config = uvicorn.Config(app, log_config=None, lifespan="on", ws="none")
            running.append(uvicorn.Server(config))
            serving = asyncio.create_task(running[0].serve(sockets=[listener]))
            # uvicorn has no event for it, only this flag
            while not running[0].started and not serving.done():  # noqa: ASYNC110
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
        assert running, "the server did not start"
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            running[0].should_exit = True
            thread.join(15)
            assert not thread.is_alive(), "the server did not end"
