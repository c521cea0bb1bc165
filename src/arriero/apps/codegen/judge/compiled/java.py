"""Java: how its methods are declared, and programs that call them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from arriero.apps.codegen.judge import grammars
from arriero.apps.codegen.judge.compiled.dialect import (
    Driven,
    Spelling,
    Unspoken,
    bodies,
    filled,
    natural,
    session_of,
    shown,
)
from arriero.apps.codegen.judge.compiled.types import Type, parsed
from arriero.apps.codegen.judge.guesses import OTHER
from arriero.apps.codegen.judge.guesses import Parameter as Asked
from arriero.apps.codegen.judge.sessions import Class, Method
from arriero.apps.codegen.sandbox.base import Program

DRIVER = "ArrieroDriver"
BARE = "Solution"  # the class around methods that stand in none
TYPES = frozenset(
    {"class_declaration", "record_declaration", "enum_declaration", "interface_declaration"}
)
BOXED = {"int": "Integer", "long": "Long", "short": "Short", "byte": "Byte", "double": "Double", "float": "Float", "boolean": "Boolean", "char": "Character"}  # fmt: skip
RANGES = {name: (-(2**bits), 2**bits - 1) for bits, names in ((31, ("int", "Integer")), (63, ("long", "Long")), (15, ("short", "Short")), (7, ("byte", "Byte"))) for name in names}  # fmt: skip
LISTS = {"List": "ArrayList", "ArrayList": "ArrayList", "LinkedList": "LinkedList", "Collection": "ArrayList", "Iterable": "ArrayList", "Set": "LinkedHashSet", "HashSet": "HashSet", "LinkedHashSet": "LinkedHashSet", "TreeSet": "TreeSet", "Deque": "ArrayDeque", "Queue": "ArrayDeque"}  # fmt: skip
MAPS = {"Map": "LinkedHashMap", "HashMap": "HashMap", "LinkedHashMap": "LinkedHashMap", "TreeMap": "TreeMap", "SortedMap": "TreeMap"}  # fmt: skip
KNOWN = frozenset(
    {*BOXED, *BOXED.values(), *LISTS, *MAPS, "String", "CharSequence", "[]", "Optional"}
)
NATURAL = {"int": "Integer", "long": "Long", "float": "Double", "bool": "Boolean", "str": "String", "list": "List", "dict": "Map"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Signature:
    """`called` is how it is called; `many`: the last parameter takes any number of values."""

    called: str
    parameters: tuple[Type, ...]
    gives: bool
    many: bool = False


@dataclass(frozen=True, slots=True)
class Java:
    """Java, whose code stands in a file named after its class."""

    language: str = "java"
    truthless: bool = False
    letterless: bool = False

    def alone(self, code: str) -> Driven:
        """The code as the program that it is by itself."""
        name, text, package = placed(code)
        file = f"{package.replace('.', '/')}/{name}.java" if package else f"{name}.java"
        return Driven(Program({file: text}, file), file)

    def starts(self, code: str) -> bool:
        """Whether it has a `main`."""
        return re.search(r"\bvoid\s+main\s*\(", code) is not None

    def takes(self, code: str, entry: str) -> tuple[str, ...]:
        """The types of its parameters."""
        return tuple(shown(one) for one in signature(placed(code)[1], entry).parameters)

    def offers(self, code: str, entry: str) -> Class | None:
        """Its methods that are neither private nor static."""
        members = members_of(code, entry)
        if members is None:
            return None
        methods = tuple(Method(name, _asked(one, entry)) for name, one in members.methods.items())
        return Class(entry, _asked(members.made_with, entry), methods)

    def driven(self, code: str, entry: str, rows: Sequence[tuple[object, ...]]) -> Driven:
        """A program with a class of ours beside the code's, in the same package."""
        name, text, package = placed(code)
        made, said, unsaid = bodies(rows, _writer(text, entry) if rows else str)
        calls = "\n".join(f"            case {at}: {{\n                {body}\n                return;\n            }}" for at, body in enumerate(made))  # fmt: skip
        # The code's class is named in it, so that the compiler reads the code though nothing is called.
        held = {"CALLS": calls, "COUNT": str(len(made)), "NAME": name, "PACKAGE": f"package {package};" if package else ""}  # fmt: skip
        driver = filled(f"{DRIVER}.java", held)
        folder = f"{package.replace('.', '/')}/" if package else ""
        files = {f"{folder}{DRIVER}.java": driver, f"{folder}{name}.java": text}
        return Driven(Program(files, f"{folder}{DRIVER}.java"), f"{folder}{name}.java", said, unsaid=unsaid)  # fmt: skip


