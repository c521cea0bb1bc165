"""Types and values of Rust: how they are read in its code, and written in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from arriero.apps.codegen.judge import grammars
from arriero.apps.codegen.judge.compiled.dialect import Spelling, Unspoken, natural
from arriero.apps.codegen.judge.compiled.types import Type

BITS = {"8": 8, "16": 16, "32": 32, "64": 64, "128": 128, "size": 64}
RANGES = {
    **{f"i{name}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for name, bits in BITS.items()},
    **{f"u{name}": (0, 2**bits - 1) for name, bits in BITS.items()},
}
FRACTIONS = frozenset({"f32", "f64"})
LISTS = frozenset({"Vec", "VecDeque", "LinkedList", "HashSet", "BTreeSet", "BinaryHeap"})
MAPS = frozenset({"HashMap", "BTreeMap"})
BEHIND = {"Box": "Box::new", "Rc": "std::rc::Rc::new", "Arc": "std::sync::Arc::new", "RefCell": "std::cell::RefCell::new", "Cell": "std::cell::Cell::new"}  # fmt: skip
ITERATORS = frozenset({"Iterator", "DoubleEndedIterator", "ExactSizeIterator"})
NATURAL = {"int": "i32", "long": "i64", "float": "f64", "bool": "bool", "str": "String", "list": "Vec", "dict": "HashMap"}  # fmt: skip
UNIT = Type("()")
ROOM = "4"  # what a length is that a struct leaves open


def type_of(node: Any | None, held: Mapping[str, Type]) -> Type:
    """The type at a node: `&`, `&mut`, `[]` (a slice), `[n]`, `()` (a tuple) or a name; `held` says what names stand for.

    Lifetimes and the modules that names come from are left out.
    """
    if node is None:
        return UNIT
    match node.type:
        case "reference_type":
            changes = any(one.type == "mutable_specifier" for one in node.children)
            return Type("&mut" if changes else "&", (type_of(node.child_by_field_name("type"), held),))  # fmt: skip
        case "array_type":
            item, length = (node.child_by_field_name(name) for name in ("element", "length"))
            if length is None:
                return Type("[]", (type_of(item, held),))
            return Type("[n]", (type_of(item, held), Type(grammars.text(length))))
        case "tuple_type":
            return Type("()", _all(node, held))
        case "unit_type":
            return UNIT
        case "generic_type":
            name = grammars.text(node.child_by_field_name("type")).rpartition("::")[2]
            return Type(name, _all(node.child_by_field_name("type_arguments"), held))
        case "type_binding":
            return type_of(node.child_by_field_name("type"), held)
        case "bounded_type":
            return type_of(next(iter(node.named_children), None), held)
        case "abstract_type" | "dynamic_type":
            trait = type_of(node.child_by_field_name("trait"), held)
            found = stand_in([trait]) if node.type == "abstract_type" else None
            return found or Type("impl" if node.type == "abstract_type" else "dyn", (trait,))
        case "function_type":
            return Type("Fn")
        case "scoped_type_identifier":
            node = node.child_by_field_name("name")
    name = grammars.text(node)
    return held.get(name, Type(name))


def _all(node: Any, held: Mapping[str, Type]) -> tuple[Type, ...]:
    return tuple(type_of(one, held) for one in node.named_children if one.type != "lifetime")


def stand_in(bounds: Sequence[Type]) -> Type | None:
    """A type that keeps those bounds, where they say which: `Into<String>`, `IntoIterator<Item = i32>`; None else."""
    for bound in bounds:
        of = bound.of[0] if bound.of else UNIT
        match bound.name:
            case "Into" | "AsRef" | "Borrow" if bound.of:
                inner = {"str": Type("String"), "[]": Type("Vec", of.of), "Path": Type("String")}
                return inner.get(of.name, of)
            case "ToString":
                return Type("String")
            case "IntoIterator" if bound.of:
                return Type("Vec", (of,))
            case name if name in ITERATORS and bound.of:
                return Type("Iterator", (of,))
            case "Fn" | "FnMut" | "FnOnce":
                return Type("Fn")
    return None


def opened(node: Any, held: Mapping[str, Type]) -> dict[str, Type]:
    """What the generic parameters of a function, a struct or an impl stand for: `?T` is open."""
    found: dict[str, Type] = {}
    bounds: dict[str, list[Type]] = {}
    listed = node.child_by_field_name("type_parameters")
    wheres = [one for one in node.named_children if one.type == "where_clause"]
    for one in listed.named_children if listed is not None else ():
        name = grammars.text(one.child_by_field_name("name") or one)
        if one.type == "const_parameter":
            found[name] = Type(ROOM)
        elif one.type == "type_parameter":
            said, found[name] = one.child_by_field_name("bounds"), Type(f"?{name}")
            bounds[name] = list(_all(said, held)) if said is not None else []
    for clause in wheres:
        for one in clause.named_children:
            left, said = (one.child_by_field_name(name) for name in ("left", "bounds"))
            if left is not None and said is not None and grammars.text(left) in bounds:
                bounds[grammars.text(left)] = [*bounds[grammars.text(left)], *_all(said, held)]
    return {name: stand_in(bounds.get(name, ())) or one for name, one in found.items()}


def closed(type_: Type, found: Mapping[str, Type]) -> Type:
    """The type with what was found for its open parts; a whole number for the others."""
    if type_.name.startswith("?"):
        return found.get(type_.name, Type("i32"))
    return Type(type_.name, tuple(closed(one, found) for one in type_.of))


def found_in(types: Sequence[Type], row: Sequence[object]) -> dict[str, Type]:
    """What the values of a row make of the open parts of those types. Raises `Unspoken`."""
    held: dict[str, list[object]] = {}
    for name, value in (one for pair in zip(types, row, strict=False) for one in _open(*pair)):
        held.setdefault(name, []).append(value)
    return {name: natural(values, NATURAL).of[0] for name, values in held.items()}


def _open(type_: Type, value: object) -> Iterator[tuple[str, object]]:
    name, of = type_.name, type_.of
    match value:
        case _ if name.startswith("?"):
            yield name, value
        case None:
            return
        case list() | tuple() if name == "()":
            yield from (one for pair in zip(of, value, strict=False) for one in _open(*pair))
        case list() | tuple() | set() | frozenset() if of and name in {
            *LISTS,
            "[]",
            "[n]",
            "Iterator",
        }:
            for item in value:
                yield from _open(of[0], item)
        case dict() if name in MAPS and len(of) >= 2:
            for key, item in value.items():
                yield from (*_open(of[0], key), *_open(of[1], item))
        case _ if of and name in {"&", "&mut", "Option", *BEHIND}:
            yield from _open(of[0], value)


def spelt(type_: Type) -> str:
    """A type as Rust reads it in a module that names the collections."""
    of = [spelt(one) for one in type_.of]
    match type_.name:
        case "&" | "&mut":
            return f"{type_.name} {of[0]}"
        case "[]":
            return f"[{of[0]}]"
        case "[n]":
            return f"[{of[0]}; {of[1]}]"
        case "()":
            return f"({', '.join(of)}{',' if len(of) == 1 else ''})"
        case "dyn":
            return f"dyn {of[0]}"
    name = BEHIND.get(type_.name, type_.name).removesuffix("::new")
    return f"{name}<{', '.join(of)}>" if of else name


class Written(Spelling):
    """As other languages, and with what Rust has of its own: references, arrays of a length, boxes, any one sign."""

    def written(self, type_: Type, value: object) -> str:
        """The value as an expression of that type. Raises `Unspoken` where it is none."""
        name, of = type_.name, type_.of
        match value:
            case str() if type_ == Type("&", (Type("str"),)):
                return quoted(value)
            case list() | tuple() | str() if name in {"&", "&mut"} and of[0].name == "[]":
                items = self._items(of[0].of[0], value)
                return f"({name} [{items}] as {spelt(type_)})"
            case _ if name in {"&", "&mut"}:
                return f"{name} {self.written(of[0], value)}"
            case list() | tuple() if name == "[n]" and (
                of[1].name == str(len(value)) or not of[1].name.isdigit()
            ):
                return f"[{self._items(of[0], value)}]"
            case list() | tuple() | set() if name == "Iterator":
                return f"{self.written(Type('Vec', of), value)}.into_iter()"
            case str() if name == "char" and len(value) == 1:
                return "'\\''" if value == "'" else f"'{quoted(value)[1:-1]}'"
            case str() if name == "Vec" and of == (Type("char"),):
                return f"{quoted(value)}.chars().collect::<Vec<char>>()"
            case str() if name == "Cow":
                return f"std::borrow::Cow::from({quoted(value)})"
            case None if type_ == UNIT:
                return "()"
            case _ if name in BEHIND and of and of[0].name not in {"dyn", "[]", "str"}:
                return f"{BEHIND[name]}({self.written(of[0], value)})"
            case _ if name == "Result" and len(of) == 2 and value is not None:
                return f"Ok::<{spelt(of[0])}, {spelt(of[1])}>({self.written(of[0], value)})"
        return super().written(type_, value)

    def _items(self, of: Type, value: Sequence[object]) -> str:
        return ", ".join(self.written(of, one) for one in value)


def quoted(value: str) -> str:
    """A string literal. Raises `Unspoken` for half of a pair of surrogates."""
    signs = []
    for sign in value:
        if "\ud800" <= sign <= "\udfff":
            raise Unspoken("the example holds half of a sign, which no text of Rust does")
        plain = sign.isprintable() and sign not in '"\\'
        signs.append(sign if plain else f"\\{sign}" if sign in '"\\' else f"\\u{{{ord(sign):x}}}")
    return f'"{"".join(signs)}"'


def _number(type_: Type, value: float) -> str:
    return f"{value!r}{type_.name}"


def _text(_: Type, value: str) -> str:
    return f"String::from({quoted(value)})"


def _sequence(type_: Type, items: Sequence[str]) -> str:
    held = ", ".join(items)
    if type_.name == "()":
        return f"({held}{',' if len(items) == 1 else ''})"
    of = spelt(type_.of[0])
    return f"Some::<{of}>({held})" if type_.name == "Option" else f"{type_.name}::<{of}>::from([{held}])"  # fmt: skip


def _mapping(type_: Type, pairs: Sequence[tuple[str, str]]) -> str:
    held = ", ".join(f"({key}, {value})" for key, value in pairs)
    return f"{type_.name}::<{', '.join(map(spelt, type_.of))}>::from([{held}])"


def _absent(type_: Type) -> str:
    if type_.name == "Option" and type_.of:
        return f"None::<{spelt(type_.of[0])}>"
    raise Unspoken("the example gives nothing (None), which the language has no value for")


NONE = frozenset[str]()
SPELLING = Written(
    RANGES, FRACTIONS, frozenset({"bool"}), NONE, frozenset({"String"}), LISTS, frozenset({"()"}), MAPS, frozenset({"Option"}),
    _number, quoted, _text, _sequence, _mapping, _absent,
)  # fmt: skip
