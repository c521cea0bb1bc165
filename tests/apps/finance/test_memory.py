"""Many analyses in one process: what one needed is let go when it is recorded."""

from __future__ import annotations

import gc
import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest

from arriero.store.engine import sqlite_url
from arriero.store.ledger import open_ledger
from tests.apps.finance.conftest import DAY, Open

WARM, MANY = 15, 60
MOST_BYTES = (
    6_000_000  # the cache of copies is full by then; one analysis' evidence takes some 3 MB
)


@pytest.mark.slow
async def test_sixty_analyses_stay_flat(open_desk: Open, tmp_path: Path) -> None:
    """Each of another day, so no copy serves twice; over a real ledger, which keeps them on the disk."""
    ledger = open_ledger(sqlite_url(tmp_path / "ledger.db"))
    desk = await open_desk(ledger=ledger)
    held = []
    tracemalloc.start()
    try:
        for number in range(MANY):
            await desk.ask("XTAM", as_of=DAY - timedelta(days=number))
            if number + 1 in {WARM, MANY}:
                gc.collect()
                held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
        await ledger.close()
    assert held[1] - held[0] < MOST_BYTES, [f"{one / 1e6:.1f} MB" for one in held]
