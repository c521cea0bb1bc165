"""Examples that are code: sessions at the prompt `>>>`, asserts and `with raises(...)`, each with what stands before it."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace

from arriero.apps.codegen import trees
from arriero.apps.codegen.requirement import Example
from arriero.apps.codegen.requirement_plain import (
    LINE_ENDS,
    MOST,
    TOLD,
    asserted,
    behind,
    entry_of,
    expression,
    has_objects,
    literal,
    raising,
    scanned,
)
from arriero.apps.codegen.requirement_prose import arrows
from arriero.apps.codegen.requirement_session import needed

# How a line of code begins that an example may rest on: `stack = Stack()`, `stack.push(1)`, `import math`.
_DOES = re.compile(
    r"[A-Za-z_][\w.]*(?:\[.*\])?(?:\s*,\s*\w+)*\s*(?:[-+*/|&]?=(?!=)|\()|(?:import|from)\s+\w"
)
_RAISING = re.compile(
    r"with\s+(?:\w+\.)?(?:r|assertR)aises\(\s*(?P<error>[\w.]+)[^\n]*\)\s*:\s*(?P<call>\S.*)?$"
)


def doctests(text: str) -> tuple[list[Example], str]:
    """Sessions at the prompt `>>>`, and the text without them."""
    found, rest, session = list[Example](), list[str](), list[tuple[str, str]]()
    lines = text.splitlines()
    place = 0
    while place < len(lines):
        bare = lines[place].strip()
        if not bare.startswith(">>>"):
            rest.append(lines[place])
            if bare:
                session = []
            place += 1
            continue
        source = [bare[3:].strip()]
        place += 1
        while place < len(lines) and lines[place].strip().startswith("..."):
            source.append(lines[place].strip()[4:])
            place += 1
        want = []
        while place < len(lines) and _is_output(lines[place]):
            want.append(lines[place].strip())
            place += 1
        found += _at_prompt("\n".join(source), want, session)
        del session[:-MOST]
    return found, "\n".join(rest)


def _is_output(line: str) -> bool:
    bare = line.strip()
    return bool(bare) and not bare.startswith((">>>", '"""', "'''", "```"))


def _at_prompt(
    source: str, want: Sequence[str], session: list[tuple[str, str]]
) -> Iterator[Example]:
    """The example that one input at the prompt is; what it does to later ones is noted in `session`.

    That is statements, and calls with what they are of: a later example finds done what was called without an answer, what
    was asked of an object, and earlier calls of its own function with the same values.
    """
    tree = expression(source.partition("  #")[0]) or expression(source)
    if tree is None:
        shown, _ = arrows(source)
        if shown:
            yield from (_after(one, _done(session, one.entry)) for one in shown)
        elif not want:
            session.append((source, ""))
        return
    if not want:
        if isinstance(tree, ast.Compare) and (shown := [*_assert_of(ast.Assert(tree))]):
            yield from (_after(one, _done(session, one.entry)) for one in shown)
        elif any(isinstance(node, ast.Call) for node in ast.walk(tree)):
            session.append((source, ""))
        return
    name = entry_of(tree)
    before = _done(session, name or "")
    bound = _bound(_module(before))
    of = "" if name is None or name in bound else name
    about = of or _made_by(tree, _module(before))
    if about is None:
        return
    if bound & {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}:
        session.append((source, of))
    call = ast.unparse(tree)
    if want[0].startswith("Traceback"):
        error = want[-1].partition(":")[0].strip().rpartition(".")[2]
        if error.isidentifier():
            yield Example(about, call, "", behind(before, raising(call, error)), before, error)
        return
    value = literal("\n".join(want)) or literal(want[0])
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == "print":
        if len(tree.args) != 1 or tree.keywords:
            return
        call, value = f"str({ast.unparse(tree.args[0])})", repr("\n".join(want))
    if value is not None:
        objects = has_objects(_module(before), about) or has_objects(tree, about)
        yield Example(
            about, call, value, behind(before, asserted(call, value)), before, objects=objects
        )


def _done(session: Sequence[tuple[str, str]], name: str) -> str:
    """What was done at the prompt before a call of `name`."""
    return "\n".join(source for source, of in session if of in {"", name})


def _after(one: Example, before: str) -> Example:
    return replace(one, setup=before, code=behind(before, one.code))


def _bound(tree: ast.AST) -> set[str]:
    """The names of values that statements bind, and of functions that they define."""
    stored = {one.id for one in ast.walk(tree) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}  # fmt: skip
    return stored | {one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)}


def _made_by(tree: ast.expr, before: ast.Module) -> str | None:
    """The function or class whose result an expression asks: of `stack.pop()` behind `stack = Stack()` that is `Stack`."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for node in reversed(before.body):
        if isinstance(node, ast.FunctionDef) and node.name in names and node.decorator_list:
            return ast.unparse(node.decorator_list[0]).partition("(")[0]
        if isinstance(node, ast.Assign) and names & _bound(node):
            if name := entry_of(node.value):
                return name
            names |= {one.id for one in ast.walk(node.value) if isinstance(one, ast.Name)}
    return None


def _module(setup: str) -> ast.Module:
    """The statements of a setup; none where it is no Python."""
    try:
        return trees.parse(setup)
    except (SyntaxError, ValueError, RecursionError):
        return ast.Module([], [])


def asserts(text: str) -> tuple[list[Example], str]:
    """`assert` statements and `with raises(...)`, over several lines if a bracket is open.

    Each with what its names stand for in the lines of code above it.
    """
    found, rest, above = list[Example](), list[str](), list[ast.stmt]()
    lines = text.splitlines()
    place = 0
    while place < len(lines):
        taken, node = _read(lines, place)
        if node is None:
            if lines[place].strip():
                above = []
            rest.append(lines[place])
            place += 1
            continue
        if isinstance(node, ast.Assert | ast.With):
            shown = _assert_of(node, above) if isinstance(node, ast.Assert) else _raised(node, above)  # fmt: skip
            found += shown
        elif (told := _commented(node, lines[place + taken - 1])) and needed(told, above):
            found += _assert_of(told, above)  # `stack.pop()  # 2` behind `stack = Stack()`
        else:
            rest += lines[place : place + taken]
        above = [*above, node][-MOST:]
        place += taken
    return found, "\n".join(rest)


