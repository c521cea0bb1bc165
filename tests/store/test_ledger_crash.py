"""Killing the process that commits: whatever was acknowledged is there afterwards."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from arriero.core.errors import StoreError
from arriero.store.engine import sqlite_url
from arriero.store.ledger import open_ledger
from tests.engines import Server, postgres
from tests.store.samples import recorded

COMMITTER = """
import asyncio, sys
from arriero.store.ledger import open_ledger
from tests.store.samples import recorded

async def one(ledger):
    while True:
        entry = recorded()
        await ledger.commit(entry)
        print(entry.run.id, flush=True)

async def main(url):
    ledger = open_ledger(url)
    await asyncio.gather(*(one(ledger) for _ in range(16)))

asyncio.run(main(sys.argv[1]))
"""


def acknowledged_until_killed(url: str, repository: Path, alive_s: float) -> set[str]:
    """The runs that a child process said were committed, until SIGKILL ended it."""
    child = subprocess.Popen(
        [sys.executable, "-c", COMMITTER, url], stdout=subprocess.PIPE, text=True, cwd=repository
    )
    assert child.stdout is not None
    first = child.stdout.readline()
    time.sleep(alive_s)
    child.kill()
    lines = [first, *child.stdout.readlines()]
    child.stdout.close()
    child.wait(timeout=10)
    return {line.strip() for line in lines if line.endswith("\n")}


async def lost_after_kills(url: str, repository: Path, kills: int) -> set[str]:
    chance = random.Random()
    acknowledged: set[str] = set()
    for _ in range(kills):
        acknowledged |= acknowledged_until_killed(url, repository, chance.uniform(0.0, 0.4))
    ledger = open_ledger(url)
    there = {run.id for run in await ledger.runs("acme", limit=1_000_000)}
    leaves = await ledger.leaves(limit=1_000_000)
    await ledger.close()
    assert len(acknowledged) >= kills
    assert [leaf.seq for leaf in leaves] == list(range(1, len(there) + 1))
    return acknowledged - there


@pytest.mark.slow
async def test_nothing_acknowledged_is_lost_when_the_process_is_killed_on_sqlite(
    tmp_path: Path, repository: Path
) -> None:
    assert await lost_after_kills(sqlite_url(tmp_path / "ledger.db"), repository, 5) == set()


@pytest.mark.slow
@pytest.mark.service
async def test_nothing_acknowledged_is_lost_when_the_process_is_killed_on_postgres(
    postgres_server: Server, postgres_url: str, repository: Path
) -> None:
    assert await lost_after_kills(postgres_url, repository, 5) == set()


@pytest.mark.slow
@pytest.mark.service
async def test_nothing_acknowledged_is_lost_when_postgres_is_killed_under_load() -> None:
    with postgres() as server:
        ledger = open_ledger(server.url)
        acknowledged: set[str] = set()
        refused = 0

        async def commit_for_ever() -> None:
            nonlocal refused
            while True:
                entry = recorded()
                try:
                    await ledger.commit(entry)
                    acknowledged.add(entry.run.id)
                except StoreError:
                    refused += 1
                    await asyncio.sleep(0.02)

        committing = [asyncio.ensure_future(commit_for_ever()) for _ in range(8)]
        for _ in range(3):
            await asyncio.sleep(0.3)
            server.kill()
            await asyncio.sleep(0.1)
            await asyncio.to_thread(server.start)
        before = len(acknowledged)
        await asyncio.sleep(0.5)
        for task in committing:
            task.cancel()
        await asyncio.gather(*committing, return_exceptions=True)
        there = {run.id for run in await ledger.runs("acme", limit=1_000_000)}
        await ledger.close()
    assert acknowledged <= there
    assert refused > 0
    assert len(acknowledged) > before > 0
