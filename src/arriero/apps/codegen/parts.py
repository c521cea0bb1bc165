"""Requirements of several parts: each is written by itself, beside what is there, and tried before the next.

The plan is the requirement's architecture, which rules made: small models plan badly and write single functions
well (notes in docs/codegen.md).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from arriero.apps.codegen import trees
from arriero.apps.codegen.judge.base import Subject, Switches
from arriero.apps.codegen.judge.report import Report
from arriero.apps.codegen.repair import put_right
from arriero.apps.codegen.repair_names import defined, module_of
from arriero.apps.codegen.requirement import Part, Requirement
from arriero.apps.codegen.values import Generated
from arriero.apps.codegen.workbench import tests_of
from arriero.apps.codegen.writer import Writer

QUICK = Switches(
    security=False, performance=False
)  # whether it runs; the whole is judged afterwards
SHOWN_WHOLE = 60  # lines: what is already written is shown as it is up to here, then as signatures

Try = Callable[[Subject, Switches], Awaitable[Report]]
Code = tuple[str, str]  # file, text


async def built(
    writer: Writer, examine: Try, *, tries: int, temperature: float, enough: Callable[[], bool]
) -> Generated | None:
    """All parts in order, as one candidate. Each has `tries` answers at most, unless `enough` time is gone.

    What an answer says of other parts is left out: each is written, and tried, in its own turn.
    """
    requirement = writer.requirement
    files: dict[str, str] = {}
    for number, part in enumerate(requirement.architecture.parts):
        code = await _part(
            writer,
            part,
            files,
            examine,
            number,
            tries=tries,
            temperature=temperature,
            enough=enough,
        )
        code = _own(code, part, files, requirement.components)
        if code:
            files[part.file] = merged(files.get(part.file, ""), code)
    if not files:
        return None
    main = main_of(requirement, files)
    files = {
        name: put_right(text, requirement, _others(files, name)) for name, text in files.items()
    }
    return Generated(
        code=files[main],
        language=requirement.language,
        complexity=requirement.complexity.value,
        main=main,
        files={name: text for name, text in files.items() if name != main},
        entry=requirement.entry if requirement.entry in defined(files[main]) else None,
    )


async def _part(
    writer: Writer,
    part: Part,
    files: Mapping[str, str],
    examine: Try,
    number: int,
    *,
    tries: int,
    temperature: float,
    enough: Callable[[], bool],
) -> str:
    """The first answer whose examples hold; else the one with which most do."""
    best, most, seen = "", -2.0, set[str]()
    others = _others(files, part.file)
    context, above = shown(others), opening_of(part, files, writer.requirement)
    for attempt in range(max(1, tries)):
        if attempt and enough():
            break
        salt = 100 * (number + 1) + attempt
        code = await writer.part(
            part, context, above, temperature=temperature if attempt else None, salt=salt
        )
        if code in seen:
            break  # the writer says the same again
        seen.add(code)
        held = await _held(writer.requirement, part, code, files, examine)
        if held > most:
            best, most = code, held
        if held >= 1.0:
            break
    return best


def opening_of(part: Part, files: Mapping[str, str], requirement: Requirement) -> str:
    """What stands before a part in its file: imports of what it is to use from other files, and what is there.

    To use is what the part's own words name; the last part, which brings the others together, may use all of them.
    """
    there = files.get(part.file, "")
    is_last = part.name == requirement.architecture.parts[-1].name
    lines = []
    for name, text in _others(files, part.file).items():
        offered = defined(text) & set(requirement.components) - defined(there)
        named = {one for one in offered if re.search(rf"\b{re.escape(one)}\b", part.task)}
        if use := sorted(named or (offered if is_last else ())):
            lines.append(f"from {module_of(name)} import {', '.join(use)}")
    return merged(there, "\n".join(lines)) if lines and there else "\n".join(lines) or there


async def _held(
    requirement: Requirement, part: Part, code: str, files: Mapping[str, str], examine: Try
) -> float:
    """The share of the part's examples that hold; 1 without any if it parses, -1 if it does not."""
    if not code.strip():
        return -1.0
    if requirement.language != "python":
        return 1.0
    code = _own(code, part, files)
    own = {**files, part.file: merged(files.get(part.file, ""), code)}
    text = put_right(own[part.file], requirement, _others(own, part.file))
    others = {name: one for name, one in own.items() if name != part.file}
    shown = tuple(one for one in requirement.examples if one.entry == part.name)
    tests = tests_of(replace(requirement, examples=shown), part.file, own)
    subject = Subject(
        text, requirement.language, entry=part.name, files=others, main=part.file, tests=tests
    )
    report = await examine(subject, QUICK)
    if report.blocked:
        return -1.0
    return 1.0 if report.tests.ratio is None else report.tests.ratio


def _own(code: str, part: Part, files: Mapping[str, str], components: Sequence[str] = ()) -> str:
    """`code` without what other files define already, from where it is imported, and without other `components`."""
    elsewhere = {
        name for file, text in files.items() if file != part.file for name in defined(text)
    }
    elsewhere = (elsewhere | set(components)) - {part.name}
    try:
        tree = trees.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return code
    again = [node for node in tree.body if getattr(node, "name", None) in elsewhere]
    lines = code.splitlines()
    for node in reversed(again):
        first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
        del lines[first - 1 : node.end_lineno]
    return "\n".join(lines).strip() + "\n" if again else code


def merged(there: str, code: str) -> str:
    """A file with another part behind what is there: imports at the top, nothing defined twice."""
    if not there.strip():
        return code.strip() + "\n"
    try:
        old, new = trees.parse(there), trees.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return f"{there.rstrip()}\n\n\n{code.strip()}\n"
    known = defined(there)
    lines, whole = code.splitlines(), there.rstrip().splitlines()
    imports, rest = list[str](), list[str]()
    have = {ast.unparse(node) for node in old.body if isinstance(node, ast.Import | ast.ImportFrom)}
    at = 0
    for node in new.body:
        first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
        text = "\n".join(lines[max(at, first - 1) : node.end_lineno])
        at = node.end_lineno or at
        if isinstance(node, ast.Import | ast.ImportFrom):
            if ast.unparse(node) not in have:
                imports.append(ast.unparse(node))
        elif getattr(node, "name", None) not in known:
            rest.append(text)
    return "\n".join([*imports, *whole, "", "", *"\n\n\n".join(rest).splitlines()]) + "\n"


def shown(files: Mapping[str, str]) -> str:
    """What is already written, as it is while it is short, else as signatures with their docstrings."""
    whole = "\n\n".join(f"# {name}\n{text.strip()}" for name, text in files.items())
    if whole.count("\n") <= SHOWN_WHOLE:
        return whole
    return "\n\n".join(f"# {name}\n{_signatures(text)}" for name, text in files.items())


def _signatures(code: str) -> str:
    try:
        tree = trees.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return ""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            said = ast.get_docstring(node)
            node.body = [ast.Expr(ast.Constant(said or ...))]
    return ast.unparse(tree)


def main_of(requirement: Requirement, files: Mapping[str, str]) -> str:
    """The file that is tested: one that everything can be reached from is the last, else the entry's own."""
    part = requirement.part
    if part is not None and part.file in files:
        return part.file
    return next(reversed([*files]))


def _others(files: Mapping[str, str], name: str) -> dict[str, str]:
    return {other: text for other, text in files.items() if other != name}
