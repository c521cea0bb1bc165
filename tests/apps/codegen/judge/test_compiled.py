"""How C, C++ and Java are judged: examples become calls of the language, and what they give is compared here."""

from __future__ import annotations

import asyncio
import math
import subprocess
import sys
from dataclasses import replace

import pytest

from arriero.apps.codegen.judge.base import Subject
from arriero.apps.codegen.judge.compiled.answers import Came, refused
from arriero.apps.codegen.judge.compiled.calls import (
    Call,
    Object,
    call_of,
    holds_object,
    plain,
    same,
)
from arriero.apps.codegen.judge.compiled.dialect import Driven, Unspoken
from arriero.apps.codegen.judge.compiled.table import DIALECTS
from arriero.apps.codegen.judge.compiled.tried import outcome
from arriero.apps.codegen.judge.compiled.types import Type, parsed
from arriero.apps.codegen.judge.examine import examine
from arriero.apps.codegen.judge.quality import FAILS, UNRUN, missing, quality
from arriero.apps.codegen.judge.report import Report
from arriero.apps.codegen.sandbox.base import Limit, Program, Ran, Sandbox, ScriptedSandbox, Test
from tests.apps.codegen.sandbox.test_compiled import compiled, java

__all__ = ["compiled", "java"]  # fixtures


def subject(language: str, code: str, *tests: str, entry: str | None = "f") -> Subject:
    named = tuple(Test(f"t{number}", f"assert {one}") for number, one in enumerate(tests))
    return Subject(code, language, entry, tests=named)


async def judged(sandbox: Sandbox, language: str, code: str, *tests: str) -> Report:
    return await examine(subject(language, code, *tests), sandbox)


# -- without a compiler


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("int", Type("int")),
        ("const std::string &", Type("string")),
        ("unsigned  long", Type("unsigned long")),
        ("const std::vector<std::pair<int, char>>&", Type("vector", (Type("pair", (Type("int"), Type("char"))),))),
        ("java.util.List<String>", Type("List", (Type("String"),))),
        ("final int[][]", Type("[]", (Type("[]", (Type("int"),)),))),
        ("const char *", Type("*", (Type("char"),))),
        ("String...", Type("[]", (Type("String"),))),
        ("int [3]", Type("[]", (Type("int"),))),
        ("List<? extends Number>", Type("List", (Type("Number"),))),
    ],
)  # fmt: skip
def test_a_type_is_read(text: str, type_: Type) -> None:
    assert parsed(text) == type_


def test_an_example_is_a_call() -> None:
    assert call_of(Test("t", "assert f([1], {'a': 2}) == (3, None)")) == Call("f", ([1], {"a": 2}), (3, None))  # fmt: skip
    for other in (
        "assert f(x) == 1",
        "assert f(1) > 1",
        "assert f(1)",
        "f(1)",
        "assert f(a=1) == 2",
    ):
        assert call_of(Test("t", other)) is None


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        (3, 3),
        (3, 3.0),
        (2.5, 2.5000001),
        ([1, [2]], [1, [2]]),
        ((1, "a"), [1, "a"]),
        ({1, 2}, [2, 1]),
        ({"a": [1], "b": []}, {"m": [["b", []], ["a", [1]]]}),
        ({(1, 2): 3}, {"m": [[[1, 2], 3]]}),
        (None, None),
        (True, True),
    ],
)
def test_equal_values_are_the_same(expected: object, told: object) -> None:
    assert same(expected, plain(told))


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        (3, 4),
        (1, True),
        (True, 1),
        ("1", 1),
        (2.5, 2.51),
        ([1, 2], [2, 1]),
        ([1], [1, 1]),
        ({1, 2}, [1, 1]),
        ({"a": 1}, {"m": [["a", 2]]}),
        ({}, []),
        (None, 0),
        (3, {"o": "Point"}),
        ([3], [{"o": "Point"}]),
        (0.5, 10**400),
        ({"a": 1}, {"m": [[{"m": [["a", 1]]}, 1]]}),
    ],
)
def test_other_values_are_not(expected: object, told: object) -> None:
    assert not same(expected, plain(told))


def test_where_a_language_has_no_truth_any_number_but_0_is_true() -> None:
    assert same(True, 4, truth=True)
    assert same(False, 0, truth=True)
    assert not same(True, 0, truth=True)
    assert not same(2, True, truth=True)
    assert isinstance(plain({"o": "X"}), Object)


