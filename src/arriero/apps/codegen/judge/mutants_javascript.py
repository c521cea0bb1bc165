"""The same small wrong changes in JavaScript and TypeScript, made in the text where the syntax tree says."""

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
SWAPPED = {"max": "min", "min": "max", "some": "every", "every": "some", "toUpperCase": "toLowerCase", "toLowerCase": "toUpperCase", "floor": "ceil", "ceil": "floor", "true": "false", "false": "true"}  # fmt: skip
BINARY = frozenset({"binary_expression", "augmented_assignment_expression"})


def mutants(code: str, language: str, entry: str, most: int = 12) -> tuple[str, ...]:
    """Up to `most` texts that differ from `code` in one place each, spread evenly over the places in `entry`."""
    root = tree(code, language)
    found = list(_changes(defined_in(root, entry) or root))
    step = max(1.0, len(found) / most)
    data = code.encode(errors="replace")
    made = []
    for number in range(min(most, len(found))):
        start, end, new = found[int(number * step)]
        made.append((data[:start] + new.encode() + data[end:]).decode(errors="replace"))
    return tuple(dict.fromkeys(made))


def _changes(root: Any) -> Iterator[tuple[int, int, str]]:
    """(first byte, the byte behind the last, what stands there instead)."""
    for node in nodes(root):
        here = (node.start_byte, node.end_byte)
        match node.type:
            case kind if kind in BINARY:
                sign = node.child_by_field_name("operator")
                for other in OPERATORS.get(text(sign), ()) if sign is not None else ():
                    yield sign.start_byte, sign.end_byte, other
            case "number" if text(node).isdigit():
                yield *here, str(int(text(node)) + 1)
            case "string" if len(text(node)) > 2:
                quote = text(node)[0]
                yield *here, f"{quote}{quote}"
            case "true" | "false" | "property_identifier" if text(node) in SWAPPED:
                yield *here, SWAPPED[text(node)]
            case "unary_expression" if text(node).startswith("!"):
                yield node.start_byte, node.start_byte + 1, ""
            case "return_statement" if node.named_children:
                yield *here, "return undefined;"
            case "if_statement":
                condition = node.child_by_field_name("condition")
                if condition is not None:
                    yield condition.start_byte, condition.end_byte, "(false)"
