"""Fitting beside a server: in a child process, niced, on one thread, gone when the server or the task goes."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from typing import Any

from arriero.core import errors
from arriero.core.errors import ArrieroError, ModelError

NICENESS = 10
LEASHED = "--leashed"  # the child ends when its stdin does
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


async def told_by(module: str, argv: Sequence[str], *, doing: str) -> Any:
    """The last line of JSON that `python -m MODULE ARGV --leashed` says.

    {"error": NAME, "message": ...} is raised as that error of ours; `ModelError` when the child dies
    ("`doing` ended with status ...").
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *argv, LEASHED,
        stdin=PIPE, stdout=PIPE, stderr=PIPE, env=os.environ | ONE_THREAD,
    )  # fmt: skip
    try:
        if child.stdout is None or child.stderr is None:
            raise ModelError("the fitting process has no pipes")
        # Its stdin stays open meanwhile: the end of it tells the child to go.
        said, complaint = await asyncio.gather(child.stdout.read(), child.stderr.read())
        await child.wait()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    return understood(said, complaint, child.returncode, doing)


def understood(said: bytes, complaint: bytes, status: int | None, doing: str) -> Any:
    """What a child that ended with `status` said on stdout, and on stderr; see `told_by`."""
    try:
        answer = json.loads(said.splitlines()[-1])
    except (ValueError, IndexError):
        last = complaint.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
        raise ModelError(f"{doing} ended with status {status}: {last[0]}") from None
    if isinstance(answer, dict) and "error" in answer:
        failure = ArrieroError.__new__(getattr(errors, answer["error"]))
        ArrieroError.__init__(failure, answer["message"])
        raise failure
    return answer


def behave(*, leashed: bool) -> None:
    """What a child does first: it lets everything else go before it, and ends with its parent."""
    if leashed:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    os.nice(NICENESS)


def complain(error: ArrieroError) -> None:
    """Say `error` as `told_by` reads it."""
    sys.stdout.write(json.dumps({"error": type(error).__name__, "message": error.message}))


def _end_with_stdin() -> None:
    # Not through `sys.stdin`: an interpreter that ends while a thread waits in there is aborted.
    while os.read(0, 4_096):
        pass
    os._exit(1)