@pytest.mark.parametrize(
    ("language", "code", "row", "said"),
    [
        ("cpp", "int f(const std::vector<int>& v) { return 0; }", ([1, -2],), "std::vector<int> a0 = std::vector<int>{1, -2};"),
        ("cpp", "int f(std::string s, char c) { return 0; }", ('a"é', "'"), 'std::string a0 = std::string("a\\042\\303\\251");'),
        ("cpp", "int f(std::map<std::string, std::vector<double>> m) { return 0; }", ({"a": [1]},), 'std::map<std::string, std::vector<double>>{{std::string("a"), std::vector<double>{1.0}}}'),
        ("cpp", "template <typename T> T f(std::vector<T> v) { return v[0]; }", ([1.5, 2],), "std::vector<double>{1.5, 2.0}"),
        ("cpp", "using Row = std::vector<int>;\nint f(const Row& r) { return 0; }", ([1, 2],), "const Row a0 = {1, 2};"),
        ("cpp", "struct S { static int f(int n); };", (1,), "arriero_put(S().f(a0));"),
        ("cpp", "namespace n { int f(int n) { return n; } }", (1,), "arriero_put(n::f(a0));"),
        ("cpp", "int f(int a[], int n) { return 0; }", ([1, 2],), "int a0[2] = {1, 2};\n    int a1 = 2;"),
        ("cpp", "void f(std::vector<int>& v) {}", ([1],), "f(a0);\n    arriero_put(a0);"),
        ("cpp", "int f(long long n) { return 0; }", (2**40,), "1099511627776LL"),
        ("c", "int f(const char *s) { return 0; }", ("a\n",), 'char a0[] = "a\\012";'),
        ("c", "int f(char **words, size_t n) { return 0; }", (["a", "b"],), 'char * a0[2] = {"a", "b"};'),
        ("java", "class A { static int f(int[][] a, String s) { return 0; } }", ([[1], []], "é"), "new int[][]{new int[]{1}, new int[]{}}"),
        ("java", "class A { int f(java.util.List<Long> a) { return 0; } }", ([1],), "new A().f(a0)"),
        ("java", "class A { int f(List<Long> a) { return 0; } }", ([1],), "java.util.Arrays.<Long>asList(1L)"),
        ("java", "class A { static <T> T f(List<T> a, Map<String, Integer> m) { return null; } }", (["x"], {"a": 1}), 'java.util.Arrays.<String>asList("x")'),
        ("java", "class A { static int f(int... n) { return 0; } }", (1, 2), "new int[]{1, 2}"),
        ("java", "static void f(int[] a) {}", ([2],), "Solution.f(a0);"),
    ],
)  # fmt: skip
def test_a_call_is_written_in_the_language(
    language: str, code: str, row: tuple[object, ...], said: str
) -> None:
    driven = DIALECTS[language].driven(code, "f", [row])
    assert driven.rows == (0,)
    assert said in driven.program.files[driven.program.entry]


