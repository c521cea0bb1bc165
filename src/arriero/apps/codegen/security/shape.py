"""What a shape is handed, and how it says what it found: weaknesses that show in the form of the code alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from arriero.apps.codegen.security.findings import Severity, Span, Weakness
from arriero.apps.codegen.security.module import Event, Module
from arriero.apps.codegen.security.tables import table


@dataclass(frozen=True)
class Shaped:
    """A module and its events, with its nodes walked once."""

    module: Module
    events: tuple[Event, ...]

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        return tuple(ast.walk(self.module.tree))

    def of(self, *kinds: type[ast.AST]) -> Iterator[Any]:
        """Every node of these kinds."""
        return (node for node in self.nodes if isinstance(node, kinds))

    @cached_property
    def handlers(self) -> dict[int, str]:
        """Line -> text of each function that strangers call."""
        found: dict[int, str] = {}
        for event in self.events:
            if event.scope.handler:
                found.setdefault(getattr(event.scope.node, "lineno", 0), event.scope.text)
        return found


@cache
def _words() -> dict[str, dict[str, Any]]:
    return dict(table("shapes"))


def weakness(shape: str, node: ast.AST, *fill: object) -> Weakness:
    """The weakness `shape` at `node`, in the words of rules/shapes.toml."""
    row = _words()[shape]
    return Weakness(
        row["cwe"],
        Severity(row["severity"]),
        Span.of(node),
        row["message"].format(*fill) if fill else row["message"],
        row["safe"],
        shape,
    )
