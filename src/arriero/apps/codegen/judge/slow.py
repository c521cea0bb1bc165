"""Forms of Python that take quadratic time or worse where linear would do, seen without running."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from arriero.apps.codegen import trees
from arriero.apps.codegen.judge.parse import Function
from arriero.apps.codegen.judge.report import Problem

LOOPS = (ast.For, ast.AsyncFor, ast.While)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
FRONT = {"pop", "insert"}
WHOLE = {"count", "index", "remove"}


def slow(code: str) -> tuple[Problem, ...]:
    """One problem a line; what each costs is in the words."""
    found: dict[int, Problem] = {}
    tree = trees.parse(code)
    for node in ast.walk(tree):
        for one in (*_in_loop(node), *_recursive(node)):
            found.setdefault(one.line, one)
    return tuple(found[line] for line in sorted(found))


def _in_loop(loop: ast.AST) -> Iterator[Problem]:
    if not isinstance(loop, (*LOOPS, *COMPREHENSIONS)):
        return
    body: Sequence[ast.AST] = loop.body if isinstance(loop, LOOPS) else [loop]
    over = ast.unparse(loop.iter) if isinstance(loop, ast.For | ast.AsyncFor) else ""
    lists = _lists(body) | ({over} if over.isidentifier() else set())
    for node in (inner for outer in body for inner in ast.walk(outer)):
        match node:
            case ast.Call(
                func=ast.Attribute(value=held, attr=name), args=[ast.Constant(value=0), *_]
            ) if name in FRONT:
                yield Problem(node.lineno, f"{ast.unparse(held)}.{name}(0, ...) in a loop moves every item each time; use collections.deque", "front")  # fmt: skip
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)) if (
                method in WHOLE and name in lists
            ):
                yield Problem(node.lineno, f"{name}.{method}() in a loop over it reads all of it each time", "whole")  # fmt: skip
            case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[ast.Name(id=name)]) if (
                name in lists and name != over
            ):
                yield Problem(node.lineno, f"`in {name}` in a loop reads the whole list each time; use a set", "in-list")  # fmt: skip
            case ast.Call(func=ast.Name(id="sorted")) if isinstance(loop, ast.While):
                yield Problem(node.lineno, "sorted() in a loop sorts again each time", "sorted")


def _lists(body: Sequence[ast.AST]) -> set[str]:
    """Names that the loop appends to: lists that grow with it."""
    return {
        node.func.value.id
        for outer in body
        for node in ast.walk(outer)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "append"
        and isinstance(node.func.value, ast.Name)
    }


def _recursive(function: ast.AST) -> Iterator[Problem]:
    """Two calls of itself in one expression, and nothing that remembers: exponential."""
    if not isinstance(function, Function):
        return
    if any("cache" in ast.unparse(mark) for mark in function.decorator_list):
        return
    for node in ast.walk(function):
        if isinstance(node, ast.BinOp):
            calls = [
                one
                for one in ast.walk(node)
                if isinstance(one, ast.Call)
                and isinstance(one.func, ast.Name)
                and one.func.id == function.name
            ]
            steps = {ast.unparse(one) for one in calls}
            smaller = all(any(isinstance(arg, ast.BinOp) and isinstance(arg.op, ast.Sub) for arg in one.args) for one in calls)  # fmt: skip
            if len(steps) > 1 and smaller:
                yield Problem(node.lineno, f"{function.name} calls itself {len(steps)} times a step and remembers nothing: exponential", "exponential")  # fmt: skip
                return
