"""A sandbox for JavaScript and TypeScript: QuickJS as WebAssembly, which reaches nothing but its own memory.

No file, network, process or clock of this machine is lent to it. Code and tests are in two such engines, made anew
for each test; a call crosses as plain values, so code can lie about what it returns and never about whether that
was right. What is no plain value (an instance of a class, a function) does not cross: such a test is told as failed
by its reason. A promise is waited for within the time: its value crosses, and what it is rejected with is raised.
Types of TypeScript are taken off, not checked.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from arriero.apps.codegen.sandbox.base import Limit, Limits, Program, Ran, Sandbox, Test, Tested
from arriero.core.errors import MissingExtra

ENDS = (".js", ".mjs", ".cjs", ".ts", ".mts")
INSIDE = Path(__file__).with_name("inside")
STACK = 512 * 1024  # bytes of the engine's own stack: some thousand calls deep
NAME = re.compile(r"[A-Za-z_$][\w$]*")
EXPORTS = re.compile(
    r"^export\s+(?:default\s+)?(?=(?:async\s+)?(?:function|class|const|let|var|type|interface|enum|abstract)\b)",
    re.MULTILINE,
)
EXPORTED = re.compile(
    r"^export\s*\{[^}]*\}\s*;?|^export\s+default\s+(?=[\w$]+\s*;?\s*$)", re.MULTILINE
)
# What a script of Node finds: somewhere to export to, and a console that says nothing.
NODE = """
var module = { exports: {} }, exports = module.exports;
var console = { log() {}, error() {}, warn() {}, info() {}, debug() {}, assert() {} };
var require = (name) => { throw new Error(`Cannot find module '${name}'`); };
"""
# A test that waits by itself: nothing would see it fail. The calls of one are waited for, so that none need to.
WAITING = re.compile(
    r"\bawait\s+[\w$.]+\s*\(|\basync\s*(?:\(|function\b|\w+\s*=>)|\)\s*\.(?:then|catch)\s*\("
)
NEVER = '{"raised": ["Error", "its promise is never settled"]}'
SCOPE = (
    "\n;(__name) => eval(__name)"  # looks up what the script declares, its `const` and `class` too
)
RESERVED = frozenset(
    "assert await break case catch class console const continue debugger default delete do else enum export extends "
    "false finally for function if import in instanceof let new null of require return super switch this throw true try "
    "typeof undefined var void while with yield Array Object JSON Math Number String Boolean Map Set Date BigInt NaN "
    "Infinity Error TypeError RangeError Symbol Promise RegExp parseInt parseFloat isNaN isFinite globalThis".split()
)


class NotHere(Exception):  # it never leaves this file
    """This sandbox cannot say whether the program is right."""


@dataclass(frozen=True)
class JavaScript:
    """The engine's package. One program is one thread; nothing of it is kept."""

    package: Any
    errors: tuple[type[Exception], ...]

    @property
    def unusable(self) -> tuple[type[Exception], ...]:
        """What an engine raises that does not start, or that is of another version than was tested."""
        return (*self.errors, AttributeError)

    @classmethod
    def open(cls) -> JavaScript:
        """Compiles the engine (0.3 s, once a process). Raises `MissingExtra` when its package is not installed."""
        try:
            package = importlib.import_module("quickjs_rs")
            engine = importlib.import_module("wasmtime")
        except ImportError:
            raise MissingExtra("quickjs-rs", "codegen") from None
        sandbox = cls(package, (package.QuickJSError, engine.Trap, engine.WasmtimeError))
        with sandbox._engine(Limits()):
            return sandbox

    async def run(self, program: Program, limits: Limits) -> Ran:
        """The result of each test. What is more than one file, or has no tests, is not executed here."""
        if not program.entry.endswith(ENDS):
            return Ran.not_executed(f"javascript: {program.entry} is no JavaScript")
        if not program.tests:
            return Ran.not_executed("javascript: there are no tests")
        if any(name.endswith(ENDS) for name in program.files if name != program.entry):
            return Ran.not_executed("javascript: it is more than one file")
        if any(WAITING.search(test.code) for test in program.tests):
            return Ran.not_executed("javascript: a test waits for promises; calls are waited for")
        try:
            return await asyncio.to_thread(self._run, program, limits)
        except NotHere as error:
            return Ran.not_executed(f"javascript: {error}")

    def _run(self, program: Program, limits: Limits) -> Ran:
        # Before the time runs: what takes the types off is made once a process, and that takes a second.
        code, broken = self._transformed(program)
        if broken:
            failed = tuple(Tested(test.name, passed=False, reason=broken) for test in program.tests)
            return Ran(0, tests=failed, by="javascript")
        begun = monotonic()
        ends = begun + limits.wall_s
        found: list[Tested] = []
        said = _Said(limits.output_kb << 10)
        hit: Limit | None = None
        for test in program.tests:
            if monotonic() >= ends:
                hit = hit or Limit.WALL
                found.append(
                    Tested(
                        test.name, passed=False, reason=f"no result: the {hit} limit was reached"
                    )
                )
                continue
            reason, reached = self._tested(program.entry, code, test, limits, ends, said)
            hit = hit or reached
            found.append(Tested(test.name, passed=not reason, reason=reason))
        wall = monotonic() - begun
        return Ran(0, said.text, wall_s=wall, hit=hit, tests=tuple(found), by="javascript")

    def _transformed(self, program: Program) -> tuple[str, str]:
        """(the program as a script without types, why there is none)."""
        try:
            code = _plain(self.package, program.files[program.entry], program.entry)
        except self.errors as error:
            return "", f"while it was loaded: {_told(error, self.package)}"
        return EXPORTED.sub("", EXPORTS.sub("", code)), ""

    def _tested(
        self, entry: str, program: str, test: Test, limits: Limits, ends: float, said: _Said
    ) -> tuple[str, Limit | None]:
        """(why it failed, the limit that it ran into)."""
        package = self.package
        with ExitStack() as stack:
            try:
                inner = _Subject(
                    stack.enter_context(self._engine(limits, ends)), package, self.errors, ends
                )
                outer = stack.enter_context(self._engine(limits, ends))
            except self.unusable as error:  # of another version than was tested
                raise NotHere(f"the engine does not start: {error}"[:300]) from None
            try:
                inner.load(program)
            except self.errors as error:
                return f"while it was loaded: {_told(error, package)}", _limit(error, package)
            try:
                outer.eval(_script("bridge.js"))
                outer.eval(_script("tests.js"))
                outer.register("__ask", inner.call)
                outer.register("__say", said.add)
                for name in inner.offered(test.code):
                    outer.eval(f"globalThis.{name} = __bridge.remote({json.dumps(name)}, __ask); 0")
                code = _plain(package, _without_imports(test.code), f"test{entry}")
                outer.eval(_sloppy("(() => { " + code + "\n })()") + "; 0")
            except self.errors as error:
                return inner.why or _told(error, package, inner.last), inner.hit or _limit(
                    error, package
                )
            return inner.why, inner.hit

    @contextmanager
    def _engine(self, limits: Limits, ends: float | None = None) -> Iterator[Any]:
        memory = limits.memory_mb << 20
        within = limits.wall_s if ends is None else max(0.001, ends - monotonic())
        with (
            self.package.Runtime(memory_limit=memory, stack_limit=STACK) as runtime,
            runtime.new_context(timeout=within) as context,
        ):
            # The engine's own count misses memory that it has asked for; WebAssembly's does not.
            context._engine_ctx._inst.store.set_limits(memory_size=memory)  # noqa: SLF001
            yield context


