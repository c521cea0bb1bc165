"""`examine`: all checks of one subject, side by side, within a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import TypeVar

from arriero.apps.codegen.judge import execute, imports, parse
from arriero.apps.codegen.judge.base import Subject, Switches
from arriero.apps.codegen.judge.report import Imports, Report, Tests
from arriero.apps.codegen.sandbox.base import Limits, Sandbox

T = TypeVar("T")
EVERYTHING = Switches()


@dataclass(slots=True)
class _Timed:
    """Milliseconds each check took, and why some did not run."""

    ms: dict[str, float] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    def now(self, name: str, check: Callable[[], T]) -> T:
        begun = perf_counter()
        try:
            return check()
        finally:
            self.ms[name] = (perf_counter() - begun) * 1_000

    async def wait(self, name: str, check: Awaitable[T]) -> T:
        begun = perf_counter()
        try:
            return await check
        finally:
            self.ms[name] = (perf_counter() - begun) * 1_000


async def examine(
    subject: Subject, sandbox: Sandbox, switches: Switches = EVERYTHING, *, within_s: float = 5.0
) -> Report:
    """What every check says of `subject`. Code that does not parse, or imports what does not exist, is not run.

    Never raises because of what the code is or does. `within_s` bounds the whole.
    """
    timed = _Timed()
    syntax, why = timed.now("syntax", lambda: parse.problems(subject))
    if why:
        timed.skipped["syntax"] = why
    if not switches.syntax:
        timed.skipped["syntax"] = "switched off"
    if syntax:
        told = Tests(executed=False, reason="it does not parse")
        shown = syntax if switches.syntax else ()
        return Report(
            subject.language,
            syntax=shown,
            tests=told,
            times_ms=timed.ms,
            off=switches.off,
            skipped=timed.skipped,
        )
    found = timed.now("imports", lambda: imports.imports(subject))
    tests = await _run(subject, sandbox, found, timed, within_s)
    return Report(
        subject.language,
        imports=found,
        tests=tests,
        times_ms=timed.ms,
        off=switches.off,
        skipped=timed.skipped,
    )


async def _run(
    subject: Subject, sandbox: Sandbox, found: Imports, timed: _Timed, within_s: float
) -> Tests:
    if found.unknown or found.forbidden:
        return Tests(executed=False, reason="it imports what does not exist here or was forbidden")
    if subject.language != "python":
        return Tests(executed=False, reason=f"{subject.language} is not executed here")
    return await timed.wait("tests", execute.run(subject, sandbox, Limits(wall_s=within_s)))
