"""Go: how its functions and methods are declared, and programs that call them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from arriero.apps.codegen.judge import grammars
from arriero.apps.codegen.judge.compiled.dialect import (
    DRIVER,
    Driven,
    Unspoken,
    bodies,
    filled,
    natural,
    session_of,
)
from arriero.apps.codegen.judge.compiled.types import Type
from arriero.apps.codegen.judge.guesses import OTHER
from arriero.apps.codegen.judge.guesses import Parameter as Asked
from arriero.apps.codegen.judge.sessions import Class, Method
from arriero.apps.codegen.sandbox.base import Program

MAIN = "main.go"
BITS = {"int": 63, "int64": 63, "int32": 31, "rune": 31, "int16": 15, "int8": 7}
COUNTED = {"uint": 64, "uint64": 64, "uintptr": 64, "uint32": 32, "uint16": 16, "uint8": 8, "byte": 8}  # fmt: skip
RANGES = {name: (-(2**bits), 2**bits - 1) for name, bits in BITS.items()} | {name: (0, 2**bits - 1) for name, bits in COUNTED.items()}  # fmt: skip
LETTERS = frozenset({"rune", "byte"})
FRACTIONS = {"float64": 1e300, "float32": 1e38}  # what is less than that can be written
ANY = Type("any")
ERROR = Type("error")
NATURAL = {"int": "int", "long": "int", "float": "float64", "bool": "bool", "str": "string", "list": "[]", "dict": "map"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parameter:
    """One that is given by its place; `many`: the last takes any number of values of its type."""

    name: str
    type: Type
    many: bool = False


@dataclass(frozen=True, slots=True)
class Signature:
    """A function or a method: what it takes and gives. `opened` are the names of types that it leaves open."""

    parameters: tuple[Parameter, ...]
    gives: tuple[Type, ...]
    opened: frozenset[str] = frozenset()

    @property
    def fails(self) -> bool:
        """Whether the last that it gives says that it failed."""
        return bool(self.gives) and self.gives[-1] == ERROR


@dataclass(frozen=True, slots=True)
class Types:
    """The types that the code declares: what stands behind a name, or the fields of a struct."""

    named: Mapping[str, Type]
    structs: Mapping[str, Sequence[tuple[str, Type]]]

    def written(self, type_: Type, value: object) -> str:
        """The value as an expression of that type. Raises `Unspoken` where it is none."""
        name, of = type_.name, type_.of
        match value:
            case None if name == "any":
                return "nil"
            case None if name in {"[]", "map", "*"}:
                return f"({spelt(type_)})(nil)"
            case _ if name == "any":
                return self._any(value)
            case _ if name == "*":
                inner = self.written(of[0], value)
                return f"&{inner}" if of[0].name in self.structs else f"arrieroAt({inner})"
            case dict() | list() | tuple() if name in self.structs:
                return self._struct(name, value)
            case _ if name in self.named:
                return f"{name}({self.written(self.named[name], value)})"
            case bool() if name == "bool":
                return "true" if value else "false"
            case bool():
                pass
            case int() if name in RANGES and RANGES[name][0] <= value <= RANGES[name][1]:
                return str(value) if name == "int" else f"{name}({value})"
            case int() | float() if name in FRACTIONS and abs(value) < FRACTIONS[name]:
                return f"{name}({float(value)!r})"
            case str() if name in LETTERS and len(value) == 1 and (name == "rune" or value.isascii()):  # fmt: skip
                return f"{name}({ord(value)})"
            case str() if name == "string":
                return quoted(value)
            case str() if name == "[]" and of[0].name in LETTERS:
                return f"{spelt(type_)}({quoted(value)})"
            case list() | tuple() | set() | frozenset() if name == "[]" and _has_room(
                of, len(value)
            ):
                items = sorted(value, key=repr) if isinstance(value, set | frozenset) else value
                return f"{spelt(type_)}{{{', '.join(self.written(of[0], one) for one in items)}}}"
            case set() | frozenset() if name == "map" and of[1].name in {"bool", "struct{}"}:
                held = "true" if of[1].name == "bool" else "{}"
                return f"{spelt(type_)}{{{', '.join(f'{self.written(of[0], one)}: {held}' for one in sorted(value, key=repr))}}}"
            case dict() if name == "map":
                pairs = (f"{self.written(of[0], key)}: {self.written(of[1], held)}" for key, held in value.items())  # fmt: skip
                return f"{spelt(type_)}{{{', '.join(pairs)}}}"
        raise Unspoken(f"the code takes {spelt(type_)}, which {value!r:.60} is not")

    def _any(self, value: object) -> str:
        """What it is by itself; items of several types are each what they are."""
        try:
            return self.written(natural(value, NATURAL), value)
        except Unspoken:
            match value:
                case list() | tuple():
                    return self.written(Type("[]", (ANY,)), list(value))
                case dict() if all(isinstance(one, str) for one in value):
                    return self.written(Type("map", (Type("string"), ANY)), value)
            raise

    def _struct(self, name: str, value: Mapping[Any, object] | Sequence[object]) -> str:
        """A struct from a map of its fields, whatever their case, or from a list of all of them."""
        fields = self.structs[name]
        if not isinstance(value, Mapping):
            if len(value) != len(fields):
                raise Unspoken(f"{name} has {len(fields)} fields, the example gives {len(value)}")
            value = dict(zip((one for one, _ in fields), value, strict=True))
        known = {_plain(field): (field, type_) for field, type_ in fields}
        try:
            given = [(*known[_plain(str(key))], held) for key, held in value.items()]
        except KeyError as error:
            raise Unspoken(f"{name} has no field {error.args[0]}") from None
        return f"{name}{{{', '.join(f'{field}: {self.written(type_, held)}' for field, type_, held in given)}}}"


@dataclass(frozen=True, slots=True)
class Go:
    """Go, whose code and driver are two files of one package."""

    language: str = "go"
    truthless: bool = False
    letterless: bool = True

    def alone(self, code: str) -> Driven:
        """The code as the program that it is by itself."""
        return Driven(Program({MAIN: packaged(code)}, MAIN), MAIN)

    def starts(self, code: str) -> bool:
        """Whether it has a `main`."""
        return re.search(r"^func\s+main\s*\(\s*\)", code, re.MULTILINE) is not None

    def takes(self, code: str, entry: str) -> tuple[str, ...]:
        """The types of its parameters."""
        found = function(code, entry)
        return tuple(f"[]{spelt(one.type)}" if one.many else spelt(_open(one.type, found.opened)) for one in found.parameters)  # fmt: skip

    def offers(self, code: str, entry: str) -> Class | None:
        """Its exported methods, or all where none is exported."""
        members = members_of(code, entry)
        if members is None:
            return None
        methods = tuple(Method(name, _asked(one, members)) for name, one in members.methods.items())
        return Class(entry, _asked(members.made, members) if members.made else (), methods)

    def driven(self, code: str, entry: str, rows: Sequence[tuple[object, ...]]) -> Driven:
        """A program whose `main` is ours; the code's own has another name in it."""
        code = packaged(code)
        types = types_of(code)
        members = members_of(code, entry) if rows else None
        if members is not None:
            held = members
            made, said, unsaid = bodies(rows, lambda row: "\n\t\t".join(_session(types, held, row)))
        else:
            declared = function(code, entry) if rows else None
            made, said, unsaid = bodies(rows, lambda row: "\n\t\t".join(_body(types, entry, declared, row)) if declared else "")  # fmt: skip
        calls = "\n".join(f"\tcase {at}:\n\t\t{body}" for at, body in enumerate(made))
        driver = filled("driver.go", {"CALLS": calls, "COUNT": str(len(made))})
        files = {f"{DRIVER}.go": driver, MAIN: _renamed(code)}
        return Driven(Program(files, f"{DRIVER}.go"), MAIN, said, unsaid=unsaid)


