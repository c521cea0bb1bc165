"""JavaScript and TypeScript that count how long they go on: a call of `arriero_tick` in every loop and function."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from arriero.apps.codegen.judge import grammars

TICK = " arriero_tick();"
LOOPS = frozenset({"for_statement", "for_in_statement", "while_statement", "do_statement"})
FUNCTIONS = frozenset(
    {"function_declaration", "function_expression", "arrow_function", "method_definition"}
)


def ticking(code: str, language: str) -> str:
    """The same with a tick at the start of each loop, and of each function that has a block."""
    data = code.encode(errors="replace")
    for place, text in sorted(
        _insertions(grammars.tree(code, language)), key=lambda one: one[0], reverse=True
    ):
        data = data[:place] + text.encode() + data[place:]
    return data.decode(errors="replace")


def _insertions(root: Any) -> Iterator[tuple[int, str]]:
    """(byte, what is put before it)."""
    for node in grammars.nodes(root):
        body = node.child_by_field_name("body") if node.type in LOOPS | FUNCTIONS else None
        if body is None:
            continue
        if body.type == "statement_block":
            if not _strict(body):
                yield body.start_byte + 1, TICK
        elif node.type in LOOPS:
            yield body.start_byte, "{" + TICK + " "
            yield body.end_byte, " }"


def _strict(body: Any) -> bool:
    """Whether a directive such as 'use strict' stands first, which nothing may come before."""
    first = body.named_children[0] if body.named_children else None
    return first is not None and first.type == "expression_statement" and first.named_children[0].type == "string"  # fmt: skip
