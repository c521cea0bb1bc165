"""Small wrong changes of a Python program, one at a time: what tests are measured by.

The operators are those of Offutt et al., "An experimental determination of sufficient mutant operators" (1996):
relations, arithmetic, logic, constants; and what generated code gets wrong besides: bounds and returns.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from arriero.apps.codegen import trees
from arriero.apps.codegen.judge.parse import Function, found_in

RELATIONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
SWAPPED = {
    "max": "min",
    "min": "max",
    "any": "all",
    "all": "any",
    "upper": "lower",
    "lower": "upper",
}


def mutants(code: str, entry: str | None = None, most: int = 20) -> tuple[str, ...]:
    """Up to `most` programs that differ from `code` in one place each, spread evenly over the places.

    With `entry` the function of that name is changed first; helpers follow when there is room. All parse.
    """
    tree = trees.parse(code)
    changes = list(_changes(tree, entry))
    step = max(1.0, len(changes) / most)
    chosen = [changes[int(number * step)] for number in range(min(most, len(changes)))]
    original = ast.unparse(tree)
    made: dict[str, None] = {}
    for place, change in chosen:
        # Parsed anew and not copied: all trees share the nodes of `ast.Load`, on which bandit hangs its own trees.
        other = trees.parse(code)
        node = list(ast.walk(other))[place]
        change(node)
        text = ast.unparse(ast.fix_missing_locations(other))
        if text != original:
            made[text] = None
    return tuple(made)


Change = Callable[[ast.AST], None]


def _changes(tree: ast.Module, entry: str | None) -> Iterator[tuple[int, Change]]:
    """(the number of the node in `ast.walk`, what to do to it): those in `entry` when it has any, else all."""
    wanted = found_in(tree, entry) if entry else None
    inside = {id(node) for node in ast.walk(wanted)} if wanted is not None else set()
    silent = _silent(tree)
    found = [
        (place, change, id(node) in inside)
        for place, node in enumerate(ast.walk(tree))
        if id(node) not in silent
        for change in _of(node)
    ]
    if any(mine for _, _, mine in found):
        found = [one for one in found if one[2]]
    yield from ((place, change) for place, change, _ in found)


def _silent(tree: ast.Module) -> set[int]:
    """Docstrings, annotations, and imports: to change them changes nothing."""
    found: set[int] = set()
    for node in ast.walk(tree):
        parts: list[ast.AST | None] = []
        if isinstance(node, Function):
            parts += [node.returns, *(one.annotation for one in ast.walk(node.args) if isinstance(one, ast.arg))]  # fmt: skip
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            parts.append(node.value)
        if isinstance(node, ast.AnnAssign):
            parts.append(node.annotation)
        if isinstance(node, ast.JoinedStr):
            parts += node.values
        for part in parts:
            if part is not None:
                found |= {id(inner) for inner in ast.walk(part)}
    return found


def _of(node: ast.AST) -> Iterator[Change]:
    match node:
        case ast.Compare(ops=[op, *_]):
            for other in RELATIONS.get(type(op), ()):
                yield _setting("ops", lambda held, other=other: [other(), *held[1:]])
        case ast.BinOp(op=op) | ast.AugAssign(op=op) if type(op) in ARITHMETIC:
            turned = ARITHMETIC[type(op)]
            yield _setting("op", lambda _, kind=turned: kind())
        case ast.BoolOp(op=op):
            kind = ast.Or if isinstance(op, ast.And) else ast.And
            yield _setting("op", lambda _, kind=kind: kind())
            yield _setting("values", lambda held: held[:1])
        case ast.Constant(value=bool() as value):
            yield _setting("value", lambda _, value=value: not value)
        case ast.Constant(value=int() as value):
            yield _setting("value", lambda _, value=value: value + 1)
        case ast.Constant(value=float() as value):
            yield _setting("value", lambda _, value=value: value + 0.5)
        case ast.Constant(value=str() as value) if value:
            yield _setting("value", lambda _, value=value: value[1:])
        case ast.If(orelse=[_, *_]) | ast.IfExp():
            yield _setting("test", lambda held: ast.UnaryOp(ast.Not(), held))
        case ast.If():
            yield _setting("test", lambda _: ast.Constant(False))
        case ast.Return(value=ast.expr()):
            yield _setting("value", lambda _: ast.Constant(None))
        case ast.Name(id=name) if name in SWAPPED:
            yield _setting("id", lambda held: SWAPPED[held])
        case ast.Attribute(attr=name) if name in SWAPPED:
            yield _setting("attr", lambda held: SWAPPED[held])
        case ast.Call(func=ast.Name(id="range"), args=[*_, end]):
            last = f"{ast.unparse(end)} - 1"
            yield _setting("args", lambda held, last=last: [*held[:-1], _expression(last)])
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield _setting("op", lambda held: ast.UAdd() if isinstance(held, ast.USub) else held)
        case ast.Slice(lower=ast.expr()):
            yield _setting("lower", lambda _: None)
        case ast.Slice(upper=ast.expr()):
            yield _setting("upper", lambda _: None)
        case ast.Call(args=[first, second], keywords=[]) if ast.dump(first) != ast.dump(second):
            yield _setting("args", lambda held: held[::-1])


def _expression(text: str) -> ast.expr:
    return trees.expression(text)


def _setting(field: str, to: Callable[..., object]) -> Change:
    """Sets a field of a node to what `to` makes of it."""
    return lambda node: setattr(node, field, to(getattr(node, field)))
