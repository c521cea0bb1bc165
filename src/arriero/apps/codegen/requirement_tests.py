"""A caller's test file as tests for the sandbox: plain asserts, test functions and classes of pytest and unittest."""

from __future__ import annotations

import ast
import builtins
import copy
import itertools
import textwrap
from collections.abc import Iterator, Mapping, Sequence

from arriero.apps.codegen import trees
from arriero.apps.codegen.requirement import Example
from arriero.apps.codegen.requirement_offered import is_of_a_module, is_standard, offered
from arriero.apps.codegen.requirement_plain import entry_of, is_of_class
from arriero.apps.codegen.requirement_session import needed
from arriero.core.errors import InputError

MOST = 200


def given_tests(text: str, own: frozenset[str] = frozenset()) -> tuple[Example, ...]:
    """Each assert at the top, each `test...` function and each test of a class of `text` as one test.

    What stands beside them (imports, constants, helpers) is given to each, and to an assert what stands before it.
    Parameters and fixtures of pytest become arguments. `own` are the names of the program's modules; what is imported of
    them the sandbox offers by itself. Raises `InputError` when it is no Python, tests nothing, or
    takes a fixture that it does not define.
    """
    try:
        tree = offered(trees.parse(textwrap.dedent(text)), own)
        found = tuple(itertools.islice(_tests(tree.body), MOST))
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
    return found


def _tests(body: list[ast.stmt]) -> Iterator[Example]:
    helpers = [node for node in body if _helps(node)]
    functions = [node for node in helpers if isinstance(node, ast.FunctionDef)]
    fixtures = {node.name: node for node in functions if _is_marked(node, "fixture")}
    for helper in functions:
        helper.decorator_list = [one for one in helper.decorator_list if not _is_fixture(one)]
    for place, node in enumerate(body):
        if _asserts(node):
            about = node.test if isinstance(node, ast.Assert) else node
            yield _example(about, [*needed(node, body[:place], helpers), node])
        elif isinstance(node, ast.FunctionDef) and _is_test(node):
            for given in _calls(node, helpers, fixtures):
                yield _example(node, [*helpers, _bare(node), *_parsed(f"{node.name}({given})")])
        elif isinstance(node, ast.ClassDef) and _is_tests(node):
            for one in filter(_is_test, node.body):
                for given in _calls(one, helpers, fixtures):
                    yield _example(one, [*helpers, _bare(node), *_run(node, one, given)])
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            name = node.value.func.id if isinstance(node.value.func, ast.Name) else ""
            if any(one.name == name for one in functions):
                yield _example(node.value, [*helpers, node])  # HumanEval's `check(candidate)`


def _helps(node: ast.stmt) -> bool:
    """Whether a statement is for the tests to use: an import, a value, a function or class that tests nothing."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return not _is_test(node)
        case ast.ClassDef():
            return not _is_tests(node)
    return not isinstance(node, ast.Expr | ast.If) and not _asserts(node)


def _asserts(node: ast.stmt) -> bool:
    """Whether a statement at the top is a test: an assert, also in a loop, or what has to raise."""
    return isinstance(node, ast.Assert) or (
        isinstance(node, ast.For | ast.While | ast.With | ast.Try)
        and any(isinstance(one, ast.Assert) or _is_raises(one) for one in ast.walk(node))
    )


def _is_raises(node: ast.AST) -> bool:
    return isinstance(node, ast.withitem) and "raises" in ast.unparse(node.context_expr)


def _is_test(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name.startswith("test")


def _is_tests(node: ast.ClassDef) -> bool:
    return any(map(_is_test, node.body))


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _is_marked(node: ast.FunctionDef, mark: str) -> bool:
    return any(_mark(one) == mark for one in node.decorator_list)


def _is_fixture(decorator: ast.expr) -> bool:
    return _mark(decorator) == "fixture"


def _mark(decorator: ast.expr) -> str:
    """What pytest a decorator asks for: `fixture`, `parametrize`."""
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return ast.unparse(called).rpartition(".")[2]


def _calls(
    node: ast.stmt, helpers: Sequence[ast.stmt], fixtures: Mapping[str, ast.FunctionDef]
) -> Iterator[str]:
    """The arguments of each call of a test: one call for each row of its parameters."""
    assert isinstance(node, ast.FunctionDef)  # noqa: S101  # `_is_test` says so
    rows = [_rows(one, helpers) for one in node.decorator_list if _mark(one) == "parametrize"]
    for several in itertools.product(*rows):
        told = dict(pair for row in several for pair in row.items())
        yield ", ".join(f"{name}={value}" for name, value in _given(node, told, fixtures, ()))


def _given(
    node: ast.FunctionDef,
    told: Mapping[str, str],
    fixtures: Mapping[str, ast.FunctionDef],
    within: tuple[str, ...],
) -> Iterator[tuple[str, str]]:
    """What a test or a fixture takes, each with its value as source."""
    names = [one.arg for one in (*node.args.posonlyargs, *node.args.args)]
    for name in names[: len(names) - len(node.args.defaults)]:
        if name in told:
            yield name, told[name]
        elif name in fixtures and name not in within:
            made = fixtures[name]
            inner = ", ".join(f"{one}={value}" for one, value in _given(made, told, fixtures, (*within, name)))  # fmt: skip
            waits = any(isinstance(one, ast.Yield) for one in ast.walk(made))
            yield name, f"next({name}({inner}))" if waits else f"{name}({inner})"
        elif name != "self":
            raise InputError(
                f"the test {node.name} takes {name!r}, which the tests do not define; leave it out or define it",
                param="tests",
            )


def _rows(decorator: ast.expr, helpers: Sequence[ast.stmt]) -> list[dict[str, str]]:
    """The rows of `parametrize("a, b", [(1, 2), (3, 4)])`, each the values by name as source."""
    match decorator:
        case ast.Call(args=[names, rows, *_]):
            pass
        case _:
            raise InputError("a test's parametrize names no values; write them out", param="tests")
    if isinstance(rows, ast.Name):
        values = (one.value for one in helpers if isinstance(one, ast.Assign) and _names(one.targets[0]) == {rows.id})  # fmt: skip
        rows = next(values, rows)
    if not isinstance(rows, ast.List | ast.Tuple):
        raise InputError(
            "the rows of a test's parametrize are no list; write them out", param="tests"
        )
    told = trees.literal(names)
    called = [one.strip() for one in told.split(",")] if isinstance(told, str) else list(told)
    return [_row(called, one) for one in rows.elts]


def _row(names: Sequence[str], row: ast.expr) -> dict[str, str]:
    if isinstance(row, ast.Call) and ast.unparse(row.func).endswith("param"):
        values = row.args
    elif len(names) == 1:
        values = [row]
    else:
        values = row.elts if isinstance(row, ast.Tuple | ast.List) else []
    if len(values) != len(names):
        raise InputError(
            f"a row of a test's parametrize has not {len(names)} values; correct it", param="tests"
        )
    return {name: ast.unparse(value) for name, value in zip(names, values, strict=True)}


def _bare(node: ast.FunctionDef | ast.ClassDef) -> ast.stmt:
    """A test without its marks, which are pytest's."""
    bare = copy.deepcopy(node)
    for one in (bare, *bare.body):
        if isinstance(one, ast.FunctionDef) and _is_test(one):
            one.decorator_list = []
    if isinstance(bare, ast.ClassDef):
        bare.decorator_list = []
    return bare


