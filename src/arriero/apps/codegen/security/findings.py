"""What a scan says: weaknesses, each with its CWE number, severity, place, and the safe way."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad: `low` is advice; from `medium` on, code should not be shipped as it is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A place in the source: lines and columns (of characters, once scanned) from 1, the end column exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int

    @classmethod
    def of(cls, node: ast.AST) -> Span:
        """Where `node` stands; a module stands on its first line."""
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        return cls(
            line,
            column + 1,
            getattr(node, "end_lineno", None) or line,
            (getattr(node, "end_col_offset", None) or column) + 1,
        )

    def in_characters(self, lines: Sequence[str]) -> Span:
        """This place of Python's parser, whose columns count bytes of UTF-8, with columns in characters of `lines`."""
        begin, end = (
            len(lines[line - 1].encode("utf-8", "replace")[: column - 1].decode(errors="ignore"))
            + 1
            if line <= len(lines)
            else column
            for line, column in ((self.line, self.column), (self.end_line, self.end_column))
        )
        return Span(self.line, begin, self.end_line, end)


@dataclass(frozen=True, slots=True)
class Weakness:
    """One weak place. `cwe` is its number in MITRE's Common Weakness Enumeration; `safe` says what to write."""

    cwe: int
    severity: Severity
    span: Span
    message: str
    safe: str
    rule: str
    found_by: str = "arriero"


@dataclass(frozen=True, slots=True)
class Findings:
    """All weaknesses of one text, the worst first, and which tools were heard."""

    weaknesses: tuple[Weakness, ...]
    tools: tuple[str, ...]
    language: str = "python"

    @property
    def serious(self) -> tuple[Weakness, ...]:
        """Those of medium severity or above."""
        return tuple(one for one in self.weaknesses if one.severity is not Severity.LOW)

    @property
    def flagged(self) -> bool:
        """Whether anything of medium severity or above was found."""
        return bool(self.serious)


def merged(found: Sequence[Weakness]) -> tuple[Weakness, ...]:
    """One weakness a line and CWE number: the most severe, ours before a linter's; the worst first."""
    best: dict[tuple[int, int], Weakness] = {}
    for one in sorted(found, key=_weight):
        best.setdefault((one.span.line, one.cwe), one)
    return tuple(sorted(best.values(), key=lambda one: (-one.severity.rank, one.span, one.cwe)))


def _weight(one: Weakness) -> tuple[int, bool, Span]:
    return (-one.severity.rank, one.found_by != "arriero", one.span)
