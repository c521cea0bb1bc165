"""Variables that Go refuses because nothing reads them: put right by rule, no model asked, and nothing that is done changes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from arriero.apps.codegen.judge import grammars
from arriero.apps.codegen.judge.report import COMPILER, Problem

# As 1.19 and 1.20 say it.
UNUSED = re.compile(r"^(?:(\w+) declared (?:but|and) not used|declared and not used: (\w+))$")


def used(code: str, problems: Iterable[Problem]) -> str:
    """The code, in which each variable of which the compiler says so is read into `_`, or is `_` where a loop declares it."""
    data = code.encode(errors="replace")
    edits: list[tuple[int, int, bytes]] = []
    root = grammars.tree(code, "go")
    for one in problems:
        found = UNUSED.match(one.message) if one.rule == COMPILER else None
        if found is None:
            continue
        name = found[1] or found[2]
        for node in grammars.nodes(root):
            if node.type == "identifier" and node.start_point[0] + 1 == one.line and grammars.text(node) == name:  # fmt: skip
                edits.extend(_edit(node))
                break
    for begun, ended, text in sorted(edits, reverse=True):
        data = data[:begun] + text + data[ended:]
    return data.decode()


def _edit(node: Any) -> list[tuple[int, int, bytes]]:
    """What to write where. Nothing for a form that is not known, such as a condition that declares."""
    statement = node.parent
    if statement is not None and statement.type == "expression_list":
        statement = statement.parent
    if statement is None:
        return []
    if statement.type == "range_clause":
        return [(node.start_byte, node.end_byte, b"_")]
    while statement is not None and statement.type in {"var_spec", "var_spec_list"}:
        statement = statement.parent
    known = statement is not None and statement.type in {"short_var_declaration", "var_declaration"}
    if not known or statement.parent.type not in {"block", "statement_list", "expression_case", "default_case"}:  # fmt: skip
        return []
    indent = b"\t" * statement.start_point[1]  # as gofmt indents
    return [(statement.end_byte, statement.end_byte, b"\n" + indent + b"_ = " + node.text)]
