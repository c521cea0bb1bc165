"""`examine`: all checks of one subject, side by side, within a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TypeVar

from arriero.apps.codegen.judge import (
    agreement,
    complexity,
    execute,
    forms,
    handled,
    imports,
    lint_javascript,
    parse,
    slow,
    tried_javascript,
    whole_javascript,
)
from arriero.apps.codegen.judge.base import Subject, Switches
from arriero.apps.codegen.judge.child import ToolError
from arriero.apps.codegen.judge.compiled import examples as compiled
from arriero.apps.codegen.judge.compiled.includes import included
from arriero.apps.codegen.judge.compiled.table import DIALECTS
from arriero.apps.codegen.judge.compiled.tried import tried as compiled_tried
from arriero.apps.codegen.judge.compiled.untyped import Untyped
from arriero.apps.codegen.judge.copied import Known
from arriero.apps.codegen.judge.lint import lint
from arriero.apps.codegen.judge.report import Imports, Problem, Report, Tests
from arriero.apps.codegen.judge.secrets import secrets
from arriero.apps.codegen.judge.tried import Tried, came, kept, odd, same, tried
from arriero.apps.codegen.judge.types import types
from arriero.apps.codegen.sandbox.base import Limits, Sandbox
from arriero.apps.codegen.security.findings import Findings
from arriero.apps.codegen.security.scan import scan
from arriero.core.errors import InputError, MissingExtra

T = TypeVar("T")
EVERYTHING = Switches()
JAVASCRIPT = ("javascript", "jsx", "tsx", "typescript")
EXECUTED = (
    "python",
    "javascript",
    "typescript",
    *DIALECTS,
)  # what the sandbox has an engine or compilers for


@dataclass(slots=True)
class _Timed:
    """Milliseconds each check took, and why some gave nothing."""

    ms: dict[str, float] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    def now(self, name: str, check: Callable[[], T]) -> T:
        begun = perf_counter()
        try:
            return check()
        finally:
            self.ms[name] = round((perf_counter() - begun) * 1_000, 2)

    async def wait(self, name: str, check: Awaitable[T], otherwise: T) -> T:
        """`otherwise` where the check cannot be made here."""
        begun = perf_counter()
        try:
            return await check
        except (MissingExtra, ToolError, InputError) as error:
            self.skipped[name] = error.message
            return otherwise
        except TimeoutError:
            self.skipped[name] = "it took too long"
            return otherwise
        finally:
            self.ms[name] = round((perf_counter() - begun) * 1_000, 2)


async def examine(
    subject: Subject,
    sandbox: Sandbox,
    switches: Switches = EVERYTHING,
    *,
    known: Known | None = None,
    within_s: float = 5.0,
) -> Report:
    """What every check says of `subject`. Code that does not parse, or imports what does not exist, is not run.

    Never raises because of what the code is or does. `within_s` bounds every check; they run side by side.
    `known` are the sources that code must not be copied from.
    """
    begun = perf_counter()
    timed = _Timed()
    syntax, why = timed.now("syntax", lambda: parse.problems(subject))
    if why:
        timed.skipped["syntax"] = why
    report = Report(subject.language, times_ms=timed.ms, off=switches.off, skipped=timed.skipped)
    if syntax:
        told = Tests(executed=False, reason="it does not parse")
        return replace(report, syntax=syntax if switches.syntax else (), tests=told)
    found = timed.now("imports", lambda: imports.imports(subject))
    hidden = tuple(
        replace(one, file="" if name == subject.main else name)
        for name, text in subject.every.items()
        for one in secrets(text)
    )
    report = replace(report, imports=found, secrets=hidden)
    report = _read(subject, report, timed)
    if known is None:
        timed.skipped["copied"] = "no index of sources was given"
    else:
        report = replace(report, copied=timed.now("copied", lambda: known.copied(subject.code)))
    subject = await _as_before(subject, sandbox, found, timed, within_s)
    tests, attempts, heard, hints, findings = await asyncio.gather(
        _tests(subject, sandbox, found, timed, within_s),
        _tried(subject, sandbox, switches, found, timed, within_s),
        _lint(subject, timed, within_s),
        _types(subject, timed, within_s),
        _security(subject, switches, timed, within_s),
    )
    timed.ms["whole"] = round((perf_counter() - begun) * 1_000, 2)
    if _typed(subject) and not tests.executed:
        timed.skipped["types"] = f"the compiler of {subject.language} checks them when it is built"
    report = replace(report, lint=heard, types=hints, findings=findings)
    if tests.broken and switches.syntax:
        report = replace(report, syntax=tests.broken)
    return replace(report, tests=_joined(tests, attempts, subject), performance=attempts.scaling)


def _read(subject: Subject, report: Report, timed: _Timed) -> Report:
    """What reading the text alone says; a millisecond together."""
    report = replace(report, agreement=timed.now("agreement", lambda: agreement.agreement(subject)))
    try:
        report = replace(report, complexity=complexity.cognitive(subject.code, subject.language))
    except (KeyError, MissingExtra):
        timed.skipped["complexity"] = f"there is no grammar of {subject.language} here"
    if subject.language != "python":
        for name in ("slow", "documentation"):
            timed.skipped[name] = f"Python alone is read for this, not {subject.language}"
        return report
    return replace(
        report,
        documented=complexity.documented(subject.code),
        errors=(*handled.unhandled(subject.code), *forms.forms(subject.code)),
        slow=slow.slow(subject.code) if "performance" not in report.off else (),
    )


async def _as_before(
    subject: Subject, sandbox: Sandbox, found: Imports, timed: _Timed, within_s: float
) -> Subject:
    """With what the caller's own code does as its examples, where it is to go on doing that and no example is told."""
    if not subject.given or subject.tests or found.unknown or found.forbidden:
        return subject
    before = replace(subject, code=subject.given, given="", files={})
    if subject.language not in EXECUTED or parse.problems(before)[0]:
        return subject
    if subject.language in DIALECTS:
        limits = Limits(wall_s=within_s)
        before = replace(before, code=included(before.code, before.language))
        told, _ = await compiled_tried(before, DIALECTS[subject.language], sandbox, limits)
        return replace(subject, tests=same(told))
    if subject.language == "python":
        trying = tried(before, sandbox, performance=False, within_s=within_s)
    else:
        trying = whole_javascript.tried(before, sandbox, within_s=within_s)
    told = await timed.wait("before", trying, Tried(why="it cannot be made a program"))
    return replace(subject, tests=same(told))


