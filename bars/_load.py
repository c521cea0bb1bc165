"""Load from a process of its own: `python -m bars._load` reads a plan on stdin, prints what it saw.

Open loop: requests leave at a fixed rate and each is timed from the moment at which it should have
left, so a slow server cannot slow its own measurement. Closed loop: each connection asks again as
soon as it was answered.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from time import perf_counter
from typing import Any

import uvloop

from bars._client import INQUIRIES, Connection, connected, post
from bars._server import ROOT, Server

# uvloop's clock goes by milliseconds: what it wakes up for would leave 0.3 ms late in the median, and 1 ms or
# more in a twentieth of the cases. The last of the wait is therefore waited for awake.
EARLY_S = 0.002


@dataclass(frozen=True)
class Plan:
    """`rate` a second over `connections`; 0 is closed loop. Bodies are asked in turn, again and again."""

    url: str
    key: str
    bodies: Sequence[Mapping[str, Any]]
    seconds: float
    connections: int
    rate: float = 0.0


@dataclass
class Seen:
    """Latencies in milliseconds, how often each `status outcome origin` came, seconds in all."""

    ms: list[float] = field(default_factory=list)
    ends: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    errors: int = 0

    @property
    def rate(self) -> float:
        return len(self.ms) / self.seconds

    @property
    def failed(self) -> int:
        """Requests without an answer, and answers of another status than 200."""
        refused = sum(n for end, n in self.ends.items() if end.partition(" ")[0] != "200")
        return self.errors + refused

    def share(self, wanted: str) -> float:
        """The share of answers that ended as `wanted`."""
        return self.ends.get(wanted, 0) / max(1, len(self.ms) + self.errors)


def drive(plan: Plan) -> Seen:
    """Carry out `plan` in another process."""
    done = subprocess.run(
        [sys.executable, "-m", "bars._load"],
        input=json.dumps(asdict(plan)), capture_output=True, text=True, check=False, cwd=ROOT,
        timeout=plan.seconds + 120,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"the load generator broke:\n{done.stderr[-2_000:]}")
    return Seen(**json.loads(done.stdout))


def plan_for(
    server: Server, bodies: Sequence[Mapping[str, Any]], seconds: float, **more: Any
) -> Plan:
    return Plan(server.url, server.key, bodies, seconds, **more)


async def _carry_out(plan: Plan) -> Seen:
    requests = [post(INQUIRIES, plan.key, body) for body in plan.bodies]
    seen, ends = Seen(), Counter[str]()
    async with AsyncExitStack() as stack:
        pool = [
            await stack.enter_async_context(connected(plan.url)) for _ in range(plan.connections)
        ]
        began = perf_counter()
        loop = _open if plan.rate else _closed
        await loop(plan, pool, requests, seen, ends)
        seen.seconds = perf_counter() - began
    seen.ends = dict(ends)
    return seen


async def _open(
    plan: Plan, pool: list[Connection], requests: Sequence[bytes], seen: Seen, ends: Counter[str]
) -> None:
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for connection in pool:
        free.put_nowait(connection)
    began = perf_counter()

    async def one(request: bytes, due: float) -> None:
        connection = await free.get()
        await _ask(connection, request, due, seen, ends)
        free.put_nowait(connection)

    async with asyncio.TaskGroup() as group:
        for number in range(int(plan.rate * plan.seconds)):
            due = began + number / plan.rate
            await asyncio.sleep(max(0.0, due - perf_counter() - EARLY_S))
            while perf_counter() < due:  # noqa: ASYNC110  # nothing happens that could be waited for
                await asyncio.sleep(0)
            group.create_task(one(requests[number % len(requests)], due))


async def _closed(
    plan: Plan, pool: list[Connection], requests: Sequence[bytes], seen: Seen, ends: Counter[str]
) -> None:
    finish = perf_counter() + plan.seconds

    async def again(connection: Connection, start: int) -> None:
        number = start
        while (now := perf_counter()) < finish:
            await _ask(connection, requests[number % len(requests)], now, seen, ends)
            number += len(pool)

    await asyncio.gather(*(again(connection, at) for at, connection in enumerate(pool)))


async def _ask(
    connection: Connection, request: bytes, due: float, seen: Seen, ends: Counter[str]
) -> None:
    try:
        answer = await connection.ask(request)
    except (ConnectionError, TimeoutError):
        seen.errors += 1
        return
    seen.ms.append((answer.ended - due) * 1e3)
    ends[_end(answer.status, answer.body)] += 1


def _end(status: int, body: bytes) -> str:
    if status != 200:
        return str(status)
    told = json.loads(body)
    recorded = "" if told["run_id"] else " unrecorded"
    return f"{status} {told['outcome']} {told['origin']}{recorded}"


if __name__ == "__main__":
    told = json.dumps(asdict(uvloop.run(_carry_out(Plan(**json.loads(sys.stdin.read()))))))
    # A buffer of its own: with PYTHONUNBUFFERED Python drops what one write to the pipe does not take.
    with open(sys.stdout.fileno(), "w", encoding="utf-8", closefd=False) as out:
        out.write(told)