@pytest.mark.parametrize(
    ("language", "code", "row", "why"),
    [
        ("cpp", "int f(int n) { return n; }", ([1],), "the code takes int, which [1] is not"),
        ("cpp", "int f(int n) { return n; }", (2**31,), "the code takes int, which 2147483648 is not"),
        ("cpp", "int f(int n) { return n; }", (1.5,), "the code takes int"),
        ("cpp", "int f(int n) { return n; }", (1, 2), "the code takes 1 values, the example gives 2"),
        ("cpp", "int f(ListNode* n) { return 1; }", ({"a": 1},), "the code takes a pointer"),
        ("cpp", "int *f(int n) { return 0; }", (1,), "the code returns a pointer"),
        ("cpp", "void f(int n) {}", (1,), "the code returns nothing"),
        ("cpp", "class f { };", (1,), "f is a class"),
        ("c", "int f(struct point p) { return 1; }", ([1, 2],), "the code takes point"),
        ("java", "class A { private static int f(int n) { return n; } }", (1,), "f is private"),
        ("java", "class A { static int f(int n) { return n; } }", (None,), "the code takes int"),
        ("java", "class f { }", (1,), "f is a class"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_says_why(
    language: str, code: str, row: tuple[object, ...], why: str
) -> None:
    with pytest.raises(Unspoken, match=why.replace("[", r"\[")):
        DIALECTS[language].driven(code, "f", [row])


def test_only_the_code_is_broken_by_what_is_wrong_in_it() -> None:
    driven = Driven(Program({"main.cpp": ""}, "main.cpp"), "main.cpp")
    (one,) = refused(driven, "main.cpp:3:7: error: 'x' was not declared in this scope").broken
    assert (one.line, one.message) == (3, "'x' was not declared in this scope")
    ours = refused(driven, "arriero_driver.cpp:9:7: error: no matching function")
    assert (ours.broken, ours.why) == ((), "it cannot be called with the examples: no matching function")  # fmt: skip
    (two,) = refused(driven, "ld: /work/x.o: undefined reference to `g(int)'").broken
    assert two.message == "g(int) is declared and has no body"
    named = Driven(Program({"A.java": ""}, "A.java"), "A.java")
    said = "A.java:2: error: cannot find symbol\n  return m;\n         ^\n  symbol:   variable m\n  location: class A"
    assert refused(named, said).broken[0].message == "cannot find symbol: variable m"


async def test_without_a_compiler_it_is_not_executed_and_says_why() -> None:
    reason = "there is no compiler of C++ here; as root: apt-get install g++"

    class Without(ScriptedSandbox):
        async def run(self, program: Program, limits: object) -> Ran:
            return Ran.not_executed(reason)

    report = await judged(Without({}), "cpp", "int f(int n) { return n; }", "f(1) == 1")
    assert (report.tests.executed, report.tests.reason) == (False, reason)
    assert quality(report).score <= UNRUN


async def test_a_limit_in_one_call_fails_it_and_those_behind_it() -> None:
    class Slow(ScriptedSandbox):
        async def run(self, program: Program, limits: object) -> Ran:
            return Ran(0, f"\n{program.argv[0]} 0 value 1\n", hit=Limit.CPU)

    report = await judged(Slow({}), "cpp", "int f(int n) { return n; }", "f(1) == 1", "f(2) == 2", "f(3) == 3")  # fmt: skip
    assert report.tests.passed == ("t0",)
    assert [one.told for one in report.tests.failed] == [
        "f(2): no result: the cpu limit was reached",
        "t2: no result: the cpu limit was reached",
    ]


async def test_lines_without_the_nonce_are_nobodys_results() -> None:
    class Forged(ScriptedSandbox):
        async def run(self, program: Program, limits: object) -> Ran:
            return Ran(0, "\nguessed 0 value 1\n0 value 1\n")

    report = await judged(Forged({}), "cpp", "int f(int n) { return n; }", "f(1) == 1")
    assert not report.tests.passed


def test_what_no_test_is_able_to_name_is_an_object() -> None:
    for told in ({"m": [[{"m": []}, 1]]}, {"m": [[[1, {"m": []}], 1]]}, {"m": [[{"o": "P"}, 1]]}):
        assert holds_object(plain(told))
    for value in (math.nan, [math.inf], {"a": math.nan}, plain({"m": [[{"o": "P"}, 1]]})):
        assert outcome(Came("value", value)).kind == "object"
        assert "object" in outcome(Came("value", [["value", value]]), "class").text
    assert outcome(Came("value", [1.5, {"a": "x"}])).kind == "value"


@pytest.mark.parametrize(
    "told", ['{"m": [[1, 2, 3]]}', '{"m": [1]}', "[" * 900 + "]" * 900, "[" * 100_000, "{", ""]
)
async def test_what_no_driver_writes_is_no_result(told: str) -> None:
    """Code that shares a process with a driver may have read its nonce."""

    class Forged(ScriptedSandbox):
        async def run(self, program: Program, limits: object) -> Ran:
            return Ran(0, f"\n{program.argv[0]} 0 value {told}\n")

    report = await judged(Forged({}), "cpp", "int f(int n) { return n; }", "f(1) == 1")
    assert [one.name for one in report.tests.failed] == ["t0"]


def test_steps_that_no_driver_writes_are_none() -> None:
    for told in (1, "x", [1], [["value"]], [["value", 1, 2]]):
        assert outcome(Came("value", told), "class").kind == "raised"


async def test_a_value_may_hold_other_ends_of_lines() -> None:
    class Told(ScriptedSandbox):
        async def run(self, program: Program, limits: object) -> Ran:
            return Ran(0, f'\n{program.argv[0]} 0 value "a\u2028b"\n')

    report = await judged(Told({}), "java", SHIFT, "f('a', 1) == 'a\u2028b'")
    assert report.tests.passed == ("t0",)


# -- with compilers

MERGE = "#include <algorithm>\n#include <iterator>\n#include <vector>\n\nstd::vector<int> f(const std::vector<int>& a, const std::vector<int>& b) {\n    std::vector<int> made;\n    std::merge(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(made));\n    return made;\n}\n"
SHIFT = "class Main {\n    static String f(String text, int by) {\n        StringBuilder told = new StringBuilder();\n        for (char one : text.toCharArray()) {\n            told.append((char) (one + by));\n        }\n        return told.toString();\n    }\n}\n"
LEAP = "#include <stdbool.h>\n\nbool f(int year) {\n    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);\n}\n"


async def test_right_code_passes_and_code_with_a_mistake_is_caught(compiled: Sandbox) -> None:
    right = await judged(compiled, "cpp", MERGE, "f([1, 4], [2, 3]) == [1, 2, 3, 4]")
    assert (right.tests.passed, right.tests.failed, right.blocked) == (("t0",), (), "")
    assert quality(right).score > 8
    wrong = await judged(compiled, "cpp", MERGE.replace("b.end()", "b.begin()"), "f([1, 4], [2, 3]) == [1, 2, 3, 4]")  # fmt: skip
    assert [one.told for one in wrong.tests.failed] == ["f([1, 4], [2, 3]) gave [1, 4], expected [1, 2, 3, 4]"]  # fmt: skip
    assert quality(wrong).score <= FAILS


async def test_c_too(compiled: Sandbox) -> None:
    tests = ("f(2000) == True", "f(1900) == False")
    assert quality(await judged(compiled, "c", LEAP, *tests)).score > 8
    assert quality(await judged(compiled, "c", LEAP.replace("||", "&&"), *tests)).score <= FAILS


async def test_java_too(java: Sandbox) -> None:
    tests = ("f('abc', 1) == 'bcd'", "f('', 1) == ''")
    assert quality(await judged(java, "java", SHIFT, *tests)).score > 8
    assert quality(await judged(java, "java", SHIFT.replace("+ by", "- by"), *tests)).score <= FAILS


@pytest.mark.parametrize(
    ("language", "code", "line", "said"),
    [
        ("cpp", "int f(int n) {\n    return m;\n}\n", 2, "'m' was not declared"),
        ("cpp", 'std::string f(int n) {\n    return "";\n}\n', 1, "#include <string> is missing"),
        ("cpp", '#include <string>\nint f(int n) {\n    return std::string("a");\n}\n', 3, "cannot convert"),
        ("cpp", "#include <no/such.hpp>\nint f(int n) { return n; }\n", 1, "No such file"),
        ("c", "int g(int);\nint f(int n) { return g(n); }\n", 0, "g is declared and has no body"),
    ],
)  # fmt: skip
async def test_what_does_not_compile_is_broken(
    compiled: Sandbox, language: str, code: str, line: int, said: str
) -> None:
    for tests in (("f(1) == 1",), ()):
        report = await judged(compiled, language, code, *tests)
        assert [one.line for one in report.syntax] == [line]
        assert said in report.blocked
        assert quality(report).score <= 3


async def test_java_that_does_not_compile_is_broken(java: Sandbox) -> None:
    report = await judged(java, "java", "class A {\n    static int f(int n) {\n        return m;\n    }\n}\n", "f(1) == 1")  # fmt: skip
    assert report.blocked == "line 3: cannot find symbol: variable m"


async def test_a_package_that_the_caller_says_exists_only_lacks_here(compiled: Sandbox) -> None:
    code = "#include <boost/any.hpp>\nint f(int n) { return n; }\n"
    asked = Subject(code, "cpp", "f", tests=(Test("t", "assert f(1) == 1"),), declared=frozenset({"boost"}))  # fmt: skip
    report = await examine(asked, compiled)
    assert (report.blocked, report.tests.reason) == ("", "boost is not in the sandbox")


async def test_a_piece_of_a_file_is_judged_with_the_headers_that_the_file_has(
    compiled: Sandbox,
) -> None:
    given = "int f(std::vector<int> v) { int c = 0; for (int one : v) { c = c + one; } return c; }"
    right = Subject(given.replace("c = c + one", "c += one"), "cpp", "f", given=given)
    report = await examine(right, compiled)
    assert (report.blocked, report.tests.failed) == ("", ())
    assert len(report.tests.passed) > 2
    wrong = Subject(given.replace("c = c + one", "c -= one"), "cpp", "f", given=given)
    assert (await examine(wrong, compiled)).tests.failed
    broken = Subject(given.replace("c = c + one", "d += one"), "cpp", "f", given=given)
    assert "'d' was not declared" in (await examine(broken, compiled)).blocked


async def test_code_is_not_broken_by_what_the_given_code_lacks(compiled: Sandbox) -> None:
    given = "int f(Row v) { return v.size(); }"
    report = await examine(Subject(f"{given}\n", "cpp", "f", given=given), compiled)
    assert (report.blocked, report.tests.reason) == ("", "the code that was given does not compile by itself")  # fmt: skip


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("int f(int n) { while (n != 3) { volatile int a = n; (void)a; } return 1; }", "f(2): no result: the cpu limit was reached"),
        ("int f(int n) { return n == 3 ? 1 : f(n) + 1; }", "f(2): it ended the program with SIGSEGV"),
        ('#include <stdexcept>\nint f(int n) { if (n == 2) throw std::out_of_range("n"); return 1; }', "f(2): std::out_of_range: n"),
        ("#include <vector>\nint f(int n) { std::vector<int> v(n == 2 ? 2 : 9); return v[2] + 1; }", "f(2): it ended the program with SIGABRT"),
        ("#include <cstdlib>\nint f(int n) { if (n == 2) std::exit(0); return 1; }", "f(2): it ended the program with status 0"),
        ('#include <cstdio>\nint f(int n) { if (n == 2) std::puts("0 value 2"); return 1; }', "f(2) gave 1, expected 2"),
    ],
)  # fmt: skip
async def test_a_call_that_ends_badly_fails_alone(compiled: Sandbox, code: str, said: str) -> None:
    report = await judged(compiled, "cpp", code, "f(3) == 1", "f(2) == 2", "f(3) == 1")
    assert report.tests.failed[0].told.startswith(said)
    assert "t0" in report.tests.passed
    assert ("t2" in report.tests.passed) is ("limit" not in said)


async def test_what_floods_the_output_fails(compiled: Sandbox) -> None:
    code = '#include <cstdio>\nint f(int n) { for (;;) std::puts("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"); }'
    report = await judged(compiled, "cpp", code, "f(1) == 1")
    assert [one.told for one in report.tests.failed] == ["f(1): no result: the output limit was reached"]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "rules"),
    [
        ("#include <vector>\nint f(const std::vector<int>& v) { return v.back(); }", ["raises"]),
        ("#include <vector>\nint f(const std::vector<int>& v) { return 6 / (int)v.size(); }", ["raises"]),
        ("#include <vector>\nint f(const std::vector<int>& v) { while (v.empty()) { volatile int a = 1; (void)a; } return v[v.size() - 1]; }", ["endless"]),
        ("#include <vector>\nint f(const std::vector<int>& v) { return v.empty() ? 0 : v.back(); }", []),
        ("using Row = int[2];\nint f(const Row& v) { return v[1]; }", []),
    ],
)  # fmt: skip
async def test_calls_near_the_examples_show_what_is_odd(
    compiled: Sandbox, code: str, rules: list[str]
) -> None:
    report = await judged(compiled, "cpp", code, "f([1, 3]) == 3")
    assert report.tests.passed == ("t0",)
    assert [one.rule for one in report.tests.odd] == rules
    plain = replace(report, tests=replace(report.tests, odd=()))
    assert (quality(report).score < quality(plain).score) is bool(rules)


