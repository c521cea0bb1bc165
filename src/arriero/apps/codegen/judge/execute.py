"""Runs the caller's examples in the sandbox, and reads what a failed one says: the call, expected and got."""

from __future__ import annotations

import ast
import re
import secrets
from dataclasses import dataclass, replace

from arriero.apps.codegen import trees
from arriero.apps.codegen.judge.base import Subject
from arriero.apps.codegen.judge.imports import imported
from arriero.apps.codegen.judge.report import Failure, Tests
from arriero.apps.codegen.sandbox.base import Limits, Program, Ran, Sandbox, Test, Tested

GOT = "_arriero_got"
FAILED = re.compile(r"^AssertionError: got (.*) \(line (\d+)\)$", re.DOTALL)
RAISED = re.compile(r"^(.*) \(line (\d+)\)$", re.DOTALL)
# What the sandbox for JavaScript says: the error, and the last call that the test made.
LAST = re.compile(r"^(\w+): (.*) \[(.*) gave (.*)\]$", re.DOTALL)
EXPECTED = re.compile(r"^got .*, expected (.*)$", re.DOTALL)
LOCATOR = "arriero_locate.py"
LOCATE = """
try:
    from {module} import *
    {call}
except BaseException as error:
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.endswith({main!r}):
            line = trace.tb_lineno
        trace = trace.tb_next
    print("\\n{nonce}", line)
"""
MISSING = re.compile(r"ModuleNotFoundError: No module named '([\w.]+)'")


@dataclass(frozen=True, slots=True)
class Told:
    """A test that says what it got. `lines`: a line of its code -> (the call there, what was expected)."""

    test: Test
    lines: dict[int, tuple[str, str]]


async def examples(subject: Subject, sandbox: Sandbox, limits: Limits) -> Tests:
    """How the examples went. Nothing runs outside of the sandbox."""
    if not subject.tests:
        return Tests(executed=False, reason="there are no examples to run")
    python = subject.language == "python"
    told = [telling(test) if python else Told(test, {}) for test in subject.tests]
    program = Program(subject.every, subject.main, tests=tuple(one.test for one in told))
    found = read(subject, told, await sandbox.run(program, limits))
    return await _with_line(found, subject, sandbox) if python else found


async def _with_line(found: Tests, subject: Subject, sandbox: Sandbox) -> Tests:
    """The first example that raised is called once more alone (30 ms), to learn in which line of the code."""
    place = next((n for n, one in enumerate(found.failed) if one.error and one.call), None)
    if place is None:
        return found
    nonce = secrets.token_hex(8)
    module = subject.main.removesuffix(".py").replace("/", ".")
    script = LOCATE.format(nonce=nonce, module=module, main=subject.main, call=found.failed[place].call)  # fmt: skip
    program = Program({**subject.every, LOCATOR: script}, LOCATOR)
    ran = await sandbox.run(program, Limits(wall_s=1.0, cpu_s=1.0))
    match = re.search(rf"^{nonce} (\d+)$", ran.stdout, re.MULTILINE)
    if match is None or match[1] == "0":
        return found
    one = replace(found.failed[place], line=int(match[1]))
    return replace(found, failed=(*found.failed[:place], one, *found.failed[place + 1 :]))


def read(subject: Subject, told: list[Told], ran: Ran) -> Tests:
    """What a run says of the examples."""
    if not ran.executed:
        return Tests(executed=False, reason=ran.reason)
    absent = _absent(subject, ran)
    if absent:
        return Tests(executed=False, reason=f"{absent} is not in the sandbox", by=ran.by)
    pairs = list(zip(told, ran.tests, strict=True))
    passed = tuple(result.name for _, result in pairs if result.passed)
    failed = tuple(failure(one, result) for one, result in pairs if not result.passed)
    return Tests(executed=True, passed=passed, failed=failed, by=ran.by)


def telling(test: Test) -> Told:
    """The same test, whose asserts of equality say what they got. A test that does not parse stays as it is."""
    try:
        code = ast.unparse(ast.fix_missing_locations(_Telling().visit(trees.parse(test.code))))
    except (SyntaxError, ValueError, RecursionError):
        return Told(test, {})
    lines: dict[int, tuple[str, str]] = {}
    call = ""
    for node in sorted(_statements(trees.parse(code)), key=lambda one: one.lineno):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name == GOT:
                call = ast.unparse(value)
                lines[node.lineno] = (call, "")
            case ast.Assert(test=ast.Compare(left=ast.Name(id=name), comparators=[expected])) if (
                name == GOT
            ):
                lines[node.lineno] = (call, ast.unparse(expected))
                lines[node.lineno - 1] = lines[node.lineno]
            case ast.Assert(test=held):
                lines[node.lineno] = (ast.unparse(held), "True")
    return Told(replace(test, code=code), lines)


class _Telling(ast.NodeTransformer):
    """`assert f(1) == 2` -> `got = f(1)` and `assert got == 2, 'got ' + repr(got)`."""

    def visit_Assert(self, node: ast.Assert) -> ast.AST | list[ast.AST]:
        match node.test:
            case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
                if not any(isinstance(one, ast.Call) for one in ast.walk(left)):
                    left, right = right, left
                got = ast.Name(GOT, ast.Load())
                said = ast.BinOp(
                    ast.Constant("got "), ast.Add(), ast.Call(ast.Name("repr"), [got], [])
                )
                return [
                    ast.Assign([ast.Name(GOT, ast.Store())], left),
                    ast.Assert(ast.Compare(got, [ast.Eq()], [right]), said),
                ]
            case _:
                return node


def _statements(tree: ast.Module) -> list[ast.stmt]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]


def failure(told: Told, result: Tested) -> Failure:
    """What a failed test says of the code."""
    if match := FAILED.match(result.reason):
        call, expected = told.lines.get(int(match[2]), ("", ""))
        return Failure(result.name, call, expected, got=match[1])
    if match := RAISED.match(result.reason):
        call, expected = told.lines.get(int(match[2]), ("", ""))
        got = "False" if match[1].startswith("AssertionError") and expected == "True" else ""
        return Failure(result.name, call, expected, got=got, error=match[1])
    if match := LAST.match(result.reason):
        wanted = EXPECTED.match(match[2])
        said = "" if wanted else f"{match[1]}: {match[2]}"
        return Failure(result.name, match[3], wanted[1] if wanted else "another value", match[4], said)  # fmt: skip
    return Failure(result.name, error=result.reason)


def _absent(subject: Subject, ran: Ran) -> str:
    """A package that is installed here, or said to exist, and that the sandbox does not show."""
    for test in ran.tests:
        found = MISSING.search(test.reason)
        if found and not test.passed:
            top = found[1].partition(".")[0]
            named = {name.partition(".")[0] for name in imported(subject.code, subject.language)}
            if top in named:
                return top
    return ""
