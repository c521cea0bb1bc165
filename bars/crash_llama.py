"""kill -9 of the llama.cpp child under load: who was under way falls back, and soon it writes again.

Falling back means: HTTP 200 and an answer that the model did not write (whole passages, or the
hand-over to a person), with the failed call and its reason on the recorded run.

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

from arriero.core.words import Run, Trace
from arriero.models.llama import WELL_AFTER_S
from bars._client import INQUIRIES, Connection, connected, get, post
from bars._questions import OPEN, labelled
from bars._records import generation, recorded
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
    under_way: tuple[str, ...]
    unanswered: int
    ends: dict[str, int]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        with arriero(Path(folder), SETTINGS) as server:
            kills, soon = asyncio.run(_kill_again_and_again(server))
        under_way = [run for kill in kills for run in kill.under_way]
        found = asyncio.run(recorded(Path(folder), under_way))
    keep("crash_llama", WHAT, _figures(kills, soon, [found[run] for run in under_way]))


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
    unrecorded = sum(not one.recorded for one in seen.moments)
    return Kill(
        recovery_s=recovery,
        under_way=tuple(one.run for one in under_way if one.run),
        unanswered=seen.broken + unrecorded,
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


def _figures(kills: list[Kill], soon: Kill, under_way: list[tuple[Run, Trace]]) -> list[Figure]:
    seconds, n = [kill.recovery_s for kill in kills], len(kills)
    fell_back = [(run, trace) for run, trace in under_way if run.origin != "generative"]
    silent = sum(not _reason(run, trace) for run, trace in fell_back)
    return [
        Figure("kills", n, "kills", ">= 10"),
        Figure("recovery_max_s", round(max(seconds), 2), "s", "<= 5", n,
               note="to the end of the first answer with tokens of the new child"),
        Figure("recovery_p50_s", round(median(seconds), 2), "s", n=n),
        Figure("recovery_again_s", round(soon.recovery_s, 2), "s", n=1,
               note="killed again right after: with back-off"),
        Figure("fell_back", len(fell_back), "requests", f">= {n}", len(under_way),
               note="of those under way at the kill"),
        Figure("without_reason", silent, "requests", "== 0", len(fell_back)),
        Figure("unanswered", sum(kill.unanswered for kill in kills), "requests", "== 0",
               sum(sum(kill.ends.values()) for kill in kills), note="not HTTP 200 with a run"),
    ]  # fmt: skip


def _reason(run: Run, trace: Trace) -> str:
    """Why the model did not write the answer, as the run says it."""
    call = generation(trace)
    return (call.error if call else None) or run.reason


if __name__ == "__main__":
    main()
