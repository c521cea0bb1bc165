"""Rust: how its functions and structs are declared, and programs that call them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from arriero.apps.codegen.judge import grammars
from arriero.apps.codegen.judge.compiled.dialect import (
    DRIVER,
    Driven,
    Unspoken,
    bodies,
    filled,
    session_of,
)
from arriero.apps.codegen.judge.compiled.rust_types import (
    ITERATORS,
    SPELLING,
    UNIT,
    closed,
    found_in,
    opened,
    spelt,
    type_of,
)
from arriero.apps.codegen.judge.compiled.types import Type
from arriero.apps.codegen.judge.guesses import OTHER
from arriero.apps.codegen.judge.guesses import Parameter as Asked
from arriero.apps.codegen.judge.sessions import Class, Method
from arriero.apps.codegen.sandbox.base import Program

MAIN = "main.rs"
THEIRS = "m_in"  # what the code's own `main` is called beside ours; as long, so that no place in a line changes
TYPES = frozenset({"struct_item", "enum_item"})
MOST = 1_000  # items that are read of an iterator, which may have no end
_ROOT = re.compile(r"\bfn\s+main\s*\(")


@dataclass(frozen=True, slots=True)
class Signature:
    """`called` is how it is called; `takes` are its parameters without `self`, by name. `?T` in them is open."""

    called: str
    takes: tuple[tuple[str, Type], ...]
    gives: Type
    receiver: str = ""  # `&self`, `&mut self`, `self`; empty where it has none

    @property
    def types(self) -> tuple[Type, ...]:
        """The types of what it takes."""
        return tuple(one for _, one in self.takes)


@dataclass(frozen=True, slots=True)
class Members:
    """A struct: how one is made (`{}` is where the arguments go), what that takes and gives, and its methods.

    `copied`: an object of it can be cloned. `traits` are those of the code whose methods are among them.
    """

    name: str
    made: str
    made_with: tuple[tuple[str, Type], ...]
    makes: Type
    methods: Mapping[str, Signature]
    copied: bool = False
    traits: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Rust:
    """Rust. The driver is a module below the code, which sees what is private in it."""

    language: str = "rust"
    truthless: bool = False
    letterless: bool = False

    def alone(self, code: str) -> Driven:
        """The code as the program that it is by itself."""
        return Driven(Program({MAIN: code}, MAIN), MAIN)

    def starts(self, code: str) -> bool:
        """Whether it has a `main`."""
        return _ROOT.search(code) is not None

    def takes(self, code: str, entry: str) -> tuple[str, ...]:
        """The types of its parameters, a whole number for what is open."""
        return tuple(_shown(one) for one in signature(code, entry).types)

    def offers(self, code: str, entry: str) -> Class | None:
        """Its methods that others may call."""
        members = members_of(code, entry)
        if members is None:
            return None
        methods = tuple(Method(name, _asked(one.takes, entry)) for name, one in members.methods.items())  # fmt: skip
        return Class(entry, _asked(members.made_with, entry), methods)

    def driven(self, code: str, entry: str, rows: Sequence[tuple[object, ...]]) -> Driven:
        """The code with a module of ours below it, whose `main` is the program's."""
        members = members_of(code, entry) if rows else None
        made, said, unsaid = bodies(rows, _writer(code, entry, members) if rows else str)
        calls = "\n".join(f"fn call_{at}(out: &mut String) -> Came {{\n    {body}\n    Ok(())\n}}" for at, body in enumerate(made))  # fmt: skip
        uses = "\n".join(f"use crate::{name} as _;" for name in sorted(members.traits if members else ()))  # fmt: skip
        table = ", ".join(f"call_{at}" for at in range(len(made)))
        driver = filled("driver.rs", {"CALLS": calls, "TABLE": table, "USES": uses})
        theirs = _without_main(code)
        # Named, so that it is no dead code, which the code may forbid.
        used = f"    let _ = {THEIRS};\n" if theirs != code else ""
        text = f"{theirs}\n\nmod {DRIVER};\n\nfn main() {{\n{used}    {DRIVER}::main()\n}}\n"
        files = {MAIN: text, f"{DRIVER}.rs": driver}
        return Driven(Program(files, MAIN), MAIN, said, unsaid=unsaid)


