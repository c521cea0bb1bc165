"""Small wrong changes of compiled code: made where its grammar says, built, and told from it by calls."""

from __future__ import annotations

import pytest

from arriero.apps.codegen.judge.base import Subject
from arriero.apps.codegen.judge.compiled.mutated import mutated
from arriero.apps.codegen.judge.examine import examine
from arriero.apps.codegen.judge.mutants_text import mutants
from arriero.apps.codegen.judge.quality import missing, quality
from arriero.apps.codegen.judge.report import Report
from arriero.apps.codegen.judge.tried import Outcome, Tried
from arriero.apps.codegen.sandbox.base import Sandbox, Test
from tests.apps.codegen.sandbox.test_compiled import compiled, go, java

__all__ = ["compiled", "go", "java"]  # fixtures


@pytest.mark.parametrize(
    ("language", "code", "changed"),
    [
        ("go", "package m\n\nfunc f(a int) int {\n\tif a < 3 && !b {\n\t\ts++\n\t}\n\treturn a + 2\n}", ["a <= 3", "a > 3", "a < 4", "||", "if (false)", "&& b", "a - 2", "a + 3"]),
        ("rust", 'fn f(a: i32) -> bool { let s = "abc"; if a == 3 { x += 2; } return true; }', ['""', "a != 3", "(false)", "x -= 2", "return false"]),
        ("java", "class A { int f(int a) { g(a); return Math.max(a, 1); } }", ["{ ; return", "Math.min", "a, 2"]),
        ("cpp", "int f(int a) { v.push_back(a); return a * 2; }", ["{ ; return", "a + 2", "a * 3"]),
        ("c", "int f(int a) { return toupper(a) % 2; }", ["tolower(a)", "/ 2", "% 3"]),
        ("php", "<?php function f($a) { if ($a) { return 'x'; } return $a - 1; }", ["(false)", "''", "$a + 1", "$a - 2"]),
        ("ruby", "def f(a)\n  return 0 if a.empty?\n\n  @all.push(a)\n  self\nend", ["if (false)", "  nil\n  self"]),
        ("ruby", 'def f(a)\n  a > 3 ? "x" : a * 2\nend', ["a >= 3", "a < 3", '""', "a + 2"]),
    ],
)  # fmt: skip
def test_changes_are_made_where_the_grammar_says(
    language: str, code: str, changed: list[str]
) -> None:
    made = mutants(code, language, "f", 40)
    for one in changed:
        assert any(one in text for text in made), (one, made)
    assert all(text != code for text in made)


def test_what_a_type_does_may_stand_apart_from_it() -> None:
    code = "package m\n\ntype S struct{ n int }\n\nfunc (s S) Get() int { return s.n + 1 }\n"
    assert any("s.n - 1" in text for text in mutants(code, "go", "S"))


async def test_a_call_that_changes_by_itself_tells_nothing_apart() -> None:
    told = Tried(
        "f", ("(1,)", "(2,)"), (Outcome("value", "1", "int"), Outcome("value", "2", "int"))
    )

    async def runs(code: str) -> tuple[list[Outcome], bool] | None:
        if "+" not in code:
            return None if "a - 1" in code else ([Outcome("value", "9", "int")] * 2, False)
        return [Outcome("value", "1", "int"), Outcome("value", "7", "int")], True

    code = "package m\n\nfunc f(a int) int { return a + 1 }\n"
    found = await mutated(told, code, "go", "f", runs, within_s=5)
    assert [one.steady for one in found.outcomes] == [True, False]
    assert found.killed == (
        (False, ()),
    )  # what is not built is none, what gives the same is told from it by nothing


async def judged(sandbox: Sandbox, language: str, code: str, *tests: str, entry: str | None = "f") -> Report:  # fmt: skip
    named = tuple(Test(f"t{number}", f"assert {one}") for number, one in enumerate(tests))
    return await examine(Subject(code, language, entry, tests=named), sandbox)


CLAMP = {
    "cpp": "int f(int n) {\n    if (n < 0) {\n        return 0;\n    }\n    return n > 9 ? 9 : n;\n}\n",
    "c": "int f(int n) {\n    if (n < 0) {\n        return 0;\n    }\n    return n > 9 ? 9 : n;\n}\n",
    "go": "package main\n\nfunc f(n int) int {\n\tif n < 0 {\n\t\treturn 0\n\t}\n\tif n > 9 {\n\t\treturn 9\n\t}\n\treturn n\n}\n",
    "java": "class A {\n    static int f(int n) {\n        if (n < 0) {\n            return 0;\n        }\n        return n > 9 ? 9 : n;\n    }\n}\n",
}


@pytest.mark.parametrize("language", ["cpp", "c", "go"])
async def test_sharp_examples_notice_more_than_weak_ones(
    compiled: Sandbox, go: Sandbox, language: str
) -> None:
    weak = await judged(compiled, language, CLAMP[language], "f(3) == 3")
    sharp = await judged(compiled, language, CLAMP[language], "f(3) == 3", "f(-1) == 0", "f(0) == 0", "f(10) == 9", "f(9) == 9")  # fmt: skip
    assert (
        min(weak.tests.mutants, sharp.tests.mutants) > 0
    )  # how many are built in the time hangs on the machine
    assert weak.tests.strength is not None
    assert sharp.tests.strength is not None
    assert weak.tests.strength < sharp.tests.strength
    assert weak.tests.loose > 0
    assert weak.tests.generated
    assert "mutants" not in missing(sharp)
    assert 9.4 < quality(sharp).score <= 9.6


async def test_java_too(java: Sandbox) -> None:
    report = await judged(java, "java", CLAMP["java"], "f(3) == 3", "f(-1) == 0")
    assert report.tests.mutants > 0
    assert report.tests.strength is not None


async def test_what_has_no_example_is_written_down(go: Sandbox) -> None:
    function = await judged(go, "go", CLAMP["go"])
    assert function.tests.strength is None  # nobody said what is right
    assert all(one.code.startswith("assert f(") for one in function.tests.generated)
    assert 7.5 < quality(function).score < 8.5
    counter = "package main\n\ntype C struct{ n int }\n\nfunc (c *C) Add(by int) int {\n\tc.n += by\n\treturn c.n\n}\n"
    assert (await judged(go, "go", counter, entry="C")).tests.generated
    script = 'package main\n\nimport "fmt"\n\nfunc main() {\n\tfmt.Println(6 * 7)\n}\n'
    report = await judged(go, "go", script, entry=None)
    assert [one.code for one in report.tests.generated] == ["main.go: prints '42\\n'"]
