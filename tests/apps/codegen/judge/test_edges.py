"""Zero and negative numbers of which nobody spoke: a call that never ends for one is told, and costs nothing."""

from __future__ import annotations

import pytest

from arriero.apps.codegen.judge.base import Subject
from arriero.apps.codegen.judge.edges import unspoken
from arriero.apps.codegen.judge.quality import ODD
from arriero.apps.codegen.judge.ticking_javascript import ticking
from arriero.apps.codegen.judge.tried import odd, tried
from arriero.apps.codegen.judge.tried_javascript import tried as tried_javascript
from arriero.apps.codegen.sandbox.base import Sandbox, Test
from arriero.apps.codegen.sandbox.javascript import JavaScript

COLLATZ = "def f(n: int) -> int:\n    {doc}steps = 0\n    while n != 1:\n        n = n // 2 if n % 2 == 0 else 3 * n + 1\n        steps += 1\n    return steps\n"
DOWN = "def f(n):\n    told = []\n    while n != 0:\n        told.append(n)\n        n -= 1\n    return told\n"
FACTORIAL = "def f(n):\n    return 1 if n == 0 else n * f(n - 1)\n"
DIGITS = (
    "def f(n):\n    s = 0\n    while n != 0:\n        s += n % 10\n        n //= 10\n    return s\n"
)
NEVER = "def f(n):\n    while n > 4:\n        pass\n    return n\n"


@pytest.mark.parametrize(
    ("words", "args", "examples", "kind"),
    [
        ("Counts down from n.", (-1,), [(3,)], "a negative number"),
        ("Counts down from n.", (0,), [(3,)], "zero"),
        ("Counts down from n.", (5,), [(3,)], ""),
        ("Counts down from n.", (True, False, "0", ""), [], ""),
        ("Counts down from n.", ([2, [-1]],), [([1],)], "a negative number"),
        ("Counts down from n.", ({"a": 0.0},), [({"a": 1},)], "zero"),
        ("Counts down from n.", (-1,), [(-4,)], ""),
        ("Counts down from n.", (0, 1), [(3, 0)], "zero"),
        ("Counts down from n, which may be zero.", (0,), [(3,)], ""),
        ("n is non-negative.", (0,), [(3,)], ""),
        ("n is non-negative.", (-1,), [(3,)], "a negative number"),
        ("n is non negative.", (-1,), [(3,)], "a negative number"),
        ("n is positive.", (0,), [(3,)], "zero"),
        ("Negative numbers give an empty list.", (-1,), [(3,)], ""),
        ("Gives -1 if it is not there.", (-1,), [(3,)], ""),
        ("Takes any integer.", (-1,), [(3,)], ""),
        ("Takes every whole number.", (0,), [(3,)], ""),
        ("Keeps 10 or 0.5 of it.", (0,), [(3,)], "zero"),
        ("The range is 1-5.", (-1,), [(3,)], "a negative number"),
        ("Counts down. For example f(2) == [2, 1, 0]", (0,), [(2,)], "zero"),
        ("Counts down. f(2) == [2, 1, 0]\nFor 0 it is empty.", (0,), [(2,)], ""),
    ],
)  # fmt: skip
def test_a_number_is_spoken_of_by_an_example_in_its_place_or_by_words(
    words: str, args: tuple[object, ...], examples: list[tuple[object, ...]], kind: str
) -> None:
    assert unspoken(Subject("", "python", text=words), args, examples) == kind


def test_the_words_of_the_code_count_as_well() -> None:
    code = 'def f(n):\n    """Works for negative n."""\n'
    assert unspoken(Subject(code, "python"), (-1,), []) == ""
    assert unspoken(Subject("// may be negative\nconst f = n => n;", "javascript"), (-1,), []) == ""


