"""One llama.cpp child process, from its start to its end."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import httpx

from arriero.core.errors import MissingExtra, ModelCorrupt, ModelError
from arriero.models.llama_child import CANNOT_LOAD, NOT_INSTALLED, SPINS, ChildConfig

READY_WITHIN_S = 120.0  # a 1.1 GB file from a cold disk at 20 MB/s takes 55 s
HEALTH_S = 10.0  # how long /health may take (DESIGN §9: timeout 10 s); idle it takes 1 ms
KILL_AFTER_S = 2.0  # DESIGN §4: terminate, then kill after 2 s
LOG_BYTES = 5_000_000  # a longer log starts anew with the next child


@dataclass(frozen=True, slots=True)
class Child:
    """A running child: its HTTP server is at `url` and takes `key` only."""

    process: Process
    url: str
    key: str
    http: httpx.AsyncClient

    async def healthy(self) -> bool:
        """Whether /health says so within ten seconds. Never /slots: polling it holds slots up."""
        try:
            response = await self.http.get("/health", timeout=HEALTH_S)
        except httpx.HTTPError:
            return False
        return response.status_code == 200


@asynccontextmanager
async def running_child(
    gguf: Path,
    adapter: Path | None,
    *,
    threads: tuple[int, int],
    context: int,
    log_file: Path,
    drafting: bool = False,
    parallel: int = 1,
) -> AsyncIterator[Child]:
    """A child that answers /health, ended with the `async with`; `threads` write and read.

    Raises `ModelCorrupt` when llama.cpp refuses a file, `MissingExtra` when it is not installed,
    `ModelError` when the child ends or says nothing within two minutes.
    """
    key = secrets.token_urlsafe(32)
    adapter_file = str(adapter) if adapter else None
    config = ChildConfig(str(gguf), adapter_file, *threads, context, key, drafting, parallel)
    process = await _spawn(log_file)
    try:
        async with asyncio.timeout(READY_WITHIN_S):
            url = await _shake_hands(process, config, log_file)
        async with httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=READY_WITHIN_S,  # the probe's; health checks have their own
            trust_env=False,  # no proxy stands before loopback
            verify=False,  # noqa: S501 - plain HTTP on loopback; a TLS context costs 30 ms
        ) as http:
            child = Child(process, url, key, http)
            await _until_healthy(child, log_file)
            yield child
    except TimeoutError:
        raise ModelError(f"no sign of the model server; see {log_file}") from None
    finally:
        await _end(process)


async def _spawn(log_file: Path) -> Process:
    with _open_log(log_file) as log:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # modules come from the installation, never from the working directory
            "-m",
            "arriero.models.llama_child",
            stdin=PIPE,
            stdout=PIPE,
            stderr=log,
            env=os.environ | {"GOMP_SPINCOUNT": SPINS},
            start_new_session=True,  # Ctrl-C in a terminal reaches us; we end our children
        )


async def _shake_hands(process: Process, config: ChildConfig, log_file: Path) -> str:
    assert process.stdin is not None  # noqa: S101 - both are pipes, see _spawn
    assert process.stdout is not None  # noqa: S101
    with suppress(ConnectionError):  # a child that is gone already says so by its exit status
        process.stdin.write(config.to_line())
        await process.stdin.drain()
    if url := _url_in(await process.stdout.readline()):
        return url
    status = await process.wait()
    if status == NOT_INSTALLED:
        raise MissingExtra("xllamacpp", "local")
    what = config.gguf + (f" with adapter {config.adapter}" if config.adapter else "")
    if status == CANNOT_LOAD:
        raise ModelCorrupt(f"llama.cpp cannot load {what}; see {log_file}")
    raise ModelError(f"the model server for {what} ended with status {status}; see {log_file}")


def _url_in(line: bytes) -> str:
    """The address that a child says; empty for a complaint, and for the line of a child that died over it."""
    try:
        return str(json.loads(line).get("url") or "")
    except (ValueError, AttributeError):
        return ""


async def _until_healthy(child: Child, log_file: Path) -> None:
    ends = asyncio.get_running_loop().time() + READY_WITHIN_S
    while not await child.healthy():
        if child.process.returncode is not None or asyncio.get_running_loop().time() > ends:
            raise ModelError(f"the model server started but is not healthy; see {log_file}")
        await asyncio.sleep(0.05)


async def _end(process: Process) -> None:
    """Terminate, then kill; returns when the process is gone."""
    assert process.stdin is not None  # noqa: S101 - a pipe, see _spawn
    process.stdin.close()
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(KILL_AFTER_S):
                await process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
    await process.wait()


def _open_log(log_file: Path) -> BinaryIO:
    log_file.parent.mkdir(parents=True, exist_ok=True)
    grown = log_file.exists() and log_file.stat().st_size > LOG_BYTES
    return log_file.open("wb" if grown else "ab")
