from __future__ import annotations

import pytest

from arriero.apps.codegen.gather.definitions import definitions

PYTHON = '''
import os


@cache
def area(width, height):
    """The area of a rectangle."""
    def inner(): ...
    return width * height


class Order:
    """What was bought."""

    def total(self): ...
'''


def test_functions_and_classes_of_python_come_with_their_decorators_and_docstrings() -> None:
    area, order = definitions(PYTHON, "python")
    assert (area.name, area.line, area.said) == ("area", 5, "The area of a rectangle.")
    assert area.code.startswith("@cache\ndef area")
    assert area.code.endswith("return width * height")
    assert (order.name, order.said) == ("Order", "What was bought.")


def test_a_long_class_is_its_outline_and_its_methods() -> None:
    body = "".join(f"    def m{n}(self):\n        return {n}\n\n" for n in range(30))
    outline, *methods = definitions(f"class Long:\n{body}", "python")
    assert outline.code.splitlines()[:2] == ["class Long:", "    def m0(self): ..."]
    assert [one.name for one in methods[:2]] == ["Long.m0", "Long.m1"]
    assert len(methods) == 30


def test_a_function_of_hundreds_of_lines_is_no_example() -> None:
    assert definitions("def f():\n" + "    x = 1\n" * 300, "python") == ()


@pytest.mark.parametrize("code", ["def f(:\n", "x = '\0'", "(" * 5_000])
def test_what_does_not_parse_says_so(code: str) -> None:
    with pytest.raises(ValueError, match="does not parse"):
        definitions(code, "python")


@pytest.mark.parametrize(
    ("language", "code", "names"),
    [
        ("javascript", "// Adds.\nfunction add(a, b) { return a + b; }\nconst twice = (n) => 2 * n;\nconst x = 1;\n", ["add", "twice"]),
        ("typescript", "export class Cart { total(): number { return 1; } }\ninterface Item { name: string }\n", ["Cart", "Item"]),
        ("go", "package main\nfunc Add(a int) int { return a }\ntype Cart struct { N int }\n", ["Add", "Cart"]),
        ("java", "class Cart { int total() { return 1; } }", ["Cart"]),
        ("rust", "fn add(a: i32) -> i32 { a }\nstruct Cart { n: i32 }\nimpl Cart { fn n(&self) -> i32 { self.n } }\n", ["add", "Cart", "Cart"]),
        ("c", "int add(int a, int b) { return a + b; }\n", ["add"]),
        ("ruby", "class Cart\n  def total\n    1\n  end\nend\n", ["Cart"]),
        ("bash", "greet() { echo hi; }\n", ["greet"]),
    ],
)  # fmt: skip
def test_definitions_of_other_languages_are_found(
    language: str, code: str, names: list[str]
) -> None:
    found = definitions(code, language)
    assert [one.name for one in found] == names


def test_the_comment_before_a_function_is_what_is_said_of_it() -> None:
    code = "/**\n * Adds two numbers.\n */\nexport function add(a, b) { return a + b; }\n"
    (one,) = definitions(code, "javascript")
    assert (one.said, one.line) == ("Adds two numbers.", 4)


def test_a_language_without_a_grammar_says_so() -> None:
    with pytest.raises(ValueError, match="no grammar of cobol"):
        definitions("x", "cobol")
