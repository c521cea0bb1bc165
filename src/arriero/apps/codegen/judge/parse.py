"""The syntax gate: whether code parses, whole, and holds what was asked for.

Python is parsed and compiled by Python itself. A cut Python text often still parses, so what was asked for has to be
there, to have a body and to return, and the end of a text that the model did not end is doubted.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from typing import Any

from arriero.apps.codegen import trees
from arriero.apps.codegen.judge import grammars
from arriero.apps.codegen.judge.base import Subject
from arriero.apps.codegen.judge.report import Problem

Function = ast.FunctionDef | ast.AsyncFunctionDef
BINDS = ast.Assign | ast.AnnAssign | ast.Import | ast.ImportFrom
# Forms of tree-sitter's grammars that say that a function exists and not what it does.
DECLARED = frozenset({"function_signature", "function_signature_item", "method_signature"})
CUT = "the model stopped before the end of the code"


def problems(subject: Subject) -> tuple[tuple[Problem, ...], str]:
    """(what is wrong with the syntax, why it was not checked)."""
    try:
        found = list(_of(subject))
    except KeyError:
        return (), f"there is no grammar of {subject.language} here"
    return tuple(found), ""


def _of(subject: Subject) -> Iterator[Problem]:
    if not subject.code.strip():
        yield Problem(0, "there is no code")
        return
    broken = list(_broken(subject.code, subject.language))
    for name, other in subject.files.items():
        if language_of(name, subject.language) == subject.language:
            broken += [
                Problem(one.line, one.message, file=name)
                for one in _broken(other, subject.language)
            ]
    if broken:
        yield from broken
    elif subject.language == "python":
        yield from _lacks(trees.parse(subject.code), subject)
    else:
        yield from _lacks_in(_tree(subject.code, subject.language), subject)


def language_of(name: str, otherwise: str) -> str:
    """The language of a file by its name's end; what has no known end is not code."""
    ends = {
        "py": "python", "js": "javascript", "mjs": "javascript", "ts": "typescript", "go": "go", "java": "java",
        "rs": "rust", "cpp": "cpp", "cc": "cpp", "hpp": "cpp", "c": "c", "h": "c", "cs": "csharp", "rb": "ruby",
        "php": "php", "sh": "bash", "kt": "kotlin",
    }  # fmt: skip
    end = name.rpartition(".")[2].lower()
    return ends.get(end, "" if "." in name else otherwise)


def _broken(code: str, language: str) -> Iterator[Problem]:
    yield from _broken_python(code) if language == "python" else _broken_other(code, language)


def _broken_python(code: str) -> Iterator[Problem]:
    """Compiling finds what parsing alone lets through, such as `return` outside of a function."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(code, "main.py", "exec", dont_inherit=True)
    except SyntaxError as error:
        yield Problem(error.lineno or 0, str(error.msg))
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        yield Problem(0, f"it cannot be read: {error or type(error).__name__}")


def _broken_other(code: str, language: str) -> Iterator[Problem]:
    root = _tree(code, language)
    if not root.has_error:
        return
    lines = code.splitlines()
    for node in grammars.nodes(root):
        if node.is_missing:
            yield Problem(node.start_point[0] + 1, f"{node.type!r} is missing")
            return
        if node.type == "ERROR":
            row = node.start_point[0]
            here = lines[row].strip()[:80] if row < len(lines) else ""
            yield Problem(row + 1, f"it does not parse at {here!r}")
            return
    yield Problem(0, "it does not parse")


def _tree(code: str, language: str) -> Any:
    """The root node. Kotlin's grammar wants a line's end before the brace that ends a class; Kotlin does not."""
    root = grammars.tree(code, language)
    if language == "kotlin" and root.has_error:
        apart = grammars.tree(code.replace("}", "\n}"), language)
        return root if apart.has_error else apart
    return root


# -- what was asked for


def _lacks(tree: ast.Module, subject: Subject) -> Iterator[Problem]:
    entry = subject.entry
    found = found_in(tree, entry) if entry else None
    if entry and found is None:
        yield Problem(0, f"{entry} is not defined; {_defined(tree)}")
        return
    if isinstance(found, Function):
        if _empty(found):
            yield Problem(found.lineno, f"{found.name} has no body")
        elif _owes(found) and not _gives(found):
            yield Problem(found.lineno, f"{found.name} returns nothing")
        elif subject.cut and _in_last(tree, found) and not _ended(found, subject.code):
            yield Problem(found.end_lineno or found.lineno, f"{CUT}: {found.name} has no end")
    if isinstance(found, ast.ClassDef):
        for item in found.body:
            if isinstance(item, Function) and _empty(item) and not _abstract(found, item):
                yield Problem(item.lineno, f"{found.name}.{item.name} has no body")
    if subject.cut and (not entry or not isinstance(found, Function)):
        yield Problem(len(subject.code.splitlines()), CUT)


def found_in(tree: ast.Module, entry: str) -> ast.stmt | None:
    """Where `entry` (`name` or `Class.method`) is defined at the top of a module, also below `if` and `try`."""
    name, _, rest = entry.partition(".")
    found: ast.stmt | None = None
    for node in _top(tree.body):
        if (isinstance(node, (Function, ast.ClassDef)) and node.name == name) or (
            isinstance(node, BINDS) and name in _bound(node)
        ):
            found = node
    if rest and isinstance(found, ast.ClassDef):
        return found_in(ast.Module(found.body, []), rest)
    return None if rest else found


def _top(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With):
            for name in ("body", "orelse", "finalbody"):
                yield from _top(getattr(node, name, []))
            for handler in getattr(node, "handlers", []):
                yield from _top(handler.body)


def _bound(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", node)]
    return {
        name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)
    }


def _defined(tree: ast.Module) -> str:
    names = [node.name for node in _top(tree.body) if isinstance(node, (Function, ast.ClassDef))]
    return f"the code defines {', '.join(names[:8])}" if names else "the code defines nothing"


def own(function: Function) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions and classes inside it."""
    todo: list[ast.AST] = list(function.body)
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, (Function, ast.ClassDef, ast.Lambda)):
            todo.extend(ast.iter_child_nodes(node))


