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

MOST_INPUTS = 24
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
    found: dict[str, None] = {}
    sources = [
        one.call for one in requirement.examples if one.entry == requirement.entry and not one.setup
    ]
    for _ in range(8):
        for call in sources:
            for other in _others(call, chance):
                if other not in own:
                    found[other] = None
                if len(found) >= MOST_INPUTS:
                    return tuple(found)
    return tuple(found)


def _others(call: str, chance: Random) -> Iterator[str]:
    try:
        tree = ast.parse(call, mode="eval").body
        if not isinstance(tree, ast.Call):
            return
        values = [ast.literal_eval(one) for one in tree.args]
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return
    if not values:
        return
    place = chance.randrange(len(values))
    changed = [*values]
    changed[place] = _other(values[place], chance)
    yield f"{ast.unparse(tree.func)}({', '.join(map(repr, changed))})"


def _other(value: object, chance: Random) -> object:
    """A value of the same kind: near it, turned round, shortened, doubled."""
    match value:
        case bool():
            return not value
        case int():
            return chance.choice(
                [value + 1, max(0, value - 1) if value >= 0 else value - 1, value * 2, value + 7]
            )
        case float():
            return chance.choice([value / 2, value + 1.0, value * 3])
        case str():
            return _other_text(value, chance)
        case list():
            return _other_items(value, chance)
        case tuple():
            return tuple(_other_items(list(value), chance, keep=True))
        case dict():
            items = list(value.items())
            return dict(items[:-1]) if items and chance.random() < 0.5 else {k: _other(v, chance) for k, v in items}  # fmt: skip
        case _:
            return value


def _other_text(value: str, chance: Random) -> str:
    kinds = [value[::-1], value + value[-1:], value[1:], value.swapcase(), value[: len(value) // 2]]
    return chance.choice(kinds)


def _other_items(value: list[object], chance: Random, *, keep: bool = False) -> list[object]:
    """`keep`: as many of them, each of its kind."""
    changed = [*value]
    if changed:
        place = chance.randrange(len(changed))
        changed[place] = _other(changed[place], chance)
    if keep:
        return changed
    return chance.choice(
        [changed, changed[::-1], changed[:-1], changed + changed[:1], sorted(changed, key=repr)]
    )


def best_of(candidates: Sequence[tuple[Generated, float]]) -> list[Generated]:
    """Those that share the highest share of passed examples."""
    most = max((share for _, share in candidates), default=0.0)
    return [replace(made) for made, share in candidates if share == most]
