"""What trying a function shows: how sharp its examples are, what is odd, how it grows."""

from __future__ import annotations

import json

import pytest

from arriero.apps.codegen.judge.base import Subject
from arriero.apps.codegen.judge.tried import Thing, Tried, came, fitted, kept, odd, read, tried
from arriero.apps.codegen.sandbox.base import NoSandbox, Ran, Sandbox, Test

CLAMP = "def clamp(x, low):\n    if x < low:\n        return low\n    return x\n"


def subject(code: str, entry: str, *tests: str) -> Subject:
    named = tuple(Test(f"t{number}", test) for number, test in enumerate(tests))
    return Subject(code, "python", entry, tests=named)


async def told(sandbox: Sandbox, asked: Subject) -> Tried:
    found = await tried(asked, sandbox, performance=False, within_s=5)
    assert not found.why, found.why
    return found


def rules(found: Tried, asked: Subject) -> set[str]:
    return {one.rule for one in odd(found, asked)}


async def test_sharp_examples_kill_more_mutants_than_blunt_ones(sandbox: Sandbox) -> None:
    sharp = ("assert clamp(1, 3) == 3", "assert clamp(5, 3) == 5", "assert clamp(-1, 0) == 0")
    strong = await told(sandbox, subject(CLAMP, "clamp", *sharp))
    blunt = await told(sandbox, subject(CLAMP, "clamp", "assert clamp(5, 5) == 5"))
    assert strong.strength is not None
    assert blunt.strength is not None
    assert strong.strength > 0.6 > blunt.strength


async def test_a_generated_test_is_kept_only_if_it_kills_a_mutant(sandbox: Sandbox) -> None:
    asked = subject(CLAMP, "clamp", "assert clamp(5, 5) == 5")
    found = await told(sandbox, asked)
    tests = kept(found)
    assert 0 < len(tests) <= 5
    again = subject(CLAMP, "clamp", *(test.code for test in tests))
    strength = (await told(sandbox, again)).strength
    assert strength is not None
    assert found.strength is not None
    assert strength > found.strength
    assert kept(Tried("f", found.inputs, found.outcomes, ((True, ()),))) == ()


@pytest.mark.parametrize(
    ("code", "test", "rule"),
    [
        ("def f(xs):\n    return xs[0]\n", "assert f([1]) == 1", "raises"),
        ("def f(n):\n    while n != 1:\n        n -= 2\n    return n\n", "assert f(3) == 1", "endless"),
        ("seen = []\ndef f(n):\n    seen.append(n)\n    return len(seen)\n", "assert f(3) == 1", "unsteady"),
        ("def f(xs):\n    xs.sort()\n    return xs\n", "assert f([2, 1]) == [1, 2]", "changes"),
        ("def f(n):\n    if n > 0:\n        return n\n", "assert f(3) == 3", "mixed"),
    ],
)  # fmt: skip
async def test_a_property_that_does_not_hold_is_odd(
    sandbox: Sandbox, code: str, test: str, rule: str
) -> None:
    asked = subject(code, "f", test)
    assert rule in rules(await told(sandbox, asked), asked)


async def test_what_was_asked_for_is_not_odd(sandbox: Sandbox) -> None:
    code = 'def f(xs):\n    """Sorts xs in place and returns it."""\n    xs.sort()\n    return xs\n'
    asked = subject(code, "f", "assert f([2, 1]) == [1, 2]")
    assert not rules(await told(sandbox, asked), asked)
    raising = "def f(n):\n    if n < 0:\n        raise ValueError('negative')\n    return n\n"
    asked = subject(raising, "f", "assert f(2) == 2")
    assert not rules(await told(sandbox, asked), asked)
    nothing = "def f(n):\n    if n > 0:\n        return n\n"
    asked = subject(
        nothing, "f", "assert f(3) == 3", "assert f(-2) is None", "assert f(-3) == None"
    )
    assert not rules(await told(sandbox, asked), asked)


