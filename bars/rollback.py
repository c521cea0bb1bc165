"""From "abort" to the last new request on the challenger, over HTTP, with fakes as models.

A server under load, half of the units on a challenger that was forced in; somebody aborts over HTTP
while requests go on. No metrics store runs at all: nothing in a rollback reads one. Beside it, how long
operational guardrails take to see a challenger that fails, in simulated traffic with a look every 5 s.
"""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count as numbers
from pathlib import Path
from random import Random
from statistics import median

import httpx

from arriero.assembly import open_store
from arriero.core.clock import SystemClock
from arriero.core.settings import RolloutSettings, RolloutStep, Settings
from arriero.core.words import Ended, Mode
from arriero.learning.evidence import count as counted
from arriero.learning.rollout import State, advance, begin, planned
from arriero.learning.rollouts import Rollouts
from arriero.store.base import Observed
from bars._server import Server, arriero, fakes
from bars._trial import count, keep, progress
from bars.result import Figure

APP, SHARE, LINES = "support", 0.5, 4
BEFORE_S, AFTER_S = 3.0, 2.0
WHAT = "a rollback under load by POST /v1/rollouts/{id}/abort; guardrails on simulated traffic"


class Seen:
    """What the clients saw."""

    def __init__(self) -> None:
        self.answers, self.failed = 0, 0


def main() -> None:
    seen, trials = Seen(), count(10, 2)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        with arriero(data, fakes("order_status")) as server:
            late = [asyncio.run(_abort(server, data, seen, trial)) for trial in range(trials)]
    all_fail = [_noticed(1.0, Random(seed)) for seed in range(count(60, 10))]
    some_fail = [_noticed(0.3, Random(seed)) for seed in range(count(60, 10))]
    figures = [
        Figure("last_request_s", round(max(late), 3), "s", "<= 1", trials, note="the slowest of all"),
        Figure("median_s", round(median(late), 3), "s", n=trials),
        Figure("server_errors", seen.failed, "responses", "== 0", seen.answers, note="5xx"),
        Figure("guardrail_all_fail_s", median(all_fail), "s", "<= 60", len(all_fail),
               note="simulated: every request of the challenger fails; 10 a second at 90/10"),
        Figure("guardrail_some_fail_s", median(some_fail), "s", "<= 60", len(some_fail),
               note="simulated: 30 % of them fail"),
        Figure("never_goes_back_s", AFTER_S, "s", note="a product that ignores the abort: bar 1"),
    ]  # fmt: skip
    keep("rollback", WHAT, figures)


async def _abort(server: Server, data: Path, seen: Seen, trial: int) -> float:
    """Seconds from the committed verdict to the last request that still began on the challenger."""
    settings = Settings(data=data)
    steps = (RolloutStep(share=SHARE, hold_h=24, min_units=30),)
    async with open_store(settings) as ledger:
        rollouts = Rollouts(ledger, SystemClock(), RolloutSettings(steps=steps))
        there = (await ledger.exposures())[APP].shares[0].variant
        champion = await ledger.variant(there)
        assert champion is not None
        challenger = replace(champion, rounds=10 + trial)
        begun = await rollouts.start(APP, challenger, actor="bar", forced=True)
        stop = asyncio.Event()
        lines = [asyncio.create_task(_line(server, seen, stop, number)) for number in range(LINES)]
        await asyncio.sleep(BEFORE_S)
        async with httpx.AsyncClient(headers={"authorization": f"Bearer {server.key}"}) as client:
            said = await client.post(f"{server.url}/v1/rollouts/{begun.id}/abort", json={})
            said.raise_for_status()
        await asyncio.sleep(AFTER_S)
        stop.set()
        await asyncio.gather(*lines)
        ended = (await rollouts.get(begun.id)).rollout
        rows = await ledger.outcomes(APP, [challenger.id], since=begun.begun)
        mine = [row.at for row in rows if row.mode is Mode.LIVE]
        assert mine, "the challenger was never asked: the load was not real"
        took = max(0.0, (max(mine) - ended.at).total_seconds())
        progress(f"{len(mine)} requests on the challenger, the last {took:.3f} s after the verdict")
        return took


async def _line(server: Server, seen: Seen, stop: asyncio.Event, line: int) -> None:
    headers = {"authorization": f"Bearer {server.key}"}
    async with httpx.AsyncClient(headers=headers, timeout=30) as client:
        for number in numbers():
            if stop.is_set():
                return
            body = {"message": "Where is my order?", "conversation": f"c-{line}-{number}"}
            answer = await client.post(f"{server.url}/v1/support/inquiries", json=body)
            seen.answers += 1
            seen.failed += answer.status_code >= 500


def _noticed(fails: float, chance: Random, *, rate: float = 10.0, every_s: float = 5.0) -> float:
    """Seconds from the breach to the look that takes the challenger back; after ten calm minutes."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    steps = (RolloutStep(share=0.1, hold_h=24, min_units=30),)
    plan = planned(RolloutSettings(steps=steps), 0.0125)
    rollout, rows = begin("r", APP, "a", "b", plan, now, forced=True), list[Observed]()
    breach = now + timedelta(minutes=10)
    while True:
        for number in range(int(rate * every_s)):
            at = now + timedelta(seconds=number / rate)
            arm = chance.random() < 0.1
            bad = chance.random() < (fails if arm and at >= breach else 0.01)
            ended = Ended.FAILED if bad else Ended.ANSWERED
            rows.append(
                Observed(
                    *(str(len(rows)), "t", str(len(rows)), "b" if arm else "a", Mode.LIVE, None),
                    *(at, ended, bad, 0.9, 10.0, 0.0),
                )
            )
        now += timedelta(seconds=every_s)
        if now < breach:
            continue
        rollout = advance(rollout, counted(rollout, rows, now), now)
        if rollout.state is State.ROLLED_BACK or now > breach + timedelta(minutes=30):
            return (now - breach).total_seconds()


if __name__ == "__main__":
    main()
