"""What is said of code that is only read: lint, types, secrets, slow forms, errors, complexity, agreement."""

from __future__ import annotations

import asyncio

import pytest

from arriero.apps.codegen.judge.agreement import agreement
from arriero.apps.codegen.judge.base import Subject
from arriero.apps.codegen.judge.child import ToolError, told
from arriero.apps.codegen.judge.complexity import cognitive, documented
from arriero.apps.codegen.judge.examine import examine
from arriero.apps.codegen.judge.forms import forms
from arriero.apps.codegen.judge.handled import unhandled
from arriero.apps.codegen.judge.lint import lint
from arriero.apps.codegen.judge.secrets import secrets
from arriero.apps.codegen.judge.slow import slow
from arriero.apps.codegen.judge.types import types
from arriero.apps.codegen.sandbox.base import NoSandbox, Test

CLEAN = '''
def above(values: list[int], limit: int) -> list[int]:
    """The values above limit."""
    return [value for value in values if value > limit]
'''


async def test_clean_code_is_left_alone_by_every_reader() -> None:
    report = await examine(Subject(CLEAN, "python", "above"), NoSandbox("not asked to"))
    found = (
        report.lint,
        report.types,
        report.secrets,
        report.slow,
        report.errors,
        report.agreement,
    )
    assert found == ((), (), (), (), (), ())
    assert report.findings is not None
    assert report.findings.weaknesses == ()
    assert (report.documented, report.complexity) == (1.0, 0)


async def test_ruff_tells_mistakes_with_their_lines() -> None:
    found = await lint("def f(a=[]):\n    x = 1\n    return a == None\n")
    assert {(one.line, one.rule) for one in found} == {(1, "B006"), (2, "F841"), (3, "E711")}


async def test_ty_tells_types_that_do_not_fit_also_across_files() -> None:
    files = {"main.py": "from other import g\n\ndef f(x: int) -> str:\n    return g(x)\n", "other.py": "def g(x: int) -> int:\n    return x.foo\n"}  # fmt: skip
    found = await types(files, "main.py")
    assert {(one.file, one.line) for one in found} == {("", 4), ("other.py", 2)}


async def test_a_tool_that_hangs_is_ended_and_said_to_be_silent() -> None:
    with pytest.raises(ToolError, match=r"no answer in 0\.2 s"):
        await told(["sleep", "60"], within_s=0.2)
    task = asyncio.create_task(told(["sleep", "60"], within_s=60))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ('const apiKey = "k9s8d7f6g5h4";\n', [1]),
        ('db_password: "correcthorse9"\n', [1]),
        ("x = 1\nurl := 'postgres://me:hunter2222@db/x'\n", [2]),
        ("token = 'AKIAABCDEFGHIJKLMNOP'\n", [1]),
        ('password = os.environ["PASSWORD"]\n', []),
        ('apiKey = "<your key here>"\npassword = "${DB_PASSWORD}"\n', []),
        ('message = "the token is wrong"\n', []),
    ],
)
def test_secrets_are_found_in_any_language(code: str, lines: list[int]) -> None:
    assert [one.line for one in secrets(code)] == lines


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("while q:\n    x = q.pop(0)\n", "front"),
        ("for x in xs:\n    if xs.count(x) > 1:\n        pass\n", "whole"),
        ("seen = []\nfor x in xs:\n    if x not in seen:\n        seen.append(x)\n", "in-list"),
        ("def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\n", "exponential"),
    ],
)
def test_slow_forms_are_named(code: str, rule: str) -> None:
    assert [one.rule for one in slow(code)] == [rule]


@pytest.mark.parametrize(
    "code",
    [
        "x = q.pop(0)\n",
        "seen = set()\nfor x in xs:\n    if x not in seen:\n        seen.add(x)\n",
        "@cache\ndef fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\n",
        "def depth(t):\n    return 1 + max(depth(t.left), depth(t.right))\n",
    ],
)
def test_what_only_looks_like_them_is_not(code: str) -> None:
    assert slow(code) == ()


def test_errors_that_nobody_handles_are_named() -> None:
    bare = "import json\ndef read(path):\n    with open(path) as file:\n        return json.load(file)\n"
    assert [one.line for one in unhandled(bare)] == [3, 4]
    tried = "def read(path):\n    try:\n        return open(path).read()\n    except OSError:\n        return ''\n"
    assert unhandled(tried) == ()
    documented_ = bare.replace("def read(path):\n", 'def read(path):\n    """Raises OSError."""\n')
    assert unhandled(documented_) == ()
    hidden = "try:\n    f()\nexcept Exception:\n    pass\n"
    assert [one.rule for one in unhandled(hidden)] == ["hidden"]


