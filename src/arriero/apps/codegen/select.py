"""Which of several candidates: the one that most others agree with on inputs that tell them apart.

After S* (arXiv 2502.14382): the examples' own inputs are varied, every candidate runs on them in the sandbox, and the
largest group that gives the same outputs is taken. It needs no expected values, so it also chooses among candidates
that all pass.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

from arriero.apps.codegen.requirement import Requirement
from arriero.apps.codegen.sandbox.base import Limits, Program, Sandbox
from arriero.apps.codegen.values import Generated

MOST_INPUTS = 32
LIMITS = Limits(wall_s=2.0, cpu_s=2.0)
MARK = "arriero-outputs:"
_DRIVER = """
import contextlib, io, json
from candidate import {entry} as entry

outputs = []
for call in {calls!r}:
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            outputs.append(repr(eval(call, {{{entry!r}: entry}}))[:500])
    except BaseException as error:
        outputs.append("raises " + type(error).__name__)
print({mark!r} + json.dumps(outputs))
"""


async def chosen(
    candidates: Sequence[Generated], requirement: Requirement, sandbox: Sandbox, chance: Random
) -> Generated:
    """The candidate of the largest group (the first of it); the first one where nothing can be compared."""
    calls = varied(requirement, chance)
    if len(candidates) < 3 or not calls or any(one.files for one in candidates):
        return candidates[0]  # two that differ outvote each other never
    groups: dict[tuple[str, ...], list[Generated]] = {}
    for one in candidates:
        outputs = await _outputs(one, calls, requirement.entry or "", sandbox)
        groups.setdefault(outputs, []).append(one)
    telling = {outputs: group for outputs, group in groups.items() if outputs}
    if not telling:
        return candidates[0]
    return max(telling.values(), key=len)[0]


async def _outputs(
    made: Generated, calls: Sequence[str], entry: str, sandbox: Sandbox
) -> tuple[str, ...]:
    """What it gives for each call; () when it did not run to its end."""
    driver = _DRIVER.format(entry=entry, calls=list(calls), mark=MARK)
    program = Program({"main.py": driver, "candidate.py": made.code})
    ran = await sandbox.run(program, LIMITS)
    line = next((one for one in reversed(ran.stdout.splitlines()) if one.startswith(MARK)), "")
    try:
        told = json.loads(line.removeprefix(MARK))
    except ValueError:
        return ()
    return tuple(map(str, told)) if isinstance(told, list) else ()


def varied(requirement: Requirement, chance: Random) -> tuple[str, ...]:
    """Calls like those of the examples with other values, without the examples' own calls."""
    own = {one.call for one in requirement.examples}
    sources = [
        one.call for one in requirement.examples if one.entry == requirement.entry and not one.setup
    ]
    found = {other: None for call in sources for other in _others(call) if other not in own}
    calls = list(found)
    chance.shuffle(calls)
    return tuple(calls[:MOST_INPUTS])


def _others(call: str) -> Iterator[str]:
    """The call with one of its values varied, in each way that there is."""
    try:
        tree = ast.parse(call, mode="eval").body
        if not isinstance(tree, ast.Call):
            return
        values = [ast.literal_eval(one) for one in tree.args]
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return
    for place, value in enumerate(values):
        for other in _near(value):
            changed = [*values[:place], other, *values[place + 1 :]]
            yield f"{ast.unparse(tree.func)}({', '.join(map(repr, changed))})"


def _near(value: object) -> Iterator[object]:
    """Values of the same kind: near it, turned round, shortened, doubled."""
    match value:
        case bool():
            yield not value
        case int():
            yield from (value + 1, value * 2, value + 7)
            if value > 0:
                yield value - 1
        case float():
            yield from (value / 2, value + 1.0, value * 3)
        case str():
            yield from (
                value[::-1],
                value * 2,
                value[1:],
                value.swapcase(),
                value[: len(value) // 2],
            )
        case list():
            yield from (value[::-1], value[:-1], value[1:], value * 2, sorted(value, key=repr))
            for place, item in enumerate(value[:3]):
                for other in list(_near(item))[:2]:
                    yield [*value[:place], other, *value[place + 1 :]]
        case tuple():
            for place, item in enumerate(value):
                for other in list(_near(item))[:2]:
                    yield (*value[:place], other, *value[place + 1 :])
        case dict():
            yield dict(list(value.items())[:-1])
            for key, item in list(value.items())[:3]:
                for other in list(_near(item))[:2]:
                    yield {**value, key: other}
        case _:
            return


def best_of(candidates: Sequence[tuple[Generated, float]]) -> list[Generated]:
    """Those that share the highest share of passed examples."""
    most = max((share for _, share in candidates), default=0.0)
    return [replace(made) for made, share in candidates if share == most]