def _run(node: ast.ClassDef, test: ast.stmt, given: str) -> list[ast.stmt]:
    """One test of a class, with what the class does before each."""
    assert isinstance(test, ast.FunctionDef)  # noqa: S101  # `_is_test` says so
    methods = {one.name for one in node.body if isinstance(one, ast.FunctionDef)}
    if any(ast.unparse(base).endswith("TestCase") for base in node.bases):
        before = [f"{node.name}.setUpClass()"] if "setUpClass" in methods else []
        return _parsed("\n".join([*before, f"{node.name}({test.name!r}).debug()"]))
    before = ["tests.setup_method()"] if "setup_method" in methods else []
    return _parsed("\n".join([f"tests = {node.name}()", *before, f"tests.{test.name}({given})"]))


def _parsed(code: str) -> list[ast.stmt]:
    return trees.parse(code).body


def _example(about: ast.AST, body: list[ast.stmt]) -> Example:
    code = ast.unparse(ast.fix_missing_locations(ast.Module(body, [])))
    call, expected = "", ""
    if isinstance(about, ast.Compare) and len(about.ops) == 1 and isinstance(about.ops[0], ast.Eq):
        call, expected = ast.unparse(about.left), ast.unparse(about.comparators[0])
    elif isinstance(about, ast.expr):
        call, expected = ast.unparse(about), "True"
    plain = _plain_names(body)
    objects = any(
        _asks_object(node.func, plain) if isinstance(node, ast.Call) else is_of_class(node)
        for node in ast.walk(about)
        if not (isinstance(node, ast.Attribute) and _root(node) in plain)
    )
    entry = (entry_of(about) if isinstance(about, ast.expr) else None) or ""
    return Example(entry, call, expected, code, objects=objects)


def _root(node: ast.Attribute) -> str:
    return node.value.id if isinstance(node.value, ast.Name) else ""


def _asks_object(called: ast.expr, plain: frozenset[str]) -> bool:
    """Whether a call may make an object of the program's own classes, or ask one: `Stack()`, `stack.push(1)`.

    A method of a plain value is none (`xs.append(1)`, `", ".join(xs)`): granted to such a test, the code under test
    could say that it equals whatever is expected.
    """
    match called:
        case ast.Name(id=name):
            return is_of_a_module(called) or (name[:1].isupper() and name not in plain)
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
                known |= {_bound(one) for one in names if is_standard(one.name)}
            case ast.ImportFrom(module=str(module), names=names) if is_standard(module):
                known |= {_bound(one) for one in names}
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if _is_literal(value):
                known.add(name)
            case ast.Assign(targets=targets):
                other |= {one.id for one in targets if isinstance(one, ast.Name)}
            case ast.For(target=target) | ast.withitem(optional_vars=ast.expr() as target):
                other |= {one.id for one in ast.walk(target) if isinstance(one, ast.Name)}
            case ast.arg(arg="self"):  # a test's own: `self.assertEqual`
                known.add("self")
            case ast.arg(arg=name):
                other.add(name)
    return frozenset(known - other)


def _bound(one: ast.alias) -> str:
    return one.asname or one.name.partition(".")[0]


def _is_literal(value: ast.expr) -> bool:
    try:
        trees.literal(value)
    except (ValueError, TypeError, SyntaxError, RecursionError):
        return False
    return True
