"""kill -9 of the Postgres or Valkey server under load, then back: answers go on, nothing is lost.

Both are real servers from their wheels, on unix sockets; every model is a fake. Without its ledger
support answers with run_id null, in a conversation too, and feedback is refused with 503; without its cache it answers as
ever and readiness says `degraded`.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import monotonic

import psycopg

from bars._client import FEEDBACK, Connection, connected, get, post
from bars._questions import Question, of_orders
from bars._server import Server, arriero, fakes
from bars._trial import count, keep, progress
from bars._witness import Moment, Witness, load
from bars.result import Figure
from tests.engines import Server as Engine
from tests.engines import postgres, valkey

LINES = 4
CONVERSATIONS = 200
BEFORE_S, DOWN_S, GIVE_UP_S = 3.0, 5.0, 60.0
MODELS = fakes("order_status")


@dataclass
class Outage:
    """One kill and the return. Moments are `monotonic` seconds."""

    killed: float = 0.0
    back: float = 0.0
    recovered: float | None = None
    refused: int = 0
    degraded: str = ""
    seen: Witness = field(default_factory=Witness)

    @property
    def recovery_s(self) -> float:
        return GIVE_UP_S if self.recovered is None else self.recovered - self.back

    def during(self) -> list[Moment]:
        """The answers given while the server was surely down."""
        found = [one for one in self.seen.moments if self.killed < one.at < self.back]
        return found[LINES:]  # the first ones may have been committed before the kill

    def before(self) -> list[Moment]:
        return [one for one in self.seen.moments if one.at < self.killed]

    def gap_s(self) -> float:
        """The longest time without any answer."""
        at = [one.at for one in self.seen.moments]
        return max(later - one for one, later in pairwise(at))


def main() -> None:
    figures = [*_postgres(), *_valkey()]
    keep("crash_stores", WHAT, figures)


WHAT = "kill -9 of Postgres (ledger) and of Valkey (cache) under load, then back; fake models"


def _postgres() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, postgres() as engine:
        settings = f'[store]\nledger = "{engine.url}"\n{MODELS}'
        with arriero(Path(folder), settings) as server:
            outages = [
                asyncio.run(_outage(server, engine, _ledger_is_back)) for _ in range(count(5, 1))
            ]
        lost = [_lost(engine, outage.seen) for outage in outages]
    return [*_figures("postgres", outages), *_ledger_figures(outages, lost)]


def _valkey() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, valkey() as engine:
        settings = f'[store]\ncache = "{engine.url}"\n{MODELS}'
        with arriero(Path(folder), settings) as server:
            outages = [
                asyncio.run(_outage(server, engine, _cache_is_back)) for _ in range(count(5, 1))
            ]
    kept = [one.recorded for outage in outages for one in outage.during()]
    stated = sum(outage.degraded == "degraded" for outage in outages)
    return [
        *_figures("valkey", outages),
        Figure("valkey_down_unrecorded", sum(not one for one in kept), "answers", "== 0", len(kept)),
        Figure("valkey_stated", stated, "outages", f"== {len(outages)}", len(outages),
               note="/health/ready says degraded, with status 200"),
    ]  # fmt: skip


IsBack = Callable[[Server, Connection, Outage], Awaitable[bool]]


async def _outage(server: Server, engine: Engine, is_back: IsBack) -> Outage:
    outage = Outage()
    async with connected(server.url) as line:
        loading = asyncio.create_task(load(server, _questions(), outage.seen, LINES))
        await asyncio.sleep(BEFORE_S)
        engine.kill()
        outage.killed = monotonic()
        await asyncio.sleep(DOWN_S)
        await _look(server, line, outage)
        await asyncio.to_thread(engine.start)
        outage.back = monotonic()
        while monotonic() < outage.back + GIVE_UP_S:
            if await is_back(server, line, outage):
                outage.recovered = monotonic()
                break
            await asyncio.sleep(0.05)
        await asyncio.sleep(1.0)
        outage.seen.stopped = True
        await loading
    progress(f"{engine.command[0].rpartition('/')[2]}: {_said(outage)}")
    return outage


def _questions() -> tuple[Question, ...]:
    """Questions after orders; each second one is written in a conversation, which has a memory."""
    asked = of_orders(5_000)
    return tuple(
        replace(one, conversation=f"crash-{number % CONVERSATIONS}") if number % 2 else one
        for number, one in enumerate(asked)
    )


async def _look(server: Server, line: Connection, outage: Outage) -> None:
    """What readiness says in the outage, and whether feedback is refused rather than taken and lost."""
    ready = await line.ask(get("/health/ready", server.key))
    outage.degraded = ready.json()["status"]
    thumb = {"run_id": outage.seen.runs[0], "kind": "thumb", "value": True}
    thanked = await line.ask(post(FEEDBACK, server.key, thumb))
    outage.refused = thanked.status


async def _ledger_is_back(_server: Server, _line: Connection, outage: Outage) -> bool:
    """An answer was recorded since the ledger's server came back."""
    return any(one.at > outage.back and one.recorded for one in outage.seen.moments[-200:])


