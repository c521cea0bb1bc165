"""How many threads a packaged model writes with: measured on this machine, or the rule where it was not.

Two machines with two cores can be opposites: on one smollm2 wrote 77 tokens/s with one thread and 40 with two,
on another 41 and 79 (bars/LOG.md). What decides, whether waking a core is cheap, nothing tells but the clock.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from time import monotonic, process_time

from arriero.models.loss import ask, opened

LARGE = 300_000_000  # bytes: between what was measured, 144 and 532 MB
ROUNDS = 3  # each count of threads in turn, so that a neighbour's minute hurts all alike
WITHIN = 0.9  # of the fastest: then fewer threads are enough, and leave the others their cores
BUSY = 0.2  # of a core that others may use meanwhile
GLANCE_S = 0.5
WRITTEN = 48  # tokens a round, half a second of a small model
# Any beginning does: the ids of some common tokens, as many as a short question has.
BEGINNING = list(range(1_000, 1_016))


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads_for(cores: int, asked: int, size: int, measured: int | None = None) -> tuple[int, int]:
    """Threads that write the answer and that read the prompt, for a file of `size` bytes; `asked` 0 means: choose.

    The prompt is read with all cores. The answer is written with as many threads as were `measured` to be
    fastest here; unmeasured, a large model writes with all cores, and beside a small one a core stays free,
    since its threads often mostly wait for each other. Beside other work two threads are slower on any machine
    (11 tokens/s instead of 16); the idle case decides: it is the one in which a person waits for the model
    and not for the neighbours.
    """
    if asked:
        return asked, asked
    rule = cores if size >= LARGE else max(1, cores - 1)
    return min(measured or rule, cores), cores


async def fastest(gguf: Path, cores: int) -> int | None:
    """How many of `cores` threads write fastest with `gguf`, now and here; takes some seconds.

    None when others used the cores meanwhile: beside them fewer threads win, and nothing is told about the idle
    machine. Raises `MissingExtra` without [local] and `ModelError` when the model cannot be run.
    """
    counts = candidates(cores)
    if len(counts) == 1:
        return counts[0]
    if await _busy():
        return None
    speeds, others_s, asked_s = dict.fromkeys(counts, 0.0), 0.0, 0.0
    for _ in range(ROUNDS):
        for count in counts:
            async with opened(gguf, (count, cores)) as child:
                before, began = _others_s(child.process.pid), monotonic()
                timings = (await ask(child, "/completion", _WRITE))["timings"]
                others_s += _others_s(child.process.pid) - before
                asked_s += monotonic() - began
            speeds[count] = max(speeds[count], float(timings["predicted_per_second"]))
    return None if others_s > BUSY * asked_s else chosen(speeds)


def candidates(cores: int) -> tuple[int, ...]:
    """The counts of threads that are tried: powers of two, and all cores."""
    return tuple(sorted({cores, *(2**power for power in range(cores.bit_length() - 1))}))


def chosen(speeds: Mapping[int, float]) -> int:
    """The fewest threads that are nearly as fast as the fastest; `speeds` are tokens a second by threads."""
    enough = WITHIN * max(speeds.values())
    return min(count for count, speed in speeds.items() if speed >= enough)


async def _busy() -> bool:
    """Whether others use the cores just now: a glance, so that a start beside other work need not wait for the whole."""
    before = _others_s()
    await asyncio.sleep(GLANCE_S)
    return _others_s() - before > BUSY * GLANCE_S


def _others_s(child: int | None = None) -> float:
    """Seconds of all cores that went to neither `child` nor this process, counted from some moment; 0 where /proc is not."""
    try:
        machine = Path("/proc/stat").read_text().split("\n", 1)[0].split()
        own = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split() if child else []
    except OSError:
        return 0.0
    user, nice, system, _, _, irq, softirq, steal = map(int, machine[1:9])
    ticks = user + nice + system + irq + softirq + steal - sum(map(int, own[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK") - process_time()


_WRITE = {"prompt": BEGINNING, "n_predict": WRITTEN, "temperature": 0, "ignore_eos": True}
