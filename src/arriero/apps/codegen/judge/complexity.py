"""How hard code is to follow, and how much of it says what it is for.

Cognitive complexity after Campbell, "Cognitive Complexity: a new way of measuring understandability" (SonarSource,
2018): a branch counts one, and one more for each branch around it; a run of `and` or `or` counts one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from arriero.apps.codegen import trees
from arriero.apps.codegen.judge import grammars
from arriero.apps.codegen.judge.parse import Function

NESTS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.IfExp, ast.Match)
OTHERS = frozenset(
    "if_statement if_expression for_statement for_in_statement for_expression for_range_loop enhanced_for_statement "
    "while_statement while_expression loop_expression do_statement catch_clause ternary_expression "
    "conditional_expression switch_statement switch_expression match_expression expression_switch_statement "
    "foreach_statement when_expression".split()
)
INNER = (ast.Lambda, ast.FunctionDef, ast.AsyncFunctionDef)


def cognitive(code: str, language: str) -> int:
    """The highest of any function's (of the whole text, for other languages than Python)."""
    if language == "python":
        tree = trees.parse(code)
        scores = [_of(node) for node in ast.walk(tree) if isinstance(node, Function)]
        return max(scores, default=_of(tree))
    return _of_other(grammars.tree(code, language))


def _of(root: ast.AST) -> int:
    score = 0
    todo: list[tuple[ast.AST, int]] = [(child, 0) for child in ast.iter_child_nodes(root)]
    while todo:
        node, depth = todo.pop()
        if isinstance(node, ast.If):
            score += 1 + depth
            score += _else(node, depth, todo)
            continue
        if isinstance(node, NESTS):
            score += 1 + depth
        elif isinstance(node, ast.BoolOp):
            score += 1
        deeper = depth + 1 if isinstance(node, (*NESTS, *INNER)) else depth
        todo += [(child, deeper) for child in ast.iter_child_nodes(node)]
    return score


def _else(node: ast.If, depth: int, todo: list[tuple[ast.AST, int]]) -> int:
    """`elif` and `else` count one, however deep; what is in the branches is walked one deeper."""
    extra = 0
    todo.append((node.test, depth))
    todo += [(child, depth + 1) for child in node.body]
    rest = node.orelse
    while len(rest) == 1 and isinstance(rest[0], ast.If):
        branch = rest[0]
        extra += 1
        todo.append((branch.test, depth))
        todo += [(child, depth + 1) for child in branch.body]
        rest = branch.orelse
    todo += [(child, depth + 1) for child in rest]
    return extra + bool(rest)


def _of_other(root: Any) -> int:
    score = 0
    todo: list[tuple[Any, int]] = [(root, 0)]
    while todo:
        node, depth = todo.pop()
        nests = node.type in OTHERS
        score += (1 + depth) if nests else node.type in {"&&", "||"}
        todo += [(child, depth + nests) for child in node.children]
    return score


def documented(code: str) -> float:
    """The share of a Python text's public functions and classes that have a docstring; 1 when there are none."""
    told = [bool(ast.get_docstring(node)) for node in _public(trees.parse(code))]
    return sum(told) / len(told) if told else 1.0


def _public(tree: ast.Module) -> Iterator[Any]:
    for node in tree.body:
        if isinstance(node, (Function, ast.ClassDef)) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from (
                    item
                    for item in node.body
                    if isinstance(item, Function) and not item.name.startswith("_")
                )