@dataclass
class _Said:
    """What tests print with `console.log`, up to `most` characters; what the code prints is not kept."""

    most: int
    text: str = ""

    def add(self, text: str) -> None:
        self.text += f"{text}\n"[: max(0, self.most - len(self.text))]


@dataclass
class _Subject:
    """The engine that holds the code. `why` is what leaves a test's result no pass, `last` the last call."""

    context: Any
    package: Any
    errors: tuple[type[Exception], ...]
    ends: float
    why: str = ""
    last: str = ""
    hit: Limit | None = None

    def load(self, code: str) -> None:
        self.context.eval(_script("bridge.js"))
        self.context.eval(_script("timers.js"))
        self.context.eval(NODE)
        self.context.eval(f"globalThis.__scope = {_sloppy(code + SCOPE)}; 0")

    def offered(self, test: str) -> list[str]:
        """The names of the test that are functions of the code."""
        names = sorted(set(NAME.findall(test)) - RESERVED)
        return [
            name for name in names if self.context.eval(f"typeof {_found(name)} === 'function'")
        ]

    def call(self, name: str, args: str) -> str:
        """Called by the tests' engine, with texts; so is what it answers."""
        if not NAME.fullmatch(name):
            raise ValueError("no such name")
        self.last = f"{name}({_values(args)})"
        try:
            told = self.context.eval(f"__bridge.call({_found(name)}, {json.dumps(args)})")
            told = told or self._settled()
        except self.errors as error:
            self.hit = _limit(error, self.package)
            self.why = f"{self.last}: {_told(error, self.package)}"
            raise
        if '"__not_plain"' in told[:200]:
            self.why = f"{self.last} returned what is no plain value"
        self.last += f" gave {_values(told)}"
        return str(told)

    def _settled(self) -> str:
        """What became of the promise of the last call. Timers run as soon as nothing else is left to do.

        Raises the package's error when the time is up.
        """
        while True:
            self._work_off()
            if (
                monotonic() >= self.ends
            ):  # which a promise is rejected for, as if its code had raised it
                raise self.package.TimeoutError("interrupted")
            told = self.context.eval("__bridge.came()")
            if told:
                return str(told)
            if not self.context.eval("__timers.next()"):
                return NEVER

    def _work_off(self) -> None:
        """Does what promises have put off. The package does that in an event loop alone, and a thread has none."""
        runtime = self.context._runtime  # noqa: SLF001
        runtime._deadline = self.ends  # noqa: SLF001
        try:
            # So many at a time that the time can be looked at.
            while self.context._engine_ctx.run_pending_jobs() > 0:  # noqa: SLF001
                if monotonic() >= self.ends:
                    break
        finally:
            runtime._deadline = None  # noqa: SLF001