def _without_main(code: str) -> str:
    """The code with another name for its own `main`; every other sign stays in its place."""
    data = code.encode(errors="replace")
    for node in grammars.tree(code, "rust").children:
        name = node.child_by_field_name("name")
        if node.type == "function_item" and grammars.text(name) == "main":
            data = data[: name.start_byte] + THEIRS.encode() + data[name.end_byte :]
    return data.decode(errors="replace")


# -- how it is declared


def signature(code: str, entry: str) -> Signature:
    """How a function is declared. Raises `Unspoken` where it is none that can be called by its name."""
    root = grammars.tree(code, "rust")
    every = list(grammars.nodes(root))
    found = [one for one in every if one.type == "function_item" and grammars.name(one) == entry]
    if not found:
        kind = "a class; only functions are called with examples" if any(one.type in TYPES and grammars.name(one) == entry for one in every) else "no function"  # fmt: skip
        raise Unspoken(f"{entry} is {kind}")
    node = next((one for one in found if one.parent == root), found[0])
    above, owner, modules = node.parent, None, list[str]()
    while above is not None:
        if above.type == "mod_item":
            modules.append(grammars.name(above))
        elif above.type == "impl_item":
            owner = owner or above
        elif above.type in {"function_item", "trait_item"}:
            raise Unspoken(f"{entry} stands inside {grammars.name(above)}")
        above = above.parent
    held = _aliases(root)
    place = "::".join(["crate", *reversed(modules)])
    if owner is None:
        return _declared(node, held, f"{place}::{entry}")
    name = type_of(owner.child_by_field_name("type"), {}).name
    held = {**held, **opened(owner, held)}
    made = _declared(node, {**held, "Self": Type(name)}, f"{place}::{name}::{entry}")
    if not made.receiver:
        return made
    members = members_of(code, name)
    if members is None or members.made_with or members.makes.name != name:
        raise Unspoken(f"{entry} is a method; only functions are called with examples")
    return Signature(f"({members.made.format('')}).{entry}", made.takes, made.gives)


def _declared(node: Any, held: Mapping[str, Type], called: str) -> Signature:
    """What a function takes and gives. Raises `Unspoken` where calling it takes more than its arguments."""
    modifiers = next((one for one in node.children if one.type == "function_modifiers"), None)
    said = grammars.text(modifiers) if modifiers is not None else ""
    for word, told in (("async", "asynchronous"), ("unsafe", "unsafe")):
        if word in said.split():
            raise Unspoken(f"{grammars.name(node)} is {told}")
    held = {**held, **opened(node, held)}
    takes, receiver = [], ""
    for one in node.child_by_field_name("parameters").named_children:
        if one.type == "self_parameter":
            receiver = re.sub(r"'\w+\s*", "", grammars.text(one))
        elif one.type == "parameter":
            kind = type_of(one.child_by_field_name("type"), held)
            takes.append((grammars.text(one.child_by_field_name("pattern")), kind))
    return Signature(called, tuple(takes), type_of(node.child_by_field_name("return_type"), held), receiver)  # fmt: skip


def _aliases(root: Any) -> dict[str, Type]:
    """What the code's own names of types stand for."""
    held: dict[str, Type] = {}
    for node in grammars.nodes(root):
        if node.type == "type_item" and node.child_by_field_name("type_parameters") is None:
            held[grammars.name(node)] = type_of(node.child_by_field_name("type"), held)
    return held


