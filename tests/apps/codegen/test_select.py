"""Agreement on inputs that tell candidates apart."""

from __future__ import annotations

from random import Random

from arriero.apps.codegen.requirement import Architecture, Part, Requirement
from arriero.apps.codegen.requirement_examples import examples_in
from arriero.apps.codegen.sandbox.base import NoSandbox, Sandbox
from arriero.apps.codegen.select import chosen, varied
from arriero.apps.codegen.values import Generated

SHOWN = examples_in("longest(['a', 'bb', 'cc']) == 'bb'\nlongest(['x']) == 'x'", "longest")
LONGEST = Requirement("x", entry="longest", examples=SHOWN, architecture=Architecture(("main.py",), (Part("longest"),)))  # fmt: skip
FIRST = "def longest(words):\n    return max(words, key=len, default=None)\n"
SAME = "def longest(words):\n    best = None\n    for one in words:\n        if best is None or len(one) > len(best):\n            best = one\n    return best\n"
ALPHABETIC = (
    "def longest(words):\n    return min(words, key=lambda w: (-len(w), w), default=None)\n"
)


def made(code: str) -> Generated:
    return Generated(code=code, entry="longest")


async def test_the_largest_group_is_taken(sandbox: Sandbox) -> None:
    candidates = [made(ALPHABETIC), made(FIRST), made(SAME)]
    found = await chosen(candidates, LONGEST, sandbox, Random(1))
    assert found.code == FIRST


async def test_where_nothing_runs_the_first_is_taken() -> None:
    candidates = [made(ALPHABETIC), made(FIRST), made(SAME)]
    assert await chosen(candidates, LONGEST, NoSandbox("none"), Random(1)) == candidates[0]


def test_the_inputs_are_others_than_the_examples_and_the_same_each_time() -> None:
    calls = varied(LONGEST, Random(3))
    assert calls == varied(LONGEST, Random(3))
    assert calls
    assert not set(calls) & {one.call for one in LONGEST.examples}
