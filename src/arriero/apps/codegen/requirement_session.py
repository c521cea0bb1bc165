"""Statements in their order, and those of them that a test rests on."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence


def needed(
    node: ast.AST, before: Sequence[ast.stmt], always: Sequence[ast.stmt] = ()
) -> list[ast.stmt]:
    """Of what stands `before` a test: what its names stand for, what was done to these, and `always`.

    An earlier assert is left with what it does to a value that both use, so that it fails by itself alone.
    """
    changing = {name for one in before for name in _changing(one)}
    wanted, kept = _names(node), list[ast.stmt]()
    for one in reversed(before):
        if not (one in always or set(_binds(one)) & wanted or _names(one) & wanted & changing):
            continue
        wanted |= _names(one)
        kept.append(ast.Expr(one.test) if isinstance(one, ast.Assert) else one)
    return kept[::-1]


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _binds(node: ast.stmt) -> Iterator[str]:
    for one in ast.walk(node):
        match one:
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.alias(name=name, asname=asname):
                yield asname or name.partition(".")[0]


def _changing(node: ast.stmt) -> Iterator[str]:
    """The names of values that a statement binds and that another one may change: `stack = Stack()`, not `size = 3`."""
    if isinstance(node, ast.Assign) and not isinstance(node.value, ast.Constant):
        yield from _binds(node)