def packaged(code: str) -> str:
    """The code as part of the program: it is of the package `main`, whatever it says. No line moves."""
    root = grammars.tree(code, "go")
    clause = next((one for one in root.children if one.type == "package_clause"), None)
    if clause is None:
        return f"package main; {code}"
    return _replaced(code, clause.named_children[0], "main")


def _renamed(code: str) -> str:
    """The code with another name for its own `main`."""
    for node in grammars.tree(code, "go").children:
        if node.type == "function_declaration":
            name = node.child_by_field_name("name")
            if grammars.text(name) == "main":
                return _replaced(code, name, "arrieroTheirMain")
    return code


def _replaced(code: str, node: Any, text: str) -> str:
    data = code.encode(errors="replace")
    return (data[: node.start_byte] + text.encode() + data[node.end_byte :]).decode()


# -- what is declared


def read(node: Any) -> Type:
    """The type that a node of the grammar names."""
    match node.type:
        case "slice_type":
            return Type("[]", (read(node.child_by_field_name("element")),))
        case "array_type":
            length = Type(grammars.text(node.child_by_field_name("length")))
            return Type("[]", (read(node.child_by_field_name("element")), length))
        case "map_type":
            return Type("map", (read(node.child_by_field_name("key")), read(node.child_by_field_name("value"))))  # fmt: skip
        case "pointer_type":
            return Type("*", (read(node.named_children[0]),))
        case "parenthesized_type":
            return read(node.named_children[0])
        case "generic_type":
            held = node.child_by_field_name("type_arguments").named_children
            return Type(grammars.text(node.child_by_field_name("type")), tuple(read(_inner(one)) for one in held))  # fmt: skip
        case "interface_type" if not node.named_children:
            return ANY
        case _:
            return Type(re.sub(r"\s+", "", grammars.text(node)))


