"""Bugs put into right Python programs, of the six kinds that HumanEvalPack names: what the score is tuned on.

One place is changed a program: a value, an operator, a variable, a function; something is left out, or added. The
draw is seeded by the program's text, so the same program always gets the same bugs.
"""

from __future__ import annotations

import ast
import copy
import random
import zlib
from collections.abc import Callable, Iterator

Change = Callable[[ast.AST], None]
OPERATORS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.FloorDiv, ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv, ast.And: ast.Or, ast.Or: ast.And, ast.Pow: ast.Mult,
}  # fmt: skip
FUNCTIONS = {
    "max": "min", "min": "max", "sum": "len", "any": "all", "all": "any", "upper": "lower", "lower": "upper",
    "append": "extend", "abs": "int", "ceil": "floor", "floor": "ceil", "isdigit": "isalpha", "sorted": "list",
    "startswith": "endswith", "search": "match", "findall": "split", "keys": "values", "round": "int",
}  # fmt: skip


def bugs(code: str, most: int = 6) -> tuple[tuple[str, str], ...]:
    """(kind, program) of up to `most` programs with one bug each, the kinds as mixed as the program allows."""
    tree = ast.parse(code)
    draw = random.Random(zlib.crc32(code.encode()))
    places = [
        (kind, place, change)
        for place, node in enumerate(ast.walk(tree))
        for kind, change in _of(node, tree)
    ]
    draw.shuffle(places)
    # One of each kind first, then a second of each, and so on.
    seen: dict[str, int] = {}
    turns = [
        (seen.setdefault(kind, 0), seen.update({kind: seen[kind] + 1}))[0] for kind, _, _ in places
    ]
    order = sorted(range(len(places)), key=turns.__getitem__)
    found: dict[str, str] = {}
    for kind, place, change in (places[number] for number in order):
        other = copy.deepcopy(tree)
        change(list(ast.walk(other))[place])
        text = ast.unparse(ast.fix_missing_locations(other))
        if text != ast.unparse(tree):
            found.setdefault(text, kind)
        if len(found) == most:
            break
    return tuple((kind, text) for text, kind in found.items())


def _of(node: ast.AST, tree: ast.Module) -> Iterator[tuple[str, Change]]:
    match node:
        case ast.Constant(value=bool() as value):
            yield "value misuse", _sets("value", lambda _, v=value: not v)
        case ast.Constant(value=int() as value):
            yield "value misuse", _sets("value", lambda _, v=value: v + 1)
            yield "value misuse", _sets("value", lambda _, v=value: v - 1)
        case ast.Constant(value=str() as value) if len(value) > 1 and not value.isspace():
            yield "value misuse", _sets("value", lambda _, v=value: v[:-1])
        case ast.Compare(ops=[op, *_]) if type(op) in OPERATORS:
            yield (
                "operator misuse",
                _sets("ops", lambda held: [OPERATORS[type(held[0])](), *held[1:]]),
            )
        case ast.BinOp(op=op) | ast.AugAssign(op=op) if type(op) in OPERATORS:
            yield "operator misuse", _sets("op", lambda held: OPERATORS[type(held)]())
        case ast.BoolOp():
            yield "operator misuse", _sets("op", lambda held: OPERATORS[type(held)]())
            yield "missing logic", _sets("values", lambda held: held[:1])
        case ast.Name(id=name, ctx=ast.Load()) if name in FUNCTIONS:
            yield "function misuse", _sets("id", lambda held: FUNCTIONS[held])
        case ast.Attribute(attr=name) if name in FUNCTIONS:
            yield "function misuse", _sets("attr", lambda held: FUNCTIONS[held])
        case ast.Name(id=name, ctx=ast.Load()):
            others = sorted(_stored(tree) - {name})
            if name in _stored(tree) and others:
                other = others[zlib.crc32(name.encode()) % len(others)]
                yield "variable misuse", _sets("id", lambda _, other=other: other)
    if isinstance(node, ast.FunctionDef | ast.For | ast.While | ast.If):
        for number, one in enumerate(node.body):
            if len(node.body) > 1 and not isinstance(one, ast.Return | ast.FunctionDef):
                yield (
                    "missing logic",
                    _sets("body", lambda held, n=number: held[:n] + held[n + 1 :]),
                )
    match node:
        case ast.If(orelse=[_, *_]):
            yield "missing logic", _sets("orelse", lambda _: [])
        case ast.Return(value=ast.expr()):
            yield "excess logic", _sets("value", _more)
        case ast.Assign(value=ast.Call()):
            yield "excess logic", _sets("value", _more)
        case ast.Call(func=ast.Name(id="range"), args=[*_, _]):
            yield "value misuse", _sets("args", lambda held: [*held[:-1], ast.BinOp(held[-1], ast.Sub(), ast.Constant(1))])  # fmt: skip


def _more(value: ast.expr) -> ast.expr:
    """Something that nobody asked for, of the kind that the value allows."""
    match value:
        case (
            ast.BinOp() | ast.Call(func=ast.Name(id="len" | "sum" | "max" | "min" | "abs" | "int"))
        ):
            return ast.BinOp(value, ast.Add(), ast.Constant(1))
        case ast.Compare() | ast.BoolOp():
            return ast.UnaryOp(ast.Not(), value)
        case _:
            part = ast.Slice(lower=ast.Constant(1))
            return ast.Subscript(value, part, ast.Load())


def _stored(tree: ast.Module) -> set[str]:
    """The variables of the program."""
    names = {
        n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    return names | {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}


def _sets(field: str, to: Callable[..., object]) -> Change:
    return lambda node: setattr(node, field, to(getattr(node, field)))
