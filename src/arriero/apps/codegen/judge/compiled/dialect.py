"""What is known of a language to call functions of it with plain values."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Protocol

from arriero.apps.codegen.judge.compiled.types import Type
from arriero.apps.codegen.judge.sessions import Class
from arriero.apps.codegen.sandbox.base import Program

INSIDE = Path(__file__).parents[1] / "inside"
DRIVER = "arriero_driver"
OPTIONAL = frozenset({"cpp", "rust"})  # their types say where nothing may come back


class Unspoken(Exception):  # it never leaves the judge of compiled languages
    """It cannot be said in that language; the text says why."""


@dataclass(frozen=True, slots=True)
class Driven:
    """A program that makes calls: which of the rows, in its order, and why not the others.

    It takes a nonce, the number of the call to begin with and that to end before, and prints of each call a line: the nonce, the call's
    number, `value` or `raised`, and JSON. `code` is the name that the code under test has in it.
    """

    program: Program
    code: str
    rows: tuple[int, ...] = ()
    unsaid: Mapping[int, str] = field(default_factory=dict)


class Dialect(Protocol):
    """Makes a program of code and the calls of it. One a language; nothing of it is kept."""

    @property
    def language(self) -> str: ...

    @property
    def truthless(self) -> bool:
        """Whether it has no truth values of its own, so that any number but 0 is true."""
        ...

    @property
    def letterless(self) -> bool:
        """Whether it has no letters of its own, so that a letter is given as its number."""
        ...

    def driven(self, code: str, entry: str, rows: Sequence[tuple[object, ...]]) -> Driven:
        """A program that calls `entry` of `code` with each row that can be said. Raises `Unspoken`.

        The rows of a class are sessions: what an object is made with, and the steps.
        """
        ...

    def offers(self, code: str, entry: str) -> Class | None:
        """What `entry` offers where it is a class, with the types as they are written; None where it is none."""
        ...

    def alone(self, code: str) -> Driven:
        """The code as the program that it is by itself."""
        ...

    def starts(self, code: str) -> bool:
        """Whether it is a program by itself: it has a `main`."""
        ...

    def takes(self, code: str, entry: str) -> tuple[str, ...]:
        """The types of what `entry` has to be given, as they are written. Raises `Unspoken`."""
        ...


@dataclass(frozen=True, slots=True)
class Spelling:
    """The names of a language's types by what they hold, and how a value is written in them.

    `whole` gives the bounds of each type of whole numbers. `sequence`, `mapping` and `absent` get the type and what is
    in it, already written.
    """

    whole: Mapping[str, tuple[int, int]]
    fractions: frozenset[str]
    flags: frozenset[str]
    letters: frozenset[str]
    texts: frozenset[str]
    sequences: frozenset[str]
    tuples: frozenset[str]
    mappings: frozenset[str]
    perhaps: frozenset[str]
    number: Callable[[Type, float], str]
    letter: Callable[[str], str]
    text: Callable[[Type, str], str]
    sequence: Callable[[Type, Sequence[str]], str]
    mapping: Callable[[Type, Sequence[tuple[str, str]]], str]
    absent: Callable[[Type], str]

    def written(self, type_: Type, value: object) -> str:
        """The value as an expression of that type. Raises `Unspoken` where it is none."""
        name, of = type_.name, type_.of
        match value:
            case None:
                return self.absent(type_)
            case _ if name in self.perhaps and len(of) == 1:
                return self.sequence(type_, [self.written(of[0], value)])
            case bool() if name in self.flags:
                return "true" if value else "false"
            case int() if (
                name in self.whole and self.whole[name][0] <= value <= self.whole[name][1]
            ):
                return self.number(type_, value)
            case int() | float() if name in self.fractions and abs(value) < 1e300:
                return self.number(type_, float(value))
            case str() if name in self.letters and len(value) == 1 and value.isascii():
                return self.letter(value)
            case str() if name in self.texts:
                return self.text(type_, value)
            case list() | tuple() if name in self.tuples and len(of) == len(value):
                return self.sequence(
                    type_, [self.written(*one) for one in zip(of, value, strict=True)]
                )
            case list() | tuple() | set() | frozenset() if name in self.sequences and of:
                return self.sequence(type_, [self.written(of[0], one) for one in ordered(value)])
            case dict() if name in self.mappings and len(of) >= 2:
                return self.mapping(type_, [(self.written(of[0], key), self.written(of[1], held)) for key, held in value.items()])  # fmt: skip
        raise Unspoken(f"the code takes {shown(type_)}, which {value!r:.60} is not")


def ordered(
    value: list[object] | tuple[object, ...] | set[object] | frozenset[object],
) -> Sequence[object]:
    """The items, those of a set in the same order each time."""
    return sorted(value, key=repr) if isinstance(value, set | frozenset) else list(value)


def shown(type_: Type) -> str:
    """A type as people read it: `vector<int>`, `int[]`."""
    if type_.name in {"[]", "*"}:
        return f"{shown(type_.of[0])}{type_.name}"
    return f"{type_.name}<{', '.join(map(shown, type_.of))}>" if type_.of else type_.name


def bodies(
    rows: Sequence[tuple[object, ...]], write: Callable[[tuple[object, ...]], str]
) -> tuple[list[str], tuple[int, ...], dict[int, str]]:
    """(what `write` makes of each row that can be said, their numbers, why not the others). Raises `Unspoken` if none can."""
    made, said, unsaid = [], [], {}
    for number, row in enumerate(rows):
        try:
            made.append(write(row))
            said.append(number)
        except Unspoken as error:
            unsaid[number] = str(error)
    if rows and not said:
        raise Unspoken(next(iter(unsaid.values())))
    return made, tuple(said), unsaid


def session_of(
    name: str, row: tuple[object, ...], methods: Collection[str] | None = None
) -> tuple[tuple[object, ...], list[tuple[str, tuple[object, ...]]]]:
    """What an object is made with, and the steps. Raises `Unspoken` where the row is the arguments of a call, or no session of these methods."""
    match row:
        case (tuple() as made, list() as steps):
            if lost := next(
                (one for one, _ in steps if methods is not None and one not in methods), ""
            ):
                raise Unspoken(f"{name} has no method {lost}")
            return made, steps
    raise Unspoken(f"{name} is a class; only functions are called with examples")


def filled(name: str, held: Mapping[str, str]) -> str:
    """The text of a driver with what belongs in its places, which are written `@NAME@`."""
    return re.sub(rf"@({'|'.join(held)})@", lambda found: held[found[1]], _text(name))


@cache
def _text(name: str) -> str:
    return (INSIDE / name).read_text(encoding="utf-8")


def natural(value: object, names: Mapping[str, str]) -> Type:
    """The type that a value has by itself; `names` says what `int`, `long`, `float`, `bool`, `str`, `list`, `dict` are called."""
    match value:
        case bool():
            return Type(names["bool"])
        case int():
            return Type(names["int" if -(2**31) <= value < 2**31 else "long"])
        case float():
            return Type(names["float"])
        case str():
            return Type(names["str"])
        case list() | tuple() | set() | frozenset():
            return Type(names["list"], (_common(list(value), names),))
        case dict():
            return Type(
                names["dict"], (_common(list(value), names), _common(list(value.values()), names))
            )
    raise Unspoken(f"{value!r:.60} has no type of its own there")


def _common(values: Sequence[object], names: Mapping[str, str]) -> Type:
    """The one type of all of them; whole numbers become fractions beside fractions."""
    found = list(dict.fromkeys(natural(one, names) for one in values)) or [Type(names["int"])]
    if len(found) == 1:
        return found[0]
    for wider in ("float", "long"):
        numbers = {one.name for one in found} <= {names["int"], names["long"], names[wider]}
        if numbers and Type(names[wider]) in found:
            return Type(names[wider])
    # An empty list says nothing of what it holds, and counts as one of whole numbers above.
    full = [one for one in found if one != Type(names["list"], (Type(names["int"]),))]
    if len(full) == 1 and full[0].name == names["list"]:
        return full[0]
    raise Unspoken("its items have several types")
