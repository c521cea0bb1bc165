"""Two thousand inquiries to the sample shop over HTTP, on a cold cache, as they come: at random.

A real `arriero up` with the real encoder, heads and smollm2. Each inquiry is timed from the moment at
which it arrives, so a slow server cannot slow its own measurement; a third of them are open questions,
for which the text model is asked. The laziest products fail: one hands everything over, one lets the
model write every answer.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean
from time import perf_counter
from typing import Any

import uvloop

from arriero.apps.support.settings import SupportSettings
from arriero.core.statistics import percentile
from arriero.core.words import Run, Trace
from bars._client import INQUIRIES, Connection, connected, post
from bars._inquiries import NOT_ANSWERABLE, Inquiry, plan, repeats, utterances
from bars._questions import SEED
from bars._records import generation, recorded
from bars._server import Server, arriero, lazy
from bars._trial import count, keep, progress
from bars.result import Figure

RATE = (
    2.2  # a second: 2,000 in about fifteen minutes; `--rate 0.7` takes 48, `--count 500` asks fewer
)
GIVE_UP_S = 15.0  # past the deadline of 10 s: the server itself did not answer
MEAN_S, P95_S, TIMEOUTS, ANSWERED = 1.2, 2.0, 0.02, 0.6
MOST_CONNECTIONS = 64  # as many POSTs as the server takes at a time
OPEN = SupportSettings().open_intents
WHAT = "inquiries to the sample shop by another author, cold cache, Poisson arrivals"


@dataclass(frozen=True, slots=True)
class Told:
    """What became of an inquiry; `told` is empty when no answer came."""

    inquiry: Inquiry
    seconds: float
    told: dict[str, Any]

    @property
    def answered(self) -> bool:
        return self.told.get("outcome") == "answered"


@dataclass(frozen=True, slots=True)
class Measured:
    """The numbers that have a bar, of one product; `n` were answered, of `able` a share is asked."""

    mean_s: float
    p95_s: float
    timeouts: float
    answered: float
    n: int
    able: int

    def failed(self) -> list[str]:
        """The names of the bars that this product misses."""
        missed = {
            "mean": self.mean_s > MEAN_S,
            "p95": self.p95_s > P95_S,
            "timeouts": self.timeouts > TIMEOUTS,
            "answered": self.answered < ANSWERED,
        }
        return [name for name, is_missed in missed.items() if is_missed]


def how_many() -> int:
    """2,000 inquiries, or as many as `--count` says; the figures tell their number."""
    given = sys.argv[1:]
    return int(given[given.index("--count") + 1]) if "--count" in given else count(2_000, 100)


def rate() -> float:
    """How many arrive a second, on average."""
    given = sys.argv[1:]
    return float(given[given.index("--rate") + 1]) if "--rate" in given else RATE


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        told, found = _asked(Path(folder) / "real", "", how_many())
        figures = _figures(told, found)
        idle, _ = _asked_lazy(Path(folder) / "idle", count(200, 40))
        every = f"[apps.support]\nintent_at = 1.0\nwording = 'free'\nopen_intents = {sorted(utterances())}\n"
        busy, kept = _asked(Path(folder) / "busy", every.replace("'", '"'), count(200, 60))
    figures += [
        _lazy("hand_over", _measured(idle, {}), "hands everything over"),
        _lazy("generate", _measured(busy, kept), "lets the model write every answer"),
    ]
    keep("inquiries", WHAT, figures)


def _asked(
    data: Path, settings: str, n: int
) -> tuple[Sequence[Told], dict[str, tuple[Run, Trace]]]:
    with arriero(data, settings) as server:
        progress(f"ready in {server.ready_s:.1f} s; {n} inquiries at {rate()}/s")
        told = uvloop.run(_arrive(server, n, warm=True))
    ids = [str(one.told["run_id"]) for one in told if one.told.get("run_id")]
    return told, asyncio.run(recorded(data, ids))


def _asked_lazy(data: Path, n: int) -> tuple[Sequence[Told], dict[str, tuple[Run, Trace]]]:
    with lazy(data, "fallback") as server:
        return uvloop.run(_arrive(server, n, warm=False)), {}


async def _arrive(server: Server, n: int, *, warm: bool) -> Sequence[Told]:
    """Every inquiry at its moment, over connections that are kept."""
    inquiries = plan(n, rate(), SEED, datetime.now(UTC).date(), open_intents=OPEN)
    async with AsyncExitStack() as stack:
        free: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
        for _ in range(min(MOST_CONNECTIONS, n)):
            free.put_nowait(await stack.enter_async_context(connected(server.url)))
        if warm:  # the model's start is the cold start's bar; the caches know nothing of this
            body = {"message": "Which of your ropes is the longest?", "deadline_ms": 120_000}
            line = await free.get()
            await line.ask(post(INQUIRIES, server.key, body), timeout_s=130)
            free.put_nowait(line)
        began = perf_counter()
        return await asyncio.gather(*(_one(server, free, one, began) for one in inquiries))


async def _one(
    server: Server, free: asyncio.LifoQueue[Connection], inquiry: Inquiry, began: float
) -> Told:
    await asyncio.sleep(began + inquiry.at - perf_counter())
    line = await free.get()
    try:
        answer = await line.ask(post(INQUIRIES, server.key, inquiry.body()), timeout_s=GIVE_UP_S)
        told = answer.json() if answer.status == 200 else {}
    except (TimeoutError, ConnectionError):  # the connection is not used any more
        return Told(inquiry, perf_counter() - began - inquiry.at, {})
    free.put_nowait(line)
    return Told(inquiry, perf_counter() - began - inquiry.at, told)


def _figures(told: Sequence[Told], found: dict[str, tuple[Run, Trace]]) -> list[Figure]:
    n, measured = len(told), _measured(told, found)
    is_open = [one.inquiry.intent in OPEN for one in told]
    called = sum(generation(trace) is not None for _, trace in found.values())
    figures = [
        Figure("mean_answered_s", round(measured.mean_s, 3), "s", f"<= {MEAN_S}", measured.n),
        Figure("p95_answered_s", round(measured.p95_s, 3), "s", f"<= {P95_S}", measured.n),
        Figure("timeouts", round(measured.timeouts, 4), "share", f"<= {TIMEOUTS}", n),
        Figure(
            "answered", round(measured.answered, 4), "share", f">= {ANSWERED}", measured.able,
            note="without a person, of those that are no call for one, complaint or out of scope",
        ),
        Figure("open_questions", round(sum(is_open) / n, 4), "share", ">= 0.25", n, note="need the generative path"),
        Figure("model_asked", round(called / n, 4), "share", "", n),
        Figure("repeats", round(repeats([one.inquiry for one in told]), 4), "share", "<= 0.1", n),
        Figure("rate", rate(), "/s", "", n, note="on average; the gaps are exponential"),
    ]  # fmt: skip
    for origin in sorted({str(one.told.get("origin")) for one in told if one.told}):
        mine = [one.seconds for one in told if one.told.get("origin") == origin]
        share = round(len(mine) / n, 4)
        figures += [
            Figure(f"share_{origin}", share, "share", "", n),
            Figure(f"p50_{origin}_s", round(percentile(mine, 50), 3), "s", "", len(mine)),
            Figure(f"p95_{origin}_s", round(percentile(mine, 95), 3), "s", "", len(mine)),
        ]
    return figures


def _measured(told: Sequence[Told], found: dict[str, tuple[Run, Trace]]) -> Measured:
    answered = [one.seconds for one in told if one.answered]
    able = [one for one in told if one.inquiry.intent not in NOT_ANSWERABLE]
    late = sum(not one.told or _timed_out(found.get(str(one.told["run_id"]))) for one in told)
    return Measured(
        mean_s=mean(answered) if answered else float("nan"),
        p95_s=percentile(answered, 95) if answered else float("nan"),
        timeouts=late / len(told),
        answered=sum(one.answered for one in able) / len(able),
        n=len(answered),
        able=len(able),
    )


def _timed_out(kept: tuple[Run, Trace] | None) -> bool:
    """Whether the inquiry's deadline passed, or its call of the model got no answer in time."""
    if kept is None:
        return False
    run, trace = kept
    call = generation(trace)
    late = any("deadline" in (stage.error or "") for stage in run.stages)
    return late or (call is not None and "within" in (call.error or ""))


def _lazy(name: str, measured: Measured, does: str) -> Figure:
    failed = measured.failed()
    note = f"the lazy product that {does} has to fail; it fails: {', '.join(failed) or 'nothing'}"
    return Figure(f"failed_by_lazy_{name}", len(failed), "bars", ">= 1", 4, note=note)


if __name__ == "__main__":
    main()