async def test_a_score_says_which_checks_its_language_lacks(compiled: Sandbox) -> None:
    report = await judged(compiled, "cpp", MERGE, "f([1, 4], [2, 3]) == [1, 2, 3, 4]")
    assert missing(report) == (
        "a security scan",
        "a linter",
    )  # the compiler saw to types
    found = quality(report)
    assert (found.score, found.cap) == (9.6, "not checked by a security scan, a linter: 0.2 less for each")  # fmt: skip
    types = next(one for one in found.terms if one.name == "types")
    assert (types.got, types.left_out) == (1.0, False)


async def test_what_it_gives_is_read_whatever_it_is(compiled: Sandbox) -> None:
    code = """#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>
std::tuple<std::map<std::string, std::set<char>>, std::optional<double>, std::vector<bool>, const char *> f(std::optional<int> n) {
    return {{{"a\\n\\"é", {'x'}}}, n ? std::optional<double>(*n / 2.0) : std::nullopt, {true}, "s"};
}
"""
    tests = ("f(5) == ({'a\\n\"é': {'x'}}, 2.5, [True], 's')", "f(None) == ({'a\\n\"é': {'x'}}, None, [True], 's')")  # fmt: skip
    report = await judged(compiled, "cpp", code, *tests)
    assert (report.tests.passed, report.tests.failed) == (("t0", "t1"), ())


