"""Many analyses in one process: what one needed is let go when it is recorded."""

from __future__ import annotations

import gc
import os
from datetime import timedelta
from pathlib import Path

import pytest

from arriero.store.engine import sqlite_url
from arriero.store.ledger import open_ledger
from tests.apps.finance.conftest import DAY, Desk, Open

STATM = Path("/proc/self/statm")
WARM, MANY = 15, 60
MOST_BYTES = 20_000_000  # a ledger in memory, which keeps each run's evidence, took 45 MB for 20


def resident() -> int:
    """Bytes of this process in memory now."""
    gc.collect()
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def grown(desk: Desk) -> int:
    """By how much the process grows from the 15th analysis to the 60th, each of another day."""
    held = []
    for number in range(MANY):
        await desk.ask("XTAM", as_of=DAY - timedelta(days=number))
        if number + 1 in {WARM, MANY}:
            held.append(resident())
    return held[1] - held[0]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(not STATM.exists(), reason="needs Linux' /proc")
async def test_sixty_analyses_stay_flat(open_desk: Open, tmp_path: Path) -> None:
    """Over a real ledger, which keeps them on the disk; no copy serves twice."""
    ledger = open_ledger(sqlite_url(tmp_path / "ledger.db"))
    try:
        desk = await open_desk({"deadline_ms": 600_000}, ledger=ledger)
        assert await grown(desk) < MOST_BYTES
    finally:
        await ledger.close()
