"""What is said of JavaScript: mistakes in its tree, and what it does with other inputs."""

from __future__ import annotations

import pytest

from arriero.apps.codegen.judge.base import Subject
from arriero.apps.codegen.judge.examine import examine
from arriero.apps.codegen.judge.lint_javascript import lint
from arriero.apps.codegen.judge.mutants_text import mutants
from arriero.apps.codegen.judge.quality import quality
from arriero.apps.codegen.judge.tried import odd
from arriero.apps.codegen.judge.tried_javascript import tried
from arriero.apps.codegen.sandbox.base import NoSandbox, Test
from arriero.apps.codegen.sandbox.javascript import JavaScript


@pytest.fixture(scope="module")
def engine() -> JavaScript:
    return JavaScript.open()


@pytest.mark.parametrize(
    ("code", "rules"),
    [
        ("const f = (a, b) => { const c = 1; return a; };", ["F841", "F841"]),
        ("function f(a) { if (a) { return 1; } }", ["RET503"]),
        ("function f(a) { return 1; a += 1; }", ["PLE-unreachable"]),
        ("const f = a => a === a;", ["B-same"]),
        ("const f = a => { if (a = 1) { return 1; } return a; };", ["B-assigns"]),
        ("const f = a => { a = a; return a; };", ["PLW-self"]),
        ("const f = xs => { let t = 0; for (let i = 0; i <= xs.length; i++) { t += xs[i]; } return t; };", ["B-bound"]),
    ],
)  # fmt: skip
def test_a_mistake_is_named(code: str, rules: list[str]) -> None:
    assert [one.rule for one in lint(code, "javascript")] == rules


@pytest.mark.parametrize(
    "code",
    [
        "const f = (a, _b) => a;",
        "function f(a) { if (a) { return 1; } else { throw new Error('x'); } }",
        "function f(a) { for (;;) { if (a) { return 1; } a--; } }",
        "function f(a) { switch (a) { case 1: return 1; default: return 2; } }",
        "function f(a) { try { return g(a); } catch (e) { return e; } }",
        "function f(a) { console.log(a); return; }",
        "const f = xs => xs.map((x) => { return x * 2; });",
        "const f = ({ a, b }) => ({ a, b });",
        "const f = xs => { for (let i = 1; i <= xs.length; i++) { g(xs[i - 1]); } };",
    ],
)  # fmt: skip
def test_what_is_right_is_left_alone(code: str) -> None:
    assert lint(code, "javascript") == ()


@pytest.mark.parametrize(
    "code",
    [
        "function f(s: Shape): number { switch (s.kind) { case 'a': return 1; case 'b': case 'c': return 2; } }",
        "type Way = 'up' | 'down'; function f(way: Way): number { switch (way) { case 'up': return 1; case 'down': return -1; } }",
        "enum Lamp { On, Off } function f(lamp: Lamp): string { switch (lamp) { case Lamp.On: return 'on'; case Lamp.Off: return 'off'; } }",
        "class Till { constructor(private readonly sum: number, public name: string, readonly id = 1) {} }",
    ],
)  # fmt: skip
def test_what_the_compiler_of_typescript_sees_to_is_left_alone(code: str) -> None:
    assert lint(code, "typescript") == ()


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("function f(n: number): number { switch (n) { case 1: return 1; case 2: return 2; } }", "RET503"),
        ("function f(way: 'up' | 'down'): number { switch (way) { case 'up': return 1; } }", "RET503"),
        ("type Way = 'up' | 'down'; function f(way: Way): number { switch (way) { case 'up': return 1; } }", "RET503"),
        ("function f(s: Shape): number { switch (s.kind) { case 'a': return 1; case 'b': g(); break; } }", "RET503"),
        ("function f(s: Shape): number | undefined { switch (s.kind) { case 'a': return 1; } }", "RET503"),
        ("function f(s) { switch (s.kind) { case 'a': return 1; case 'b': return 2; } }", "RET503"),
        ("class Till { constructor(sum: number) {} }", "F841"),
    ],
)  # fmt: skip
def test_a_switch_that_misses_a_case_is_still_named(code: str, rule: str) -> None:
    assert [one.rule for one in lint(code, "typescript")] == [rule]


