"""A caller's test file as tests for the sandbox: plain asserts, test functions, unittest's assertEqual."""

from __future__ import annotations

import ast
import builtins
import sys
import textwrap
from collections.abc import Iterator

from arriero.apps.codegen import trees
from arriero.apps.codegen.requirement import Example
from arriero.apps.codegen.requirement_examples import entry_of
from arriero.core.errors import InputError

MOST = 200


def given_tests(text: str, own: frozenset[str] = frozenset()) -> tuple[Example, ...]:
    """Each top-level assert and each `test...` function of `text` as one test.

    What stands beside them (imports, constants, helpers) is given to each. `own` are the names of the
    program's modules, whose imports are left out: the sandbox offers what is in them. Raises `InputError`
    when it is no Python or tests nothing.
    """
    try:
        tree = trees.parse(textwrap.dedent(text))
        setup = [node for node in tree.body if _is_setup(node, own)]
        found = tuple(_tests(tree, setup))
    except (SyntaxError, ValueError) as error:
        raise InputError(f"the tests are no Python: {error}; correct them", param="tests") from None
    except (RecursionError, MemoryError):  # how Python's parser says that a text nests too deep
        raise InputError(
            "the tests nest too deep to be read; correct them", param="tests"
        ) from None
    if not found:
        raise InputError(
            "the tests hold no assert and no test function; write `assert f(1) == 2`", param="tests"
        )
    return found[:MOST]


def _is_setup(node: ast.stmt, own: frozenset[str]) -> bool:
    if isinstance(node, ast.ImportFrom):
        return not node.level and (node.module or "") not in own
    if isinstance(node, ast.Import):
        return all(alias.name not in own for alias in node.names)
    if isinstance(node, ast.FunctionDef):
        return not node.name.startswith("test")
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return False  # `check(f)`, `unittest.main()`: what runs tests is no setup of theirs
    return not isinstance(node, ast.Assert | ast.If | ast.ClassDef) and not (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    )


def _tests(tree: ast.Module, setup: list[ast.stmt]) -> Iterator[Example]:
    for node in tree.body:
        if isinstance(node, ast.Assert):
            yield _example(node.test, [*setup, node])
        elif isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            if not node.args.args:
                bare = _undecorated(node)
                yield _example(bare, [*setup, bare, _call(node.name)])
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            name = node.value.func.id if isinstance(node.value.func, ast.Name) else ""
            if any(isinstance(one, ast.FunctionDef) and one.name == name for one in setup):
                yield _example(node.value, [*setup, node])  # HumanEval's `check(candidate)`


def _undecorated(node: ast.FunctionDef) -> ast.FunctionDef:
    node.decorator_list = []
    return node


def _call(name: str) -> ast.stmt:
    return ast.Expr(ast.Call(ast.Name(name, ast.Load()), [], []))


def _example(about: ast.AST, body: list[ast.stmt]) -> Example:
    code = ast.unparse(ast.fix_missing_locations(ast.Module(body, [])))
    call, expected = "", ""
    if isinstance(about, ast.Compare) and len(about.ops) == 1 and isinstance(about.ops[0], ast.Eq):
        call, expected = ast.unparse(about.left), ast.unparse(about.comparators[0])
    elif isinstance(about, ast.expr):
        call, expected = ast.unparse(about), "True"
    plain = _plain_names(body)
    objects = any(
        _asks_object(node.func, plain) for node in ast.walk(about) if isinstance(node, ast.Call)
    )
    entry = (entry_of(about) if isinstance(about, ast.expr) else None) or ""
    return Example(entry, call, expected, code, objects=objects)


def _asks_object(called: ast.expr, plain: frozenset[str]) -> bool:
    """Whether a call may make an object of the program's own classes, or ask one: `Stack()`, `stack.push(1)`.

    A method of a plain value is none (`xs.append(1)`, `", ".join(xs)`): granted to such a test, the code under test
    could say that it equals whatever is expected.
    """
    match called:
        case ast.Name(id=name):
            return name[:1].isupper() and name not in plain
        case ast.Attribute(value=ast.Name(id=name)):
            return name not in plain
        case ast.Attribute(value=ast.Constant() | ast.JoinedStr()):
            return False
    return isinstance(called, ast.Attribute)


def _plain_names(body: list[ast.stmt]) -> frozenset[str]:
    """Names that stand for nothing of the program's: Python's own, the standard library's, those of plain values alone."""
    known, other = set(dir(builtins)), set[str]()
    for node in (inner for statement in body for inner in ast.walk(statement)):
        match node:
            case ast.Import(names=names):
                known |= {_bound(one) for one in names if _is_standard(one.name)}
            case ast.ImportFrom(module=str(module), names=names) if _is_standard(module):
                known |= {_bound(one) for one in names}
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if _is_literal(value):
                known.add(name)
            case ast.Assign(targets=targets):
                other |= {one.id for one in targets if isinstance(one, ast.Name)}
            case ast.For(target=target) | ast.withitem(optional_vars=ast.expr() as target):
                other |= {one.id for one in ast.walk(target) if isinstance(one, ast.Name)}
            case ast.arg(arg=name):
                other.add(name)
    return frozenset(known - other)


def _bound(one: ast.alias) -> str:
    return one.asname or one.name.partition(".")[0]


def _is_standard(module: str) -> bool:
    return module.partition(".")[0] in sys.stdlib_module_names


def _is_literal(value: ast.expr) -> bool:
    try:
        trees.literal(value)
    except (ValueError, TypeError, SyntaxError, RecursionError):
        return False
    return True
