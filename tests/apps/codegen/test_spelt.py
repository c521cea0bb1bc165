"""Examples become tests of JavaScript where it has their values."""

from __future__ import annotations

import pytest

from arriero.apps.codegen.requirement_plain import example
from arriero.apps.codegen.requirement_reading import read
from arriero.apps.codegen.sandbox.base import Limits, Program, Test
from arriero.apps.codegen.sandbox.javascript import JavaScript
from arriero.apps.codegen.spelt import javascript
from arriero.apps.codegen.values import Generated
from arriero.apps.codegen.wanted import Wanted
from arriero.apps.codegen.workbench import subject_of

ENGINE = JavaScript.open()


@pytest.mark.parametrize(
    ("call", "expected", "told"),
    [
        ("f(1, 'a')", "[1, 2]", 'assert.deepStrictEqual(f(1, "a"), [1, 2]);'),
        ("f((1, 2))", "true", "assert.deepStrictEqual(f([1, 2]), true);"),
        ("f({'a': None})", "{}", 'assert.deepStrictEqual(f({"a": null}), {});'),
        ("f({1})", "1", ""),
        ("f({1: 2})", "1", ""),
        ("f(b'a')", "1", ""),
        ("f(n=1)", "1", ""),
    ],
)
def test_plain_values_are_spelt(call: str, expected: str, told: str) -> None:
    one = example(call, expected)
    assert one is not None
    assert javascript(one) == told


@pytest.mark.parametrize(
    ("code", "expected", "passes"),
    [
        ("const f = () => 0.1 + 0.2;", "0.3", True),
        ("const f = () => 0.31;", "0.3", False),
        ("const f = () => undefined;", "None", True),
        ("const f = () => null;", "None", True),
        ("const f = () => 0;", "None", False),
        ("const f = () => [1, [2]];", "[1, [2]]", True),
        ("const f = () => [1, [3]];", "[1, [2]]", False),
        ("const f = () => '2';", "2", False),
    ],
)
async def test_the_test_says_what_is_right(code: str, expected: str, *, passes: bool) -> None:
    one = example("f()", expected)
    assert one is not None
    test = Test("t", javascript(one))
    ran = await ENGINE.run(Program({"main.js": code}, "main.js", tests=(test,)), Limits())
    assert ran.passed is passes


@pytest.mark.parametrize(
    ("language", "main"), [("JavaScript", "main.js"), ("TypeScript", "main.ts")]
)
def test_the_examples_of_a_requirement_come_with_the_code(language: str, main: str) -> None:
    text = f"Write a {language} function `isPrime(number)`. For example `isPrime(7)` gives `true`, `isPrime(9)` gives `false`."
    seen = read(Wanted(requirement=text), languages=frozenset({language.lower()}), longest=10_000)
    made = Generated("", language=language.lower(), main=main, entry=seen.entry)
    assert [one.code for one in subject_of(seen, made).tests] == [
        "assert.deepStrictEqual(isPrime(7), true);",
        "assert.deepStrictEqual(isPrime(9), false);",
    ]
