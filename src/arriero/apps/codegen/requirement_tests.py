"""A caller's test file as tests for the sandbox: plain asserts, test functions, unittest's assertEqual."""

from __future__ import annotations

import ast
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
    names = [node.func for node in ast.walk(about) if isinstance(node, ast.Call)]
    objects = any(isinstance(one, ast.Attribute) for one in names) or any(
        isinstance(one, ast.Name) and one.id[:1].isupper() for one in names
    )
    entry = (entry_of(about) if isinstance(about, ast.expr) else None) or ""
    return Example(entry, call, expected, code, objects=objects)
