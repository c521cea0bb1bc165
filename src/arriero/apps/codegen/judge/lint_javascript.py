"""Mistakes in JavaScript and TypeScript that show in the syntax tree: our own few, since eslint needs a warm Node.

Unused parameters and variables, ways out without a value, code behind a return, comparisons with itself,
assignments as conditions, a loop one step too far. No style.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from arriero.apps.codegen.judge.grammars import nodes, text, tree
from arriero.apps.codegen.judge.report import Problem

FUNCTIONS = frozenset({"function_declaration", "function_expression", "arrow_function", "method_definition", "generator_function_declaration"})  # fmt: skip
NAMES = frozenset({"identifier", "shorthand_property_identifier", "jsx_identifier"})
PROPERTIES = frozenset({"accessibility_modifier", "readonly", "override_modifier"})
OPEN = re.compile(r"\b(?:number|string|any|unknown|bigint|object)\b")
ENDS = frozenset({"return_statement", "throw_statement", "break_statement", "continue_statement"})


def lint(code: str, language: str) -> tuple[Problem, ...]:
    """Problems by line. The code has to parse."""
    root = tree(code, language)
    found = {*_unused(root), *_ways_out(root), *_odd(root)}
    return tuple(sorted(found, key=lambda one: (one.line, one.rule)))


def _line(node: Any) -> int:
    return int(node.start_point[0]) + 1


def _unused(root: Any) -> Iterator[Problem]:
    """Names that a function takes or declares and nobody reads."""
    for function in (node for node in nodes(root) if node.type in FUNCTIONS):
        declared = [*_parameters(function), *_variables(function)]
        ids = {node.id for node in declared}
        read = {
            text(node)
            for node in nodes(function)
            if node.type in NAMES and node.id not in ids and not _only_written(node)
        }
        for node in declared:
            name = text(node)
            if name not in read and not name.startswith("_"):
                yield Problem(_line(node), f"{name} is never used", "F841")


def _parameters(function: Any) -> Iterator[Any]:
    held = function.child_by_field_name("parameters") or function.child_by_field_name("parameter")
    if held is None:
        return
    if held.type == "identifier":
        yield held
    for child in held.named_children:
        if any(one.type in PROPERTIES for one in child.children):
            continue  # `constructor(private readonly size: number)` declares a field
        typed = child.type in {"required_parameter", "optional_parameter"}
        node = child.child_by_field_name("pattern") if typed else child
        if node is not None and node.type == "identifier":
            yield node


def _variables(function: Any) -> Iterator[Any]:
    todo = list(function.children)
    while todo:
        node = todo.pop()
        if node.type == "variable_declarator":
            name = node.child_by_field_name("name")
            if name is not None and name.type == "identifier":
                yield name
        if node.type not in FUNCTIONS:
            todo.extend(node.children)


def _only_written(node: Any) -> bool:
    """`x` of `x = 1`: written, not read. `x += 1` in a value counts as read."""
    parent = node.parent
    if parent is None or parent.type != "assignment_expression":
        return False
    left = parent.child_by_field_name("left")
    return left is not None and left.id == node.id


def _ways_out(root: Any) -> Iterator[Problem]:
    """Functions that return a value on some ways and fall off their end on others; code behind a return."""
    for node in nodes(root):
        if node.type in FUNCTIONS:
            body = node.child_by_field_name("body")
            if body is None or body.type != "statement_block":
                continue
            gives = any(one.named_children for one in _returns(body))
            if gives and not _ends(body) and not _is_covered(node, body):
                yield Problem(_line(node), "it ends without a value on some of its ways", "RET503")
        if node.type == "statement_block":
            statements = [one for one in node.named_children if one.type != "comment"]
            for first, second in pairwise(statements):
                if first.type in ENDS and second.type not in FUNCTIONS:
                    yield Problem(_line(second), "this is never reached", "PLE-unreachable")
                    break


def _returns(body: Any) -> Iterator[Any]:
    todo = list(body.children)
    while todo:
        node = todo.pop()
        if node.type == "return_statement":
            yield node
        if node.type not in FUNCTIONS:
            todo.extend(node.children)


def _ends(node: Any) -> bool:
    """Whether every way through it returns, throws, or goes on for ever."""
    match node.type:
        case "return_statement" | "throw_statement":
            return True
        case "statement_block" | "else_clause" | "finally_clause" | "catch_clause":
            inner = [one for one in node.named_children if one.type != "comment"]
            return any(map(_ends, inner))
        case "if_statement":
            yes, no = (node.child_by_field_name(name) for name in ("consequence", "alternative"))
            return yes is not None and no is not None and _ends(yes) and _ends(no)
        case "try_statement":
            parts = [node.child_by_field_name(name) for name in ("body", "handler", "finalizer")]
            held = [part for part in parts if part is not None]
            return (parts[2] is not None and _ends(parts[2])) or all(map(_ends, held))
        case "while_statement" | "for_statement" | "do_statement":
            condition = node.child_by_field_name("condition")
            bare = text(condition).strip("();") if condition is not None else ""
            return bare in {"", "true", "1"} and not any(one.type == "break_statement" for one in nodes(node))  # fmt: skip
        case "switch_statement":
            cases = [one for one in nodes(node) if one.type in {"switch_case", "switch_default"}]
            last = cases[-1] if cases else None
            return last is not None and last.type == "switch_default" and bool(last.named_children) and _ends(last.named_children[-1])  # fmt: skip
        case _:
            return False


def _is_covered(function: Any, body: Any) -> bool:
    """Whether a TypeScript function ends in a `switch` without default in which every case gives a value.

    With a return type that leaves out `undefined` the compiler itself asks for every case of a union or an
    enumeration. A value whose declared type has no last case (`number`, `string`) is not taken for one, nor is
    a union of literals, declared beside it, of which a case is missing.
    """
    told = function.child_by_field_name("return_type")
    inner = [one for one in body.named_children if one.type != "comment"]
    if told is None or re.search(r"\b(?:undefined|void|any|unknown)\b", text(told)) or not inner:
        return False
    last = inner[-1]
    if last.type != "switch_statement":
        return False
    cases = [one for one in nodes(last) if one.type in {"switch_case", "switch_default"}]
    if not cases or any(one.type == "switch_default" for one in cases) or not _all_end(cases):
        return False
    subject = text(last.child_by_field_name("value")).strip("() ")
    declared = _type_of(function, subject)
    if declared is None:
        return True  # `shape.kind`: what it may be stands elsewhere
    literals = {one.strip() for one in _spelt_out(function, declared).split("|") if one.strip()}
    if all(one[:1] in "\"'" or one[:1].isdigit() for one in literals):
        found = {text(one.child_by_field_name("value")).strip("\"'") for one in cases}
        return {one.strip("\"'") for one in literals} <= found
    return not OPEN.search(declared)


def _all_end(cases: list[Any]) -> bool:
    """Whether each case returns or throws, or falls through to one that does."""
    last = cases[-1]
    for one in cases:
        label = one.child_by_field_name("value")
        body = [node for node in one.named_children if node.type != "comment" and (label is None or node.id != label.id)]  # fmt: skip
        if not (any(map(_ends, body)) or (not body and one.id != last.id)):
            return False
    return True


def _type_of(function: Any, name: str) -> str | None:
    """The type that the parameter `name` is declared with; None for anything but such a parameter."""
    held = function.child_by_field_name("parameters")
    for child in held.named_children if held is not None else ():
        pattern, told = (child.child_by_field_name(field) for field in ("pattern", "type"))
        if pattern is not None and told is not None and text(pattern) == name:
            return text(told).lstrip(":").strip()
    return None


def _spelt_out(node: Any, declared: str) -> str:
    """The union that `type NAME = ...` of the same file gives a name; the type itself where there is none."""
    while node.parent is not None:
        node = node.parent
    for one in nodes(node):
        if (
            one.type == "type_alias_declaration"
            and text(one.child_by_field_name("name")) == declared
        ):
            return text(one.child_by_field_name("value"))
    return declared


def _odd(root: Any) -> Iterator[Problem]:
    for node in nodes(root):
        if node.type == "binary_expression":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            sign = node.child_by_field_name("operator")
            if left is None or right is None or sign is None:
                continue
            same = text(left) == text(right) and left.type != "number"
            if same and text(sign) in {
                "===",
                "==",
                "!==",
                "!=",
                "<",
                ">",
                "<=",
                ">=",
                "&&",
                "||",
                "-",
            }:
                yield Problem(_line(node), f"both sides are {text(left)[:60]}", "B-same")
            if text(sign) == "<=" and text(right).endswith(".length") and _counts(node):
                yield Problem(_line(node), f"{text(node)[:60]} goes one step behind the last", "B-bound")  # fmt: skip
        elif node.type in {"if_statement", "while_statement"}:
            condition = node.child_by_field_name("condition")
            inner = condition.named_children if condition is not None else []
            if inner and inner[0].type == "assignment_expression":
                yield Problem(_line(node), "a condition that assigns; was === meant?", "B-assigns")
        elif node.type == "assignment_expression":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if left is not None and right is not None and text(left) == text(right):
                yield Problem(_line(node), f"{text(left)[:60]} is given itself", "PLW-self")


def _counts(node: Any) -> bool:
    """Whether the comparison is a loop's condition over an index that reads at that place."""
    loop = node.parent
    if loop is None or loop.type != "for_statement":
        return False
    index, whole = text(node.child_by_field_name("left")), text(node.child_by_field_name("right"))
    return f"{whole.removesuffix('.length')}[{index}]" in text(loop)