async def _tests(
    subject: Subject, sandbox: Sandbox, found: Imports, timed: _Timed, within_s: float
) -> Tests:
    if found.unknown or found.forbidden:
        return Tests(executed=False, reason="it imports what does not exist here or was forbidden")
    if subject.language not in EXECUTED:
        return Tests(executed=False, reason=f"{subject.language} is not executed here")
    none = Tests(executed=False, reason="the examples cannot be made a program")
    judge = compiled.examples if subject.language in DIALECTS else execute.examples
    return await timed.wait("tests", judge(subject, sandbox, Limits(wall_s=within_s)), none)


async def _tried(
    subject: Subject,
    sandbox: Sandbox,
    switches: Switches,
    found: Imports,
    timed: _Timed,
    within_s: float,
) -> Tried:
    if found.unknown or found.forbidden or subject.language not in EXECUTED:
        return Tried()
    if subject.language in DIALECTS:
        return Tried()  # its examples, or what is called instead of them, say it all
    if subject.language == "python":
        trying = tried(subject, sandbox, performance=switches.performance, within_s=within_s)
    elif subject.tests:
        trying = tried_javascript.tried(subject, sandbox, within_s=within_s)
    else:
        trying = whole_javascript.tried(subject, sandbox, within_s=within_s)
    told = await timed.wait("tried", trying, Tried(why="it cannot be made a program"))
    if told.why:
        timed.skipped["tried"] = told.why
    return told


def _joined(tests: Tests, told: Tried, subject: Subject) -> Tests:
    """The examples' results, and what trying adds. Code without examples was executed if it was tried."""
    if told.crashed and not subject.tests:
        return replace(tests, crashed=told.crashed)
    if not told.outcomes and not told.killed:
        return tests
    if not subject.tests:
        by = "bubblewrap" if subject.language == "python" else "javascript"
        tests = Tests(executed=True, reason="it was tried; there are no examples", by=by)
    return replace(
        tests,
        generated=kept(told),
        strength=told.strength if subject.tests else None,
        mutants=len(told.killed),
        loose=told.loose,
        odd=odd(told, subject),
        came=came(told)
        if subject.language == "python"
        else (),  # of JavaScript types alone are told
    )


async def _lint(subject: Subject, timed: _Timed, within_s: float) -> tuple[Problem, ...]:
    if subject.language in JAVASCRIPT:
        return timed.now("lint", lambda: lint_javascript.lint(subject.code, subject.language))
    if subject.language != "python":
        timed.skipped["lint"] = f"there is no linter of {subject.language} here"
        return ()
    return await timed.wait("lint", lint(subject.code, within_s=within_s), ())


async def _types(subject: Subject, timed: _Timed, within_s: float) -> tuple[Problem, ...]:
    if _typed(subject):
        return ()  # code with an error of types is not built
    if subject.language != "python":
        timed.skipped["types"] = f"the types of Python alone are checked, not of {subject.language}"
        return ()
    checked = types(subject.every, subject.main, within_s=within_s)
    return await timed.wait("types", checked, ())


def _typed(subject: Subject) -> bool:
    """Whether its compiler checks its types."""
    dialect = DIALECTS.get(subject.language)
    return dialect is not None and not isinstance(dialect, Untyped)


async def _security(
    subject: Subject, switches: Switches, timed: _Timed, within_s: float
) -> Findings | None:
    if not switches.security:
        return None
    if subject.language != "python":
        timed.skipped["security"] = f"the scan reads Python alone, not {subject.language}"
        return None
    scanning = asyncio.wait_for(asyncio.to_thread(_scanned, subject), within_s)
    return await timed.wait("security", scanning, None)


def _scanned(subject: Subject) -> Findings:
    """The weaknesses of all files; those of further files name theirs."""
    found = scan(subject.code)
    others = [
        replace(one, message=f"{name}: {one.message}")
        for name, text in subject.files.items()
        if name.endswith(".py")
        for one in scan(text).weaknesses
    ]
    if not others:
        return found
    worst = sorted((*found.weaknesses, *others), key=lambda one: -one.severity.rank)
    return replace(found, weaknesses=tuple(worst))
