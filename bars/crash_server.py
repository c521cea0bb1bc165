"""kill -9 of the server under load, 20 times: nothing that was answered or acknowledged is lost.

15 times with fake models (hundreds of commits a second, so a kill hits one under way), 5 times with
a real llama.cpp child that writes an answer at that moment and has to end by itself.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import tempfile
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path
from random import Random

from arriero.assembly import open_store
from arriero.core.settings import Settings
from bars._client import INQUIRIES, connected, post
from bars._process import Process, descendants, left_over
from bars._questions import OPEN, SEED, Question, labelled, of_orders
from bars._server import Server, arriero, fakes, lazy
from bars._trial import count, keep, progress
from bars._witness import Witness, load
from bars.result import Figure

FAKE_KILLS, MODEL_KILLS = 15, 5
LINES = 8
ORPHAN_S = 10.0  # issue: no orphan; the child sees the end of its stdin at once
KILL_AFTER_S = (1.0, 3.0)
REAL = fakes("product_care", "llama:smollm2-135m")

Start = Callable[[], AbstractContextManager[Server]]


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill: what the client held, what the ledger lacked of it, who lived on."""

    answers: int
    feedback: int
    lost_answers: int
    lost_feedback: int
    orphans: int
    children: int
    broken: int


def main() -> None:
    random = Random(SEED)
    with tempfile.TemporaryDirectory() as folder:
        fake, model, idle = (Path(folder) / name for name in ("fake", "model", "lazy"))
        orders, open_ones = of_orders(5_000), labelled(OPEN)
        kills = [
            _kill(lambda: arriero(fake, fakes("order_status")), fake, orders, random, "fakes")
            for _ in range(count(FAKE_KILLS, 2))
        ]
        with_model = [
            _kill(lambda: arriero(model, REAL), model, open_ones, random, "llama", warm=True)
            for _ in range(count(MODEL_KILLS, 1))
        ]
        opens = sum(_opens(data) for data in (fake, model))
        late = [
            _kill(lambda: lazy(idle, "late"), idle, orders, random, "lazy")
            for _ in range(count(3, 1))
        ]
    keep("crash_server", WHAT, _figures(kills + with_model, with_model, opens, late))


WHAT = "kill -9 of the server under load: 15 times with fake models, 5 with a real llama.cpp child"


def _figures(
    kills: list[Kill], with_model: list[Kill], opens: int, late: list[Kill]
) -> list[Figure]:
    answers, feedback = sum(k.answers for k in kills), sum(k.feedback for k in kills)
    lost_late = sum(k.lost_answers + k.lost_feedback for k in late)
    n_late = sum(k.answers + k.feedback for k in late)
    children = sum(k.children for k in with_model)
    return [
        Figure("kills", len(kills), "kills", f">= {FAKE_KILLS + MODEL_KILLS}"),
        Figure("lost_answers", sum(k.lost_answers for k in kills), "runs", "== 0", answers),
        Figure("lost_feedback", sum(k.lost_feedback for k in kills), "events", "== 0", feedback),
        Figure("hit_under_way", sum(k.broken for k in kills), "requests", ">= 1", len(kills),
               note="broken off by a kill: the load was real"),
        Figure("ledgers_that_open", opens, "ledgers", "== 2", 2, note="and pass SQLite's check"),
        Figure("orphans", sum(k.orphans for k in kills), "processes", "== 0", children),
        Figure("model_children", children, "processes", f">= {len(with_model)}",
               note="that were there to become orphans"),
        Figure("lost_by_lazy", lost_late, "records", ">= 1", n_late,
               note="the lazy product that records after answering has to fail"),
    ]  # fmt: skip


def _kill(
    start: Start, data: Path, questions: Iterable[Question], random: Random, name: str,
    *, warm: bool = False,
) -> Kill:  # fmt: skip
    seen = Witness()
    with start() as server:
        after = random.uniform(*KILL_AFTER_S)
        family = asyncio.run(_under_load(server, tuple(questions), seen, after, warm=warm))
    orphans = left_over(family, ORPHAN_S)
    for orphan in orphans:
        os.kill(orphan.pid, signal.SIGKILL)
    lost_answers = _missing(data, "runs", seen.runs)
    lost_feedback = _missing(data, "feedback", seen.feedback)
    kill = Kill(
        len(seen.runs), len(seen.feedback), lost_answers, lost_feedback, len(orphans),
        len(family), seen.broken,
    )  # fmt: skip
    progress(f"{name}: {kill}")
    return kill


async def _under_load(
    server: Server, questions: tuple[Question, ...], seen: Witness, after_s: float, *, warm: bool
) -> frozenset[Process]:
    """Kill the server `after_s` seconds into the load; its descendants at that moment."""
    if warm:
        async with connected(server.url) as line:
            body = questions[0].body(deadline_ms=120_000)
            await line.ask(post(INQUIRIES, server.key, body), timeout_s=130)
    loading = asyncio.create_task(load(server, questions, seen, LINES))
    await asyncio.sleep(after_s)
    family = descendants(server.pid)
    server.kill()
    await loading
    return family


def _missing(data: Path, table: str, ids: list[str]) -> int:
    """How many of `ids` the ledger does not hold; read without the product's own code."""
    with closing(sqlite3.connect(data / "ledger.db")) as db:
        held = {id for (id,) in db.execute(f"select id from {table}")}
    return len(set(ids) - held)


def _opens(data: Path) -> bool:
    """Whether SQLite finds the file whole and the product opens it."""

    async def newest() -> bool:
        async with open_store(Settings(data=data)) as ledger:
            return bool(await ledger.runs("default", limit=1))

    with closing(sqlite3.connect(data / "ledger.db")) as db:
        whole = db.execute("pragma integrity_check").fetchone() == ("ok",)
    return whole and asyncio.run(newest())


if __name__ == "__main__":
    main()