async def test_an_object_of_its_own_is_not_executed(compiled: Sandbox) -> None:
    code = "struct Point { int x; };\nPoint f(int n) { return {n}; }\n"
    report = await judged(compiled, "cpp", code, "f(1) == [1]")
    assert (report.tests.executed, report.tests.reason) == (False, "it gives what is no plain value")  # fmt: skip


async def test_code_with_a_main_of_its_own_is_called_all_the_same(compiled: Sandbox) -> None:
    code = "#include <iostream>\nint f(int n) { return n; }\nint main() { std::cout << f(1); }\n"
    assert (await judged(compiled, "cpp", code, "f(1) == 1")).tests.passed == ("t0",)


# -- without an example


async def test_a_function_without_an_example_is_called_by_its_types(compiled: Sandbox) -> None:
    code = "#include <vector>\nint f(const std::vector<int>& v, int by) { int s = by; for (int n : v) s += n; return s; }\n"
    report = await judged(compiled, "cpp", code)
    assert (report.tests.executed, report.tests.ratio, report.tests.odd) == (True, None, ())
    assert 7.5 < quality(report).score < 8.5
    endless = await judged(compiled, "cpp", "int f(int n) { for (volatile int i = 0; i < 1 || n > 0; i = 0) {} return 1; }")  # fmt: skip
    assert (endless.tests.executed, endless.tests.reason) == (False, "it gives no value, whatever it was called with")  # fmt: skip


