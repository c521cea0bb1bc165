"""Small wrong changes of compiled code: which of them its examples notice, and which calls would tell them apart.

Each is built and called like the code itself; one that the compiler refuses is none. A call counts only where the code
gives the same a second time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from time import monotonic

from arriero.apps.codegen.judge.mutants_text import mutants
from arriero.apps.codegen.judge.tried import Outcome, Tried
from arriero.apps.codegen.sandbox.base import Limits

MOST = 8  # that are built; some are refused, which is soon known
ENOUGH = 5
AT_ONCE = 2
CPU_S = 0.3  # for all calls of one, which take some milliseconds; many a mutant never ends

# What code comes to, call by call, and whether its examples hold; None where it is not built.
Runs = Callable[[str], Awaitable[tuple[Sequence[Outcome], bool] | None]]


def quick(limits: Limits) -> Limits:
    """The limits of what is run again and again."""
    return replace(limits, cpu_s=min(CPU_S, limits.cpu_s))


async def mutated(
    told: Tried, code: str, language: str, entry: str, runs: Runs, *, within_s: float
) -> Tried:
    """What was told, with the mutants that each of its calls and the examples tell from the code."""
    again = await runs(code)
    if again is None or len(again[0]) != len(told.outcomes):
        return told
    steady = [one == other for one, other in zip(told.outcomes, again[0], strict=True)]
    outcomes = tuple(
        replace(one, steady=one.steady and same)
        for one, same in zip(told.outcomes, steady, strict=True)
    )
    killed: list[tuple[bool, tuple[int, ...]]] = []
    begun = monotonic()
    waiting = list(mutants(code, language, entry, MOST))
    while waiting and len(killed) < ENOUGH and monotonic() - begun < within_s:
        some, waiting = waiting[:AT_ONCE], waiting[AT_ONCE:]
        for came in await asyncio.gather(*map(runs, some)):
            if came is not None:
                differs = (place for place, one in enumerate(outcomes) if one.steady and (place >= len(came[0]) or came[0][place] != one))  # fmt: skip
                killed.append((not came[1], tuple(differs)))
    return replace(told, outcomes=outcomes, killed=tuple(killed[:ENOUGH]))
