"""Variables that Go refuses because nothing reads them: put right by rule, no model asked, and nothing that is done changes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any

from arriero.apps.codegen.judge import grammars
from arriero.apps.codegen.judge.report import COMPILER, Problem

# As 1.19 and 1.20 say it.
UNUSED = re.compile(r"^(?:(\w+) declared (?:but|and) not used|declared and not used: (\w+))$")


def used(code: str, problems: Iterable[Problem]) -> str:
    """The code, in which each variable of which the compiler says so is read into `_`, or is `_` or left out where a loop declares it."""
    data = code.encode(errors="replace")
    unread: list[Any] = []
    every = [one for one in grammars.nodes(grammars.tree(code, "go")) if one.type == "identifier"]
    for one in problems:
        found = UNUSED.match(one.message) if one.rule == COMPILER else None
        name = (found[1] or found[2]) if found is not None else ""
        unread += [node for node in every if node.start_point[0] + 1 == one.line and grammars.text(node) == name][:1]  # fmt: skip
    places = {node.start_byte for node in unread}
    edits = {edit for node in unread for edit in _edit(node, places)}
    for begun, ended, text in sorted(edits, reverse=True):
        data = data[:begun] + text + data[ended:]
    return data.decode()


def _edit(node: Any, unread: Collection[int]) -> list[tuple[int, int, bytes]]:
    """What to write where. Nothing for a form that is not known, such as a condition that declares."""
    statement = node.parent
    if statement is not None and statement.type == "expression_list":
        statement = statement.parent
    if statement is None:
        return []
    if statement.type == "range_clause":
        names = statement.child_by_field_name("left").named_children
        if any(grammars.text(one) != "_" and one.start_byte not in unread for one in names):
            return [(node.start_byte, node.end_byte, b"_")]
        begins = next(one for one in statement.children if one.type == "range")
        return [(names[0].start_byte, begins.start_byte, b"")]  # `:=` has to declare something
    while statement is not None and statement.type in {"var_spec", "var_spec_list"}:
        statement = statement.parent
    known = statement is not None and statement.type in {"short_var_declaration", "var_declaration"}
    if not known or statement.parent.type not in {"block", "statement_list", "expression_case", "default_case"}:  # fmt: skip
        return []
    indent = b"\t" * statement.start_point[1]  # as gofmt indents
    return [(statement.end_byte, statement.end_byte, b"\n" + indent + b"_ = " + node.text)]
