"""Programming problems with hidden tests: HumanEval's format, MBPP's, and our own multi-part tasks.

What a model or the pipeline is given is `Asked`, which holds no hidden test; the tests stay in `Problem` and
only score. Of an MBPP row the first assertion is shown, as it alone says the function's name.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from arriero.apps.codegen import trees
from arriero.apps.codegen.sandbox.base import Limits, Program, Sandbox, Test
from arriero.bench.jsonl import Row, objects
from arriero.core.errors import InputError

MAIN = "main.py"
# A test of a benchmark takes milliseconds; the machine may be busy, and that is not what is measured.
LIMITS = Limits(wall_s=20, cpu_s=10)
PYTHON = frozenset({"python", "py"})
PACKED = frozenset({"python", "javascript", "js", "java", "go", "cpp", "rust"})  # HumanEvalPack's


@dataclass(frozen=True, slots=True)
class Asked:
    """All that is told of a problem. `files` are the files to write; tests start from the last of them.

    With `code`, that code is to be repaired; `shown` are the tests that may be seen.
    """

    requirement: str
    entry: str | None = None
    files: tuple[str, ...] = (MAIN,)
    code: str = ""
    shown: str = ""

    @property
    def main(self) -> str:
        return self.files[-1]


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem and what scores it. `before` is the prompt's own code (imports, a given function)."""

    id: str
    asked: Asked
    tests: tuple[Test, ...]
    before: str = ""

    @property
    def digest(self) -> str:
        """Changes when what is asked changes."""
        return _digest(self.asked)

    @property
    def scoring(self) -> str:
        """Changes when what scores it changes."""
        return _digest((self.tests, self.before))


@dataclass(frozen=True, slots=True)
class Mark:
    """How code did: whether all hidden tests passed, why not, and whether a file does not parse."""

    passed: bool
    reason: str = ""
    syntax_error: bool = False


def read_problems(file: Path) -> tuple[Problem, ...]:
    """The problems of a file in any of the three formats. `InputError` names the row that is none."""
    found = tuple(_problem(row, f"{file.name}, row {number}") for number, row in objects(file))
    if not found:
        raise InputError(f"{file.name} has no problems; give JSONL in HumanEval's or MBPP's format")
    return found


async def mark(problem: Problem, files: Mapping[str, str], sandbox: Sandbox) -> Mark:
    """Run the hidden tests on `files` in `sandbox`. Nothing delivered is not passed, nor is what has no tests."""
    if not problem.tests:
        return Mark(passed=False, reason="it has no tests")
    if problem.asked.main not in files:
        return Mark(passed=False, reason=f"{problem.asked.main} was not delivered")
    broken = [name for name, text in files.items() if name.endswith(".py") and not parses(text)]
    if broken:
        return Mark(passed=False, reason=f"{broken[0]} does not parse", syntax_error=True)
    whole = {**files, problem.asked.main: _joined(problem.before, files[problem.asked.main])}
    ran = await sandbox.run(Program(whole, problem.asked.main, tests=problem.tests), LIMITS)
    if ran.passed:
        return Mark(passed=True)
    failed = next((test.reason for test in ran.tests if not test.passed), "")
    return Mark(
        passed=False, reason=(ran.reason or failed or str(ran.hit or ran.stderr[-300:]))[:500]
    )


def _digest(told: object) -> str:
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def parses(code: str) -> bool:
    """Whether it is Python."""
    try:
        trees.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _problem(row: Row, where: str) -> Problem:
    if (language := language_of(row)) not in PYTHON:
        raise InputError(f"{where}: is in {language}; only Python is scored, give Python problems")
    if "entry_point" in row:
        return _humaneval(row, where)
    if "test_list" in row:
        return _mbpp(row, where)
    if "requirement" in row:
        return _parts(row, where)
    raise InputError(
        f"{where}: needs entry_point (HumanEval), test_list (MBPP) or requirement (multi-part)"
    )


def _humaneval(row: Row, where: str) -> Problem:
    prompt, entry, test = (text(row, name, where) for name in ("prompt", "entry_point", "test"))
    return Problem(
        text(row, "task_id", where),
        Asked(prompt, entry),
        (checked(test, entry),),
        given(prompt, entry),
    )


def _mbpp(row: Row, where: str) -> Problem:
    wanted = text(row, "text" if "text" in row else "prompt", where)
    tests = row["test_list"]
    if not isinstance(tests, list) or not all(isinstance(one, str) for one in tests) or not tests:
        raise InputError(f"{where}: test_list has to be a list of assertions")
    setup = str(row.get("test_setup_code") or "\n".join(row.get("test_imports") or ()))
    scored = tuple(Test(f"test {at}", f"{setup}\n{test}") for at, test in enumerate(tests, 1))
    asked = Asked(f"{wanted.strip()}\n\nExample:\n{tests[0].strip()}\n", _called(tests[0]))
    return Problem(f"MBPP/{row.get('task_id')}", asked, scored)


def _parts(row: Row, where: str) -> Problem:
    files, tests = row.get("files"), row.get("tests")
    for name, told in (("files", files), ("tests", tests)):
        if not isinstance(told, list) or not told or not all(isinstance(one, str) for one in told):
            raise InputError(f"{where}: {name} has to be a list of texts that is not empty")
    assert isinstance(files, list)  # noqa: S101 - looked at above
    assert isinstance(tests, list)  # noqa: S101 - looked at above
    objects_too = bool(row.get("objects"))
    scored = tuple(Test(f"test {at}", test, objects_too) for at, test in enumerate(tests, 1))
    asked = Asked(text(row, "requirement", where), files=tuple(files))
    return Problem(text(row, "id", where), asked, scored)


def checked(test: str, entry: str) -> Test:
    """A benchmark's `check` as a test that calls it: one that is only defined would pass everything."""
    called = re.search(rf"^check\({re.escape(entry)}\)", test, re.MULTILINE)
    return Test("check", test if called else f"{test}\ncheck({entry})\n")


def language_of(row: Row) -> str:
    """The language that a row names, or the one at the front of HumanEvalPack's `task_id`; else Python."""
    before, slash, _ = str(row.get("task_id", "")).lower().partition("/")
    told = before if slash and before in PACKED else "python"
    return str(row.get("language") or told).lower()


def text(row: Row, name: str, where: str) -> str:
    """The row's text of that name, or `InputError`."""
    value = row.get(name)
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{where}: needs a text in {name}")
    return value


def given(prompt: str, entry: str) -> str:
    """What a prompt in code has before the function that is asked for: imports, functions to use."""
    start = re.search(rf"^(?:async )?def {re.escape(entry)}\b", prompt, re.MULTILINE)
    before = prompt[: start.start()] if start else ""
    return before if parses(before) else ""


def _joined(before: str, code: str) -> str:
    """`before`, then `code`, whose future imports have to stay in front."""
    if not before:
        return code
    lines = code.rstrip("\n").split("\n")  # not splitlines: a text may hold U+2028
    future = [line for line in lines if line.startswith("from __future__ import")]
    rest = [line for line in lines if not line.startswith("from __future__ import")]
    return "\n".join([*future, before, *rest, ""])


def _called(assertion: str) -> str | None:
    """The function that an assertion is about: the first it calls that is not Python's own."""
    try:
        tree = trees.parse(assertion.strip())
    except (SyntaxError, ValueError):
        return None
    names = (
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    )
    return next((name for name in names if not hasattr(builtins, name)), None)
