"""Ruby: how its methods and classes are declared, and calls of them."""

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

OWNERS = frozenset({"class", "module"})
DEFINED = frozenset({"method", "singleton_method"})
READERS = frozenset({"attr_reader", "attr_accessor"})
QUIET = re.compile(r"require(?:_relative)?\b|[A-Z]\w*\s*=")
HIDDEN = frozenset({"private", "protected"})
LOOKS = frozenset("delete dig except fetch has_key? include? key? slice values_at".split())


def function(code: str, entry: str) -> Function:
    """How a method is called. Raises `Unspoken` where it is none that can be called."""
    root = grammars.tree(code, "ruby")
    found = [
        one for one in grammars.nodes(root) if one.type in DEFINED and grammars.name(one) == entry
    ]
    if not found:
        raise Unspoken(f"there is no method {entry}")
    node = next((one for one in found if not _owners(one)), found[0])
    parameters = tuple(_parameters(node))
    owners = _owners(node)
    if not owners:
        return Function(entry, "self", parameters)
    name, owner = "::".join(map(grammars.name, owners)), owners[-1]
    single = node.type == "singleton_method" or _within_single(node)
    if not single and entry in dict(_shown(owner, hidden=True)):
        raise Unspoken(f"{entry} is private")
    if single or (owner.type == "module" and _of_itself(owner)):
        return Function(entry, name, parameters)
    if owner.type == "module":
        return Function(entry, f"Object.new.extend({name})", parameters)
    members = members_of(code, grammars.name(owner))
    if members is None or any(one.needed for one in members.made_with):
        raise Unspoken(f"{entry} is a method of {name}, which cannot be made of nothing")
    return Function(entry, f"{name}.new", parameters)


def members_of(code: str, entry: str) -> Members | None:
    """What a class of Ruby offers, with what its parents in the same file do; None where `entry` is none."""
    return _members(grammars.tree(code, "ruby"), entry, ())


def _members(root: Any, entry: str, below: Sequence[str]) -> Members | None:
    struct = _struct(root, entry)
    if struct is not None:
        return _of_struct(struct, entry)
    bodies = [
        one for one in grammars.nodes(root) if one.type == "class" and grammars.name(one) == entry
    ]
    if not bodies or entry in below:
        return None
    base = bodies[0].child_by_field_name("superclass")
    above = _members(root, grammars.text(base).lstrip("< ").rpartition("::")[2], (*below, entry)) if base is not None else None  # fmt: skip
    methods = dict(above.methods) if above is not None else {}
    made_with = above.made_with if above is not None else ()
    for node in bodies:  # a class may be opened again
        for name, one in _shown(node, hidden=False):
            if one is None:
                methods.setdefault(name, None)
            elif name[-1].isalnum() or name[-1] in "_?!":
                methods[name] = tuple(_parameters(one))
        for one in _body(node):
            if one.type == "method" and grammars.name(one) == "initialize":
                made_with = tuple(_parameters(one))
    name = "::".join(map(grammars.name, (*_owners(bodies[0]), bodies[0])))
    methods.pop("initialize", None)
    return Members(name, made_with, methods)


def _struct(root: Any, entry: str) -> Any | None:
    """The call in `Entry = Struct.new(...)`, where the code has that."""
    for one in grammars.nodes(root):
        right = one.child_by_field_name("right") if one.type == "assignment" else None
        if right is None or grammars.text(one.child_by_field_name("left")) != entry:
            continue
        if right.type == "call" and grammars.text(right).startswith("Struct.new"):
            return right
    return None


def _of_struct(made: Any, entry: str) -> Members:
    listed = made.child_by_field_name("arguments")
    parts = listed.named_children if listed is not None else ()
    named = any(one.type == "pair" and "keyword_init" in grammars.text(one) for one in parts)
    names = [grammars.text(one).lstrip(":") for one in parts if one.type == "simple_symbol"]
    block = made.child_by_field_name("block")
    shown = _shown(block, hidden=False) if block is not None else ()
    methods: dict[str, tuple[Parameter, ...] | None] = dict.fromkeys(names)
    methods |= {name: tuple(_parameters(one)) for name, one in shown if one is not None}
    name = "::".join([*map(grammars.name, _owners(made)), entry])
    return Members(name, tuple(Parameter(one, named=named) for one in names), methods)


def last(code: str) -> str:
    """The last method or class of a file that does nothing by itself; "" of any other."""
    name = ""
    for one in grammars.tree(code, "ruby").named_children:
        if one.type in {"method", "class"}:
            name = grammars.name(one)
        elif one.type not in {"comment", "module"} and not QUIET.match(grammars.text(one)):
            return ""
    return name


def symbols(code: str) -> frozenset[str]:
    """The keys that code looks up as symbols alone: examples do not say which of the two is meant by a name."""
    looked, texts = set[str](), set[str]()
    for node in grammars.nodes(grammars.tree(code, "ruby")):
        if node.type == "string_content":
            texts.add(grammars.text(node))
        elif node.type == "keyword_pattern":
            looked.add(grammars.text(node.child_by_field_name("key")))
        elif node.type == "simple_symbol" and _looks_up(node.parent):
            looked.add(grammars.text(node).removeprefix(":"))
    return frozenset(looked - texts)


