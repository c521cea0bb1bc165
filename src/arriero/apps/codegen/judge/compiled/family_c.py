"""C and C++: how their functions are declared, and programs that call them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from arriero.apps.codegen.judge import grammars
from arriero.apps.codegen.judge.compiled.dialect import (
    DRIVER,
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
from arriero.apps.codegen.judge.parse import defined_in
from arriero.apps.codegen.judge.sessions import Class, Method
from arriero.apps.codegen.sandbox.base import Program

WHOLE = {
    "short": 15, "short int": 15, "int": 31, "long": 63, "long int": 63, "long long": 63, "long long int": 63,
    "int8_t": 7, "int16_t": 15, "int32_t": 31, "int64_t": 63, "ptrdiff_t": 63, "ssize_t": 63, "intptr_t": 63,
}  # fmt: skip
COUNTED = {
    "unsigned": 32, "unsigned int": 32, "unsigned short": 16, "unsigned long": 64, "unsigned long long": 64, "unsigned char": 8,
    "uint8_t": 8, "uint16_t": 16, "uint32_t": 32, "uint64_t": 64, "size_t": 64, "size_type": 64, "uintptr_t": 64, "uint": 32,
}  # fmt: skip
RANGES = {
    **{name: (-(2**bits), 2**bits - 1) for name, bits in WHOLE.items()},
    **{name: (0, 2**bits - 1) for name, bits in COUNTED.items()},
}
FRACTIONS = frozenset({"float", "double", "long double"})
FLAGS = frozenset({"bool", "_Bool"})
LISTS = frozenset({"vector", "list", "deque", "array", "set", "unordered_set", "multiset"})
MAPS = frozenset({"map", "unordered_map"})
STANDARD = LISTS | MAPS | {"string", "string_view", "pair", "tuple", "optional"}
NATURAL = {"int": "int", "long": "long long", "float": "double", "bool": "bool", "str": "string", "list": "vector", "dict": "map"}  # fmt: skip
OWNERS = frozenset({"class_specifier", "struct_specifier"})


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter's type as it is written and as it is read; `kept`: the function cannot change the caller's value."""

    text: str
    type: Type
    kept: bool
    name: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """`called` is how it is called; `parameters` is None where its declaration does not say. `gives`: it returns something."""

    called: str
    parameters: tuple[Parameter, ...] | None
    gives: Type
    open: frozenset[str] = frozenset()  # names that stand for any type


def signature(code: str, language: str, entry: str) -> Signature:
    """How `entry` is declared. Raises `Unspoken` where it is no function that can be called by its name."""
    root = grammars.tree(code, language)
    node = defined_in(root, entry)
    if node is None:
        raise Unspoken(f"there is no function {entry}")
    if node.type in OWNERS:
        raise Unspoken(f"{entry} is a class; only functions are called with examples")
    function = _first(node, "function_declarator")
    if node.type == "init_declarator":  # a lambda: whatever it takes, it is called the same way
        return Signature(entry, None, Type("auto"))
    if function is None or node.type not in {
        "function_definition",
        "declaration",
        "field_declaration",
    }:
        raise Unspoken(f"{entry} is no function")
    kind = node.child_by_field_name("type")
    gives = parsed(grammars.text(kind)) if kind is not None else Type("auto")
    declarator = node.child_by_field_name("declarator")
    while (
        declarator is not None
        and declarator != function
        and declarator.type == "pointer_declarator"
    ):
        gives, declarator = Type("*", (gives,)), declarator.child_by_field_name("declarator")
    listed = function.child_by_field_name("parameters")
    found = [one for one in listed.named_children if one.type.endswith("parameter_declaration")]
    parameters = tuple(_parameter(one) for one in found if grammars.text(one).strip() != "void")
    called, opened = _place(node, function, entry)
    return Signature(called, parameters, gives, opened)


def _first(node: Any, kind: str) -> Any | None:
    return next((one for one in grammars.nodes(node) if one.type == kind), None)


def _place(node: Any, function: Any, entry: str) -> tuple[str, frozenset[str]]:
    """How it is called from outside of the class and the namespaces around it, and its template's parameters."""
    name = function.child_by_field_name("declarator")
    called = grammars.text(name) if name is not None else entry
    opened: set[str] = {"auto"}
    above = node.parent
    while above is not None:
        if above.type == "template_declaration":
            opened |= set(re.findall(r"(?:typename|class|\w+)\s+(\w+)\s*[,>=]", grammars.text(above.child_by_field_name("parameters"))))  # fmt: skip
        held = above.child_by_field_name("name")
        if above.type in OWNERS and held is not None:
            called = f"{grammars.text(held)}().{called}"
        elif above.type == "namespace_definition" and held is not None:
            called = f"{grammars.text(held)}::{called}"
        above = above.parent
    owner, _, method = called.rpartition("::")
    if owner and re.search(
        rf"\b(?:class|struct)\s+{re.escape(owner)}\b", grammars.text(_top(node))
    ):
        called = f"{owner}().{method}"
    return called, frozenset(opened)