def _read(lines: Sequence[str], place: int) -> tuple[int, ast.stmt | None]:
    """How many lines the simple statement at `place` has, and it; None where the line is something else."""
    bare = lines[place].strip().strip("`").strip()
    if raising := _RAISING.match(bare):
        call = raising["call"] or "".join(lines[place + 1 : place + 2]).strip()
        return 1 if raising["call"] else 2, _statement(f"with raises({raising['error']}):\n    {call}")  # fmt: skip
    is_assert = re.match(r"assert\b", bare) is not None
    if not is_assert and not _DOES.match(bare):
        return 1, None
    taken, source = 1, bare
    while (node := _statement(source)) is None and taken < 12 and place + taken < len(lines):
        if not is_assert and not re.search(r"[\[({,]\s*$", source):
            return 1, None
        source += "\n" + lines[place + taken]
        taken += 1
    return (taken, node) if node is not None else (1, None)


def _statement(source: str) -> ast.stmt | None:
    """The one statement of `source` that an example may rest on, or None."""
    try:
        body = trees.parse(textwrap.dedent(source)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if len(body) != 1:
        return None
    match body[0]:
        case ast.Assert() | ast.Assign() | ast.AugAssign() | ast.Import() | ast.ImportFrom():
            return body[0]
        case ast.With() | ast.Expr(value=ast.Call()):
            return body[0]
    return None


def _assert_of(tree: ast.Assert, above: Sequence[ast.stmt] = ()) -> Iterator[Example]:
    before = needed(tree, above)
    setup = "\n".join(map(ast.unparse, before))
    made = ast.Module(before, [])
    name = entry_of(tree.test)
    if name is None or name in _bound(made):
        name = _made_by(tree.test, made)
    if name is None:
        return
    call, expected = ast.unparse(tree.test), "True"
    if isinstance(tree.test, ast.Compare) and len(tree.test.ops) == 1:
        if isinstance(tree.test.ops[0], ast.Eq | ast.Is):
            left, right = tree.test.left, tree.test.comparators[0]
            if entry_of(left) is None and entry_of(right) is not None:
                left, right = right, left
            call, expected = ast.unparse(left), ast.unparse(right)
    elif isinstance(tree.test, ast.UnaryOp) and isinstance(tree.test.op, ast.Not):
        call, expected = ast.unparse(tree.test.operand), "False"
    objects = any(has_objects(one, name) for one in (tree, *before))
    yield Example(name, call, expected, behind(setup, ast.unparse(tree)), setup, objects=objects)


def _commented(node: ast.stmt, line: str) -> ast.Assert | None:
    """A call of an object with what a comment says that it gives, as an assert."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id="print"), args=[called], keywords=[])):
            pass
        case ast.Expr(value=ast.Call(func=ast.Attribute()) as called):
            pass
        case _:
            return None
    match called:
        case ast.Call(func=ast.Attribute()):
            sign = re.search(r"#[^\S\n]*(?:=>|->)?" + TOLD, line)
            value = scanned(line, sign.end()) if sign else None
            if value is not None and LINE_ENDS.match(line[value[1] :]):
                tree = expression(value[0])
                return ast.Assert(ast.Compare(called, [ast.Eq()], [tree])) if tree else None
    return None


def _raised(tree: ast.With, above: Sequence[ast.stmt]) -> Iterator[Example]:
    match tree:
        case ast.With(
            items=[ast.withitem(context_expr=ast.Call(args=[error]))],
            body=[ast.Expr(value=ast.Call() as called)],
        ):
            before = needed(called, above)
            setup = "\n".join(map(ast.unparse, before))
            kind = ast.unparse(error).rpartition(".")[2]
            call = ast.unparse(called)
            if name := entry_of(called) or _made_by(called, ast.Module(before, [])):
                yield Example(name, call, "", behind(setup, raising(call, kind)), setup, kind)
