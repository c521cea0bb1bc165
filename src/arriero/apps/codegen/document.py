"""The documentation of what is delivered: from the code itself, the requirement, and the tests that ran.

No model writes it, so nothing in it can be made up. An example stands in it only when the sandbox ran it and it
held; what did not hold is listed as such.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from arriero.apps.codegen import trees
from arriero.apps.codegen.judge.compiled.table import DIALECTS
from arriero.apps.codegen.judge.quality import missing
from arriero.apps.codegen.judge.report import Report
from arriero.apps.codegen.requirement import Requirement
from arriero.apps.codegen.sandbox.base import Test
from arriero.apps.codegen.values import Generated
from arriero.apps.codegen.workbench import tests_of

CHARACTERS = 4  # a token, roughly, of English
MOST_SHOWN = 5
PROMISES = re.compile(r"\basync\b|\bPromise\b")  # what code in JavaScript has that gives promises


@dataclass(frozen=True, slots=True)
class Facts:
    """What there is to tell."""

    requirement: Requirement
    made: Generated
    report: Report


def documented(
    requirement: Requirement,
    made: Generated,
    report: Report,
    *,
    sections: Sequence[str],
    max_tokens: int,
) -> str:
    """The sections that there is something to say in, as Markdown, within `max_tokens`."""
    facts, told = Facts(requirement, made, report), []
    for name in sections:
        text = "\n".join(_SECTIONS[name](facts))
        if text.strip():
            told.append(f"## {name.capitalize()}\n\n{text}")
    whole, room = "", max_tokens * CHARACTERS
    for one in told:
        if len(whole) + len(one) > room:
            break
        whole += f"{one}\n\n"
    return whole.rstrip() + ("\n" if whole else "")


def tests_file(requirement: Requirement, made: Generated, report: Report) -> str:
    """The examples that held, and tests of our own that a mutant failed, as a file for pytest or for Node."""
    if made.language not in {"python", "javascript", "typescript"} or not report.tests.executed:
        return ""
    held = set(report.tests.passed)
    blocks = [test.code for test in _tests_of(requirement, made) if test.name in held]
    blocks += [test.code for test in report.tests.generated]
    if not blocks:
        return ""
    if made.language != "python":
        return _for_node(made, blocks)
    module = made.main.removesuffix(".py").replace("/", ".")
    waiting = {
        node.name for node in _definitions(made.code) if isinstance(node, ast.AsyncFunctionDef)
    }
    if waiting:
        blocks = [_run_to_its_end(code, waiting) for code in blocks]
    head = ["import asyncio", ""] if waiting else []
    brings = [f"from {module} import *  # noqa: F403"]
    if not all(map(str.isidentifier, module.split("."))):  # no statement can name `my-tool`
        head = ["import importlib", *head]
        brings = [f"globals().update(vars(importlib.import_module({module!r})))"]
    lines = [*head, *brings, ""]
    for number, code in enumerate(blocks, 1):
        lines += ["", f"def test_{number}():", *(f"    {line}" for line in code.splitlines()), ""]
    return "\n".join(lines)


def _run_to_its_end(code: str, waiting: AbstractSet[str]) -> str:
    """A test of Python in which calls of async functions are run as a program runs them."""
    return ast.unparse(ast.fix_missing_locations(_Running(waiting).visit(trees.parse(code))))


class _Running(ast.NodeTransformer):
    """`f(1)` -> `asyncio.run(f(1))`, where nothing waits for it yet."""

    def __init__(self, names: AbstractSet[str]) -> None:
        self.names = names

    def visit_Await(self, node: ast.Await) -> ast.AST:
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if ast.unparse(node.func) == "asyncio.run":
            return node
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in self.names:
            run = ast.Attribute(ast.Name("asyncio", ast.Load()), "run", ast.Load())
            return ast.Call(run, [node], [])
        return node


def _for_node(made: Generated, blocks: Sequence[str]) -> str:
    """Each test in a block of its own. What is tested has to be exported, which the first line says."""
    lines = ['const assert = require("node:assert");']
    if made.entry:
        lines.insert(
            0, f"// {made.main} has to export {made.entry}: module.exports = {{ {made.entry} }};"
        )
        lines.append(f'const {{ {made.entry} }} = require("./{made.main}");')
    waits = PROMISES.search(made.code) is not None
    if waits:
        lines += ["", "(async () => {"]
        blocks = [_awaited(code, made.entry or "") for code in blocks]
    for code in blocks:
        lines += ["", "{", *(f"  {line}" for line in code.splitlines()), "}"]
    return "\n".join([*lines, *(["", "})();"] if waits else []), ""])


def _awaited(code: str, entry: str) -> str:
    """A test that waits for what is called in it, whether that is a promise or not."""
    code = code.replace("assert.throws(() =>", "await assert.rejects(async () =>")
    called = rf"(^assert\.\w+\(|^\{{ const got = |^)({re.escape(entry) or 'one'}\(|one\.\w+\()"
    return re.sub(called, r"\1await \2", code, flags=re.MULTILINE)


def _overview(facts: Facts) -> Iterator[str]:
    text = _docstring(facts.made.code) or _first_sentence(facts.requirement)
    if text:
        yield text
    if facts.requirement.challenges:
        yield ""
        yield f"To look out for: {', '.join(facts.requirement.challenges)}."
    if facts.made.files:
        yield ""
        yield f"Files: {', '.join([facts.made.main, *facts.made.files])}."


def _functions(facts: Facts) -> Iterator[str]:
    for file, code in {facts.made.main: facts.made.code, **facts.made.files}.items():
        for node in _definitions(code):
            where = f" in {file}" if facts.made.files else ""
            said = (ast.get_docstring(node) or "").strip().partition("\n")[0]
            yield f"- `{_signature(node)}`{where}{f': {said}' if said else ''}"
            if isinstance(node, ast.ClassDef):
                for inner in node.body:
                    if isinstance(inner, ast.FunctionDef) and not inner.name.startswith("_"):
                        said = (ast.get_docstring(inner) or "").strip().partition("\n")[0]
                        yield f"  - `{_signature(inner)}`{f': {said}' if said else ''}"


def _usage(facts: Facts) -> Iterator[str]:
    """Examples that were executed and held; none otherwise."""
    held = set(facts.report.tests.passed) if facts.report.tests.executed else set()
    examples = enumerate(facts.requirement.examples, 1)
    shown = [one for number, one in examples if f"example {number}" in held and one.call]
    shown = shown[:MOST_SHOWN]
    mark = "#" if facts.made.language in {"python", "ruby"} else "//"
    compiled = facts.made.language in DIALECTS  # its examples are written as in Python
    if shown:
        yield f"```{'text' if compiled else facts.made.language}"
        for one in shown:
            yield from one.setup.splitlines()
            if one.raises:
                yield f"{one.call}  {mark} raises {one.raises}"
            elif one.expected:
                yield f"{one.call}  {mark} {one.expected}"
        yield "```"
        yield ""
        yield f"Each of these {'calls' if compiled else 'lines'} was executed, with this result."


def _dependencies(facts: Facts) -> Iterator[str]:
    names = ", ".join(f"`{name}`" for name in facts.made.dependencies)
    if names:
        yield f"Packages: {names}."
    elif facts.made.language == "python":  # of others it is not always known what they import
        yield "None beyond the standard library."


def _complexity(facts: Facts) -> Iterator[str]:
    yield f"The task is {facts.requirement.complexity.value}."
    scaling = facts.report.performance
    if scaling is not None and scaling.sure:
        sizes = f"{scaling.sizes[0]:,} to {scaling.sizes[-1]:,}"
        yield f"Its time is {scaling.grows} in the size of its input, measured for {sizes} elements."
    if facts.report.complexity is not None:
        yield f"Cognitive complexity of the hardest function: {facts.report.complexity}."


def _tests(facts: Facts) -> Iterator[str]:
    tests = facts.report.tests
    if why := tests.unproved:
        yield f"{why[0].upper()}{why[1:]}."
        return
    count = len(tests.passed) + len(tests.failed)
    yield f"{len(tests.passed)} of {count} examples hold{f' (run by {tests.by})' if tests.by else ''}."
    for one in tests.failed[:MOST_SHOWN]:
        yield f"- does not hold: {one.told}"
    if (
        tests.generated and facts.made.language in DIALECTS
    ):  # of others they stand in the tests' file
        yield "What it does, written down where a changed program does otherwise:"
        yield "```text"
        for test in tests.generated[:MOST_SHOWN]:
            yield test.code
        yield "```"
    if tests.strength is not None and not tests.failed:
        yield f"Of {tests.mutants} changes made to the code, the examples notice {tests.strength:.0%}."
    if absent := missing(facts.report):
        yield f"It was not checked by {', '.join(absent)}."


def _tests_of(requirement: Requirement, made: Generated) -> tuple[Test, ...]:
    return tests_of(requirement, made.main, {made.main: made.code, **made.files})


Section = Callable[[Facts], Iterator[str]]
_SECTIONS: Mapping[str, Section] = {
    "overview": _overview, "functions": _functions, "usage": _usage,
    "dependencies": _dependencies, "complexity": _complexity, "tests": _tests,
}  # fmt: skip


Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _definitions(code: str) -> list[Definition]:
    try:
        tree = trees.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return []
    return [
        node for node in tree.body if isinstance(node, Definition) and not node.name.startswith("_")
    ]


def _signature(node: Definition) -> str:
    if isinstance(node, ast.ClassDef):
        bases = ", ".join(ast.unparse(base) for base in node.bases)
        return f"class {node.name}({bases})" if bases else f"class {node.name}"
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"{node.name}({ast.unparse(node.args)}){returns}"


def _docstring(code: str) -> str:
    found = _definitions(code)
    said = ast.get_docstring(found[-1]) if len(found) == 1 else None
    return (said or "").partition(">>>")[0].strip()


def _first_sentence(requirement: Requirement) -> str:
    if requirement.stub and requirement.part:
        return requirement.part.task.partition(">>>")[0].strip()
    prose = [line.strip() for line in requirement.text.splitlines() if line.strip()]
    return prose[0][:400] if prose and not prose[0].startswith(("def ", "```", "import ")) else ""
