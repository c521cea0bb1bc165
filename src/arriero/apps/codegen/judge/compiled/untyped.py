"""Languages whose parameters need no type: each value is given as what it is by itself. PHP and Ruby are read in their own modules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from arriero.apps.codegen.judge.compiled.dialect import (
    DRIVER,
    Driven,
    Unspoken,
    bodies,
    filled,
    ordered,
    session_of,
)
from arriero.apps.codegen.judge.guesses import OTHER
from arriero.apps.codegen.judge.guesses import Parameter as Asked
from arriero.apps.codegen.judge.sessions import Class, Method
from arriero.apps.codegen.sandbox.base import Program


@dataclass(frozen=True, slots=True)
class Parameter:
    """`needed`: it has no value of its own. `named`: it is given by its name. `changed`: what becomes of it reaches the caller."""

    name: str
    type: str = ""
    needed: bool = True
    named: bool = False
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """`on` is what it is called on, "" for nothing; `gives`: it returns what it makes."""

    name: str
    on: str
    parameters: tuple[Parameter, ...]
    gives: bool = True


@dataclass(frozen=True, slots=True)
class Members:
    """A class by the name that it is made with; None for the parameters of what is read without a call."""

    name: str
    made_with: tuple[Parameter, ...] = ()
    methods: Mapping[str, tuple[Parameter, ...] | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Literals:
    """How a language writes values; `whole` are the bounds of its whole numbers, `keys` the types that a map's keys may have.

    `symbols` are texts that are symbols where they are keys, as the code has them.
    """

    nothing: str
    text: Callable[[str], str]
    mapping: tuple[str, str]
    endless: str
    unknown: str
    whole: tuple[int, int] | None = None
    keys: tuple[type, ...] = (object,)
    symbols: frozenset[str] = frozenset()

    def written(self, value: object) -> str:
        """The value as an expression. Raises `Unspoken` where the language has none."""
        match value:
            case None:
                return self.nothing
            case bool():
                return "true" if value else "false"
            case int() if self.whole is None or self.whole[0] <= value <= self.whole[1]:
                return str(value)
            case float():
                return self._fraction(value)
            case str() if value.isascii() or _sound(value):
                return self.text(value)
            case list() | tuple() | set() | frozenset():
                return f"[{', '.join(map(self.written, ordered(value)))}]"
            case dict() if all(isinstance(key, self.keys) for key in value):
                pairs = (f"{self._key(key)} => {self.written(held)}" for key, held in value.items())
                return f"{self.mapping[0]}{', '.join(pairs)}{self.mapping[1]}"
        raise Unspoken(f"the language has no value like {value!r:.60}")

    def _key(self, key: object) -> str:
        symbol = isinstance(key, str) and key in self.symbols
        return f"{':' if symbol else ''}{self.written(key)}"

    def _fraction(self, value: float) -> str:
        text = repr(value)
        return {"inf": self.endless, "-inf": f"-{self.endless}", "nan": self.unknown}.get(text, text)  # fmt: skip


def _sound(text: str) -> bool:
    """Whether it has no half of a sign, which UTF-8 cannot hold."""
    return not any("\ud800" <= sign <= "\udfff" for sign in text)


def _as_it_is(value: object) -> object:
    return value


def _none(_: str) -> frozenset[str]:
    return frozenset()


@dataclass(frozen=True, slots=True)
class Untyped:
    """One language, by what reads it and what writes calls in it.

    `calling` gets a function and its values, `session` a class, what it is made with and the steps, all written; `opened`
    gives code as its file has to have it, `held` a value as the language is able to hold it, `last` the last definition of
    code that does nothing by itself, "" of any other, `symbols` the keys that code reads as symbols.
    """

    language: str
    end: str
    literals: Literals
    function: Callable[[str, str], Function]
    members: Callable[[str, str], Members | None]
    calling: Callable[[Function, Sequence[str]], str]
    session: Callable[[Members, Sequence[str], Sequence[tuple[str, Sequence[str] | None]]], str]
    last: Callable[[str], str]
    opened: Callable[[str], str] = str
    held: Callable[[object], object] = _as_it_is
    symbols: Callable[[str], frozenset[str]] = _none
    truthless: bool = False
    letterless: bool = False

    def alone(self, code: str) -> Driven:
        """The code as the program that it is by itself."""
        main = f"main.{self.end}"
        return Driven(Program({main: self.opened(code)}, main), main)

    def starts(self, code: str) -> bool:
        """Any file of it is a program."""
        return bool(code)

    def takes(self, code: str, entry: str) -> tuple[str, ...]:
        """The types of what has to be given, "" where none is written."""
        return tuple(one.type for one in self.asked(code, entry))

    def asked(self, code: str, entry: str) -> tuple[Asked, ...]:
        """What has to be given, as those who guess values know it."""
        return _asked(self.function(code, entry).parameters, "")

    def offers(self, code: str, entry: str) -> Class | None:
        """Its public methods that belong to objects, and what is read of them."""
        members = self.members(code, entry)
        if members is None:
            return None
        methods = tuple(
            Method(name, _asked(takes or (), entry), takes is None)
            for name, takes in members.methods.items()
        )
        return Class(entry, _asked(members.made_with, entry), methods)

    def driven(self, code: str, entry: str, rows: Sequence[tuple[object, ...]]) -> Driven:
        """A program of ours that reads the code's file and makes the calls."""
        made, said, unsaid = bodies(rows, self._writer(code, entry) if rows else str)
        main, driver = f"main.{self.end}", f"{DRIVER}.{self.end}"
        held = {"CODE": main, "CALLS": ",\n".join(made), "COUNT": str(len(made))}
        files = {driver: filled(f"driver.{self.end}", held), main: self.opened(code)}
        return Driven(Program(files, driver), main, said, unsaid=unsaid)

    def _writer(self, code: str, entry: str) -> Callable[[tuple[object, ...]], str]:
        """What writes one row."""
        members = self.members(code, entry)
        literals = replace(self.literals, symbols=self.symbols(code))

        def given(value: object) -> str:
            return OTHER if value == OTHER else literals.written(value)

        def session(held: Members, row: tuple[object, ...]) -> str:
            made, steps = session_of(held.name, row, held.methods)
            written = [
                (name, None if args is None else [*map(given, args)]) for name, args in steps
            ]
            return self.session(held, [*map(given, made)], written)

        if members is not None:
            return lambda row: session(members, row)
        function = self.function(code, entry)
        return lambda row: self.calling(function, [literals.written(one) for one in row])


def _asked(parameters: Sequence[Parameter], owner: str) -> tuple[Asked, ...]:
    """Those that have to be given; those of the class itself are another object of it."""
    return tuple(
        Asked("other") if owner and one.type == owner else Asked(one.name, one.type)
        for one in parameters
        if one.needed
    )