def members_of(code: str, entry: str) -> Members | None:
    """What a struct or an enum offers; None where `entry` is none or none can be made. What is open in it is a whole number."""
    root = grammars.tree(code, "rust")
    every = list(grammars.nodes(root))
    node = next((one for one in every if one.type in TYPES and grammars.name(one) == entry), None)
    if node is None:
        return None
    modules = _modules(node)
    own = opened(node, {})
    arguments = ", ".join(spelt(closed(one, {})) for one in own.values())
    place = "::".join(["crate", *modules, entry]) + (f"::<{arguments}>" if arguments else "")
    held = {**_aliases(root), "Self": Type(entry)}
    traits = {grammars.name(one) for one in every if one.type == "trait_item" and not _modules(one)}
    methods: dict[str, Signature] = {}
    makers: dict[str, Signature] = {}
    used, derived = set(), _derived(node)
    for block in every:
        if block.type != "impl_item" or type_of(block.child_by_field_name("type"), {}).name != entry:  # fmt: skip
            continue
        trait = type_of(block.child_by_field_name("trait"), {}).name
        derived.add(trait)
        inner = {name: closed(one, {}) for name, one in opened(block, held).items()}
        public = any(map(_is_public, _functions(block)))
        for one in _functions(block):
            try:
                made = _declared(one, {**held, **inner}, f"{place}::{grammars.name(one)}")
            except Unspoken:
                continue
            if trait == UNIT.name:
                if made.receiver and (not public or _is_public(one)):
                    methods.setdefault(grammars.name(one), made)
                elif not made.receiver and _makes(made.gives, entry):
                    makers.setdefault(grammars.name(one), made)
            elif made.receiver and (trait in traits or trait == "Iterator"):
                used |= {trait} & traits
                methods.setdefault(grammars.name(one), made)
    copied = bool(derived & {"Clone", "Copy"})
    if makers:
        maker = makers.get("new", next(iter(makers.values())))
        return Members(entry, f"{maker.called}({{}})", maker.takes, maker.gives, methods, copied, frozenset(used))  # fmt: skip
    if "Default" in derived:
        return Members(entry, f"{place}::default()", (), Type(entry), methods, copied, frozenset(used))  # fmt: skip
    if node.type == "enum_item":
        variants = [one for one in node.child_by_field_name("body").named_children if one.type == "enum_variant"]  # fmt: skip
        if not variants:
            return None
        node, place = variants[0], f"{place}::{grammars.name(variants[0])}"
    made_with, written = _fields(node, {**held, **own}, place)
    return Members(entry, written, made_with, Type(entry), methods, copied, frozenset(used))


def _fields(
    node: Any, held: Mapping[str, Type], place: str
) -> tuple[tuple[tuple[str, Type], ...], str]:
    """(what a struct or a variant is made of where no function makes one, how it is written)."""
    body = node.child_by_field_name("body")
    if body is None:
        return (), place
    if body.type == "field_declaration_list":
        fields = [one for one in body.named_children if one.type == "field_declaration"]
        takes = tuple((grammars.name(one), type_of(one.child_by_field_name("type"), held)) for one in fields)  # fmt: skip
        return takes, f"{place} {{{{ {', '.join(f'{name}: {{}}' for name, _ in takes)} }}}}"
    kinds = body.children_by_field_name("type")
    return tuple((f"arg{at}", type_of(one, held)) for at, one in enumerate(kinds)), f"{place}({{}})"


def _modules(node: Any) -> list[str]:
    """The modules that it stands in, the outermost first."""
    found, above = list[str](), node.parent
    while above is not None:
        if above.type == "mod_item":
            found.insert(0, grammars.name(above))
        above = above.parent
    return found


def _functions(block: Any) -> list[Any]:
    body = block.child_by_field_name("body")
    every = body.named_children if body is not None else ()
    return [one for one in every if one.type == "function_item"]


def _makes(gives: Type, entry: str) -> bool:
    """Whether what a function gives is an object of the type, or one if all goes well."""
    inner = gives.of[0] if gives.name in {"Option", "Result"} and gives.of else gives
    return inner.name == entry


def _is_public(node: Any) -> bool:
    return any(one.type == "visibility_modifier" for one in node.children)


def _derived(node: Any) -> set[str]:
    """The traits that are derived for a type."""
    found: set[str] = set()
    before = node.prev_sibling
    while before is not None and before.type in {"attribute_item", "line_comment", "block_comment"}:
        if before.type == "attribute_item" and "derive" in grammars.text(before):
            found |= set(re.findall(r"\w+", grammars.text(before)))
        before = before.prev_sibling
    return found


def _asked(takes: Sequence[tuple[str, Type]], owner: str) -> tuple[Asked, ...]:
    """The parameters as those who guess values know them. Those of the type itself are another object of it."""
    return tuple(
        Asked("other") if _bare(type_).name == owner else Asked(name, _shown(type_))
        for name, type_ in takes
    )


def _bare(type_: Type) -> Type:
    return _bare(type_.of[0]) if type_.name in {"&", "&mut"} else type_


def _shown(type_: Type) -> str:
    """A type for those who guess values of it."""
    return spelt(closed(type_, {})).replace("128", "64").replace("Iterator<", "Vec<")


# -- calls


def _writer(code: str, entry: str, members: Members | None) -> Callable[[tuple[object, ...]], str]:
    """What writes the statements of one row."""
    if members is not None:
        return lambda row: "\n    ".join(_session(members, row))
    declared = signature(code, entry)
    return lambda row: _body(declared, row)