def placed(code: str) -> tuple[str, str, str]:
    """(the class that its file is named after, the code, its package). Methods in no class are put into one, line by line."""
    root = grammars.tree(code, "java")
    package = next((grammars.text(one.named_children[-1]) for one in root.children if one.type == "package_declaration"), "")  # fmt: skip
    types = [one for one in root.children if one.type in TYPES]
    if not types:
        heads = [
            one
            for one in root.children
            if one.type in {"package_declaration", "import_declaration"}
        ]
        data, at = code.encode(errors="replace"), heads[-1].end_byte if heads else 0
        before, behind = (part.decode(errors="replace") for part in (data[:at], data[at:]))
        return BARE, f"{before} class {BARE} {{ {behind}\n}}\n", package
    first = next((one for one in types if "public" in _modifiers(one)), types[0])
    return grammars.text(first.child_by_field_name("name")), code, package


def _modifiers(node: Any) -> set[str]:
    held = next((one for one in node.children if one.type == "modifiers"), None)
    return {grammars.text(one) for one in held.children} if held is not None else set()


def signature(code: str, entry: str) -> Signature:
    """How the method is declared. Raises `Unspoken` where it is none that can be called."""
    root = grammars.tree(code, "java")
    found = [
        one
        for one in grammars.nodes(root)
        if one.type == "method_declaration"
        and grammars.text(one.child_by_field_name("name")) == entry
    ]
    if not found:
        raise Unspoken(f"{entry} is no method; only methods are called with examples")
    node = next((one for one in found if "public" in _modifiers(one)), found[0])
    modifiers = _modifiers(node)
    if "private" in modifiers:
        raise Unspoken(f"{entry} is private")
    called, above = "", node.parent
    while above is not None:
        if above.type in TYPES:
            called = f"{grammars.text(above.child_by_field_name('name'))}.{called}".rstrip(".")
        above = above.parent
    owner = called if "static" in modifiers else f"new {called}()"
    listed = node.child_by_field_name("parameters").named_children
    parameters, many = [], False
    for one in listed:
        if one.type == "formal_parameter":
            kind = parsed(grammars.text(one.child_by_field_name("type")))
            dimensions = one.child_by_field_name("dimensions")
            parameters.append(Type("[]", (kind,)) if dimensions is not None else kind)
        elif one.type == "spread_parameter":
            kinds = [
                part
                for part in one.named_children
                if part.type not in {"modifiers", "variable_declarator"}
            ]
            parameters.append(Type("[]", (parsed(grammars.text(kinds[0])),)))
            many = True
    gives = grammars.text(node.child_by_field_name("type")) != "void"
    return Signature(f"{owner}.{entry}", tuple(parameters), gives, many)


@dataclass(frozen=True, slots=True)
class Members:
    """A class by the name that it is made with, what its constructor takes, its methods with theirs, and which give nothing."""

    name: str
    made_with: Sequence[tuple[str, Type]]
    methods: Mapping[str, Sequence[tuple[str, Type]]]
    silent: frozenset[str]


