"""The requirement record: what is asked, as typed fields, and how it is laid out in files and functions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What is to be written."""

    FUNCTION = "function"
    FUNCTIONS = "functions"
    CLASS = "class"
    SCRIPT = "script"
    PROJECT = "project"
    REFACTORING = "refactoring"  # of code that is given: it goes on doing what it does


class Complexity(StrEnum):
    """How much there is to do (the case study's three words)."""

    SIMPLE = "simple"
    MEDIUM = "medium"
    COMPLEX = "complex"


@dataclass(frozen=True, slots=True)
class Part:
    """A function or class that was asked for.

    `params` is what stands between the brackets and `returns` the annotation, both as given; `params` is
    None when only the name is known. `task` is what the requirement says of it. `waits`: it is an async function.
    """

    name: str
    params: str | None = None
    returns: str = ""
    kind: Kind = Kind.FUNCTION
    file: str = ""
    task: str = ""
    waits: bool = False

    @property
    def opening(self) -> str:
        """The first line in Python, as far as it is known: `def area(width, height):`, `async def area(`."""
        if self.kind is Kind.CLASS:
            return f"class {self.name}:"
        begun = f"{'async ' if self.waits else ''}def {self.name}("
        if self.params is None:
            return begun
        return f"{begun}{self.params}){f' -> {self.returns}' if self.returns else ''}:"


@dataclass(frozen=True, slots=True)
class Example:
    """A call and what it has to give: Python expressions, as written. `setup` runs before.

    `raises` names the exception instead of a value. `code` is the assert for the sandbox.
    """

    entry: str
    call: str
    expected: str
    code: str
    setup: str = ""
    raises: str = ""
    objects: bool = False


@dataclass(frozen=True, slots=True)
class Architecture:
    """A suggestion: the files, what is in each, and the order in which they are written."""

    files: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()

    @property
    def order(self) -> tuple[str, ...]:
        return tuple(part.name for part in self.parts)


@dataclass(frozen=True, slots=True)
class Requirement:
    """What was understood, by rules alone.

    `stub` is code that the text opens and that is to be completed, `given` code to be corrected; `entry` the function or class that
    everything is about. `questions` are asked instead of an answer (at most two), `refused` says why
    nothing is written at all.
    """

    text: str
    language: str = "python"
    kind: Kind = Kind.FUNCTION
    entry: str | None = None
    stub: str = ""
    given: str = ""
    examples: tuple[Example, ...] = ()
    constraints: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    framework: str = ""
    complexity: Complexity = Complexity.SIMPLE
    components: tuple[str, ...] = ()
    challenges: tuple[str, ...] = ()
    architecture: Architecture = Architecture()
    questions: tuple[str, ...] = ()
    refused: str = ""

    @property
    def multi_part(self) -> bool:
        """Whether it is built part by part; code that is given is changed as a whole."""
        return len(self.architecture.parts) > 1 and not self.given

    @property
    def part(self) -> Part | None:
        """The part that `entry` names."""
        return next((one for one in self.architecture.parts if one.name == self.entry), None)