def _top(node: Any) -> Any:
    while node.parent is not None:
        node = node.parent
    return node


def _parameter(node: Any, opened: frozenset[str] = frozenset()) -> Parameter:
    """A parameter without its name and what it is by default. `opened` are names of types that stand for whole numbers."""
    text = grammars.text(node)
    default = node.child_by_field_name("default_value")
    if default is not None:
        text = text[: text.rindex("=")] if "=" in text else text
    inner = node.child_by_field_name("declarator")
    while inner is not None and inner.type not in {"identifier", "type_identifier"}:
        following = inner.child_by_field_name("declarator")
        inner = following if following is not None else next(iter(inner.named_children), None)
    if inner is not None:
        begun = len(node.text[: inner.start_byte - node.start_byte].decode(errors="replace"))
        text = text[:begun] + text[begun + len(grammars.text(inner)) :]
    for one in opened:
        text = re.sub(rf"\b{one}\b", "int", text)
    type_ = parsed(text)
    changes = "&" in text or type_.name in {"*", "[]"}
    name = grammars.text(inner) if inner is not None else ""
    kept = not changes or "const" in text
    return Parameter(text.replace("&", " ").strip(), type_, kept, name)


@dataclass(frozen=True, slots=True)
class Members:
    """A class by the name that it is made with, what its constructor takes, and its methods."""

    name: str
    made_with: tuple[Parameter, ...]
    methods: Mapping[str, Signature]


def members_of(code: str, entry: str) -> Members | None:
    """What a class of C++ offers; None where `entry` is none. What its template leaves open is a whole number."""
    node = defined_in(grammars.tree(code, "cpp"), entry)
    body = node.child_by_field_name("body") if node is not None and node.type in OWNERS else None
    if node is None or body is None:
        return None
    opened = _place(node, node, entry)[1] - {"auto"}
    name = f"{entry}<{', '.join('int' for _ in opened)}>" if opened else entry
    made: tuple[Parameter, ...] | None = None
    methods: dict[str, Signature] = {}
    access = "private" if node.type == "class_specifier" else "public"
    for child in body.named_children:
        if child.type == "access_specifier":
            access = grammars.text(child).rstrip(":").strip()
            continue
        function = _first(child, "function_declarator")
        if function is None:
            continue
        held = function.child_by_field_name("declarator")
        if (
            access != "public"
            or held is None
            or held.type not in {"identifier", "field_identifier"}
        ):
            continue
        if re.match(
            r"\s*(?:static|friend|template)\b", grammars.text(child)
        ) or "= delete" in grammars.text(child):
            continue
        listed = [one for one in function.child_by_field_name("parameters").named_children if one.type == "parameter_declaration"]  # fmt: skip
        parameters = tuple(_parameter(one, opened) for one in listed)
        kind = child.child_by_field_name("type")
        if grammars.text(held) == entry:
            made = parameters if made is None else made
        elif kind is not None:
            gives = parsed(grammars.text(kind))
            methods.setdefault(grammars.text(held), Signature("", parameters, gives))
    return Members(name, made or (), methods)


def _asked(parameters: Sequence[Parameter] | None, owner: str) -> tuple[Asked, ...]:
    """The parameters as those who guess values know them. Those of the class itself are another object of it."""
    return tuple(
        Asked("other") if one.type.name == owner else Asked(one.name, one.text)
        for one in parameters or ()
    )


