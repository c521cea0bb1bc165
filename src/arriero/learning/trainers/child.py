"""A training's process as seen from ours: guarded, watched, ended with whoever awaits it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict

from arriero.core.errors import ModelError
from arriero.learning.trainers.guard import Ended, Order

LOOK_EVERY_S = 0.5
END_S = 15.0  # the guard kills at once; a process deep in the kernel may take a moment to die


async def guarded(order: Order, env: Mapping[str, str], look: Callable[[], None]) -> Ended:
    """Run `order` to its end. `look` is called twice a second; what it raises ends the training.

    However this is left (a result, an error of `look`, a cancellation), no process of it remains.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "arriero.learning.trainers.guard",
        stdin=PIPE, stdout=PIPE, env=os.environ | env,
        start_new_session=True,  # Ctrl-C in a terminal reaches us; we end our children
    )  # fmt: skip
    assert process.stdin is not None  # noqa: S101 - both are pipes
    assert process.stdout is not None  # noqa: S101
    try:
        process.stdin.write(json.dumps(asdict(order)).encode() + b"\n")
        await process.stdin.drain()
        reading = asyncio.create_task(process.stdout.readline())
        while not (await asyncio.wait({reading}, timeout=LOOK_EVERY_S))[0]:
            look()
        look()
        if not (line := reading.result()):
            raise ModelError(f"the training's guard ended with status {await process.wait()}")
        return Ended(**json.loads(line))
    finally:
        await _end(process)


async def _end(process: Process) -> None:
    """Closing its stdin makes the guard kill all that it started, and go."""
    assert process.stdin is not None  # noqa: S101 - a pipe
    process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), END_S)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