@pytest.mark.parametrize(
    ("code", "tests", "text", "rules"),
    [
        (COLLATZ.format(doc=""), ("assert f(6) == 8",), "", {"beyond"}),
        (COLLATZ.format(doc=""), (), "", {"beyond"}),
        (COLLATZ.format(doc='"""Takes any integer."""\n    '), (), "", {"endless"}),
        (COLLATZ.format(doc=""), ("assert f(6) == 8",), "The steps of n, none for zero.", {"endless", "beyond"}),
        (DOWN, ("assert f(3) == [3, 2, 1]",), "", {"beyond"}),
        (DOWN, ("assert f(3) == [3, 2, 1]", "assert f(-2) == []"), "", {"endless"}),
        (FACTORIAL, ("assert f(3) == 6",), "", {"beyond"}),
        (FACTORIAL, ("assert f(3) == 6",), "It has to raise a ValueError for negative numbers.", {"raises"}),
        (DIGITS, ("assert f(123) == 6",), "The sum of the digits of any integer.", {"endless"}),
        (NEVER, ("assert f(3) == 3",), "", {"endless"}),
    ],
)  # fmt: skip
async def test_a_call_that_never_ends_counts_where_somebody_spoke_of_its_arguments(
    sandbox: Sandbox, code: str, tests: tuple[str, ...], text: str, rules: set[str]
) -> None:
    named = tuple(Test(f"t{number}", test) for number, test in enumerate(tests))
    asked = Subject(code, "python", "f", tests=named, text=text)
    found = await tried(asked, sandbox, performance=False, within_s=5)
    assert not found.why
    assert {one.rule for one in odd(found, asked)} == rules


def test_the_note_costs_nothing_and_says_of_what_nobody_spoke() -> None:
    assert ODD["beyond"] == 0 < ODD["endless"]


@pytest.fixture(scope="module")
def engine() -> JavaScript:
    return JavaScript.open()


@pytest.mark.parametrize("language", ["javascript", "typescript"])
@pytest.mark.parametrize(
    ("code", "text", "told"),
    [
        ("function f(n) { let s = 0; while (n !== 0) { s += n; n--; } return s; }", "", ["f(-3) goes on and on; nobody spoke of a negative number"]),
        ("function f(n) { let s = 0; while (n !== 0) s += n--; return s; }", "", ["f(-3) goes on and on; nobody spoke of a negative number"]),
        ("function f(n) { let s = 0; while (n !== 0) { s += n; n--; } return s; }", "The sum down from n, which may be negative.", ["f(-3) goes on and on"]),
        ("function f(n) { let s = 0; while (n !== 3 && n > 1) {} return 6; }", "", ["f(4) goes on and on"]),
        ("function f(n) { try { while (n === 4) { n = 4; } } catch { return 0; } return 6; }", "", ["f(4) goes on and on"]),
        ("function f(n) { return n === 0 ? 'x'.repeat(5).replace(/^(?=(x+x+)+y)/, '').length - 5 : 6; }", "", []),
    ],
)  # fmt: skip
async def test_of_javascript_the_call_that_never_ends_is_named(
    engine: JavaScript, language: str, code: str, text: str, told: list[str]
) -> None:
    asked = Subject(code, language, "f", tests=(Test("t", "assert.strictEqual(f(3), 6);"),), text=text)  # fmt: skip
    found = await tried_javascript(asked, engine, within_s=5)
    assert [one.message for one in odd(found, asked)] == told
    assert found.examples == ("(3,)",)


async def test_a_call_that_the_count_does_not_reach_is_named_when_the_time_is_up(
    engine: JavaScript,
) -> None:
    slow = "function f(n) { if (n === 4) { /^(a+)+$/.test('a'.repeat(40) + '!'); } return 6; }"
    asked = Subject(slow, "javascript", "f", tests=(Test("t", "assert.strictEqual(f(3), 6);"),))
    found = await tried_javascript(asked, engine, within_s=1)
    assert [one.message for one in odd(found, asked)] == ["f(4) goes on and on"]


def test_ticks_stand_in_loops_without_a_block_as_well() -> None:
    assert ticking("for (;;) while (a) b();", "javascript") == (
        "for (;;) { arriero_tick(); while (a) { arriero_tick(); b(); } }"
    )
    assert ticking("const f = () => { 'use strict'; };", "javascript").count("tick") == 0
