"""Real kills: a worker's process ends itself with SIGKILL at a commit; another worker ends its cycle."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from arriero.learning.cycle import State
from arriero.learning.cycles import Cycles
from arriero.store.base import Entry
from arriero.store.engine import sqlite_url
from arriero.store.ledger import SqlLedger, open_ledger
from tests.learning.test_cycles import Dying, FakeWork, kinds, until_it_ends

pytestmark = pytest.mark.slow  # five processes


class Killing(Dying):
    """Dies as a process does: nothing is cleaned up, nothing is flushed."""

    async def commit(self, *entries: Entry, durable: bool = False) -> None:
        try:
            await super().commit(*entries, durable=durable)
        except BaseException:  # noqa: BLE001  # the moment has come
            os.kill(os.getpid(), signal.SIGKILL)


def work(url: str, at: int) -> None:
    """What the child process does: it dies at its `at`-th commit."""

    async def go() -> None:
        ledger = Killing(open_ledger(url), at, before=at % 2 == 0)
        await until_it_ends(Cycles(ledger, {"support": FakeWork()}))

    asyncio.run(go())


@pytest.mark.parametrize("at", range(1, 6))
async def test_a_killed_worker_leaves_a_cycle_that_another_one_ends(
    tmp_path: Path, at: int
) -> None:
    url = sqlite_url(tmp_path / "ledger.db")
    script = f"from tests.learning.test_cycle_kills import work; work({url!r}, {at})"
    died = subprocess.run([sys.executable, "-c", script], check=False, timeout=60)
    assert died.returncode == -signal.SIGKILL
    ledger: SqlLedger = open_ledger(url)
    try:
        ended = await until_it_ends(Cycles(ledger, {"support": FakeWork()}))
        assert ended.state is State.PROMOTED
        assert await kinds(ledger) == ["cycle.moved"] * 5
        assert len(await ledger.machines("cycle", open_only=False)) == 1
    finally:
        await ledger.close()