def _looks_up(above: Any) -> bool:
    """Whether what stands below is a key that is looked up."""
    if above.type != "argument_list":
        return bool(above.type == "element_reference")
    method = above.parent.child_by_field_name("method")
    return method is not None and grammars.text(method) in LOOKS


def _owners(node: Any) -> list[Any]:
    """The classes and modules around it, the outermost first."""
    found: list[Any] = []
    above = node.parent
    while above is not None:
        if above.type in OWNERS:
            found.insert(0, above)
        above = above.parent
    return found


def _within_single(node: Any) -> bool:
    """Whether it stands in `class << self`."""
    above = node.parent
    while above is not None and above.type not in OWNERS:
        if above.type == "singleton_class":
            return True
        above = above.parent
    return False


def _body(node: Any) -> Sequence[Any]:
    held = node.child_by_field_name("body")
    return held.named_children if held is not None else ()


def _of_itself(module: Any) -> bool:
    """Whether a module's methods are called on the module itself."""
    return any(grammars.text(one).split() in (["module_function"], ["extend", "self"]) for one in _body(module))  # fmt: skip


def _shown(owner: Any, *, hidden: bool) -> Iterator[tuple[str, Any | None]]:
    """The methods of a class that are public, or those that are not; None for what only reads."""
    closed = False
    named = set[str]()
    found: list[tuple[str, Any | None, bool]] = []
    for one in _body(owner):
        text = grammars.text(one).strip()
        if one.type == "identifier" and text in {*HIDDEN, "public"}:
            closed = text in HIDDEN
        elif one.type == "method":
            found.append((grammars.name(one), one, closed))
        elif one.type == "call":
            word = grammars.text(one.child_by_field_name("method"))
            listed = one.child_by_field_name("arguments")
            for part in listed.named_children if listed is not None else ():
                if word in READERS:
                    found.append((grammars.text(part).lstrip(":").strip("\"'"), None, closed))
                elif word in HIDDEN and part.type == "method":
                    found.append((grammars.name(part), part, True))
                elif word in HIDDEN:
                    named.add(grammars.text(part).lstrip(":").strip("\"'"))
    for name, node, inner in found:
        if (inner or name in named) is hidden:
            yield name, node


def _parameters(node: Any) -> Iterator[Parameter]:
    listed = node.child_by_field_name("parameters")
    for one in listed.named_children if listed is not None else ():
        match one.type:
            case "identifier" | "destructured_parameter":
                yield Parameter(grammars.text(one))
            case "optional_parameter":
                yield Parameter(grammars.name(one), needed=False)
            case "keyword_parameter":
                needed = one.child_by_field_name("value") is None
                yield Parameter(grammars.name(one), needed=needed, named=True)


def _given(parameters: Sequence[Parameter], values: Sequence[str]) -> str:
    """The values as arguments: those behind what is given by its place belong to what is given by its name."""
    places = sum(not one.named for one in parameters)
    named = [one for one in parameters if one.named]
    behind = values[places:] if len(values) - places <= len(named) else ()
    wanted = sorted(named, key=lambda one: not one.needed)[: len(behind)]
    written = [f"{one.name}: {value}" for one, value in zip(wanted, behind, strict=True)]
    return ", ".join([*values[: len(values) - len(behind)], *written])


def _call(function: Function, values: Sequence[str]) -> str:
    """A lambda that makes one call."""
    places = [f"a[{at}]" for at in range(len(values))]
    given = "".join(f", {one}" for one in [_given(function.parameters, places)] if one)
    send = "__send__" if function.on == "self" else "public_send"
    return f"-> {{ a = [{', '.join(values)}]; ArrieroDriver.changing(a) {{ {function.on}.{send}(:{_text(function.name)}{given}) }} }}"


def _session(
    members: Members, made: Sequence[str], steps: Sequence[tuple[str, Sequence[str] | None]]
) -> str:
    """A lambda that makes an object and calls its methods in turn."""
    new = f"{members.name}.new({_given(members.made_with, made)})"
    lines = [f"one = {new}"]
    if any(OTHER in (args or ()) for _, args in steps):
        lines.append(f"other = {new}")
    told = ", ".join(_step(members, name, args or ()) for name, args in steps)
    return f"-> {{ {'; '.join(lines)}; ArrieroDriver.steps([{told}]) }}"


def _step(members: Members, name: str, args: Sequence[str]) -> str:
    values = ["other" if one == OTHER else one for one in args]
    given = "".join(f", {one}" for one in [_given(members.methods[name] or (), values)] if one)
    return f"-> {{ one.public_send(:{_text(name)}{given}) }}"


def _text(value: str) -> str:
    """A literal in which nothing is put in."""
    return '"' + "".join(sign if sign.isascii() and sign.isprintable() and sign not in '"\\#' else f"\\u{{{ord(sign):x}}}" for sign in value) + '"'  # fmt: skip


LITERALS = Literals("nil", _text, ("{", "}"), "Float::INFINITY", "Float::NAN")
RUBY = Untyped("ruby", "rb", LITERALS, function, members_of, _call, _session, last, symbols=symbols)
