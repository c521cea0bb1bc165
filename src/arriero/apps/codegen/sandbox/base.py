"""What a sandbox is given and what it tells: programs, limits, and how a run went.

A sandbox that cannot hold a program does not run it: it answers `Ran.not_executed(reason)`. There is
no plain execution anywhere behind this Protocol.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath
from typing import ClassVar, Protocol

from arriero.core.errors import InputError

MAX_FILES = 256  # a file is a descriptor while the box is set up; 1,024 is a process's usual limit
MAX_BYTES = 4_000_000  # of all files together; a generated project is tens of kilobytes
MAX_NAME = 1_000  # Linux ends a path at 4,096 bytes, the folder it goes to included


class Limit(StrEnum):
    """Which limit ended a run, or made it fail."""

    WALL = "wall"
    CPU = "cpu"
    MEMORY = "memory"
    PROCESSES = "processes"
    DISK = "disk"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may use: seconds, MiB, counts.

    `memory_mb` holds for each process and for all of them together, `disk_mb` and `files` for what it
    writes, `output_kb` for stdout and stderr together. Defaults: a unit test of one function takes
    milliseconds and Python itself 10 MiB, so these stop only what runs away.
    """

    wall_s: float = 5.0
    cpu_s: float = 4.0
    memory_mb: int = 256
    processes: int = 16
    disk_mb: int = 16
    files: int = 1_000
    output_kb: int = 256

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if getattr(self, name) <= 0:
                raise InputError(f"limit {name} is {getattr(self, name)}; give more than 0")


@dataclass(frozen=True, slots=True)
class Test:
    """Code that calls the program's public names as if it had imported them, and asserts.

    It runs apart from the program, so only plain values can be right: an object of the program's own class
    equals nothing, unless `objects` grants that such objects say themselves how they compare. Grant it to
    tests of classes alone: whoever may say what equals it can pass any test.
    """

    __test__: ClassVar[bool] = False  # pytest need not look at it

    name: str
    code: str
    objects: bool = False


@dataclass(frozen=True, slots=True)
class Program:
    """Files and the one to start. With `tests`, `entry` is imported and the tests call what is in it.

    File names are relative, with `/`; `argv` and `stdin` go to the entry when there are no tests.
    """

    files: Mapping[str, str]
    entry: str = "main.py"
    argv: tuple[str, ...] = ()
    stdin: str = ""
    tests: tuple[Test, ...] = ()

    def __post_init__(self) -> None:
        if self.entry not in self.files:
            raise InputError(f"the program has no file {self.entry!r}; name one of its files")
        if len(self.files) > MAX_FILES:
            raise InputError(f"the program has {len(self.files)} files; {MAX_FILES} are allowed")
        if sum(len(text) for text in self.files.values()) > MAX_BYTES:
            raise InputError(f"the program is larger than {MAX_BYTES} characters; leave files out")
        for name in self.files:
            _check_name(name)
        if any("\0" in word for word in self.argv):
            raise InputError("an argument holds a NUL character; take it out")


def _check_name(name: str) -> None:
    parts = PurePosixPath(name).parts
    plain = name == "/".join(parts) and not name.startswith("/") and ".." not in parts
    if not plain or "\0" in name or not parts or len(name.encode(errors="replace")) > MAX_NAME:
        raise InputError(f"file name {name[:80]!r} is not plain and relative, such as 'pkg/mod.py'")


@dataclass(frozen=True, slots=True)
class Tested:
    __test__: ClassVar[bool] = False

    name: str
    passed: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run went. `status` is the exit status (negative: the signal), None when it was not executed.

    `hit` names the limit that ended it or that it ran into. `peak_mb` is the most memory seen, of all
    its processes together. `by` names the sandbox. `reason` says why it was not executed. `diagnosis` is what the compiler
    says of a program that it refuses; such a program did not run, and that is its own fault.
    """

    status: int | None
    stdout: str = ""
    stderr: str = ""
    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_mb: float = 0.0
    hit: Limit | None = None
    tests: tuple[Tested, ...] = ()
    by: str = ""
    reason: str = ""
    diagnosis: str = ""

    @property
    def executed(self) -> bool:
        return self.status is not None

    @property
    def passed(self) -> bool:
        """Whether it ran to its end within the limits and every test passed."""
        return self.status == 0 and self.hit is None and all(test.passed for test in self.tests)

    @classmethod
    def not_executed(cls, reason: str) -> Ran:
        return cls(status=None, reason=reason)


class Sandbox(Protocol):
    """Runs programs that nobody trusts.

    Never raises because of what a program does. What cannot be held is not executed and says why.
    """

    async def run(self, program: Program, limits: Limits) -> Ran: ...


@dataclass(frozen=True, slots=True)
class NoSandbox:
    """What stands where no sandbox works: nothing is executed, and `reason` is the answer."""

    reason: str

    async def run(self, program: Program, limits: Limits) -> Ran:
        return Ran.not_executed(self.reason)


@dataclass(slots=True)
class ScriptedSandbox:
    """A fake: answers what it was told for a program's entry text, and keeps what it was asked."""

    answers: Mapping[str, Ran]
    asked: list[Program] = field(default_factory=list)

    async def run(self, program: Program, limits: Limits) -> Ran:
        self.asked.append(program)
        unknown = Ran.not_executed("this fake was not told about that program")
        return self.answers.get(program.files[program.entry], unknown)