def _body(declared: Signature, row: tuple[object, ...]) -> str:
    """The statements of one call. What it may change stands in a variable; all else lives as long as the call's statement."""
    count = len(declared.takes)
    if len(row) != count:
        raise Unspoken(f"the code takes {count} values, the example gives {len(row)}")
    found = found_in(declared.types, row)
    lines, args, changed = list[str](), list[str](), ""
    types = [closed(one, found) for one in declared.types]
    for at, (type_, value) in enumerate(zip(types, row, strict=True)):
        if type_.name != "&mut":
            args.append(SPELLING.written(type_, value))
            continue
        inner = type_.of[0]
        kept = Type("Vec", inner.of) if inner.name == "[]" else inner
        lines.append(f"let mut a{at} = {SPELLING.written(kept, value)};")
        args.append(f"&mut a{at}")
        changed = changed or f"a{at}"
    call = f"{declared.called}({', '.join(args)})"
    gives = declared.gives
    if gives == UNIT or (gives.name == "Result" and gives.of[:1] == (UNIT,)):
        if not changed:
            raise Unspoken("the code returns nothing")
        handled = _told(gives, call).replace('out.push_str("null");', "")
        return "\n    ".join([*lines, handled, f"(&Told(&{changed})).arriero_told(out);"])
    return "\n    ".join([*lines, _told(gives, call)])


def _told(gives: Type, call: str) -> str:
    """Statements that tell what an expression of that type gives; an `Err` leaves them."""
    of = gives.of[0] if gives.of else UNIT
    match gives.name:
        case "()" | "!" if not gives.of:
            return f'{call}; out.push_str("null");'
        case "Result":
            return f"match {call} {{ Ok(it) => {{ {_told(of, 'it')} }} Err(error) => return Err((&Raised(&error)).arriero_said()) }}"
        case "Option":
            return f'match {call} {{ Some(it) => {{ {_told(of, "it")} }} None => out.push_str("null") }}'
        case "impl" | "Iterator":
            return _told(Type(""), f"{call}.take({MOST}).collect::<Vec<_>>()")
        case "Box" if of.name == "dyn" and of.of[0].name in ITERATORS:
            return _told(Type(""), f"{call}.take({MOST}).collect::<Vec<_>>()")
    return f"(&Told(&{call})).arriero_told(out);"


def _session(members: Members, row: tuple[object, ...]) -> Iterator[str]:
    """An object, and its methods called in turn; what cannot be said of the steps is left out."""
    made, steps = session_of(members.name, row, members.methods)
    given = [SPELLING.written(closed(type_, {}), value) for (_, type_), value in zip(members.made_with, made, strict=False)]  # fmt: skip
    places = members.made.count("{}")
    written = members.made.format(*given) if places > 1 else members.made.format(", ".join(given))
    match members.makes.name:
        case "Result":
            written = f"match {written} {{ Ok(it) => it, Err(error) => return Err((&Raised(&error)).arriero_said()) }}"
        case "Option":
            written = (
                f'match {written} {{ Some(it) => it, None => return Err(String::from("None")) }}'
            )
    yield f"let mut one = {written};"
    if any(OTHER in (step[1] or ()) for step in steps):
        yield f"let mut other = {written};"
    yield "out.push('[');"
    for name, values in steps:
        try:
            yield _step(members, members.methods[name], name, values)
        except Unspoken:
            continue
    yield "out.push(']');"


def _step(members: Members, method: Signature, name: str, values: tuple[object, ...]) -> str:
    if method.receiver in {"self", "mut self"} and not members.copied:
        raise Unspoken(f"{name} uses the object up")
    args = []
    for (_, type_), value in zip(method.takes, values, strict=False):
        if value != OTHER:
            args.append(SPELLING.written(closed(type_, {}), value))
        elif type_.name in {"&", "&mut"}:
            args.append(f"{type_.name} other")
        elif members.copied:
            args.append("other.clone()")
        else:
            raise Unspoken(f"{name} uses the other object up")
    one = "one.clone()" if method.receiver in {"self", "mut self"} else "one"
    told = _told(method.gives, f"{one}.{name}({', '.join(args)})")
    return f"step(out, |out| {{ {told} Ok(()) }});"


RUST = Rust()