def members_of(code: str, entry: str) -> Members | None:
    """What a class of Java offers; None where `entry` is none. What it leaves open is a whole number."""
    root = grammars.tree(code, "java")
    found = [one for one in grammars.nodes(root) if one.type in {"class_declaration", "record_declaration"} and grammars.text(one.child_by_field_name("name")) == entry]  # fmt: skip
    if not found:
        return None
    opened = found[0].child_by_field_name("type_parameters")
    names = re.findall(r"[<,]\s*(\w+)", grammars.text(opened)) if opened is not None else []
    made: list[tuple[str, Type]] | None = None
    methods: dict[str, list[tuple[str, Type]]] = {}
    silent = set()
    if (
        found[0].type == "record_declaration"
    ):  # it is made with its parts, and each of them is asked by its name
        made = _taken(found[0], names)
        methods = {name: [] for name, _ in made}
    for one in found[0].child_by_field_name("body").named_children:
        if one.type not in {"method_declaration", "constructor_declaration"}:
            continue
        if _modifiers(one) & {"private", "protected", "static", "abstract"}:
            continue
        called = grammars.text(one.child_by_field_name("name"))
        takes = _taken(one, names)
        if one.type == "constructor_declaration":
            made = takes if made is None else made
        elif called not in methods:
            methods[called] = takes
            if grammars.text(one.child_by_field_name("type")) == "void":
                silent.add(called)
    name = f"{entry}<{', '.join('Integer' for _ in names)}>" if names else entry
    return Members(name, made or [], methods, frozenset(silent))


def _taken(node: Any, names: Sequence[str]) -> list[tuple[str, Type]]:
    """The parameters of a method, a constructor or a record."""
    return [
        (grammars.text(part.child_by_field_name("name")), _open_as(parsed(grammars.text(part.child_by_field_name("type"))), names))
        for part in node.child_by_field_name("parameters").named_children
        if part.type == "formal_parameter"
    ]  # fmt: skip


def _open_as(type_: Type, names: Sequence[str]) -> Type:
    """The type with whole numbers for what is open in it."""
    if type_.name in names:
        return Type("Integer")
    return Type(type_.name, tuple(_open_as(one, names) for one in type_.of))


def _asked(parameters: Sequence[tuple[str, Type]], owner: str) -> tuple[Asked, ...]:
    """The parameters as those who guess values know them. Those of the class itself are another object of it."""
    return tuple(
        Asked("other") if type_.name == owner else Asked(name, shown(type_))
        for name, type_ in parameters
    )


def _writer(code: str, entry: str) -> Callable[[tuple[object, ...]], str]:
    """What writes the statements of one row."""
    members = members_of(code, entry)
    if members is not None:
        return lambda row: "\n                ".join(_session(members, row))
    declared = signature(code, entry)
    return lambda row: _body(declared, row)


def _session(members: Members, row: tuple[object, ...]) -> Iterator[str]:
    """An object, and its methods called in turn; what cannot be said of the steps is left out."""
    made, steps = session_of(members.name, row, members.methods)
    given = ", ".join(written(type_, value) for (_, type_), value in zip(members.made_with, made, strict=False))  # fmt: skip
    yield f"var one = new {members.name}({given});"
    if any(OTHER in (step[1] or ()) for step in steps):
        yield f"var other = new {members.name}({given});"
    yield "out.append('[');"
    for name, values in steps:
        try:
            args = ", ".join(
                "other" if value == OTHER else written(type_, value)
                for (_, type_), value in zip(members.methods[name], values, strict=False)
            )
        except Unspoken:
            continue
        call = f"one.{name}({args})"
        told = f"{call}; put(out, null);" if name in members.silent else f"put(out, {call});"
        yield f"step(out, () -> {{ {told} }});"
    yield "out.append(']');"


def _body(declared: Signature, row: tuple[object, ...]) -> str:
    """The statements of one call."""
    row = _gathered(declared, row)
    if len(row) != len(declared.parameters):
        raise Unspoken(
            f"the code takes {len(declared.parameters)} values, the example gives {len(row)}"
        )
    lines = [
        f"var a{at} = {written(type_, value)};"
        for at, (type_, value) in enumerate(zip(declared.parameters, row, strict=True))
    ]
    call = f"{declared.called}({', '.join(f'a{at}' for at in range(len(row)))})"
    if declared.gives:
        return "\n                ".join([*lines, f"put(out, {call});"])
    changed = next(
        (at for at, one in enumerate(declared.parameters) if one.name in {"[]", *LISTS, *MAPS}),
        None,
    )
    if changed is None:
        raise Unspoken("the code returns nothing")
    return "\n                ".join([*lines, f"{call};", f"put(out, a{changed});"])


