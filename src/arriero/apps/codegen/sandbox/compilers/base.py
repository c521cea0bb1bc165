"""The compilers and interpreters of this machine: where they are, what a box has to show for them, how they are called.

They are looked for under /usr, where a distribution puts them: what lies in somebody's home is not shown to code that
nobody trusts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from arriero.apps.codegen.sandbox.interpreter import Mount

WHERE = "/usr/bin:/usr/local/bin"
MADE = "/work/made"  # the folder that a compiler writes to


@dataclass(frozen=True, slots=True)
class Compiler:
    """How programs of one language are built and started.

    `build` and `start` are argvs, in which `{entry}` is the file that holds `main`, `{file}` its name, `{main}` the class
    of it and `{memory}` what it may use, in MiB. Where `build` is empty nothing is built: the program's own files lie in
    `MADE`, and `start` names the interpreter that reads them there. `shows` are mounts beside Python's for the compiler, `serves` those for what it makes.
    `reserves`, `processes` and `memory_mb` (of its own, beside the program's) are what its runtime needs. `reworded` puts
    what it refuses into GCC's form, `main.go:3:5: error: undefined: x`, by which all are read; of an interpreter, which
    says everything on the same way, it gives "" where nothing was refused.
    `newer` finds in it what a newer one takes: it says nothing against the code.
    """

    language: str
    told: str
    build: tuple[str, ...]
    start: tuple[str, ...]
    shows: tuple[Mount, ...]
    serves: tuple[Mount, ...]
    reserves: bool = False
    processes: int = 0
    memory_mb: int = 0
    reworded: Callable[[str], str] = str
    newer: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Language:
    """A language that a `tool` makes programs of or runs, its Debian package, and a program that prints 42."""

    name: str
    told: str
    ends: tuple[str, ...]
    package: str
    find: Callable[[], Compiler | None]
    hello: str
    tool: str = "compiler"

    @property
    def remedy(self) -> str:
        """What brings it."""
        return f"as root: apt-get install {self.package}"

    @property
    def absent(self) -> str:
        """Why it is not executed where it is not there."""
        return f"{self.missing}; {self.remedy}"

    @property
    def missing(self) -> str:
        """What is not there."""
        return f"there is no {self.tool} of {self.told} here"


def first_refusal(refused: re.Pattern[str], said: str) -> str:
    """What an interpreter refused first, in GCC's form; "" where it refused nothing.

    `refused` finds a `file`, a `line` and what is `said` of it, or else `where`, `at` and what is `lacking`.
    """
    found = refused.search(said)
    if found is None:
        return ""
    file, line = (found["file"], found["line"]) if found["file"] else (found["where"], found["at"])
    return f"{file}:{line}: error: {found['said'] or found['lacking']}".replace(f"{MADE}/", "")