def _empty(function: Function) -> bool:
    return all(
        isinstance(node, ast.Pass)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in function.body
    )


def _abstract(owner: ast.ClassDef, function: Function) -> bool:
    """Methods that may be empty: abstract ones, those of protocols, and what only fills a place."""
    marks = [ast.unparse(mark) for mark in (*function.decorator_list, *owner.bases)]
    names = ("abstract", "overload", "Protocol", "ABC", "Exception", "Error")
    return any(name in mark for mark in marks for name in names) or function.name.startswith("_")


def _owes(function: Function) -> bool:
    """Whether its annotation promises a value."""
    told = function.returns
    if told is None or (isinstance(told, ast.Constant) and told.value is None):
        return False
    return ast.unparse(told).rpartition(".")[2] not in {"NoReturn", "Never", "Any"}


def _gives(function: Function) -> bool:
    """Whether anything leaves it: a value, a yield, an error."""
    return any(
        isinstance(node, ast.Yield | ast.YieldFrom | ast.Raise)
        or (isinstance(node, ast.Return) and node.value is not None)
        for node in own(function)
    )


def _in_last(tree: ast.Module, node: ast.stmt) -> bool:
    return bool(tree.body) and (tree.body[-1].end_lineno or 0) <= (node.end_lineno or 0)


def _ended(function: Function, code: str) -> bool:
    """Whether nothing need follow: it returns on every way, and its last line was finished (`return a` may go on)."""
    return _ends_returning(function.body) and code.endswith("\n")


def _ends_returning(body: list[ast.stmt]) -> bool:
    """Whether every way through the body ends in a return or a raise, so that nothing need follow."""
    last = body[-1]
    match last:
        case ast.Return(value=value):
            return value is not None
        case ast.Raise():
            return True
        case ast.If(body=yes, orelse=no):
            return bool(no) and _ends_returning(yes) and _ends_returning(no)
        case ast.With(body=inner) | ast.AsyncWith(body=inner):
            return _ends_returning(inner)
        case ast.Try(body=inner, handlers=handlers, orelse=no, finalbody=final):
            ways = [no or inner, *(handler.body for handler in handlers)]
            return (bool(final) and _ends_returning(final)) or all(map(_ends_returning, ways))
        case ast.While(test=ast.Constant(value=True)):
            return not any(isinstance(node, ast.Break) for node in ast.walk(last))
        case _:
            return False


# -- the same where tree-sitter read it


def _lacks_in(root: Any, subject: Subject) -> Iterator[Problem]:
    end = root.end_point[0] + 1
    if subject.entry:
        name = subject.entry.rpartition(".")[2]
        every = list(definitions_in(root, name))
        if not every:
            yield Problem(0, f"{name} is not defined")
            return
        # What an interface, a trait or an overload declares is written out elsewhere.
        written = (one for one in every if one.type not in DECLARED and not _without_body(one))
        found = next(written, None)
        if found is None:
            found = every[0]
            yield Problem(found.start_point[0] + 1, f"{name} is declared and has no body")
        elif subject.cut and found.end_point[0] >= root.end_point[0] - 1 and not _closed(found):
            yield Problem(end, f"{CUT}: {name} has no end")
    elif subject.cut:
        yield Problem(end, CUT)


def defined_in(root: Any, name: str) -> Any | None:
    """The node that defines `name`: a function, method, class, or variable that holds one."""
    return next(definitions_in(root, name), None)


def definitions_in(root: Any, name: str) -> Iterator[Any]:
    """Every node that defines `name`, in the order of the text."""
    for node in grammars.nodes(root):
        for field in ("name", "declarator", "left", "pattern"):
            held = node.child_by_field_name(field)
            if held is not None and name_in(held) == name and held.type != "call_expression":
                yield node
                break
        else:
            first = node.children[0] if node.type == "variable_declaration" else None
            if first is not None and first.type == "identifier" and name_in(first) == name:
                yield node.parent  # a `val` of Kotlin, whose name is no field


def _without_body(node: Any) -> bool:
    """A function of Go (or TypeScript) that ends behind its signature, which says that it is written elsewhere."""
    return (
        node.type == "function_declaration"
        and node.child_by_field_name("body") is None
        and all(one.type != "function_body" for one in node.children)  # as Kotlin's grammar has it
    )


def name_in(node: Any) -> str:
    """The last part of a name: `std::f`, `module.exports.f` and `*f(...)` are all f."""
    inner = node
    while (deeper := inner.child_by_field_name("declarator")) is not None:
        inner = deeper
    return grammars.text(inner).rpartition("::")[2].rpartition(".")[2].strip()


def _closed(node: Any) -> bool:
    """Whether the definition ends as blocks end; a grammar would have missed the brace otherwise."""
    return grammars.text(node).rstrip().rstrip(";").endswith(("}", "end", ")"))
