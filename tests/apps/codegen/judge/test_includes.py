"""Headers and imports that code uses and does not name are put in; nothing else is touched."""

from __future__ import annotations

import pytest

from arriero.apps.codegen.judge.compiled.includes import included


@pytest.mark.parametrize(
    ("language", "code", "heads"),
    [
        ("cpp", "std::vector<int> f(std::string s);\n", ["#include <string>", "#include <vector>"]),
        ("cpp", "vector<int> f(int n) { return {max(n, 1)}; }\n", ["#include <algorithm>", "#include <vector>", "using namespace std;"]),
        ("cpp", "int f(int n) { return n > INT_MAX - 1 ? 1 : std::gcd(n, 2); }\n", ["#include <climits>", "#include <numeric>"]),
        ("c", "bool f(const char *s) { return strlen(s) > 2; }\n", ["#include <stdbool.h>", "#include <string.h>"]),
        ("java", "class A { List<Integer> f() { return Stream.of(1).collect(Collectors.toList()); } }\n", ["import java.util.List;", "import java.util.stream.Collectors;", "import java.util.stream.Stream;"]),
    ],
)  # fmt: skip
def test_what_is_used_is_named_at_the_top(language: str, code: str, heads: list[str]) -> None:
    assert included(code, language) == "\n".join([*heads, "", code])


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("cpp", "int f(int n) { return n; }\n"),
        ("cpp", "#include <vector>\nint f(std::vector<int> v) { return v.size(); }\n"),
        ("cpp", "#include <bits/stdc++.h>\nusing namespace std;\nvector<int> f(string s);\n"),
        ("cpp", "template <class T> T max(T a, T b) { return a < b ? b : a; }\nint f(int n) { return max(n, 1); }\n"),
        ("cpp", "// std::vector would do as well\nint f(int n) { return n; }\n"),
        ("c", "#include <stdbool.h>\nbool f(int n) { return true; }\n"),
        ("java", "import java.util.*;\nclass A { List<Integer> f() { return null; } }\n"),
        ("java", "class A { java.util.List<Integer> f() { return null; } }\n"),
        ("java", "class Stack { Stack f() { return this; } }\n"),
        ("python", "def f():\n    return vector\n"),
    ],
)  # fmt: skip
def test_what_lacks_nothing_stays_as_it_is(language: str, code: str) -> None:
    assert included(code, language) == code


def test_new_heads_stand_below_those_that_are_there() -> None:
    code = "#include <vector>\n\nstd::vector<std::string> f();\n"
    assert (
        included(code, "cpp")
        == "#include <vector>\n#include <string>\n\nstd::vector<std::string> f();\n"
    )
    code = "package a;\n\nclass A { List<Integer> f() { return null; } }\n"
    assert included(code, "java") == "package a;\nimport java.util.List;\n\nclass A { List<Integer> f() { return null; } }\n"  # fmt: skip