def _inner(node: Any) -> Any:
    return node.named_children[0] if node.type == "type_elem" else node


def spelt(type_: Type) -> str:
    """A type as Go reads it."""
    match type_:
        case Type("[]", (of, Type(length))):
            return f"[{length}]{spelt(of)}"
        case Type("[]", (of,)):
            return f"[]{spelt(of)}"
        case Type("map", (key, held)):
            return f"map[{spelt(key)}]{spelt(held)}"
        case Type("*", (of,)):
            return f"*{spelt(of)}"
        case Type(name, ()):
            return name
        case Type(name, of):
            return f"{name}[{', '.join(map(spelt, of))}]"


def _signature(node: Any, opened: frozenset[str] = frozenset()) -> Signature:
    """How a function or method is declared."""
    generic = node.child_by_field_name("type_parameters")
    own = frozenset(grammars.text(name) for one in (generic.named_children if generic is not None else ()) for name in one.children_by_field_name("name"))  # fmt: skip
    result = node.child_by_field_name("result")
    gives: tuple[Type, ...] = ()
    if result is not None:
        gives = tuple(one.type for one in _listed(result)) if result.type == "parameter_list" else (read(result),)  # fmt: skip
    return Signature(tuple(_listed(node.child_by_field_name("parameters"))), gives, own | opened)


def _listed(node: Any) -> Iterator[Parameter]:
    """The parameters of a list, those that share a type one by one."""
    for one in node.named_children:
        if one.type not in {"parameter_declaration", "variadic_parameter_declaration"}:
            continue
        names = [grammars.text(name) for name in one.children_by_field_name("name")] or [""]
        type_ = read(one.child_by_field_name("type"))
        for name in names:
            yield Parameter(name, type_, one.type.startswith("variadic"))


def function(code: str, entry: str) -> Signature:
    """How the function is declared. Raises `Unspoken` where there is none of that name."""
    for node in grammars.tree(code, "go").children:
        if node.type == "function_declaration" and grammars.text(node.child_by_field_name("name")) == entry:  # fmt: skip
            return _signature(node)
    raise Unspoken(f"{entry} is no function; only functions are called with examples")


