"""kill -9 of the llama.cpp child under load: who was under way falls back, and soon it writes again.

Classifiers and encoder are fakes, so that every question goes to the model; the model is real. A
child lives a minute before it is killed again, as one that crashes now and then does; what a
crash right after a start costs (the supervisor's back-off) is shown beside it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any

from arriero.models.llama import WELL_AFTER_S
from bars._client import INQUIRIES, Connection, connected, get, post
from bars._questions import OPEN, labelled
from bars._server import Server, arriero, fakes, model_process
from bars._trial import count, keep, progress, short
from bars._witness import Witness, load
from bars.result import Figure

LINES = 3
GIVE_UP_S = 60.0
SETTINGS = fakes("product_care", "llama:smollm2-135m")


@dataclass(frozen=True, slots=True)
class Kill:
    """`recovery_s`: from the kill to the first answer with tokens of the new child."""

    recovery_s: float
    under_way: int
    fell_back: int
    without_reason: int
    unanswered: int
    ends: dict[str, int]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, arriero(Path(folder), SETTINGS) as server:
        kills, soon = asyncio.run(_kill_again_and_again(server))
    keep("crash_llama", WHAT, _figures(kills, soon))


WHAT = "kill -9 of the llama.cpp child under load; fake classifiers and encoder, real smollm2-135m"


async def _kill_again_and_again(server: Server) -> tuple[list[Kill], Kill]:
    kills = []
    async with connected(server.url) as line:
        await _generated(server, line)
        for _ in range(count(10, 2)):
            await asyncio.sleep(1.0 if short() else WELL_AFTER_S + 1)
            kills.append(await _kill(server, line))
            progress(f"{kills[-1]}")
        soon = await _kill(server, line)
        progress(f"again at once: {soon}")
    return kills, soon


async def _generated(server: Server, line: Connection) -> None:
    """Wait for the first start of the model."""
    body = labelled(OPEN)[0].body(deadline_ms=120_000)
    answer = await line.ask(post(INQUIRIES, server.key, body), timeout_s=130)
    assert model_process(server), answer.body


async def _kill(server: Server, line: Connection) -> Kill:
    seen, child = Witness(), model_process(server)
    assert child is not None, "no child to kill"
    loading = asyncio.create_task(load(server, labelled(OPEN), seen, LINES))
    await asyncio.sleep(3.0)
    killed, answered = datetime.now(UTC), len(seen.moments)
    os.kill(child, signal.SIGKILL)
    recovery = await _until_generated(server, line, killed)
    seen.stopped = True
    await loading
    under_way = seen.moments[answered : answered + LINES]
    fell_back = [end for _, end, _ in under_way if end == "200 fallback"]
    return Kill(
        recovery_s=recovery,
        under_way=len(under_way),
        fell_back=len(fell_back),
        without_reason=sum(not reason for reason in seen.reasons),
        unanswered=seen.broken + sum(not end.startswith("200") for _, end, _ in seen.moments),
        ends=dict(seen.ends),
    )


async def _until_generated(server: Server, line: Connection, killed: datetime) -> float:
    """Seconds from the kill to the end of the first run that began after it and has tokens."""
    ends = monotonic() + GIVE_UP_S
    while monotonic() < ends:
        newest = (await line.ask(get("/v1/runs?limit=50", server.key))).json()["data"]
        done = [at for run in newest if (at := _written_after(run, killed)) is not None]
        if done:
            return (min(done) - killed).total_seconds()
        await asyncio.sleep(0.1)
    return GIVE_UP_S


def _written_after(run: dict[str, Any], killed: datetime) -> datetime | None:
    started = datetime.fromisoformat(run["started_at"])
    if started < killed or not run["tokens_out"]:
        return None
    return started + timedelta(milliseconds=run["duration_ms"])


def _figures(kills: list[Kill], soon: Kill) -> list[Figure]:
    seconds = [kill.recovery_s for kill in kills]
    n, under_way = len(kills), sum(kill.under_way for kill in kills)
    return [
        Figure("kills", n, "kills", ">= 10"),
        Figure("recovery_max_s", round(max(seconds), 2), "s", "<= 5", n,
               note="to the end of the first answer with tokens of the new child"),
        Figure("recovery_p50_s", round(median(seconds), 2), "s", n=n),
        Figure("recovery_again_s", round(soon.recovery_s, 2), "s", n=1,
               note="killed again right after: with back-off"),
        Figure("fell_back", sum(kill.fell_back for kill in kills), "requests", f">= {n}", under_way,
               note="of those under way"),
        Figure("without_reason", sum(kill.without_reason for kill in kills), "fallbacks", "== 0"),
        Figure("unanswered", sum(kill.unanswered for kill in kills), "requests", "== 0",
               sum(sum(kill.ends.values()) for kill in kills), note="not HTTP 200"),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
