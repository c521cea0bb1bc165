"""A process that works until it is told to end: Ctrl-C and SIGTERM both end it well, with status 0."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import logging
import os
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from types import FrameType
from typing import Any

import click

# glibc's mallopt(3): its numbers for the two limits below.
M_ARENA_MAX, M_MMAP_THRESHOLD = -8, -3
ARENAS, MAPPED_FROM_BYTES = 2, 1 << 20

Handler = Callable[[int, FrameType | None], None]


def prepare() -> None:
    """Log to stderr, ours from INFO on; to be called before numpy is imported.

    OpenBLAS takes a buffer for each thread when numpy loads it: one thread saved 16 MB on two cores.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    _keep_the_heap_small()
    logging.basicConfig(level=logging.WARNING, format="%(levelname).1s %(name)s: %(message)s")
    logging.getLogger("arriero").setLevel(logging.INFO)


def _keep_the_heap_small() -> None:
    """Two arenas instead of eight a core, and what is large is mapped, so that it goes back when it is freed.

    Every pool of threads else keeps pages of its own for ever. Does nothing where the C library has no
    mallopt; to be called before there are threads.
    """
    if (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)) is not None:
        mallopt(M_ARENA_MAX, ARENAS)
        mallopt(M_MMAP_THRESHOLD, MAPPED_FROM_BYTES)


def settle() -> None:
    """What the start made stays for good: full collections of the garbage pass it by from now on.

    One of them walks some 150,000 objects and holds up whatever is under way for 40 ms or more.
    """
    gc.collect()
    gc.freeze()


def until_ended(work: Coroutine[Any, Any, None]) -> None:
    """Run `work` until it returns or a signal cancels it; what it opened is closed either way."""
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_heed_sigterm(work))
    except (KeyboardInterrupt, asyncio.CancelledError):
        pass  # asked for, and by now everything is closed
    click.echo("arriero: stopped")


@contextmanager
def signals_to(end: Handler) -> Iterator[None]:
    """SIGINT and SIGTERM call `end` and nothing else.

    uvicorn installs the handler of its server when it is up, and afterwards raises the signals once
    more for whoever was there before. That has to be its server too: a signal just before is heeded,
    the echo cancels nothing that is being closed.
    """
    before = {one: signal.signal(one, end) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


async def _heed_sigterm(work: Coroutine[Any, Any, None]) -> None:
    """SIGTERM cancels `work`, as asyncio's runner lets SIGINT do."""
    loop, running = asyncio.get_running_loop(), asyncio.ensure_future(work)

    def end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # a signal handler's arguments
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