@pytest.mark.parametrize(
    ("code", "language", "score"),
    [
        ("def f(x):\n    return x\n", "python", 0),
        ("def f(x):\n    if x:\n        for y in x:\n            if y and x:\n                pass\n", "python", 7),
        ("def f(x):\n    if x:\n        pass\n    elif y:\n        pass\n    else:\n        pass\n", "python", 3),
        ("function f(x) { if (x) { for (const y of x) { if (y) { g(y); } } } }", "javascript", 6),
        ("fn f(x: i32) -> i32 { if x > 0 { 1 } else { 2 } }", "rust", 1),
    ],
)  # fmt: skip
def test_complexity_counts_branches_and_how_deep_they_are(
    code: str, language: str, score: int
) -> None:
    assert cognitive(code, language) == score


def test_documented_is_the_share_of_what_is_public() -> None:
    code = 'def a():\n    """A."""\ndef b():\n    pass\ndef _c():\n    pass\n'
    assert documented(code) == 0.5
    assert documented("x = 1\n") == 1.0


def said(code: str, language: str = "python", asked: str = "") -> str:
    found = agreement(Subject(code, language, "f", asked=asked))
    return "; ".join(one.message for one in found)


def test_what_an_example_gives_or_expects_needs_no_trace_in_the_code() -> None:
    code = (
        '// The area, 12 for the sides 3 and 4, or "none".\nint f(int a, int b) { return a * b; }\n'
    )
    tests = (Test("t", "assert f(3, 4) == 12"), Test("u", "assert f(0, 4) == 'none'"))
    assert "names 12" in said(code, "cpp")
    assert agreement(Subject(code, "cpp", "f", tests=tests)) == ()


def test_numbers_and_texts_of_the_words_that_the_code_lacks_are_named() -> None:
    code = 'def f(n):\n    """Whether n is divisible by 7. Gives "lucky" then."""\n    return n % 9 == 0\n'
    assert "names 7" in said(code)
    assert "names 'lucky'" in said(code)
    assert not said(code.replace("9 == 0", "7 == 0 and 'lucky'"))


def test_what_words_ask_for_has_to_show_in_the_code() -> None:
    assert "'average'" in said("def f(xs):\n    return sum(xs)\n", asked="The average of xs.")
    assert not said("def f(xs):\n    return sum(xs) / len(xs)\n", asked="The average of xs.")
    script = "// The average of xs.\nconst f = (xs) => xs.reduce((a, b) => a + b, 0);\n"
    assert "'average'" in said(script, "javascript")


def test_examples_in_the_words_are_no_words() -> None:
    code = 'def f(n):\n    """Twice n.\n\n    >>> f(21)\n    42\n    """\n    return n * 2\n'
    assert not said(code)


def test_parameters_that_nothing_uses_or_that_do_not_exist_are_named() -> None:
    code = 'def f(a, b):\n    """Adds.\n\n    :param a: one\n    :param c: two\n    """\n    return a + 1\n'
    assert "never uses its parameter b" in said(code)
    assert "names c" in said(code)


def test_a_number_that_nobody_named_is_asked_about() -> None:
    code = 'def f(n):\n    """Whether n is even; f(8) is."""\n    return n % 2 == 0 and n < 57 and n != 8\n'
    assert said(code) == "the code uses 57, which the description does not name"
    assert not said("def f(n):\n    return n < 57\n")  # without words nothing can be missing


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("x = y // 1\n", "B-idle"),
        ("x += 0\n", "B-idle"),
        ("x = set(a) - set(a)\n", "B-same"),
        ("x = a and b and a\n", "B-same"),
        ("x = n % 2 == -1\n", "B-always"),
        ("x = len(y) < 0\n", "B-always"),
        ("p = 0\nfor x in xs:\n    p *= x\n", "B-zero"),
        ("a = pow(x, 2)\nb = pow(y, 2)\nc = pow(z, 3)\n", "B-row"),
        ("for x in xs:\n    if x:\n        y = 1\n    break\n", "B-first"),
    ],
)
def test_forms_that_are_seldom_meant_are_named(code: str, rule: str) -> None:
    assert [one.rule for one in forms(code)] == [rule]


@pytest.mark.parametrize(
    "code",
    [
        "x = y // 2 + z % 2\n",
        "x = n % 2 == 1\n",
        "x = len(y) <= 0\n",
        "p = 1\nfor x in xs:\n    p *= x\n",
        "s = 0\nfor x in xs:\n    s = s * 10 + x\n",
        "a = pow(x, 2)\nb = pow(y, 2)\n",
        "a = x[0]\nb = x[1]\nc = x[2]\n",
        "for x in xs:\n    if x:\n        continue\n    break\n",
    ],
)
def test_forms_that_may_be_meant_are_not(code: str) -> None:
    assert forms(code) == ()


async def test_further_files_are_scanned_too_and_named() -> None:
    files = {
        "runs.py": "import os\n\ndef run(name):\n    os.system('ls ' + name)\n",
        "settings.py": "api_key = 'k9s8d7f6g5h4'\n",
    }
    report = await examine(
        Subject(CLEAN, "python", "above", files=files), NoSandbox("not asked to")
    )
    assert report.findings is not None
    assert report.findings.serious[0].message.startswith("runs.py: ")
    assert [one.file for one in report.secrets] == ["settings.py"]
