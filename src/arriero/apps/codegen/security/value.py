"""What is known of an expression's value: where its parts come from, and what each was made safe for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

ANY = "any"  # safe for every use, except as a size or a divisor
ALL = frozenset({ANY})
NOTHING: frozenset[str] = frozenset()
LOCAL = frozenset({"argv", "input", "environment", "file", "socket"})
PARAMETER = frozenset({"parameter"})
STRANGERS = LOCAL | {"request", "entry"}
NUMERIC = frozenset({"size", "zero"})  # what a number can still do


@dataclass(frozen=True, slots=True)
class Part:
    """Something that a value holds: who said it (empty: the program, not constant), and the uses it is safe for."""

    source: str = ""
    clean: frozenset[str] = NOTHING

    def safe_for(self, use: str) -> bool:
        return use in self.clean or (ANY in self.clean and use not in NUMERIC)


@dataclass(frozen=True, slots=True)
class Value:
    """A value of the program: its parts, whether it is text put together from them, and the call that made it.

    A constant has no parts.
    """

    parts: frozenset[Part] = frozenset()
    built: bool = False
    made: str = ""

    @property
    def dynamic(self) -> bool:
        return bool(self.parts)

    @property
    def sources(self) -> frozenset[str]:
        return frozenset(part.source for part in self.parts if part.source)

    @property
    def clean(self) -> frozenset[str]:
        """What every part is safe for."""
        cleans = [part.clean for part in self.parts]
        if not cleans:
            return NOTHING
        whole = cleans[0]
        for one in cleans[1:]:
            whole = _both(whole, one)
        return whole

    def unsafe(self, use: str) -> frozenset[str]:
        """The sources of the parts that are not safe for this use; the program itself is the empty one."""
        return frozenset(part.source for part in self.parts if not part.safe_for(use))

    def cleaned(self, uses: Iterable[str]) -> Value:
        more = frozenset(uses)
        return (
            replace(
                self, parts=frozenset(Part(part.source, part.clean | more) for part in self.parts)
            )
            if more
            else self
        )

    def soiled(self, uses: Iterable[str]) -> Value:
        """The same, no longer safe for these uses."""
        less = frozenset(uses)
        return replace(
            self, parts=frozenset(Part(part.source, part.clean - less) for part in self.parts)
        )

    def without(self, source: str) -> Value:
        kept = frozenset(part for part in self.parts if part.source != source)
        return replace(self, parts=kept or UNKNOWN.parts)

    def also(self, source: str) -> Value:
        """The same value, said by `source` as well."""
        return replace(self, parts=self.parts | {Part(source)}) if source else self

    def seen_as(self, made: str) -> Value:
        return replace(self, made=made)


CONSTANT = Value()
UNKNOWN = Value(frozenset({Part()}))


def said_by(source: str, made: str = "") -> Value:
    """A value that comes from `source`."""
    return Value(frozenset({Part(source)}), made=made)


def joined(values: Iterable[Value], *, built: bool = False) -> Value:
    """A value that holds all of these; of parts with the same source only what cleans each counts."""
    parts: dict[str, frozenset[str]] = {}
    made: set[str] = set()
    was_built = False
    for value in values:
        for part in value.parts:
            known = parts.get(part.source)
            parts[part.source] = part.clean if known is None else _both(known, part.clean)
        was_built = was_built or value.built
        made.add(value.made)
    whole = frozenset(Part(source, clean) for source, clean in parts.items())
    if built:
        return Value(whole, built=bool(whole), made="text")
    return Value(whole, was_built, made.pop() if len(made) == 1 else "")


def _both(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    shared = one & other
    if ANY in one:
        shared |= other - NUMERIC
    if ANY in other:
        shared |= one - NUMERIC
    return shared