async def test_an_array_of_c_is_given_its_length(compiled: Sandbox) -> None:
    code = (
        "int f(const int *v, int n) { int s = 0; for (int i = 0; i < n; i++) s += v[i]; return s; }"
    )
    assert DIALECTS["c"].takes(code, "f") == ("int[]",)
    assert (await judged(compiled, "c", code)).tests.executed


async def test_a_script_is_run_with_what_it_reads(compiled: Sandbox) -> None:
    code = "#include <iostream>\nint main() { double sum = 0, one; while (std::cin >> one) sum += one; std::cout << sum << '\\n'; }\n"
    asked = Subject(code, "cpp")
    report = await examine(asked, compiled)
    assert (report.tests.executed, report.blocked) == (True, "")
    silent = await examine(Subject("int main() { return 1; }\n", "cpp"), compiled)
    assert (silent.tests.executed, silent.tests.reason) == (False, "it printed nothing or ended in an error, whatever it was given")  # fmt: skip
    crashing = await examine(
        Subject("#include <cstdlib>\nint main() { abort(); }\n", "cpp"), compiled
    )
    assert crashing.tests.unproved == (
        "it was run and crashed: main.cpp: it ended the program with SIGABRT"
    )
    broken = await examine(Subject("int main() { return x; }\n", "cpp"), compiled)
    assert broken.blocked == "line 1: 'x' was not declared in this scope"


async def test_a_script_of_java_is_run_too(java: Sandbox) -> None:
    code = "public class Tree {\n    public static void main(String[] args) {\n        System.out.println(args.length > 0 ? args[0] : 5);\n    }\n}\n"
    assert (await examine(Subject(code, "java"), java)).tests.executed


async def test_changed_code_has_to_do_what_was_given(java: Sandbox) -> None:
    given = "static int f(int a, int b) { int c = a; c = c - b; return c; }"
    right = Subject(
        "static int f(int a, int b) {\n    return a - b;\n}\n", "java", "f", given=given
    )
    report = await examine(right, java)
    assert len(report.tests.passed) > 2
    assert not report.tests.failed
    wrong = Subject(
        "static int f(int a, int b) {\n    return b - a;\n}\n", "java", "f", given=given
    )
    assert (await examine(wrong, java)).tests.failed


