"""How soon a change of an order is in the answer: the shop's file is changed, and we ask until it shows.

The platform runs as `arriero up` with fakes of its models; the directory is the sample shop's file,
changed by another process's connection as a shop system would. The laziest product answers from what
it once looked up: it never shows the change.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

from arriero.core.statistics import percentile
from bars._client import INQUIRIES, Connection, connected, post
from bars._questions import SEED
from bars._server import Server, arriero, fakes
from bars._trial import count, keep, progress
from bars.result import Figure

WANTED_S = 2.0
GIVE_UP_S = 4.0
BETWEEN_S = 0.01  # between two questions for the same order
FORMS = ("Where is my order {order}?", "What is the status of order {order}, please?")


@dataclass(frozen=True, slots=True)
class Case:
    """An order under way, and whose it is."""

    order: str
    customer: str


@dataclass(frozen=True, slots=True)
class Shown:
    """How long it took from the commit to the end of the answer that shows the change."""

    seconds: float
    asked: int
    in_time: bool


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        arriero(Path(folder) / "data", fakes("order_status")) as server,
    ):
        (file,) = (server.data / "support").glob("sample-shop-*.db")
        cases = _under_way(file)[: count(100, 5)]
        progress(f"ready in {server.ready_s:.1f} s; {len(cases)} orders to change")
        shown = asyncio.run(_measured(server, file, cases, remembered=False))
        lazy = asyncio.run(_measured(server, file, cases[: count(10, 2)], remembered=True))
    keep("freshness", WHAT, [*_figures(shown), _lazy(lazy)])


WHAT = "an order changed in the directory's file while `arriero up` runs, asked for until the answer shows it"


async def _measured(
    server: Server, file: Path, cases: Sequence[Case], *, remembered: bool
) -> list[Shown]:
    random = Random(SEED + remembered)
    async with connected(server.url) as connection:
        return [
            await _one(server, connection, file, case, random, remembered=remembered)
            for case in cases
        ]


async def _one(
    server: Server,
    connection: Connection,
    file: Path,
    case: Case,
    random: Random,
    *,
    remembered: bool,
) -> Shown:
    """Ask once, so that whatever remembers has something to remember; change; ask until it shows."""
    form = random.choice(FORMS)
    body = {"message": form.format(order=case.order), "customer": case.customer}
    first = await _answer(server, connection, body)
    assert case.order in first, first
    number = f"TP{random.randint(10**9, 10**10 - 1)}"
    _change(file, case.order, number)
    began, asked = perf_counter(), 0
    while perf_counter() - began < GIVE_UP_S:
        asked += 1
        # The laziest product keeps its first answer and never looks again.
        told = first if remembered else await _answer(server, connection, body)
        if number in told:
            break
        await asyncio.sleep(GIVE_UP_S / 4 if remembered else BETWEEN_S)
    seconds = perf_counter() - began
    return Shown(seconds, asked, number in told and seconds <= WANTED_S)


async def _answer(server: Server, connection: Connection, body: Mapping[str, Any]) -> str:
    told = await connection.ask(post(INQUIRIES, server.key, body))
    assert told.status == 200, told.body
    return str(told.json()["response"])


def _change(file: Path, order: str, number: str) -> None:
    """As a shop system would: its own connection, one transaction."""
    with closing(sqlite3.connect(file, timeout=5)) as shop, shop:
        shop.execute("update orders set tracking = ? where id = ?", (number, order))


def _under_way(file: Path) -> list[Case]:
    """Orders whose tracking number the answer names; no customer twice."""
    with closing(sqlite3.connect(file)) as shop:
        rows = shop.execute(
            "select min(id), customer_id from orders where status = 'shipped' group by customer_id"
        ).fetchall()
    return [Case(order, customer) for order, customer in rows]


def _figures(shown: Sequence[Shown]) -> list[Figure]:
    seconds, n = [one.seconds for one in shown], len(shown)
    return [
        Figure("longest_s", round(max(seconds), 4), "s", "<= 2", n, note="commit to the end of the answer"),
        Figure("p50_s", round(percentile(seconds, 50), 4), "s", "", n),
        Figure("p95_s", round(percentile(seconds, 95), 4), "s", "", n),
        Figure("in_the_next_answer", round(sum(one.asked == 1 for one in shown) / n, 4), "share", "", n),
        Figure("in_time", round(sum(one.in_time for one in shown) / n, 4), "share", ">= 1", n),
    ]  # fmt: skip


def _lazy(shown: Sequence[Shown]) -> Figure:
    note = "the lazy product that repeats its first answer has to fail `in_time`"
    share = sum(one.in_time for one in shown) / len(shown)
    return Figure("in_time_by_lazy", share, "share", "<= 0", len(shown), note=note)


if __name__ == "__main__":
    main()
