"""What the platform itself costs an inquiry: every model is a fake, the ledger, the search and HTTP real.

Timed by the client over loopback. An order question takes every stage: intent, mood, order lookup,
search, template, nine checks, decision, record.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from arriero.core.statistics import percentile
from bars._load import Seen, drive, plan_for
from bars._process import cpu_s
from bars._questions import of_orders
from bars._server import Server, arriero, fakes, lazy
from bars._trial import count, keep, progress
from bars.result import Figure

RATE = 50.0
WANTED = "200 answered template"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        with arriero(Path(folder) / "fakes", fakes("order_status")) as server:
            progress(f"ready in {server.ready_s:.1f} s; warming up")
            _drive(server, 5, connections=4)
            calm = _drive(server, count(60, 5), connections=64, rate=RATE)
            progress(f"at {RATE:.0f}/s: {_said(calm)}")
            alone = _drive(server, count(15, 3), connections=1)
            progress(f"one after another: {_said(alone)}")
            before = cpu_s(server.pid)
            full = _drive(server, count(60, 5), connections=16)
            cpu_ms = (cpu_s(server.pid) - before) * 1e3 / len(full.ms)
            progress(f"as fast as it goes: {_said(full)}")
        with lazy(Path(folder) / "lazy", "fallback") as server:
            idle = _drive(server, 2, connections=4)
            progress(f"the lazy product: {_said(idle)}")
    keep("overhead", WHAT, [*_figures(calm, alone, full, cpu_ms), _lazy(idle)])


WHAT = (
    "platform overhead of an inquiry with fake encoder, classifiers and generator;"
    " SQLite ledger, search, checks and HTTP over loopback are real"
)


def _drive(server: Server, seconds: float, *, connections: int, rate: float = 0.0) -> Seen:
    bodies = [question.body() for question in of_orders(5_000)]
    return drive(plan_for(server, bodies, seconds, connections=connections, rate=rate))


def _figures(calm: Seen, alone: Seen, full: Seen, cpu_ms: float) -> list[Figure]:
    n = len(calm.ms)
    sustained = f"{full.seconds:.0f} s, 16 connections, load generator on the same machine"
    return [
        Figure("p50_ms", round(percentile(calm.ms, 50), 2), "ms", "<= 5", n, note="at 50/s"),
        Figure("p99_ms", round(percentile(calm.ms, 99), 2), "ms", "<= 25", n, note="at 50/s"),
        # Idle for a moment, a processor has forgotten: the same work costs it nearly twice as much.
        Figure("p50_ms_one_by_one", round(percentile(alone.ms, 50), 2), "ms", n=len(alone.ms), note="without a pause between"),
        Figure("rate", round(full.rate, 1), "inquiries/s", ">= 200", len(full.ms), note=sustained),
        Figure("rate_p50_ms", round(percentile(full.ms, 50), 2), "ms", n=len(full.ms)),
        Figure("rate_p99_ms", round(percentile(full.ms, 99), 2), "ms", n=len(full.ms)),
        Figure("cpu_ms", round(cpu_ms, 2), "ms an inquiry", n=len(full.ms), note="all threads"),
        Figure("answered", round(calm.share(WANTED), 4), "share", ">= 0.999", n),
        Figure("answered_at_full_rate", round(full.share(WANTED), 4), "share", ">= 0.999", len(full.ms)),
    ]  # fmt: skip


def _lazy(seen: Seen) -> Figure:
    note = "the lazy product that always falls back has to fail `answered`"
    return Figure("answered_by_lazy", seen.share(WANTED), "share", "<= 0", len(seen.ms), note=note)


def _said(seen: Seen) -> str:
    p50, p99 = percentile(seen.ms, 50), percentile(seen.ms, 99)
    return (
        f"{seen.rate:.0f}/s, p50 {p50:.1f} ms, p99 {p99:.1f} ms, {seen.errors} errors, {seen.ends}"
    )


if __name__ == "__main__":
    main()