async def _cache_is_back(server: Server, line: Connection, _outage: Outage) -> bool:
    ready = (await line.ask(get("/health/ready", server.key))).json()
    return ready["engines"]["cache"]["error"] is None


def _figures(name: str, outages: list[Outage]) -> list[Figure]:
    n, during = len(outages), [one.end for outage in outages for one in outage.during()]
    before = [one.recorded for outage in outages for one in outage.before()]
    seconds = [outage.recovery_s for outage in outages]
    failed = sum(end.partition(" ")[0] != "200" for end in during)
    broken = sum(outage.seen.broken for outage in outages)
    return [
        Figure(f"{name}_kills", n, "kills", ">= 5"),
        Figure(f"{name}_recorded_before", sum(before) / len(before), "share", "== 1", len(before)),
        Figure(f"{name}_down_answers", len(during), "answers", ">= 1", n),
        Figure(f"{name}_down_failed", failed + broken, "answers", "== 0", len(during),
               note="not HTTP 200"),
        Figure(f"{name}_gap_s", round(max(outage.gap_s() for outage in outages), 2), "s", n=n,
               note="the longest time without an answer"),
        Figure(f"{name}_recovered", sum(o.recovered is not None for o in outages), "outages",
               f"== {n}", n, note="without a restart of arriero"),
        Figure(f"{name}_recovery_p50_s", round(median(seconds), 2), "s", n=n),
        Figure(f"{name}_recovery_max_s", round(max(seconds), 2), "s", n=n),
    ]  # fmt: skip


def _ledger_figures(outages: list[Outage], lost: list[tuple[int, int]]) -> list[Figure]:
    kept = [one.recorded for outage in outages for one in outage.during()]
    answers = sum(len(outage.seen.runs) for outage in outages)
    feedback = sum(len(outage.seen.feedback) for outage in outages)
    refused = sum(outage.refused == 503 for outage in outages)
    return [
        Figure("postgres_down_said_recorded", sum(kept), "answers", "== 0", len(kept),
               note="run_id null is the stated degradation"),
        Figure("postgres_feedback_refused", refused, "outages", f"== {len(outages)}", len(outages),
               note="503, so nobody believes it taken"),
        Figure("postgres_lost_answers", sum(runs for runs, _ in lost), "runs", "== 0", answers),
        Figure("postgres_lost_feedback", sum(said for _, said in lost), "events", "== 0", feedback),
    ]  # fmt: skip


def _lost(engine: Engine, seen: Witness) -> tuple[int, int]:
    """Answers and feedback that the client holds and the ledger does not."""
    with psycopg.connect(engine.url) as connection:
        runs = {id for (id,) in connection.execute("select id from runs")}
        feedback = {id for (id,) in connection.execute("select id from feedback")}
    return len(set(seen.runs) - runs), len(set(seen.feedback) - feedback)


def _said(outage: Outage) -> str:
    return (
        f"recovered after {outage.recovery_s:.2f} s, {dict(outage.seen.ends)}, "
        f"{len(outage.during())} answers while down, readiness {outage.degraded!r}, "
        f"feedback then {outage.refused}, longest gap {outage.gap_s():.2f} s"
    )


if __name__ == "__main__":
    main()