def test_typescript_is_read_too() -> None:
    found = lint("function f(a: number, b?: string): number { return a; }", "typescript")
    assert [one.message for one in found] == ["b is never used"]


async def test_examples_of_what_gives_a_promise_count_like_any_other(engine: JavaScript) -> None:
    code = "async function f(n) {\n  if (n < 0) {\n    throw new Error('below');\n  }\n  return n + 1;\n}\n"
    right = await examine(subject(code, "assert.strictEqual(f(2), 3);"), engine)
    assert (right.tests.passed, right.tests.failed) == (("t",), ())
    assert right.tests.strength is not None
    assert right.tests.odd == ()
    wrong = await examine(subject(code.replace("+ 1", "+ 2"), "assert.strictEqual(f(2), 3);"), engine)  # fmt: skip
    assert [one.told for one in wrong.tests.failed] == ["f(2) gave 4, expected 3"]
    assert quality(right).score > 8
    assert quality(wrong).score < 4.5


def subject(code: str, test: str) -> Subject:
    return Subject(code, "javascript", "f", tests=(Test("t", test),))


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("const f = xs => xs[0].length;", "raises"),
        ("const f = xs => { if (xs.length) { return xs.length; } };", "mixed"),
        ("const f = xs => { while (xs.length !== 2) {} return 2; };", "endless"),
    ],
)
async def test_a_property_that_does_not_hold_is_odd(
    engine: JavaScript, code: str, rule: str
) -> None:
    asked = subject(code, "assert.strictEqual(f(['ab', 'c']), 2)")
    found = await tried(asked, engine, within_s=5)
    assert rule in {one.rule for one in odd(found, asked)}


async def test_a_total_function_is_not_odd(engine: JavaScript) -> None:
    asked = subject("const f = xs => xs.length;", "assert.strictEqual(f(['ab', 'c']), 2)")
    found = await tried(asked, engine, within_s=5)
    assert len(found.outcomes) > 4
    assert not odd(found, asked)


async def test_without_literal_examples_or_a_sandbox_it_says_why(engine: JavaScript) -> None:
    bare = Subject("const f = x => x;", "javascript", "f")
    assert "no function with examples" in (await tried(bare, engine, within_s=1)).why
    found = await tried(subject("const f = x => x;", "f(1)"), NoSandbox("none"), within_s=1)
    assert found.why == "none"


async def test_sharp_examples_kill_more_mutants_than_blunt_ones(engine: JavaScript) -> None:
    code = "const f = (x, low) => { if (x < low) { return low; } return x; };"
    sharp = "assert(f(1, 3) === 3 && f(5, 3) === 5 && f(-1, 0) === 0)"
    strong = (await tried(subject(code, sharp), engine, within_s=5)).strength
    blunt = (await tried(subject(code, "assert(f(5, 5) === 5)"), engine, within_s=5)).strength
    assert strong is not None
    assert blunt is not None
    assert strong > 0.6 > blunt


@pytest.mark.parametrize(
    "change", ["x <= 3", "x < 4", "return undefined;", "if (false)", "Math.min(", "|| b"]
)
def test_mutants_change_one_place_of_what_was_asked_for(change: str) -> None:
    code = "const g = () => 7;\nconst f = (x, b) => { if (x < 3 && b) { return Math.max(x, g()); } return 0; };"
    found = mutants(code, "javascript", "f", most=50)
    assert any(change in text for text in found)
    assert all("g = () => 7" in text and text != code for text in found)
    assert len(set(found)) == len(found)


async def test_right_javascript_scores_above_wrong(engine: JavaScript) -> None:
    test = "assert.deepStrictEqual(f([3, 1]), [1, 3])"
    right = await examine(subject("const f = (xs) => [...xs].sort((a, b) => a - b);", test), engine)
    wrong = await examine(subject("const f = (xs) => [...xs].sort((a, b) => b - a);", test), engine)
    assert quality(right).score > 8
    assert quality(wrong).score < 4.5
