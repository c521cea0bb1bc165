"""Forms of Python that are seldom meant: steps that do nothing, comparisons that cannot hold, the odd one of a row.

Found by reading our own bugs in MBPP's solutions; none of them is known to stand in a right program on purpose.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from arriero.apps.codegen import trees
from arriero.apps.codegen.judge.report import Problem

# operator -> the right operand that makes it do nothing.
IDLE: dict[type[ast.operator], int] = {
    ast.Add: 0, ast.Sub: 0, ast.Mult: 1, ast.Div: 1, ast.FloorDiv: 1, ast.Mod: 1, ast.Pow: 1,
}  # fmt: skip
SAME = (ast.Sub, ast.Div, ast.FloorDiv, ast.Mod, ast.BitXor)


def forms(code: str) -> tuple[Problem, ...]:
    """One problem a line at most."""
    found: dict[int, Problem] = {}
    tree = trees.parse(code)
    for node in ast.walk(tree):
        for one in (*_idle(node), *_impossible(node), *_products(node), *_row(node), *_first(node)):
            found.setdefault(one.line, one)
    return tuple(found[line] for line in sorted(found))


def _idle(node: ast.AST) -> Iterator[Problem]:
    match node:
        case ast.BinOp(left=left, op=op, right=ast.Constant(value=int() as value)) if IDLE.get(
            type(op)
        ) == value and not isinstance(left, ast.Constant):
            yield Problem(node.lineno, f"{ast.unparse(node)[:60]} does nothing", "B-idle")
        case ast.AugAssign(op=op, value=ast.Constant(value=int() as value)) if (
            IDLE.get(type(op)) == value
        ):
            yield Problem(node.lineno, f"{ast.unparse(node)[:60]} does nothing", "B-idle")
        case ast.BinOp(left=left, op=op, right=right) if (
            isinstance(op, SAME)
            and ast.dump(left) == ast.dump(right)
            and not isinstance(left, ast.Constant)
        ):
            yield Problem(
                node.lineno, f"both sides of {ast.unparse(node)[:60]} are the same", "B-same"
            )
        case ast.BoolOp(values=values) if len({ast.dump(one) for one in values}) < len(values):
            yield Problem(node.lineno, f"{ast.unparse(node)[:60]} says one thing twice", "B-same")
        case ast.Assign(targets=[target], value=value) if ast.unparse(target) == ast.unparse(value):
            yield Problem(node.lineno, f"{ast.unparse(target)[:60]} is given itself", "B-same")


def _impossible(node: ast.AST) -> Iterator[Problem]:
    """`x % 3 == 3`, `len(x) < 0`: never or always so."""
    match node:
        case ast.Compare(
            left=ast.BinOp(op=ast.Mod(), right=ast.Constant(value=int() as by)),
            ops=[ast.Eq() | ast.NotEq()],
            comparators=[right],
        ) if by > 0 and (value := _number(right)) is not None and not 0 <= value < by:
            yield Problem(node.lineno, f"{ast.unparse(node)[:60]} is always the same", "B-always")
        case ast.Compare(
            left=ast.Call(func=ast.Name(id="len" | "abs")), ops=[op], comparators=[right]
        ) if (value := _number(right)) is not None:
            never = (isinstance(op, ast.Lt) and value <= 0) or (
                isinstance(op, ast.Eq | ast.LtE) and value < 0
            )
            always = (isinstance(op, ast.GtE) and value <= 0) or (
                isinstance(op, ast.Gt | ast.NotEq) and value < 0
            )
            if never or always:
                yield Problem(
                    node.lineno, f"{ast.unparse(node)[:60]} is always the same", "B-always"
                )


def _number(node: ast.expr) -> int | None:
    match node:
        case ast.Constant(value=int() as value) if not isinstance(value, bool):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as value)):
            return -value
        case _:
            return None


def _products(node: ast.AST) -> Iterator[Problem]:
    """A product that begins at 0 stays there."""
    body = getattr(node, "body", None)
    if not isinstance(body, list):
        return
    zero: dict[str, int] = {}
    for one in body:
        match one:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=0)):
                zero[name] = one.lineno
            case ast.For() | ast.While():
                writes: dict[str, list[bool]] = {}
                for inner in ast.walk(one):
                    match inner:
                        case ast.AugAssign(target=ast.Name(id=name), op=op):
                            writes.setdefault(name, []).append(isinstance(op, ast.Mult))
                        case ast.Assign(targets=[ast.Name(id=name)], value=value):
                            times = isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mult)
                            reads = {n.id for n in ast.walk(value) if isinstance(n, ast.Name)}
                            writes.setdefault(name, []).append(times and name in reads)
                for name, kinds in writes.items():
                    if name in zero and all(kinds):
                        yield Problem(zero[name], f"{name} is multiplied and begins at 0", "B-zero")


def _row(node: ast.AST) -> Iterator[Problem]:
    """Three or more assignments in a row that differ in names alone, but for one that has another number."""
    body = getattr(node, "body", None)
    if not isinstance(body, list) or len(body) < 3:
        return
    shapes = [_shape(one) if isinstance(one, ast.Assign) else None for one in body]
    start = 0
    while start < len(body):
        end = start
        while end < len(body) and shapes[end] is not None and shapes[start] is not None and shapes[end][0] == shapes[start][0]:  # type: ignore[index]  # fmt: skip
            end += 1
        row = [shapes[place] for place in range(start, end)]
        numbers = Counter(one[1] for one in row if one is not None and one[1])
        if (
            len(row) >= 3
            and len(numbers) == 2
            and min(numbers.values()) == 1 < max(numbers.values())
        ):
            odd = next(place for place in range(start, end) if numbers[shapes[place][1]] == 1)  # type: ignore[index]
            yield Problem(
                body[odd].lineno,
                f"{ast.unparse(body[odd])[:60]} has another number than its row",
                "B-row",
            )
        start = max(end, start + 1)


def _shape(node: ast.Assign) -> tuple[str, tuple[object, ...]]:
    """What is done without the names, and the numbers that it is done with."""
    kinds = [
        type(one).__name__ for one in ast.walk(node) if not isinstance(one, ast.Load | ast.Store)
    ]
    functions = [ast.unparse(one.func) for one in ast.walk(node) if isinstance(one, ast.Call)]
    numbers = tuple(
        one.value
        for one in ast.walk(node)
        if isinstance(one, ast.Constant) and type(one.value) is int
    )
    return f"{kinds}{functions}", numbers if isinstance(node.value, ast.Call | ast.BinOp) else ()


def _first(node: ast.AST) -> Iterator[Problem]:
    """A loop whose body always leaves it in the first turn."""
    if isinstance(node, ast.For | ast.While) and node.body:
        last = node.body[-1]
        goes_on = any(isinstance(one, ast.Continue) for one in ast.walk(node))
        if isinstance(last, ast.Return | ast.Break | ast.Raise) and not goes_on:
            yield Problem(last.lineno, "the loop always ends in its first turn", "B-first")
