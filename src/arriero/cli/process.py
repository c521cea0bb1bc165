"""A process that works until it is told to end: Ctrl-C and SIGTERM both end it well, with status 0."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import click


def prepare() -> None:
    """Log to stderr, ours from INFO on; to be called before numpy is imported.

    OpenBLAS takes a buffer for each thread when numpy loads it: one thread saves 16 MB on two cores
    and costs nothing, because no product in the server is large enough to be split.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    logging.basicConfig(level=logging.WARNING, format="%(levelname).1s %(name)s: %(message)s")
    logging.getLogger("arriero").setLevel(logging.INFO)


def until_ended(work: Coroutine[Any, Any, None]) -> None:
    """Run `work` until it returns or a signal cancels it; what it opened is closed either way."""
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_heed_sigterm(work))
    except (KeyboardInterrupt, asyncio.CancelledError):
        pass  # asked for, and by now everything is closed
    click.echo("arriero: stopped")


@contextmanager
def signals_left_to_server() -> Iterator[None]:
    """While uvicorn serves: it heeds the signals itself, then raises them again, for nobody here."""
    before = {one: signal.signal(one, _heard) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


async def _heed_sigterm(work: Coroutine[Any, Any, None]) -> None:
    """SIGTERM cancels `work`, as asyncio's runner lets SIGINT do."""
    loop, running = asyncio.get_running_loop(), asyncio.ensure_future(work)

    def end(number: int, frame: object) -> None:  # noqa: ARG001  # a signal handler's arguments
        loop.call_soon_threadsafe(running.cancel)

    before = signal.signal(signal.SIGTERM, end)
    try:
        await running
    finally:
        signal.signal(signal.SIGTERM, before)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if find_spec("uvloop") is None:
        return None
    import uvloop  # noqa: PLC0415  # not there on every system

    return uvloop.new_event_loop


def _heard(number: int, frame: object) -> None:
    """The server has already acted on this signal."""
