"""A tool that reads code and tells what it thinks: a child process with a time, which never runs the code."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile

from arriero.core.errors import ArrieroError, MissingExtra


class ToolError(ArrieroError):
    """The tool gave no answer in its time, or none that can be read."""

    code = "tool_unavailable"


async def told(
    argv: Sequence[str], *, stdin: str = "", cwd: Path | None = None, within_s: float
) -> str:
    """What it prints. Ended when the time is over or the caller goes.

    Raises ToolError, also where it ends with another status than 0.
    """
    # `stdin` is a file and no pipe: a tool may end before it has read all, and uvloop raises for a closed pipe.
    with TemporaryFile() as given:
        given.write(stdin.encode(errors="replace"))
        given.seek(0)
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=given,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                cwd=cwd,
            )
        except OSError as error:
            raise ToolError(f"{argv[0]} cannot be started: {error}") from None
    try:
        async with asyncio.timeout(within_s):
            said, _ = await process.communicate()
    except TimeoutError:
        raise ToolError(f"{Path(argv[0]).name} gave no answer in {within_s:g} s") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    # Those who ask say --exit-zero: the silence of a tool that broke off is no praise.
    if process.returncode:
        raise ToolError(f"{Path(argv[0]).name} ended with status {process.returncode}")
    return said.decode(errors="replace")


@cache
def program(package: str, finder: str) -> str:
    """Where the program of an installed package is. Raises MissingExtra."""
    try:
        return str(getattr(importlib.import_module(package), finder)())
    except (ImportError, FileNotFoundError, AttributeError):
        raise MissingExtra(package, "codegen") from None
