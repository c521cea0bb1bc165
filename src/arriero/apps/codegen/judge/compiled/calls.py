"""A call of an example, and whether what came of it is what was expected.

The expected value never enters a box: code that shares a process with what calls it can say anything, but not what
it does not know.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from arriero.apps.codegen import trees
from arriero.apps.codegen.requirement_plain import NEAR_ENOUGH
from arriero.apps.codegen.sandbox.base import Test


@dataclass(frozen=True, slots=True)
class Call:
    """A function, the plain values that it is given, and the one that it has to give."""

    function: str
    args: tuple[object, ...]
    expected: object

    @property
    def told(self) -> str:
        """`f([1, 2], 'a')`"""
        return f"{self.function}({', '.join(map(repr, self.args))})"


@dataclass(frozen=True, slots=True)
class Object:
    """What came back and is no plain value; its type, if the language told."""

    type: str


def call_of(test: Test) -> Call | None:
    """The call of a test that reads `assert f(plain values) == plain value`; None of any other."""
    try:
        match trees.parse(test.code).body:
            case [
                ast.Assert(
                    test=ast.Compare(
                        left=ast.Call(func=ast.Name(id=name), args=args, keywords=[]),
                        ops=[ast.Eq()],
                        comparators=[expected],
                    )
                )
            ]:
                return Call(name, tuple(map(trees.literal, args)), trees.literal(expected))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        pass
    return None


def plain(told: Any) -> object:
    """A value from the JSON that a driver prints, where `{"m": pairs}` is a map and `{"o": type}` no plain value."""
    match told:
        case {"m": [*pairs]}:
            return {_key(plain(key)): plain(held) for key, held in pairs}
        case {"o": kind}:
            return Object(str(kind))
        case [*items]:
            return [plain(one) for one in items]
        case _:
            return told


def _key(value: object) -> object:
    """A key as Python is able to hold it; a map that is a key is no plain value."""
    match value:
        case list():
            return tuple(map(_key, value))
        case dict():
            return Object("a map as a key")
    return value


def holds_object(value: object) -> bool:
    """Whether something in it is no plain value."""
    match value:
        case Object():
            return True
        case [*items]:
            return any(map(holds_object, items))
        case Mapping():
            return any(map(holds_object, (*value, *value.values())))
    return False


def is_literal(value: object) -> bool:
    """Whether a test is able to name it: it holds no object, and no number that is endless or none."""
    match value:
        case float():
            return math.isfinite(value)
        case Object():
            return False
        case list() | tuple():
            return all(map(is_literal, value))
        case Mapping():
            return all(map(is_literal, (*value, *value.values())))
    return True


def same(expected: object, got: object, *, truth: bool = False, letters: bool = False) -> bool:
    """Whether they are equal as far as languages can agree: sequences by their items, numbers within the examples' own slack.

    `truth`: the language has no truth values of its own, so that any number but 0 is true; `letters`: its letters are numbers.
    """
    match expected:
        case bool():
            return got is expected or (truth and isinstance(got, int) and bool(got) is expected)
        case int() | float():
            return (
                not isinstance(got, bool) and isinstance(got, int | float) and _near(expected, got)
            )
        case list() | tuple():
            return (
                isinstance(got, list | tuple)
                and len(got) == len(expected)
                and all(
                    same(*pair, truth=truth, letters=letters)
                    for pair in zip(expected, got, strict=True)
                )
            )
        case str() if letters and isinstance(got, int | list):
            return got in (
                ord(expected) if len(expected) == 1 else None,
                [*map(ord, expected)],
                [*expected.encode()],
            )
        case set() | frozenset():
            items = got if isinstance(got, list) else []
            found = [any(same(one, item) for item in items) for one in expected]
            return isinstance(got, list) and len(items) == len(expected) and all(found)
        case dict():
            return (
                isinstance(got, dict)
                and len(got) == len(expected)
                and all(
                    any(same(key, other) and same(held, its) for other, its in got.items())
                    for key, held in expected.items()
                )
            )
        case _:
            return expected == got


def _near(expected: float, got: float) -> bool:
    if isinstance(expected, int) or expected.is_integer() or not math.isfinite(expected):
        return expected == got
    try:
        return abs(expected - got) < NEAR_ENOUGH
    except OverflowError:  # a whole number beyond all fractions
        return False
