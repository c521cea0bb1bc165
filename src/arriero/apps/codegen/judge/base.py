"""What is judged, and which checks are wanted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from arriero.apps.codegen.sandbox.base import Test
from arriero.core.errors import InputError, TooLarge

MAIN = "main.py"
ENDS = {
    "bash": "sh", "c": "c", "cpp": "cpp", "csharp": "cs", "go": "go", "java": "java", "javascript": "js",
    "jsx": "jsx", "kotlin": "kt", "php": "php", "ruby": "rb", "rust": "rs", "tsx": "tsx", "typescript": "ts",
}  # fmt: skip
LONGEST = 1_000_000  # characters of all files together; the security scan takes no more either
NAMES = {
    "c#": "csharp",
    "c++": "cpp",
    "golang": "go",
    "js": "javascript",
    "kt": "kotlin",
    "py": "python",
    "python3": "python",
    "rs": "rust",
    "sh": "bash",
    "shell": "bash",
    "ts": "typescript",
}


@dataclass(frozen=True, slots=True)
class Switches:
    """Which checks are wanted. One that is off is named in the report and caps the score."""

    syntax: bool = True
    security: bool = True
    performance: bool = True

    @property
    def off(self) -> tuple[str, ...]:
        return tuple(name for name in self.__slots__ if not getattr(self, name))


@dataclass(frozen=True, slots=True)
class Subject:
    """Code and what was asked of it.

    `entry` is the function or class that was asked for. `files` are further files of the same project (relative
    name -> text), `code` is the one called `main` (`main.js` in JavaScript, unless it is said). `tests` are the caller's examples. `declared` are packages that
    the caller says exist, `forbidden` imports that the caller forbids. `cut`: the model stopped by length. `asked`
    is what the caller wrote, if it does not stand in the code as its docstring. `given` is the caller's code that
    is to go on doing what it does. `text` is the whole requirement, read only for the numbers that it speaks of.
    """

    code: str
    language: str
    entry: str | None = None
    files: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    main: str = MAIN
    tests: tuple[Test, ...] = ()
    declared: frozenset[str] = frozenset()
    forbidden: frozenset[str] = frozenset()
    cut: bool = False
    asked: str = ""
    given: str = ""
    text: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "language", named(self.language))
        if self.main == MAIN and self.language in ENDS:
            object.__setattr__(self, "main", f"main.{ENDS[self.language]}")
        if self.main in self.files:
            raise InputError(
                f"`files` holds {self.main!r}, which is the code's own name; leave it out of `files`"
            )
        if len(self.code) + sum(map(len, self.files.values())) > LONGEST:
            raise TooLarge(f"the code is longer than {LONGEST:,} characters; judge it file by file")

    @property
    def every(self) -> Mapping[str, str]:
        """All files by name, the code's own first."""
        return {self.main: self.code, **self.files}


def named(language: str) -> str:
    """The one name of a language that has several."""
    plain = language.strip().lower()
    return NAMES.get(plain, plain)