@dataclass(frozen=True, slots=True)
class CFamily:
    """C or C++, by its own templates of text."""

    language: str
    end: str
    spelling: Spelling
    truthless: bool = False
    letterless: bool = False

    def alone(self, code: str) -> Driven:
        """The code as the program that it is by itself."""
        main = f"main.{self.end}"
        return Driven(Program({main: code}, main), main)

    def starts(self, code: str) -> bool:
        """Whether it has a `main`."""
        return re.search(r"\bmain\s*\(", code) is not None

    def takes(self, code: str, entry: str) -> tuple[str, ...]:
        """The types of its parameters; a number behind an array is its length and not given."""
        found, before = [], ""
        for parameter in signature(code, self.language, entry).parameters or ():
            type_, text = parameter.type, parameter.text
            if type_.name in {"*", "[]"}:
                text = "string" if type_.of[0].name == "char" else f"{shown(type_.of[0])}[]"
            if not (before.endswith("[]") and type_.name in RANGES):
                found.append(text)
            before = text
        return tuple(found)

    def driven(self, code: str, entry: str, rows: Sequence[tuple[object, ...]]) -> Driven:
        """A program whose `main` is ours; the code's own has another name in it."""
        made, said, unsaid = bodies(rows, self._writer(code, entry) if rows else str)
        calls = "\n".join(f"static void arriero_call_{at}(void) {{\n    {body}\n}}" for at, body in enumerate(made))  # fmt: skip
        table = ", ".join(f"arriero_call_{at}" for at in range(len(made))) or "0"
        main, driver = f"main.{self.end}", f"{DRIVER}.{self.end}"
        held = {"CODE": main, "CALLS": calls, "TABLE": table, "COUNT": str(len(made))}
        text = filled(f"driver.{self.end}", held)
        return Driven(Program({driver: text, main: code}, driver), main, said, unsaid=unsaid)

    def _writer(self, code: str, entry: str) -> Callable[[tuple[object, ...]], str]:
        """What writes the statements of one row."""
        members = members_of(code, entry) if self.language == "cpp" else None
        if members is not None:
            return lambda row: "\n    ".join(self._session(members, row))
        declared = signature(code, self.language, entry)
        return lambda row: "\n    ".join(self._body(declared, row))

    def offers(self, code: str, entry: str) -> Class | None:
        """Its public methods that are not static; C has no classes."""
        members = members_of(code, entry) if self.language == "cpp" else None
        if members is None:
            return None
        methods = tuple(Method(name, _asked(one.parameters, entry)) for name, one in members.methods.items())  # fmt: skip
        return Class(entry, _asked(members.made_with, entry), methods)

    def _session(self, members: Members, row: tuple[object, ...]) -> Iterator[str]:
        """An object, and its methods called in turn; what cannot be said of the steps is left out."""
        made, steps = session_of(members.name, row, members.methods)
        args = []
        for at, (parameter, value) in enumerate(zip(members.made_with, made, strict=False)):
            yield from self._declared(f"m{at}", parameter, frozenset(), value)
            args.append(f"m{at}")
        given = f"({', '.join(args)})" if args else ""
        yield f"{members.name} one{given};"
        if any(OTHER in (step[1] or ()) for step in steps):
            yield f"{members.name} other{given};"
        yield "arriero_out += '[';"
        for name, values in steps:
            try:
                yield self._step(members.methods[name], name, values)
            except Unspoken:
                continue
        yield "arriero_out += ']';"

    def _step(self, method: Signature, name: str, values: tuple[object, ...]) -> str:
        lines: list[str] = []
        passed = []
        for at, (parameter, value) in enumerate(zip(method.parameters or (), values, strict=False)):
            if value == OTHER:
                passed.append("other")
                continue
            lines += self._declared(f"a{at}", parameter, frozenset(), value)
            passed.append(f"a{at}")
        call = f"one.{name}({', '.join(passed)})"
        lines.append(f'{call}; arriero_out += "null";' if method.gives.name == "void" else f"arriero_put({call});")  # fmt: skip
        return f"arriero_step([&] {{ {' '.join(lines)} }});"

    def _body(self, declared: Signature, row: tuple[object, ...]) -> Iterator[str]:
        """The statements of one call."""
        passed, first = [], ""
        for at, (parameter, value) in enumerate(self._matched(declared, row)):
            name = f"a{at}"
            if parameter is None:
                yield f"auto {name} = {self.spelling.written(natural(value, NATURAL), value)};"
            else:
                yield from self._declared(name, parameter, declared.open, value)
            passed.append(name)
            if first or parameter is None or parameter.kept:
                continue
            if isinstance(value, list) and parameter.type.name in {"*", "[]"}:
                first = f"put_many({name}, {len(value)})"
            else:
                first = f"put({name})"
        call = f"{declared.called}({', '.join(passed)})"
        if declared.gives.name != "void":
            if declared.gives.name in {"*", "[]"} and declared.gives.of[0].name != "char":
                raise Unspoken("the code returns a pointer, whose end nobody knows")
            yield f"arriero_put({call});"
        elif first:
            yield f"{call};"
            yield f"arriero_{first};"
        else:
            raise Unspoken("the code returns nothing")

    def _matched(
        self, declared: Signature, row: tuple[object, ...]
    ) -> Iterator[tuple[Parameter | None, object]]:
        """Each parameter with its value. A number behind an array that the example does not give is its length."""
        if declared.parameters is None:
            yield from ((None, one) for one in row)
            return
        values, count = list(row), len(declared.parameters)
        before: object = None
        for at, parameter in enumerate(declared.parameters):
            lacking = len(values) < count - at
            if lacking and isinstance(before, list) and parameter.type.name in RANGES:
                yield parameter, len(before)
                before = None
                continue
            if not values:
                return  # the others have values of their own, or the compiler says that they lack
            before = values.pop(0)
            yield parameter, before
            before = before if parameter.type.name in {"*", "[]"} else None
        if values:
            raise Unspoken(f"the code takes {count} values, the example gives {len(row)}")

    def _declared(
        self, name: str, parameter: Parameter, opened: frozenset[str], value: object
    ) -> Iterator[str]:
        """The declaration of one argument."""
        type_ = parameter.type
        if type_.name in {"*", "[]"}:
            yield self._array(name, type_.of[0], value)
            return
        if type_.name == "span" and type_.of:
            type_ = Type("vector", type_.of)
        if self.language == "cpp" and opened & set(type_.names):
            type_ = natural(value, NATURAL)
        elif self.language == "cpp" and not set(type_.names) <= _known():
            yield f"{parameter.text} {name} = {self._braced(value)};"  # a name of the code's own
            return
        yield f"{spelt(type_)} {name} = {self.spelling.written(type_, value)};"

    def _array(self, name: str, of: Type, value: object) -> str:
        """What a pointer or an array takes: text, or a list of what it points to."""
        if of.name == "char" and isinstance(value, str):
            return f"char {name}[] = {_quoted(value)};"
        if isinstance(value, list | tuple):
            texts = of.name == "*" and of.of[0].name == "char"
            items = [_quoted(one) if texts and isinstance(one, str) else self.spelling.written(of, one) for one in value]  # fmt: skip
            kind = (
                "const char *"
                if texts and self.language == "cpp"
                else "char *"
                if texts
                else spelt(of)
            )
            return f"{kind} {name}[{max(1, len(items))}] = {{{', '.join(items)}}};"
        raise Unspoken(f"the code takes a pointer, which {value!r:.60} is not")

    def _braced(self, value: object) -> str:
        """A value in braces, for a type that only the compiler knows."""
        if isinstance(value, list | tuple):
            return f"{{{', '.join(map(self._braced, value))}}}"
        return self.spelling.written(natural(value, NATURAL), value)


