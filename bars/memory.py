"""The server's memory over 20,000 requests of 3 to 2,000 characters: real encoder, fake generator."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import uvloop

from bars._client import INQUIRIES, Connection, connected, post
from bars._plot import plot
from bars._process import descendants, resident_mb
from bars._questions import of_lengths
from bars._server import Server, arriero
from bars._trial import count, keep, progress
from bars.result import Figure

SETTINGS = """
[apps.support.models.response_generator]
model = "fake:echo"
[apps.chat.models.chat]
model = "fake:echo"
[apps.codegen.models.writer]
model = "fake:echo"
[apps.finance.models.writer]
model = "fake:echo"
"""
REQUESTS, WARM_UP, EVERY = 20_000, 2_000, 100
CONNECTIONS = 4


@dataclass(frozen=True, slots=True)
class Growth:
    """Memory in MB: the median of the first and of the last tenth after the warm-up, and the most."""

    base: float
    end: float
    most: float

    @property
    def drift(self) -> float:
        """How far the end lies from the base, in percent, up or down."""
        return 100 * abs(self.end / self.base - 1)

    @property
    def swing(self) -> float:
        """How far the most lies above the base, in percent."""
        return 100 * (self.most / self.base - 1)


def growth(series: Sequence[float], warm_up: int) -> Growth:
    """What became of a series after its first `warm_up` values.

    Medians, because one long message moves a single reading by its own buffers (some 10 %).
    """
    after = series[warm_up:]
    tenth = max(1, len(after) // 10)
    return Growth(median(after[:tenth]), median(after[-tenth:]), max(after))


@dataclass
class _Watched:
    """Memory after every hundredth answer, and how many answers were real ones."""

    mb: list[float]
    answered: int = 0
    understood: int = 0


def main() -> None:
    n, warm_up = count(REQUESTS, 1_000), count(WARM_UP, 300)
    with tempfile.TemporaryDirectory() as folder, arriero(Path(folder), SETTINGS) as server:
        progress(f"ready in {server.ready_s:.1f} s with {resident_mb(server.pid):.0f} MB")
        seen = uvloop.run(_watch(server, n))
        children = len(descendants(server.pid))
    print(plot(seen.mb))
    found = growth(seen.mb, warm_up // EVERY)
    steps = len(seen.mb)
    leaking = growth([found.base * (1 + 0.1 * at / steps) for at in range(steps)], warm_up // EVERY)
    rest = n - warm_up
    keep("memory", WHAT, [
        Figure("rss_mb", round(max(seen.mb), 1), "MB", "<= 350", n, note="the most, warm-up included"),
        Figure("rss_after_warm_up_mb", round(found.base, 1), "MB", n=warm_up),
        Figure("rss_end_mb", round(found.end, 1), "MB", n=n),
        Figure("drift", round(found.drift, 2), "%", "<= 5", rest, note="end against after warm-up"),
        Figure("swing", round(found.swing, 2), "%", "<= 5", rest, note="most against after warm-up"),
        Figure("understood", round(seen.understood / n, 4), "share", ">= 0.999", n,
               note="an intent of the head came back: the encoder was at work"),
        Figure("children", children, "processes", "== 0", note="so nothing was left uncounted"),
        Figure("drift_of_a_leak", round(leaking.drift, 2), "%", ">= 5", note="a lazy product that leaks a tenth"),
    ])  # fmt: skip


WHAT = "memory of the server process under mixed requests; real encoder and heads, fake generator"


async def _watch(server: Server, n: int) -> _Watched:
    seen, messages = _Watched([]), of_lengths(n)
    async with AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(connected(server.url)) for _ in range(CONNECTIONS)]
        async with asyncio.TaskGroup() as group:
            for line in lines:
                group.create_task(_ask(line, server, messages, seen))
    return seen


async def _ask(line: Connection, server: Server, messages: Iterator[str], seen: _Watched) -> None:
    for message in messages:  # one iterator for all connections: each message is asked once
        answer = await line.ask(post(INQUIRIES, server.key, {"message": message}))
        assert answer.status == 200, answer.body
        seen.answered += 1
        seen.understood += answer.json()["intent_confidence"] > 0
        if seen.answered % EVERY == 0:
            seen.mb.append(resident_mb(server.pid))
        if seen.answered % 1_000 == 0:
            progress(f"{seen.answered} answered, {seen.mb[-1]:.0f} MB")


if __name__ == "__main__":
    main()
