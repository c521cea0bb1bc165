"""The variables at one point of a function: their values, what they were made of, and what was vouched for."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

from arriero.apps.codegen.security.guards import Vouched
from arriero.apps.codegen.security.names import paths
from arriero.apps.codegen.security.value import CONSTANT, Value, joined


@dataclass(slots=True)
class Env:
    """`values` by written name (`path`, `self.path`); `origins` names the variables that each was made of."""

    values: dict[str, Value] = field(default_factory=dict)
    origins: dict[str, frozenset[str]] = field(default_factory=dict)
    vouched: dict[str, frozenset[str]] = field(default_factory=dict)  # by the text of an expression

    def copy(self) -> Env:
        return Env(dict(self.values), dict(self.origins), dict(self.vouched))

    def bind(self, name: str, value: Value, of: Iterable[str] = ()) -> None:
        self.values[name] = value
        self.origins[name] = frozenset(of) - {name}
        self.vouched.pop(name, None)

    def accept(self, given: Iterable[Vouched]) -> None:
        """Take over what a condition vouches for: the variables in it, and what they were made of."""
        for one in given:
            for part in ast.walk(one.subject):
                if isinstance(part, ast.Attribute | ast.Subscript | ast.Call):
                    text = ast.unparse(part)
                    self.vouched[text] = self.vouched.get(text, frozenset()) | one.uses
            for name in self._closure(paths(one.subject)):
                if name in self.values:
                    self.values[name] = self.values[name].cleaned(one.uses)

    def merge(self, other: Env) -> None:
        """What holds on both ways here: used where two branches meet."""
        for name, value in other.values.items():
            mine = self.values.get(name)
            self.values[name] = value if mine is None or mine == value else _met(mine, value)
            self.origins[name] = self.origins.get(name, frozenset()) | other.origins.get(
                name, frozenset()
            )
        self.vouched = {
            text: uses & other.vouched[text]
            for text, uses in self.vouched.items()
            if text in other.vouched
        }

    def _closure(self, names: Iterable[str]) -> frozenset[str]:
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(self.origins.get(name, ()))
        return frozenset(found)


def _met(one: Value, other: Value) -> Value:
    made = one.made if one.made == other.made else ""
    both = joined((one, other))
    return both.seen_as(made) if both != CONSTANT else both