@cache
def _known() -> frozenset[str]:
    digits = frozenset(map(str, range(1, 100)))  # the length of a std::array
    return frozenset({*RANGES, *FRACTIONS, *FLAGS, *STANDARD, "char", "[]", "*", *digits})


def spelt(type_: Type) -> str:
    """A type as C++ reads it anywhere."""
    if type_.name in {"*", "[]"}:
        return f"{spelt(type_.of[0])} *"
    of = f"<{', '.join(map(spelt, type_.of))}>" if type_.of else ""
    return f"{'std::' if type_.name in STANDARD else ''}{type_.name}{of}"


def _number(_: Type, value: float) -> str:
    if isinstance(value, float):
        return repr(value)
    if value < -(2**63) + 1:
        return "(-9223372036854775807LL - 1)"
    wide = "" if abs(value) < 2**31 else "LL" if value < 2**63 else "ULL"
    return f"{value}{wide}"


def _quoted(value: str) -> str:
    """A string literal; what is no plain sign is written as its bytes."""
    signs = []
    for byte in value.encode():
        sign = chr(byte)
        plain = 32 <= byte < 127 and sign not in '"\\?'
        signs.append(sign if plain else f"\\{byte:03o}")
    return f'"{"".join(signs)}"'


def _letter(value: str) -> str:
    return f"'{_quoted(value)[1:-1]}'" if value != "'" else "'\\''"


def _text(type_: Type, value: str) -> str:
    if type_.name == "string":
        length = f", {len(value.encode())}" if "\0" in value else ""
        return f"std::string({_quoted(value)}{length})"
    return _quoted(value)


def _sequence(type_: Type, items: Sequence[str]) -> str:
    return f"{spelt(type_)}{{{', '.join(items)}}}"


def _mapping(type_: Type, pairs: Sequence[tuple[str, str]]) -> str:
    return f"{spelt(type_)}{{{', '.join(f'{{{key}, {held}}}' for key, held in pairs)}}}"


def _absent(type_: Type) -> str:
    if type_.name == "optional":
        return f"{spelt(type_)}{{}}"
    raise Unspoken("the example gives nothing (None), which the language has no value for")


NONE = frozenset[str]()
SPELLING = Spelling(
    RANGES, FRACTIONS, FLAGS, frozenset({"char"}), frozenset({"string", "string_view"}), LISTS, frozenset({"pair", "tuple"}),
    MAPS, frozenset({"optional"}), _number, _letter, _text, _sequence, _mapping, _absent,
)  # fmt: skip
PLAIN = Spelling(
    RANGES, FRACTIONS, FLAGS, frozenset({"char"}), NONE, NONE, NONE, NONE, NONE, _number, _letter, _text, _sequence, _mapping, _absent,
)  # fmt: skip
CPP = CFamily("cpp", "cpp", SPELLING)
C = CFamily("c", "c", PLAIN, truthless=True)
