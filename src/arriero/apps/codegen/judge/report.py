"""What the checks say of a piece of code: one report, whose parts are values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from arriero.apps.codegen.judge.scripts import lacks
from arriero.apps.codegen.sandbox.base import Test
from arriero.apps.codegen.security.findings import Findings

COMPILER = "compiler"  # the rule of what a compiler refuses


@dataclass(frozen=True, slots=True)
class Edit:
    """`text` instead of what stands from a place to before another, each a line and a column (from 1)."""

    begin: tuple[int, int]
    end: tuple[int, int]
    text: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, in a line (from 1; 0: of the whole file) of `file` (empty: the code itself).

    `edits` are what whoever found it is sure to mend it by.
    """

    line: int
    message: str
    rule: str = ""
    file: str = ""
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True, slots=True)
class Imports:
    """Imports that no installed, declared or standard package answers to, and those that the caller forbids.

    An unknown package is never installed: a name that a model made up may be somebody's trap.
    """

    unknown: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """A test that failed. `call` gave `got` instead of `expected`, or raised `error`.

    All are texts as the test's own process told them; `line` is where in the code it was raised, if that is known.
    """

    name: str
    call: str = ""
    expected: str = ""
    got: str = ""
    error: str = ""
    line: int | None = None

    @property
    def told(self) -> str:
        """`add(1, 2) gave 4, expected 3`"""
        if self.call and self.got:
            return f"{self.call} gave {self.got}, expected {self.expected}"
        if self.call:
            return f"{self.call}: {self.error}" + (f" in line {self.line}" if self.line else "")
        return f"{self.name}: {self.error}"


@dataclass(frozen=True, slots=True)
class Tests:
    """How the caller's examples went, and what was tried beside them.

    `reason` says why nothing was executed, `crashed` how a script without examples ended in an
    error: that counts as not executed. `generated` are tests of our own that kill a mutant: they write down what
    the code does, so they prove nothing about what was asked. `strength` is the share of the code's mutants that the
    caller's examples kill (None: not measured), `loose` the share that they let live though other calls tell it apart
    from the code. `odd` are properties that do not hold. `came` is what calls came to, those
    of the examples and others near them: the call and its value, "" where it gave none. `broken` is what a compiler says of
    code that it refuses.
    """

    __test__ = False

    executed: bool
    reason: str = ""
    passed: tuple[str, ...] = ()
    failed: tuple[Failure, ...] = ()
    generated: tuple[Test, ...] = ()
    strength: float | None = None
    mutants: int = 0
    loose: float = 0.0
    odd: tuple[Problem, ...] = ()
    came: tuple[tuple[str, str], ...] = ()
    by: str = ""
    broken: tuple[Problem, ...] = ()
    crashed: str = ""

    @property
    def unproved(self) -> str:
        """Why running says nothing for it: it was not executed, or it crashed. Empty where it ran."""
        if self.crashed:
            return f"it was run and crashed: {self.crashed}"
        return "" if self.executed else f"not executed: {self.reason}"

    @property
    def fault(self) -> str:
        """How it crashed by a fault of its own, which another draft may not have; "" where it did not, or lacked what no box has."""
        return "" if lacks(self.crashed) else self.crashed

    @property
    def ratio(self) -> float | None:
        """The share of the examples that passed; None when there are none or nothing ran."""
        count = len(self.passed) + len(self.failed)
        return len(self.passed) / count if self.executed and count else None


@dataclass(frozen=True, slots=True)
class Scaling:
    """How time grows with the size of the input: the class that fits best, seconds at each size, most memory seen.

    Measured in the code's own process, which could lie about it; nothing but the performance term rests on it.
    """

    grows: str
    sizes: tuple[int, ...]
    seconds: tuple[float, ...]
    peak_mb: float
    sure: bool


@dataclass(frozen=True, slots=True)
class Report:
    """All checks of one subject. `off` are switched off, `skipped` could not run here, each with its reason."""

    language: str
    syntax: tuple[Problem, ...] = ()
    imports: Imports = Imports()
    types: tuple[Problem, ...] = ()
    lint: tuple[Problem, ...] = ()
    findings: Findings | None = None
    secrets: tuple[Problem, ...] = ()
    copied: tuple[Problem, ...] = ()
    errors: tuple[Problem, ...] = ()
    agreement: tuple[Problem, ...] = ()
    slow: tuple[Problem, ...] = ()
    complexity: int | None = None
    documented: float | None = None
    tests: Tests = Tests(executed=False, reason="there was nothing to execute")
    performance: Scaling | None = None
    times_ms: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    off: tuple[str, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def blocked(self) -> str:
        """Why it must not be shown as working code; empty when nothing stands against it."""
        if self.syntax:
            first = self.syntax[0]
            return f"line {first.line}: {first.message}" if first.line else first.message
        if self.imports.unknown:
            return f"imports that do not exist here: {', '.join(self.imports.unknown)}"
        if self.imports.forbidden:
            return f"imports that were forbidden: {', '.join(self.imports.forbidden)}"
        return ""
