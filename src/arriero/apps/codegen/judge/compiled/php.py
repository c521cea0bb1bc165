"""PHP: how its functions and classes are declared, and calls of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from arriero.apps.codegen.judge import grammars
from arriero.apps.codegen.judge.compiled.dialect import Unspoken
from arriero.apps.codegen.judge.compiled.untyped import (
    Function,
    Literals,
    Members,
    Parameter,
    Untyped,
)
from arriero.apps.codegen.judge.guesses import OTHER

TAKEN = frozenset({"simple_parameter", "property_promotion_parameter"})
INNER = frozenset({"function_definition", "method_declaration", "anonymous_function", "arrow_function", "class_declaration"})  # fmt: skip
QUIET = frozenset({"php_tag", "text_interpolation", "comment", "namespace_definition", "namespace_use_declaration", "declare_statement", "const_declaration", "interface_declaration", "trait_declaration", "enum_declaration"})  # fmt: skip
OPEN = frozenset(
    {"array", "iterable", "mixed", "object", "callable", "self"}
)  # they say little of what is in it


def opened(code: str) -> str:
    """The code behind the mark that PHP begins with, without another line."""
    return f"<?php {code}" if grammars.is_bare(code) else code


def function(code: str, entry: str) -> Function:
    """How a function or method is called. Raises `Unspoken` where it is none that can be called."""
    found = [
        one
        for one in grammars.nodes(grammars.tree(code, "php"))
        if one.type in {"function_definition", "method_declaration"} and grammars.name(one) == entry
    ]
    if not found:
        raise Unspoken(f"there is no function {entry}")
    node = next((one for one in found if one.type == "function_definition"), found[0])
    parameters = tuple(_parameters(node))
    if node.type == "function_definition":
        return Function(entry, f"{_space(node)}{entry}", parameters, _gives(node))
    owner = node.parent.parent
    words = _modifiers(node)
    if words & {"private", "protected"}:
        raise Unspoken(f"{entry} is {'private' if 'private' in words else 'protected'}")
    if owner is None or owner.type != "class_declaration":
        raise Unspoken(f"{entry} stands in no class")
    name = f"{_space(owner)}{grammars.name(owner)}"
    if "static" in words:
        return Function(entry, f"{name}::{entry}", parameters, _gives(node))
    members = members_of(code, grammars.name(owner))
    if members is None or any(one.needed for one in members.made_with):
        raise Unspoken(
            f"{entry} is a method of {grammars.name(owner)}, which cannot be made of nothing"
        )
    return Function(entry, f"(new {name}())->{entry}", parameters, _gives(node))


def members_of(code: str, entry: str) -> Members | None:
    """What a class of PHP offers, with what its parents in the same file do; None where `entry` is none."""
    return _members(grammars.tree(code, "php"), entry, ())


def _members(root: Any, entry: str, below: Sequence[str]) -> Members | None:
    node = next((one for one in grammars.nodes(root) if one.type == "class_declaration" and grammars.name(one) == entry), None)  # fmt: skip
    if node is None or entry in below:
        return None
    base = next((one for one in node.children if one.type == "base_clause"), None)
    parent = grammars.text(base.named_children[0]).rpartition("\\")[2] if base is not None else ""
    above = _members(root, parent, (*below, entry)) if parent else None
    methods = dict(above.methods) if above is not None else {}
    made_with = above.made_with if above is not None else ()
    for one in node.child_by_field_name("body").named_children:
        words = _modifiers(one)
        if words & {"private", "protected", "static", "abstract"}:
            continue
        if one.type == "property_declaration":
            names = [part for part in one.named_children if part.type == "property_element"]
            methods |= {grammars.text(part.child_by_field_name("name")).lstrip("$"): None for part in names}  # fmt: skip
        elif one.type == "method_declaration" and grammars.name(one) == "__construct":
            made_with = tuple(_parameters(one))
        elif one.type == "method_declaration" and not grammars.name(one).startswith("__"):
            methods[grammars.name(one)] = tuple(_parameters(one))
    return Members(f"{_space(node)}{entry}", made_with, methods)


def last(code: str) -> str:
    """The last function or class of a file that does nothing by itself; "" of any other."""
    name = ""
    for one in grammars.tree(code, "php").named_children:
        if one.type in {"function_definition", "class_declaration"}:
            name = grammars.name(one)
        elif one.type not in QUIET:
            return ""
    return name


def _modifiers(node: Any) -> set[str]:
    return {grammars.text(one).lower() for one in node.children if one.type.endswith("_modifier")}


def _space(node: Any) -> str:
    """The namespace that a definition stands in, with the signs around it."""
    at = node
    while at.parent is not None:
        before = at.prev_sibling
        while before is not None and at.parent.type == "program":
            if before.type == "namespace_definition" and before.child_by_field_name("body") is None:
                return f"\\{grammars.name(before)}\\"
            before = before.prev_sibling
        at = at.parent
        if at.type == "namespace_definition" and grammars.name(at):
            return f"\\{grammars.name(at)}\\"
    return "\\"


def _parameters(node: Any) -> Iterator[Parameter]:
    for one in node.child_by_field_name("parameters").named_children:
        if one.type not in TAKEN:
            continue
        kind = one.child_by_field_name("type")
        type_ = grammars.text(kind).lstrip("?\\") if kind is not None else ""
        yield Parameter(
            grammars.name(one).lstrip("&$"),
            "" if type_.lower() in OPEN else type_,
            needed=one.child_by_field_name("default_value") is None,
            changed=any(part.type == "reference_modifier" for part in one.children),
        )


def _gives(node: Any) -> bool:
    """Whether a value is returned in it."""
    body = node.child_by_field_name("body")
    todo = list(body.children) if body is not None else []
    while todo:
        one = todo.pop()
        if one.type == "yield_expression" or (one.type == "return_statement" and one.named_children):  # fmt: skip
            return True
        if one.type not in INNER:
            todo.extend(one.children)
    return False


def _call(function: Function, values: Sequence[str]) -> str:
    """A closure that makes one call. Where nothing is returned, the first argument that the function changes is told."""
    changed = [at for at, one in enumerate(function.parameters[: len(values)]) if one.changed]
    given = ", ".join(f"$a[{at}]" for at in range(len(values)))
    call = f"{function.on}({given})"
    if changed and not function.gives:
        told = f"{call}; return ArrieroDriver::json($a[{changed[0]}]);"
    else:
        told = f"return ArrieroDriver::json({call});"
    return f"function () {{ $a = [{', '.join(values)}]; {told} }}"


def _session(
    members: Members, made: Sequence[str], steps: Sequence[tuple[str, Sequence[str] | None]]
) -> str:
    """A closure that makes an object and calls its methods in turn."""
    new = f"new {members.name}({', '.join(made)})"
    lines = [f"$one = {new};"]
    if any(OTHER in (args or ()) for _, args in steps):
        lines.append(f"$other = {new};")
    told = ", ".join(_step(name, args) for name, args in steps)
    return f"function () {{ {' '.join(lines)} return ArrieroDriver::steps($one, $other ?? null, [{told}]); }}"


def _step(name: str, args: Sequence[str] | None) -> str:
    if args is None:
        return f"function ($one, $other) {{ return $one->{name}; }}"
    values = ", ".join("$other" if one == OTHER else one for one in args)
    given = ", ".join(f"$a[{at}]" for at in range(len(args)))
    return f"function ($one, $other) {{ $a = [{values}]; return $one->{name}({given}); }}"


def _text(value: str) -> str:
    """A literal in which nothing is put in; the driver is UTF-8."""
    if value.isprintable():
        quoted = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{quoted}'"
    return '"' + "".join(f"\\u{{{ord(sign):x}}}" if not sign.isalnum() else sign for sign in value) + '"'  # fmt: skip


def held(value: object) -> object:
    """The value as an array of PHP holds it: keys are numbers where they can be, and keys from 0 on make a list."""
    match value:
        case list() | tuple():
            return [held(one) for one in value]
        case dict():
            pairs = {_key(key): held(one) for key, one in value.items()}
            return list(pairs.values()) if list(pairs) == list(range(len(pairs))) else pairs
    return value


def _key(key: object) -> object:
    if isinstance(key, str):
        return int(key) if re.fullmatch(r"0|-?[1-9][0-9]{0,17}", key) else key
    return int(key) if isinstance(key, bool) else key


LITERALS = Literals(
    "null", _text, ("[", "]"), "INF", "NAN", whole=(-(2**63) + 1, 2**63 - 1), keys=(int, str)
)
PHP = Untyped("php", "php", LITERALS, function, members_of, _call, _session, last, opened, held)