def _gathered(declared: Signature, row: tuple[object, ...]) -> tuple[object, ...]:
    """The row with what its last parameter takes as one list."""
    before = len(declared.parameters) - 1
    if declared.many and (len(row) != before + 1 or not isinstance(row[-1], list)):
        return (*row[:before], list(row[before:]))
    return row


def written(type_: Type, value: object) -> str:
    """The value as an expression of that type; of one that is open, as what it is by itself."""
    if not set(type_.names) <= KNOWN:
        inner = type_.name if type_.name in {*LISTS, *MAPS} else ""
        type_ = natural(value, NATURAL)
        type_ = Type(inner, type_.of) if inner and type_.of else type_
    return SPELLING.written(type_, value)


def spelt(type_: Type) -> str:
    """A type as Java reads it in any file."""
    if type_.name == "[]":
        return f"{spelt(type_.of[0])}[]"
    held = ", ".join(BOXED.get(one.name, spelt(one)) for one in type_.of)
    name = f"java.util.{type_.name}" if type_.name in {*LISTS, *MAPS, "Optional"} else type_.name
    return f"{name}<{held}>" if type_.of else name


def _number(type_: Type, value: float) -> str:
    name = BOXED.get(type_.name, type_.name)
    match name:
        case "Long":
            return f"{value}L"
        case "Short" | "Byte":
            return f"({name.lower()}) {value}"
        case "Float":
            return f"{value!r}f"
        case _:
            return repr(value)


def _quoted(value: str) -> str:
    """A string literal. Signs beyond ASCII stand as they are: the file is UTF-8."""
    signs = []
    for sign in value:
        plain = sign.isprintable() and sign not in '"\\'
        signs.append(sign if plain else f"\\{ord(sign):03o}" if ord(sign) < 32 or sign in '"\\' else "".join(f"\\u{unit:04x}" for unit in _units(sign)))  # fmt: skip
    return f'"{"".join(signs)}"'


def _units(sign: str) -> list[int]:
    data = sign.encode("utf-16-be", errors="replace")
    return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]


def _letter(value: str) -> str:
    return {"'": "'\\''", '"': "'\"'"}.get(value, f"'{_quoted(value)[1:-1]}'")


def _text(_: Type, value: str) -> str:
    return _quoted(value)


def _sequence(type_: Type, items: Sequence[str]) -> str:
    if type_.name == "[]":
        return f"new {spelt(type_)}{{{', '.join(items)}}}"
    if type_.name == "Optional":
        return f"java.util.Optional.of({items[0]})"
    held = ", ".join(BOXED.get(one.name, spelt(one)) for one in type_.of)
    return f"new java.util.{LISTS[type_.name]}<{held}>(java.util.Arrays.<{held}>asList({', '.join(items)}))"


def _mapping(type_: Type, pairs: Sequence[tuple[str, str]]) -> str:
    held = ", ".join(BOXED.get(one.name, spelt(one)) for one in type_.of)
    flat = ", ".join(part for pair in pairs for part in pair)
    return f"{DRIVER}.<{held}, java.util.{MAPS[type_.name]}<{held}>>map(new java.util.{MAPS[type_.name]}<{held}>(){', ' if flat else ''}{flat})"


def _absent(type_: Type) -> str:
    if type_.name == "Optional":
        return "java.util.Optional.empty()"
    if type_.name in BOXED:
        raise Unspoken(f"the code takes {type_.name}, which None is not")
    return f"({spelt(type_)}) null"


SPELLING = Spelling(
    RANGES, frozenset({"double", "float", "Double", "Float"}), frozenset({"boolean", "Boolean"}), frozenset({"char", "Character"}),
    frozenset({"String", "CharSequence"}), frozenset({*LISTS, "[]"}), frozenset(), frozenset(MAPS), frozenset({"Optional"}),
    _number, _letter, _text, _sequence, _mapping, _absent,
)  # fmt: skip
JAVA = Java()
