"""Code that is odd, huge or hostile has a report like any other; nothing of it is an exception here."""

from __future__ import annotations

import pytest

from arriero.apps.codegen.judge.base import LONGEST, Subject, named
from arriero.apps.codegen.judge.examine import examine
from arriero.apps.codegen.judge.mutants import mutants
from arriero.apps.codegen.judge.quality import BLOCKED, FAILS, OFF, quality
from arriero.apps.codegen.sandbox.base import NoSandbox, Sandbox, Test
from arriero.apps.codegen.security.scan import scan
from arriero.core.errors import InputError, TooLarge

NONE = NoSandbox("not asked to")


@pytest.mark.parametrize(
    "code",
    [
        "x = " + "+".join(["1"] * 5_000) + "\n",
        "def f(n):\n    return n" + ".a" * 3_000 + "\n",
        "def f(n):\n    return '\ud800'\n",
        "\ufeffdef f(n):\n    return n\n",
        "def f(n):\n    return n\0\n",
        "def f(n):\n" + "    " * 90 + "\n" * 5,
    ],
    ids=["long sum", "long chain", "half a character", "byte order mark", "NUL", "blank"],
)
async def test_what_python_cannot_read_is_blocked_with_a_sentence(code: str) -> None:
    report = await examine(Subject(code, "python", "f"), NONE)
    found = quality(report)
    assert found.score <= BLOCKED
    assert found.cap
    assert not report.tests.executed


async def test_carriage_returns_and_a_very_long_line_are_usual_code() -> None:
    report = await examine(Subject("def f(n):\r\n    return n\r\n", "python", "f"), NONE)
    assert not report.blocked
    long = "def f(n):\n    return [" + ",".join(map(str, range(3_000))) + "][n]\n"
    assert not (await examine(Subject(long, "python", "f"), NONE)).blocked


async def test_deep_nesting_in_another_language_is_read() -> None:
    code = "const f = n => " + "(" * 3_000 + "n" + ")" * 3_000 + ";"
    assert not (await examine(Subject(code, "javascript", "f"), NONE)).blocked


@pytest.mark.parametrize(
    "body",
    ["os._exit(0)", "[os.fork() for _ in range(99)]", "[print('x' * 9999) for _ in range(9999)]", "os.remove('main.py')"],
)  # fmt: skip
async def test_hostile_code_fails_its_examples_and_nothing_else(
    sandbox: Sandbox, body: str
) -> None:
    code = f"import os\n\ndef f(n):\n    {body}\n    return -n\n"
    asked = Subject(code, "python", "f", tests=(Test("t", "assert f(3) == 3"),))
    found = quality(await examine(asked, sandbox, within_s=3))
    assert 0 < found.score <= FAILS


def test_mutants_do_not_grow_with_what_was_scanned_before() -> None:
    """Bandit hangs its trees on nodes that all trees share; a copy of one would copy them all."""
    for number in range(30):
        scan(f"def g{number}(a):\n    return [a, {number}]\n")
    assert len(mutants("def f(a, b):\n    return a + b < 3\n", "f")) > 3


async def test_a_scan_that_takes_too_long_is_left_and_caps_the_score() -> None:
    code = "\n".join(f"def f{number}(a):\n    return a + {number}" for number in range(1_500))
    report = await examine(Subject(code, "python"), NONE, within_s=0.01)
    assert report.skipped["security"] == "it took too long"
    assert report.findings is None
    assert quality(report).score <= OFF


def test_what_cannot_be_a_subject_says_so() -> None:
    with pytest.raises(TooLarge, match="file by file"):
        Subject("x" * (LONGEST + 1), "python")
    with pytest.raises(InputError, match="leave it out"):
        Subject("x", "python", files={"main.py": "y"})
    assert (named(" C++ "), named("Py"), named("cobol")) == ("cpp", "python", "cobol")
    assert Subject("x", "ts").main == "main.ts"
