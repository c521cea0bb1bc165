"""Which variables a condition vouches for: after `if name not in ALLOWED: abort(400)`, `name` is harmless."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from arriero.apps.codegen.security.names import dotted
from arriero.apps.codegen.security.tables import vouching, vouching_methods
from arriero.apps.codegen.security.value import ALL

LIMITS = frozenset({"size", "zero"})
PLACES = frozenset({"path", "url", "redirect", "upload"})
# A test for the signs that make a spreadsheet take a cell for a formula, whichever way it ends.
FORMULA = re.compile(r"(?=.*=)(?=.*\+)")
URL_PARTS = frozenset({"netloc", "hostname", "scheme", "host", "port"})


@dataclass(frozen=True, slots=True)
class Vouched:
    """The expression that was asked about, and the uses that the answer makes it safe for."""

    subject: ast.expr
    uses: frozenset[str]


def vouched(test: ast.expr, answer: bool, is_local: Callable[[str], bool]) -> Iterator[Vouched]:
    """What is safe once `test` came out as `answer`. Parts of `and` and `or` all count: lenient on purpose.

    `is_local` says whether a name is a function of the same module, which is taken at its word.
    """
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield from vouched(operand, not answer, is_local)
        case ast.BoolOp(values=values):
            for value in values:
                yield from vouched(value, answer, is_local)
        case ast.NamedExpr(value=value):
            yield from vouched(value, answer, is_local)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            yield from _compared(left, op, right, answer)
        case ast.Compare(left=left, comparators=rights):
            yield from (
                Vouched(part, LIMITS)
                for part in (left, *rights)
                if not isinstance(part, ast.Constant)
            )
        case ast.Call():
            yield from _asked(test, answer, is_local)
        case ast.Attribute(attr=attr, value=value):
            if attr in URL_PARTS and not answer:
                yield Vouched(value, frozenset({"url", "redirect"}))
            if attr in {"is_private", "is_loopback", "is_reserved", "is_link_local"} and not answer:
                yield Vouched(value, frozenset({"url"}))
            if attr == "is_global" and answer:
                yield Vouched(value, frozenset({"url"}))
        case ast.Name() if answer:
            yield Vouched(test, frozenset({"zero"}))


def _compared(left: ast.expr, op: ast.cmpop, right: ast.expr, answer: bool) -> Iterator[Vouched]:
    positive = isinstance(op, ast.In | ast.Eq | ast.Is) == answer
    match op, left, right:
        case ((ast.In() | ast.NotIn()), _, ast.Constant(value=str(signs))) if FORMULA.match(signs):
            yield Vouched(left, frozenset({"formula"}))
        case ((ast.In() | ast.NotIn()), ast.Constant(value=str(sign)), _):
            if not positive and sign in {"/", "\\", "\n", "\r", ".."}:
                yield Vouched(
                    right, {"/": PLACES, "\\": PLACES}.get(sign, frozenset({"log", "header"}))
                )
        case ((ast.In() | ast.NotIn()), _, _) if positive:
            yield Vouched(left, ALL)
            if isinstance(left, ast.Name | ast.Attribute | ast.Call | ast.Subscript) and _is_root(
                left
            ):
                yield Vouched(right, PLACES)
        case ((ast.Eq() | ast.NotEq()), _, _) if positive:
            yield from (
                Vouched(side, ALL) for side in (left, right) if not isinstance(side, ast.Constant)
            )
        case ((ast.Is() | ast.IsNot()), _, ast.Constant(value=None)) if not positive:
            yield Vouched(left, frozenset({"found"}))
        case ((ast.Lt() | ast.LtE() | ast.Gt() | ast.GtE()), _, _):
            yield from (
                Vouched(side, LIMITS)
                for side in (left, right)
                if not isinstance(side, ast.Constant)
            )
        case _:
            if not positive and isinstance(right, ast.Constant) and right.value == 0:
                yield Vouched(left, frozenset({"zero"}))


def _asked(call: ast.Call, answer: bool, is_local: Callable[[str], bool]) -> Iterator[Vouched]:
    name = dotted(call.func, str)
    method = name.rpartition(".")[2]
    subjects = [*call.args, *(keyword.value for keyword in call.keywords)]
    receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
    if method in {"startswith", "endswith"} and receiver is not None:
        if _formula_signs(call.args):
            yield Vouched(receiver, frozenset({"formula"}))
        elif answer:
            yield Vouched(
                receiver,
                PLACES if method == "startswith" else frozenset({"upload", "url", "redirect"}),
            )
    elif not answer:
        return
    elif method == "isinstance" and call.args:
        yield Vouched(call.args[0], frozenset({"nosql"}))
    elif method in vouching_methods():
        yield from (
            Vouched(subject, ALL) for subject in (*subjects, *([receiver] if receiver else []))
        )
    elif method in {"match", "search"} or vouching().search(method) or is_local(method):
        yield from (Vouched(subject, ALL) for subject in subjects)


def _formula_signs(args: list[ast.expr]) -> bool:
    signs = "".join(
        str(part.value) for arg in args for part in ast.walk(arg) if isinstance(part, ast.Constant)
    )
    return FORMULA.match(signs) is not None


def _is_root(node: ast.expr) -> bool:
    """`BASE in path.parents`: the folder that holds everything stands on the left."""
    return isinstance(node, ast.Name) and (
        node.id.isupper() or "base" in node.id.lower() or "root" in node.id.lower()
    )


def ends(body: list[ast.stmt]) -> bool:
    """Whether nothing behind `body` is reached from it."""
    if not body:
        return False
    match body[-1]:
        case ast.Return() | ast.Raise() | ast.Continue() | ast.Break():
            return True
        case ast.Expr(value=ast.Call(func=func)):
            return dotted(func, str).rpartition(".")[2] in {
                "abort",
                "exit",
                "_exit",
                "fail",
                "error",
                "halt",
                "bail",
            }
        case ast.If(body=then, orelse=orelse):
            return ends(then) and ends(orelse)
        case ast.With(body=inner) | ast.AsyncWith(body=inner):
            return ends(inner)
    return False
