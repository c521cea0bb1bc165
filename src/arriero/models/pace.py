"""How many threads a packaged model writes with: measured on this machine, or the rule where it was not.

Two machines with two cores can be opposites: on one smollm2 wrote 77 tokens/s with one thread and 40 with two,
on another 41 and 79 (bars/LOG.md). What decides, whether waking a core is cheap, nothing tells but the clock.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from arriero.models.loss import ask, opened

LARGE = 300_000_000  # bytes: between what was measured, 144 and 532 MB
ROUNDS = 3  # each count of threads in turn, so that a neighbour's minute hurts all alike
WITHIN = 0.9  # of the fastest: then fewer threads are enough, and leave the others their cores
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


async def fastest(gguf: Path, cores: int) -> int:
    """How many of `cores` threads write fastest with `gguf`, now and here; takes some seconds.

    Raises `MissingExtra` without [local] and `ModelError` when the model cannot be run.
    """
    counts = candidates(cores)
    if len(counts) == 1:
        return counts[0]
    speeds = dict.fromkeys(counts, 0.0)
    for _ in range(ROUNDS):
        for count in counts:
            async with opened(gguf, (count, cores)) as child:
                timings = (await ask(child, "/completion", _WRITE))["timings"]
            speeds[count] = max(speeds[count], float(timings["predicted_per_second"]))
    return chosen(speeds)


def candidates(cores: int) -> tuple[int, ...]:
    """The counts of threads that are tried: powers of two, and all cores."""
    return tuple(sorted({cores, *(2**power for power in range(cores.bit_length() - 1))}))


def chosen(speeds: Mapping[int, float]) -> int:
    """The fewest threads that are nearly as fast as the fastest; `speeds` are tokens a second by threads."""
    enough = WITHIN * max(speeds.values())
    return min(count for count, speed in speeds.items() if speed >= enough)


_WRITE = {"prompt": BEGINNING, "n_predict": WRITTEN, "temperature": 0, "ignore_eos": True}
