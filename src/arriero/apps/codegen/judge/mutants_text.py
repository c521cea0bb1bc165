"""The same small wrong changes in languages other than Python, made in the text where the syntax tree says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from arriero.apps.codegen.judge.grammars import nodes, text, tree
from arriero.apps.codegen.judge.parse import defined_in

OPERATORS = {
    "<": ("<=", ">"), "<=": ("<", ">="), ">": (">=", "<"), ">=": (">", "<="), "===": ("!==",), "!==": ("===",),
    "==": ("!=",), "!=": ("==",), "+": ("-",), "-": ("+",), "*": ("+",), "/": ("*",), "%": ("/",), "**": ("*",),
    "&&": ("||",), "||": ("&&",), "+=": ("-=",), "-=": ("+=",), "*=": ("+=",),
}  # fmt: skip
SWAPPED = {
    "max": "min", "min": "max", "Max": "Min", "Min": "Max", "floor": "ceil", "ceil": "floor", "Floor": "Ceil", "Ceil": "Floor",
    "some": "every", "every": "some", "any": "all", "all": "any", "toUpperCase": "toLowerCase", "toLowerCase": "toUpperCase",
    "ToUpper": "ToLower", "ToLower": "ToUpper", "toupper": "tolower", "tolower": "toupper",
    "to_uppercase": "to_lowercase", "to_lowercase": "to_uppercase", "true": "false", "false": "true",
}  # fmt: skip
LAX = frozenset(
    {"javascript", "jsx", "tsx", "typescript"}
)  # there every name and every type may be anything
# What the grammars call these things, beside JavaScript's own names.
BINARY = frozenset("assignment_expression assignment_statement augmented_assignment_expression binary binary_expression compound_assignment_expr operator_assignment".split())  # fmt: skip
WHOLE = frozenset("decimal_integer_literal int_literal integer integer_literal number number_literal".split())  # fmt: skip
STRINGS = frozenset("encapsed_string interpreted_string_literal raw_string_literal string string_literal".split())  # fmt: skip
CONDITIONS = frozenset("if if_expression if_modifier if_statement unless unless_modifier".split())
NEGATED = frozenset("prefix_unary_expression unary unary_expression unary_op_expression".split())
NAMES = frozenset("boolean boolean_literal false field_identifier identifier name property_identifier true".split())  # fmt: skip


def mutants(code: str, language: str, entry: str, most: int = 12) -> tuple[str, ...]:
    """Up to `most` texts that differ from `code` in one place each, spread evenly over the places in `entry`.

    Over all places where there is no `entry`, or none in it, as in a type whose methods stand apart. Not every one is
    built by a compiler.
    """
    root = tree(code, language)
    inside = defined_in(root, entry) if entry else None
    found = list(_changes(inside, language)) if inside is not None else []
    found = found or list(_changes(root, language))
    step = max(1.0, len(found) / most)
    data = code.encode(errors="replace")
    made = []
    for number in range(min(most, len(found))):
        start, end, new = found[int(number * step)]
        made.append((data[:start] + new.encode() + data[end:]).decode(errors="replace"))
    return tuple(dict.fromkeys(made))


def _changes(root: Any, language: str) -> Iterator[tuple[int, int, str]]:
    """(first byte, the byte behind the last, what stands there instead)."""
    lax = language in LAX
    for node in nodes(root):
        here = (node.start_byte, node.end_byte)
        match node.type:
            case kind if kind in BINARY:
                sign = node.child_by_field_name("operator")
                for other in OPERATORS.get(text(sign), ()) if sign is not None else ():
                    yield sign.start_byte, sign.end_byte, other
            case kind if kind in WHOLE and text(node).isdigit():
                yield *here, str(int(text(node)) + 1)
            case kind if kind in STRINGS and len(text(node)) > 2 and text(node)[0] in "\"'`":
                quote = text(node)[0]
                yield *here, f"{quote}{quote}"
            case "identifier" if lax:
                pass  # a variable; what it is called as is a property
            case kind if kind in NAMES and text(node) in SWAPPED and not node.child_count:
                yield *here, SWAPPED[text(node)]
            case kind if kind in NEGATED and text(node).startswith("!"):
                yield node.start_byte, node.start_byte + 1, ""
            case "return_statement" if node.named_children and lax:
                yield *here, "return undefined;"
            case "expression_statement" | "inc_statement" | "dec_statement" if not lax:
                yield *here, ";" if text(node).endswith(";") else ""
            case "assignment" | "call" if language == "ruby" and _is_statement(node):
                yield *here, "nil"
            case kind if kind in CONDITIONS:
                condition = node.child_by_field_name("condition")
                if condition is not None:
                    yield condition.start_byte, condition.end_byte, "(false)"


def _is_statement(node: Any) -> bool:
    """Whether it stands by itself in a body of Ruby, which gives what its last expression gives."""
    return node.parent is not None and node.parent.type in {"block_body", "body_statement", "then"}