def _found(name: str) -> str:
    """An expression that finds it: among what the script declares, or what it exports."""
    found = f"(typeof {name} !== 'undefined' ? {name} : module.exports[{json.dumps(name)}])"
    return f"__scope({json.dumps(found)})"


def _sloppy(code: str) -> str:
    """An expression that runs `code` as a script does: the engine's own way is strict, which scripts are not."""
    return f"(0, eval)({json.dumps(code)})"


def _plain(package: Any, code: str, name: str) -> str:
    """JavaScript; of TypeScript without its types. Raises the package's error for what is none."""
    if not name.endswith((".ts", ".mts")):
        return code
    kinds = package.SourceTransform
    return str(package.transform_source(name, code, flags=kinds.SOURCE_TS | kinds.STRIP_TYPESCRIPT))


def _without_imports(code: str) -> str:
    """A test that brings its own `require('assert')` finds the name taken; the same name is its own here."""
    return re.sub(r"^import\s+.*?['\"](?:node:)?assert.*?$", "", code, flags=re.MULTILINE)


def _values(text: str) -> str:
    """What crossed, to be read by a person; at most 300 characters."""
    try:
        told = json.loads(text)
        if "raised" in told:
            return f"{told['raised'][0]}: {told['raised'][1]}"[:300]
        shown = _shown(told.get("ok", told))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return ""
    return shown[1:-1][:300] if "ok" not in told else shown[:300]


def _shown(told: Any) -> str:
    kind, value = told["t"], told.get("v")
    if kind == "array":
        return f"[{', '.join(map(_shown, value))}]"
    if kind == "object":
        return "{" + ", ".join(f"{name}: {_shown(held)}" for name, held in value) + "}"
    if kind == "undefined":
        return "undefined"
    return json.dumps(value) if kind == "v" else f"{kind} {value}"


def _told(error: Exception, package: Any, last: str = "") -> str:
    behind = f" [{last}]" if last else ""
    if isinstance(error, package.JSError):
        return f"{error.name}: {error.message}"[:700] + behind
    if isinstance(error, package.InterruptError):
        return f"no result: the {Limit.WALL} limit was reached{behind}"
    if isinstance(error, package.MemoryLimitError):
        return f"no result: the {Limit.MEMORY} limit was reached{behind}"
    if type(error).__name__ == "Trap":
        return f"RangeError: it calls itself too deep, or uses too much memory{behind}"
    return f"{type(error).__name__}: {error}"[:300] + behind


def _limit(error: Exception, package: Any) -> Limit | None:
    if isinstance(error, package.InterruptError):
        return Limit.WALL
    return Limit.MEMORY if isinstance(error, package.MemoryLimitError) else None


def _script(name: str) -> str:
    return (INSIDE / name).read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class ByLanguage:
    """Gives programs whose file has one of the `ends` to `chosen`, everything else to `rest`."""

    chosen: Sandbox
    rest: Sandbox
    ends: tuple[str, ...] = ENDS

    async def run(self, program: Program, limits: Limits) -> Ran:
        one = self.chosen if program.entry.endswith(self.ends) else self.rest
        return await one.run(program, limits)