STACK = """#include <stdexcept>
#include <vector>

template <typename T> class Stack {
public:
    explicit Stack(int room = 9) : room_(room) {}
    Stack(const Stack&) = default;
    void push(const T& one) { items_.push_back(one); }
    T pop() {
        if (items_.empty()) throw std::out_of_range("empty");
        T last = items_.back();
        items_.pop_back();
        return last;
    }
    bool same(const Stack& other) const { return items_ == other.items_; }
    static int count() { return 1; }

private:
    void hidden() {}
    int room_;
    std::vector<T> items_;
};
"""
RANGE = "class Range {\n    private final int low;\n    private final int high;\n\n    Range(int low, int high) {\n        if (low > high) {\n            throw new IllegalArgumentException();\n        }\n        this.low = low;\n        this.high = high;\n    }\n\n    boolean contains(int number) {\n        return low <= number && number <= high;\n    }\n\n    boolean overlaps(Range other) {\n        return low <= other.high && other.low <= high;\n    }\n\n    private int hidden() {\n        return 0;\n    }\n}\n"


def test_a_record_is_made_with_its_parts_and_asked_for_them() -> None:
    point = "public record Point(double x, double y) { double far(Point other) { return x - other.x; } }"
    offered = DIALECTS["java"].offers(point, "Point")
    assert offered is not None
    assert [one.name for one in offered.made_with] == ["x", "y"]
    assert {one.name for one in offered.methods} == {"x", "y", "far"}


def test_a_class_offers_its_public_methods() -> None:
    offered = DIALECTS["cpp"].offers(STACK, "Stack")
    assert offered is not None
    assert [(one.name, [(two.name, two.type) for two in one.parameters]) for one in offered.methods] == [
        ("push", [("one", "const int")]),
        ("pop", []),
        ("same", [("other", "")]),
    ]  # fmt: skip
    offered = DIALECTS["java"].offers(RANGE, "Range")
    assert offered is not None
    assert [one.name for one in offered.methods] == ["contains", "overlaps"]
    assert [(one.name, one.type) for one in offered.made_with] == [("low", "int"), ("high", "int")]
    assert DIALECTS["c"].offers("struct Stack { int n; };", "Stack") is None
    assert DIALECTS["cpp"].offers("int f() { return 1; }", "f") is None


@pytest.mark.parametrize("language", ["cpp", "java"])
async def test_an_object_of_a_class_is_made_and_its_methods_are_called(
    compiled: Sandbox, request: pytest.FixtureRequest, language: str
) -> None:
    if language == "java":
        request.getfixturevalue("java")
    name, code = ("Stack", STACK) if language == "cpp" else ("Range", RANGE)
    report = await examine(Subject(code, language, name), compiled)
    assert (report.tests.executed, report.tests.reason) == (True, "it was tried; there are no examples")  # fmt: skip
    broken = code.replace("items_.back()", "item_.back()").replace("<= high;", "<= top;")
    assert (await examine(Subject(broken, language, name), compiled)).blocked
    empty = "class Stack { public: Stack(int n) { throw n; } int f() { return 1; } };"
    if language == "cpp":
        report = await examine(Subject(empty, "cpp", "Stack"), compiled)
        assert report.tests.reason == "no object of it could be made, whatever it was given"


@pytest.mark.slow
@pytest.mark.timeout(600)  # it makes the machine busy, and a machine may be busy with others too
async def test_on_a_busy_machine_right_code_passes_and_only_a_loop_is_endless(
    compiled: Sandbox, java: Sandbox
) -> None:
    spin = [sys.executable, "-c", "while True: pass"]
    burners = [subprocess.Popen(spin) for _ in range(6)]  # the files below are five programs more
    try:
        right = "#include <bits/stdc++.h>\nint f(int n) { return n + 1; }\n"
        loop = "int f(int n) { for (volatile int i = 0;; i = n) {} }\n"
        several = await asyncio.gather(
            *(judged(compiled, "cpp", f"{right}// {number}\n", "f(1) == 2") for number in range(3)),
            judged(java, "java", "class A { static int f(int n) { return n + 1; } }", "f(1) == 2"),
            judged(compiled, "cpp", loop, "f(1) == 2"),
        )
    finally:
        for one in burners:
            one.kill()
            one.wait()
    assert [one.tests.passed for one in several] == [*[("t0",)] * 4, ()]
    assert several[-1].tests.failed[0].told == "f(1): no result: the cpu limit was reached"
