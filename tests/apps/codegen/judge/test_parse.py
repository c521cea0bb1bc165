"""What the syntax gate lets through, and what it catches in eight languages."""

from __future__ import annotations

import pytest

from arriero.apps.codegen.judge.base import Subject
from arriero.apps.codegen.judge.parse import problems

WHOLE = {
    "python": "def add(a: int, b: int) -> int:\n    total = a + b\n    return total\n",
    "javascript": "function add(a, b) {\n  const total = a + b;\n  return total;\n}\n",
    "typescript": "function add(a: number, b: number): number {\n  const total = a + b;\n  return total;\n}\n",
    "go": "package main\n\nfunc add(a int, b int) int {\n\ttotal := a + b\n\treturn total\n}\n",
    "java": "class Sum {\n  static int add(int a, int b) {\n    int total = a + b;\n    return total;\n  }\n}\n",
    "rust": "fn add(a: i32, b: i32) -> i32 {\n    let total = a + b;\n    total\n}\n",
    "kotlin": "fun add(a: Int, b: Int): Int {\n    val total = a + b\n    return total\n}\n",
    "cpp": "#include <vector>\nint add(int a, int b) {\n  int total = a + b;\n  return total;\n}\n",
}


def said(
    code: str, language: str = "python", entry: str | None = None, *, cut: bool = False
) -> str:
    found, skipped = problems(Subject(code, language, entry, cut=cut))
    assert not skipped
    return "; ".join(one.message for one in found)


@pytest.mark.parametrize("language", WHOLE)
def test_whole_code_is_let_through(language: str) -> None:
    assert not said(WHOLE[language], language, "add")


@pytest.mark.parametrize("language", WHOLE)
def test_code_that_was_cut_anywhere_is_caught(language: str) -> None:
    """Cut after the name of the function and before the last line that carries meaning."""
    code = WHOLE[language]
    first = code.index("add") + len("add")
    last = code.rindex("total") - 1
    missed = [
        code[:end] for end in range(first, last) if not said(code[:end], language, "add", cut=True)
    ]
    assert not missed


def test_the_line_is_named() -> None:
    (problem,), _ = problems(Subject("x = 1\ndef f(:\n    pass\n", "python"))
    assert problem.line == 2
    (problem,), _ = problems(Subject("let x = 1;\nlet y = ;\n", "javascript"))
    assert problem.line == 2
    assert "let y" in problem.message


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("", "no code"),
        ("return 1\n", "outside function"),
        ("x = 1\0", "null"),
        ("def g():\n    return 1\n", "f is not defined; the code defines g"),
        ("def f():\n    '''Says something.'''\n", "f has no body"),
        ("def f(x) -> int:\n    y = x\n", "f returns nothing"),
        ("class f:\n    def run(self):\n        pass\n", "f.run has no body"),
        ("f(" * 5_000, "parentheses"),
    ],
)  # fmt: skip
def test_what_does_not_hold_what_was_asked_for_is_caught(code: str, words: str) -> None:
    assert words in said(code, entry="f")


@pytest.mark.parametrize(
    "code",
    [
        "f = lambda x: x\n",
        "from math import sqrt as f\n",
        "try:\n    import json\nexcept ImportError:\n    json = None\ndef f():\n    print(1)\n",
        "if True:\n    def f() -> int:\n        return 1\n",
        "def f() -> int:\n    raise NotImplementedError\n",
        "def f():\n    yield 1\n",
        "from typing import Protocol\nclass f(Protocol):\n    def run(self) -> int: ...\n",
        "async def f() -> None:\n    print(1)\n",
    ],
)  # fmt: skip
def test_what_holds_it_in_another_form_is_let_through(code: str) -> None:
    assert not said(code, entry="f")


def test_a_method_is_found_by_its_class() -> None:
    code = "class Stack:\n    def pop(self):\n        return 1\n"
    assert not said(code, entry="Stack.pop")
    assert "not defined" in said(code, entry="Stack.push")


def test_a_cut_text_whose_function_ends_in_a_return_on_every_way_is_whole() -> None:
    whole = "def f(x):\n    if x:\n        return 1\n    else:\n        return 2\n"
    assert not said(whole, entry="f", cut=True)
    assert "no end" in said(whole.partition("    else")[0], entry="f", cut=True)
    assert "no end" in said(whole.rstrip(), entry="f", cut=True)  # may be the start of `2 * x`


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("kotlin", "interface S {\n    fun f(): Int\n}\nclass C : S {\n    override fun f() = 1\n}\n"),
        ("kotlin", "val f = { a: Int, b: Int -> a + b }\n"),
        ("kotlin", 'class A { fun f(): String { return "${a}" } }\n'),
        ("kotlin", "sealed class R { companion object { fun f(): R = A() } }\n"),
        ("typescript", "function f(a: string): string;\nfunction f(a: any): any {\n  return a;\n}\n"),
        ("rust", "trait S {\n    fn f(&self) -> i32;\n}\nimpl S for i32 {\n    fn f(&self) -> i32 { 1 }\n}\n"),
    ],
)  # fmt: skip
def test_what_is_declared_first_or_stands_in_one_line_is_there(language: str, code: str) -> None:
    assert not said(code, language, "f")


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("kotlin", "interface S {\n    fun f(): Int\n}\n"),
        ("kotlin", "class A { fun f( }\n"),
        ("kotlin", "val g = { a: Int -> a }\n"),
        ("typescript", "declare function f(a: string): string;\n"),
        ("rust", "trait S {\n    fn f(&self) -> i32;\n}\n"),
    ],
)
def test_what_is_declared_alone_is_caught_in_other_languages(language: str, code: str) -> None:
    assert said(code, language, "f")


def test_further_files_are_parsed_too_by_their_names_end() -> None:
    files = {"broken.py": "def f(:\n", "notes.txt": "def f(:\n"}
    found, _ = problems(Subject("x = 1\n", "python", files=files))
    assert [one.file for one in found] == ["broken.py"]


def test_a_language_without_a_grammar_is_not_checked_and_says_so() -> None:
    found, skipped = problems(Subject("BEGIN END", "cobol"))
    assert (found, skipped) == ((), "there is no grammar of cobol here")


def test_deep_nesting_is_an_answer_and_no_crash() -> None:
    assert not problems(Subject("[" * 20_000 + "]" * 20_000, "javascript"))[1]
    assert said("(" * 300 + ")" * 300)