def types_of(code: str) -> Types:
    """The types that the code declares at its top, those with type parameters left out."""
    named: dict[str, Type] = {}
    structs: dict[str, list[tuple[str, Type]]] = {}
    for name, node in _specs(code):
        held = node.child_by_field_name("type")
        if node.child_by_field_name("type_parameters") is not None or held.type in {"interface_type", "function_type"}:  # fmt: skip
            continue
        if held.type != "struct_type":
            named[name] = read(held)
            continue
        fields = [one for part in held.named_children for one in part.named_children if one.type == "field_declaration"]  # fmt: skip
        structs[name] = [
            (grammars.text(field), read(one.child_by_field_name("type")))
            for one in fields
            for field in one.children_by_field_name("name")
        ]
    return Types(named, structs)


def _specs(code: str) -> Iterator[tuple[str, Any]]:
    for node in grammars.tree(code, "go").children:
        if node.type == "type_declaration":
            for one in node.named_children:
                name = one.child_by_field_name("name")
                if name is not None:
                    yield grammars.text(name), one


@dataclass(frozen=True, slots=True)
class Members:
    """A type by the name that it is made with (`Stack[int]`), the function that makes one, if there is one, and its methods."""

    owner: str
    name: str
    maker: str
    made: Signature | None
    methods: Mapping[str, Signature]


def members_of(code: str, entry: str) -> Members | None:
    """What a type offers; None where `entry` is no type with methods. What it leaves open is a whole number."""
    spec = next((one for name, one in _specs(code) if name == entry), None)
    if spec is None or spec.child_by_field_name("type").type == "interface_type":
        return None
    generic = spec.child_by_field_name("type_parameters")
    count = sum(len(one.children_by_field_name("name")) for one in generic.named_children) if generic is not None else 0  # fmt: skip
    ends = f"[{', '.join(['int'] * count)}]" if count else ""
    methods: dict[str, Signature] = {}
    maker, made = "", None
    for node in grammars.tree(code, "go").children:
        if node.type == "method_declaration":
            (receiver,) = list(_listed(node.child_by_field_name("receiver")))[:1] or (None,)
            of = receiver.type.of[0] if receiver and receiver.type.name == "*" else receiver.type if receiver else ANY  # fmt: skip
            if of.name == entry:
                opened = frozenset(one.name for one in of.of)
                methods[grammars.text(node.child_by_field_name("name"))] = _signature(node, opened)
        elif node.type == "function_declaration" and made is None:
            found = _signature(node)
            first = found.gives[0] if found.gives else ANY
            of = first.of[0] if first.name == "*" else first
            name = grammars.text(node.child_by_field_name("name"))
            if of.name == entry and re.match(r"(?i)new|make|create", name):
                maker, made = f"{name}{ends}", found
    if not methods:
        return None
    public = {name: one for name, one in methods.items() if name[0].isupper()}
    return Members(entry, f"{entry}{ends}", maker, made, public or methods)


def _asked(declared: Signature, members: Members) -> tuple[Asked, ...]:
    """The parameters as those who guess values know them. Those of the type itself are another object of it."""
    return tuple(
        Asked("other") if _of(one.type).name == members.owner else Asked(one.name, spelt(_open(one.type, declared.opened)))
        for one in declared.parameters if not one.many
    )  # fmt: skip


def _of(type_: Type) -> Type:
    return type_.of[0] if type_.name == "*" else type_


def _open(type_: Type, opened: frozenset[str]) -> Type:
    """The type with whole numbers for what is open in it."""
    if type_.name in opened:
        return Type("int")
    return Type(type_.name, tuple(_open(one, opened) for one in type_.of))


# -- what is written