async def test_growth_is_measured(sandbox: Sandbox) -> None:
    code = "def f(xs):\n    return sum(1 for a in xs for b in xs if a < b)\n"
    asked = subject(code, "f", "assert f([3, 1, 2]) == 3")
    found = await tried(asked, sandbox, performance=True, within_s=5)
    assert found.scaling is None or not found.scaling.sure or found.scaling.grows == "quadratic"


@pytest.mark.parametrize(
    ("power", "name"), [(0, "constant"), (0.5, "sublinear"), (1, "linear"), (1.35, "n log n"), (2, "quadratic"), (3, "cubic"), (9, "exponential")]
)  # fmt: skip
def test_the_class_is_the_slope_of_time_over_size(power: float, name: str) -> None:
    sizes = (100, 200, 400, 800)
    found = fitted(sizes, tuple(1e-6 * size**power for size in sizes), 12.0)
    assert (found.grows, found.sure) == (name, True)


def test_times_that_jump_about_or_are_too_few_are_not_sure() -> None:
    assert not fitted((1, 2, 4, 8), (1e-3, 9e-3, 1e-3, 9e-3), 1.0).sure
    assert not fitted((1, 2), (1e-3, 2e-3), 1.0).sure


async def test_where_nothing_can_run_or_be_tried_it_says_why() -> None:
    found = await tried(subject(CLAMP, "clamp"), NoSandbox("none"), performance=True, within_s=1)
    assert found.why == "none"
    found = await tried(subject("class A:\n    x = 1\n", "A", "assert A().x == 1"), NoSandbox("asked"), performance=True, within_s=1)  # fmt: skip
    assert "no plain function" in found.why


def test_what_the_code_prints_itself_is_not_believed() -> None:
    forged = json.dumps(
        {"nonce": "guess", "part": "outcomes", "told": [[["value", "1", "int"], False, True]]}
    )
    found = read(
        Ran(0, stdout=f"{forged}\nnoise\n[]\n"), "secret", Thing("function", "f", ("(1,)",))
    )
    assert not found.outcomes
    assert found.why


async def test_what_calls_came_to_is_told_with_their_values(sandbox: Sandbox) -> None:
    first = subject("def first(xs):\n    return xs[0]\n", "first", "assert first([7, 8]) == 7")
    found = dict(came(await told(sandbox, first)))
    assert found["first([7, 8])"] == "7"
    assert found["first([8, 7])"] == "8"
    assert found["first([])"] == ""  # it raised


def test_a_mutant_that_lives_counts_only_if_some_call_tells_it_apart() -> None:
    assert Tried("f", killed=((False, (1,)), (False, ()), (True, (0,)), (True, ()))).loose == 0.25
    assert Tried("f").loose == 0.0


def _line(part: str, told: object) -> str:
    return json.dumps({"nonce": "n", "part": part, "told": told}) + "\n"


@pytest.mark.parametrize(
    "line",
    [
        "[" * 100_000 + "\n",
        _line("scaling", {"sizes": [4, 4, 4], "seconds": [1, 1, 1], "peak_mb": 1}),
        '{"nonce": "n", "part": "scaling", "told": {"sizes": [Infinity], "seconds": [1], "peak_mb": 1}}\n',
        _line("outcomes", [[[], False, True]]),
    ],
    ids=["deep", "one size", "endless size", "nothing in it"],
)
def test_lines_that_the_code_itself_wrote_say_nothing(line: str) -> None:
    assert read(Ran(0, line), "n", Thing("function", "f", ("(1,)",))).why


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("function", "__import__('os').system('true')"),
        ("class", "[('value', \"__import__('os').system('true')\")]"),
        ("class", "what("),
        ("script", "[0, 1]"),
    ],
)
def test_what_is_no_value_never_becomes_a_test(kind: str, text: str) -> None:
    """The code shares a process with what tries it: it can find the nonce and say what it likes."""
    given = {"function": "(1,)", "class": "((), [('pop', ())])", "script": "((), '')"}[kind]
    said = _line("inputs", [given]) + _line("outcomes", [[["value", text, ""], False, True]])
    said += _line("mutant", {"number": 0, "by_examples": False, "differs": [0]})
    found = read(Ran(0, said), "n", Thing(kind, "f", shapes=((given,),)))
    assert kept(found) == ()
