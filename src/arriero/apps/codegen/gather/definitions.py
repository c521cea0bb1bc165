"""The functions and classes that a file defines: Python by its own parser, other languages by tree-sitter."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from arriero.apps.codegen import trees
from arriero.apps.codegen.judge.grammars import text as text_of
from arriero.apps.codegen.judge.grammars import tree
from arriero.core.errors import MissingExtra

WHOLE = 60  # lines up to which a class is one piece; a longer one is its outline and its methods
LONGEST = 200  # lines of a function that is taken; a longer one is no example to anybody
_KINDS = frozenset(
    "function_declaration function_definition function_item method_declaration method_definition method "
    "singleton_method generator_function_declaration constructor_declaration class_declaration class_definition "
    "class_specifier class interface_declaration trait_item struct_item struct_specifier enum_item impl_item "
    "enum_declaration record_declaration type_declaration type_alias_declaration".split()
)
_VALUES = frozenset("arrow_function function_expression function generator_function class".split())
_MARKS = re.compile(r"^\s*(?:/\*\*?|\*/|\*|///?!?|#+|\"\"\")?\s?|\s*\*/\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Definition:
    """A function or class: its name (`Order.total`), its first line (from 1), its code, and what is said of it."""

    name: str
    line: int
    code: str
    said: str = ""


def definitions(code: str, language: str) -> tuple[Definition, ...]:
    """Those of a text, in its order. `ValueError` says why it cannot be read."""
    if language == "python":
        return tuple(_python(code))
    try:
        return tuple(_other(tree(code, language), ""))
    except (KeyError, MissingExtra):
        raise ValueError(f"there is no grammar of {language} here") from None


def _python(code: str) -> Iterator[Definition]:
    whole = _parsed(code)
    lines = code.splitlines()
    todo: list[tuple[ast.stmt, str]] = [(node, "") for node in reversed(whole.body)]
    while todo:
        node, within = todo.pop()
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
        length = (node.end_lineno or first) - first + 1
        said, name = ast.get_docstring(node) or "", within + node.name
        if isinstance(node, ast.ClassDef) and length > WHOLE:
            head = _outline(node, lines)
            yield Definition(name, first, head, said)
            todo += [(one, f"{name}.") for one in reversed(node.body)]
        elif length <= LONGEST:
            yield Definition(name, first, "\n".join(lines[first - 1 : node.end_lineno]), said)


def _parsed(code: str) -> ast.Module:
    try:
        return trees.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError("it does not parse") from None


def _outline(node: ast.ClassDef, lines: list[str]) -> str:
    """A class as its first line and the first lines of its methods."""
    heads = [
        lines[one.lineno - 1]
        for one in node.body
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return "\n".join([lines[node.lineno - 1], *(f"{head} ..." for head in heads)])


def _other(root: Any, within: str) -> Iterator[Definition]:
    """No recursion: code may nest deeper than Python's stack."""
    todo: list[tuple[Any, str]] = [(root, within)]
    while todo:
        node, inside = todo.pop()
        name = _name(node)
        length = node.end_point[0] - node.start_point[0] + 1
        if not name:
            todo += [(one, inside) for one in reversed(node.children)]
            continue
        container = any(one.type in _KINDS for one in _within(node))
        if length <= (WHOLE if container else LONGEST):
            yield Definition(inside + name, node.start_point[0] + 1, text_of(node), _said(node))
        else:
            todo += [(one, f"{inside}{name}.") for one in reversed(node.children)]


def _name(node: Any) -> str:
    """What a node defines; empty when it defines nothing."""
    if node.type in ("lexical_declaration", "variable_declaration"):
        for one in node.named_children:
            value = one.child_by_field_name("value") if one.type == "variable_declarator" else None
            if value is not None and value.type in _VALUES:
                return text_of(one.child_by_field_name("name"))
        return ""
    if node.type not in _KINDS or not node.is_named:
        return ""
    for field in ("name", "type", "declarator"):
        found = node.child_by_field_name(field)
        while found is not None and (inner := found.child_by_field_name("declarator")):
            found = inner
        if found is not None and (field != "type" or node.type == "impl_item"):
            return text_of(found)[:120]
    return next(
        (text_of(one)[:120] for one in node.named_children if one.type == "type_spec"), ""
    ).partition(" ")[0]


def _within(node: Any) -> Iterator[Any]:
    """The members of a node: what stands in its body."""
    body = node.child_by_field_name("body")
    return iter(body.named_children if body is not None else ())


def _said(node: Any) -> str:
    """The comment right before a node, without its marks."""
    outer = (
        node.parent if node.parent is not None and node.parent.type == "export_statement" else node
    )
    lines: list[str] = []
    before, line = outer.prev_sibling, outer.start_point[0]
    while before is not None and "comment" in before.type and before.end_point[0] >= line - 1:
        lines.insert(0, text_of(before))
        before, line = before.prev_sibling, before.start_point[0]
    return " ".join(_MARKS.sub("", "\n".join(lines)).split())