def _body(types: Types, entry: str, declared: Signature, row: tuple[object, ...]) -> Iterator[str]:
    """The statements of one call."""
    given = list(_matched(declared, row))
    changed = -1
    for at, (parameter, value) in enumerate(given):
        open_ = set(parameter.type.names) & declared.opened
        type_ = natural(value, NATURAL) if open_ else parameter.type
        yield (
            f"a{at} := {types.written(type_, value)}"
            if value is not None
            else f"var a{at} {spelt(type_)}"
        )
        if changed < 0 and parameter.type.name in {"[]", "map", "*"} and not parameter.many:
            changed = at
    call = f"{entry}({', '.join(f'a{at}' for at in range(len(given)))})"
    if declared.gives:
        yield f"arriero.give({str(declared.fails).lower()})({call})"
        return
    if changed < 0:
        raise Unspoken("the code returns nothing")
    yield call
    yield f"arriero.give(false)(a{changed})"


def _matched(declared: Signature, row: tuple[object, ...]) -> Iterator[tuple[Parameter, object]]:
    """Each parameter with its value, the last one with each of the others where it takes many."""
    parameters = declared.parameters
    if parameters and parameters[-1].many:
        before = len(parameters) - 1
        rest = row[before:]
        if len(rest) == 1 and isinstance(rest[0], list):
            rest = tuple(rest[0])
        row = (*row[:before], *rest)
        parameters = (*parameters[:before], *[parameters[-1]] * len(rest))
    if len(row) != len(parameters):
        raise Unspoken(f"the code takes {len(parameters)} values, the example gives {len(row)}")
    yield from zip(parameters, row, strict=True)


def _session(types: Types, members: Members, row: tuple[object, ...]) -> Iterator[str]:
    """An object, and its methods called in turn; what cannot be said of the steps is left out."""
    given, steps = session_of(members.owner, row, members.methods)
    wanted = ["one", "other"] if any(OTHER in (step[1] or ()) for step in steps) else ["one"]
    pointer = True
    for name in wanted:
        if members.made is None:
            yield f"{name} := &{members.name}{{}}"
            continue
        passed = ", ".join(_passed(types, members.made, given))
        failed = ", failed" if members.made.fails else ""
        yield f"{name}{failed} := {members.maker}({passed})"
        if failed:
            yield "if failed != nil { panic(failed) }"
        pointer = members.made.gives[0].name == "*"
    yield "_ = one"
    yield 'arriero.WriteString("[")'
    first = True
    for name, values in steps:
        method = members.methods[name]
        try:
            passed = ", ".join(_passed(types, method, values, "other" if pointer else "&other"))
        except Unspoken:
            continue
        call = f"one.{name}({passed})"
        told = f"arriero.give({str(method.fails).lower()})({call})" if method.gives else f"{call}; arriero.give(false)()"  # fmt: skip
        yield f"arriero.step({str(first).lower()}, func(arriero *arrieroOut) {{ {told} }})"
        first = False
    yield 'arriero.WriteString("]")'


def _passed(
    types: Types, declared: Signature, values: Sequence[object], other: str = "other"
) -> Iterator[str]:
    """What is handed to a method; nothing to one that takes many."""
    plain = [one for one in declared.parameters if not one.many]
    for parameter, value in zip(plain, values, strict=False):
        if value == OTHER:
            yield other if parameter.type.name == "*" else f"*{other}".replace("*&", "")
        else:
            yield types.written(_open(parameter.type, declared.opened), value)


def quoted(value: str) -> str:
    """A string literal. Signs beyond ASCII stand as they are: the file is UTF-8."""
    signs = (sign if sign.isprintable() and sign not in '"\\' else _escaped(sign) for sign in value)
    return f'"{"".join(signs)}"'


def _escaped(sign: str) -> str:
    if sign in '"\\':
        return f"\\{sign}"
    number = ord(sign)
    if 0xD800 <= number < 0xE000:
        return "\\ufffd"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _has_room(of: Sequence[Type], count: int) -> bool:
    """Whether so many items fit into a slice, or an array whose length is a number."""
    return len(of) < 2 or not of[1].name.isdigit() or count <= int(of[1].name)


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


GO = Go()
