"""What is put right without a model: names, imports, layout, lint, unsafe calls. Pure but for `linted`."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from arriero.apps.codegen import trees
from arriero.apps.codegen.judge.child import ToolError, program, told
from arriero.apps.codegen.repair_names import (
    defined,
    imported,
    unbound,
    unshadowed,
)
from arriero.apps.codegen.requirement import Kind, Requirement
from arriero.core.errors import MissingExtra

# Signs that text processors make of quotes, hyphens and blanks.
_PLAIN = str.maketrans("\u201c\u201d\u2018\u2019\u2013\u2212\u00a0", "\"\"''-- ")
LINT_WITHIN_S = 2.0  # ruff takes 30 ms


def parsing(code: str) -> str:
    """`code` laid out so that it parses, if tabs, a stray indentation or typographic signs are all that is wrong."""
    if _parses(code):
        return code
    plain = code.translate(_PLAIN)
    for other in (plain, plain.expandtabs(4), _dedented(plain), _even(plain)):
        if _parses(other):
            return other
    return code


def _parses(code: str) -> bool:
    try:
        trees.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return False
    return True


def _dedented(code: str) -> str:
    """Without the blanks that the first line stands behind."""
    first = next((line for line in code.splitlines() if line.strip()), "")
    blanks = len(first) - len(first.lstrip())
    return "\n".join(
        line[min(blanks, len(line) - len(line.lstrip())) :] for line in code.splitlines()
    )


def _even(code: str) -> str:
    """Indentation rounded to whole steps of four: a body with 3 or 5 blanks in some lines."""
    return "\n".join(
        " " * (4 * round((len(line) - len(line.lstrip())) / 4)) + line.lstrip()
        for line in code.splitlines()
    )


def named(code: str, requirement: Requirement) -> str:
    """The function that was asked for under its name, when the code has one function and calls it otherwise."""
    entry = requirement.entry
    if not entry or requirement.multi_part or not _parses(code) or entry in defined(code):
        return code
    is_class = requirement.part is not None and requirement.part.kind is Kind.CLASS
    kinds = (ast.ClassDef,) if is_class else (ast.FunctionDef, ast.AsyncFunctionDef)
    found = [node.name for node in trees.parse(code).body if isinstance(node, kinds)]
    same = [
        name for name in found if name.replace("_", "").lower() == entry.replace("_", "").lower()
    ]
    if len(found) != 1 and len(same) != 1:
        return code
    # Behind a dot it is somebody else's: `xs.sort()` in a function that was called `sort`.
    return re.sub(rf"(?<!\.)\b{re.escape((same or found)[-1])}\b", entry, code)


def without_mutable_defaults(code: str) -> str:
    """`def f(found=[])` keeps its list from call to call; each call gets its own here.

    But where it is meant to: a function that calls itself without it remembers there what it knows (`memo={}`).
    """
    if not _parses(code):
        return code
    lines = trees.lines(code)
    functions = [node for node in ast.walk(trees.parse(code)) if isinstance(node, ast.FunctionDef)]
    for node in sorted(functions, key=lambda one: one.lineno, reverse=True):
        names = [*node.args.posonlyargs, *node.args.args]
        with_value = names[len(names) - len(node.args.defaults) :]
        for name, value in zip(with_value, node.args.defaults, strict=True):
            empty = ast.unparse(value)
            if (
                empty not in {"[]", "{}", "set()", "dict()", "list()"}
                or value.lineno != value.end_lineno
                or _remembers(node, names.index(name), name.arg)
            ):
                continue
            row, body = value.lineno - 1, node.body[_docstring(node) :]
            if not body or body[0].lineno - 1 == row:
                continue
            line = lines[row].encode()
            lines[row] = (
                line[: value.col_offset] + b"None" + line[value.end_col_offset :]
            ).decode()
            pad = lines[body[0].lineno - 1][: body[0].col_offset]  # spaces, or tabs
            lines.insert(body[0].lineno - 1, f"{pad}if {name.arg} is None:\n{pad}    {name.arg} = {empty}")  # fmt: skip
    fixed = "\n".join(lines) + "\n"
    return fixed if _parses(fixed) else code


def _remembers(function: ast.FunctionDef, place: int, name: str) -> bool:
    """Whether a function calls itself and leaves its parameter `name` at the `place` to what it was before."""
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Name(id=called), args=args, keywords=words) if (
                called == function.name
            ):
                told = len(args) > place or any(word.arg in {name, None} for word in words)
                if not told and not any(isinstance(one, ast.Starred) for one in args):
                    return True
    return False


def _docstring(node: ast.FunctionDef) -> int:
    return 1 if ast.get_docstring(node) is not None and len(node.body) > 1 else 0


def put_right(
    code: str, requirement: Requirement, siblings: Mapping[str, str] | None = None
) -> str:
    """Everything above, in order; the same code when there is nothing to do."""
    if requirement.language != "python":
        return code
    fixed = named(parsing(code), requirement)
    return without_mutable_defaults(unshadowed(imported(fixed, siblings)))


def with_helpers(code: str, before: str) -> str:
    """`code` with the imports and definitions of `before` that it uses and leaves out.

    A writer that corrects one function of a file gives back that function.
    """
    if not _parses(code) or not _parses(before):
        return code
    missing, lines = unbound(code), trees.lines(before)
    kept = list[str]()
    for node in trees.parse(before).body:
        names = defined(ast.unparse(node)) | {
            (alias.asname or alias.name).partition(".")[0]
            for alias in getattr(node, "names", [])
            if isinstance(alias, ast.alias)
        }
        if names & missing:
            first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
            kept += lines[first - 1 : node.end_lineno]
    if not kept:
        return code
    # A helper may need another one: what was added is looked at in its turn.
    return with_helpers("\n".join([*kept, "", "", code.lstrip("\n")]), before)


async def linted(code: str) -> str:
    """`code` with what ruff mends safely; as it is where ruff is not installed or does not parse it."""
    try:
        argv = [
            program("ruff", "find_ruff_bin"), "check", "--isolated", "--no-cache", "--quiet", "--fix", "--select",
            "E,F,I,PERF,SIM,C4,UP032", "--ignore", "E501", "--exit-zero", "--stdin-filename", "main.py", "-",
        ]  # fmt: skip
        fixed = await told(argv, stdin=code, within_s=LINT_WITHIN_S)
    except (ToolError, MissingExtra):
        return code
    return fixed if fixed.strip() and _parses(fixed) else code
