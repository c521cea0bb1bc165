"""A sandbox for pure functions: Monty, a Python interpreter in Rust whose programs have no way to the system.

Milliseconds instead of tens of them, but a part of Python only. So it tells a run only when every test passed;
whatever else happens (a test that fails, an exception, a module or a class that it lacks) is "not executed",
and `Layered` asks a real Python. As in the boxes, tests and code are in two interpreters, and only plain
values cross.
"""

from __future__ import annotations

import ast
import asyncio
import importlib
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

from arriero.apps.codegen import trees
from arriero.apps.codegen.sandbox.base import Limits, Program, Ran, Sandbox, Test, Tested
from arriero.core.errors import MissingExtra

QUICK_S = 1.0  # what takes longer is nothing for this sandbox; a HumanEval task takes 10 ms
MAX_CALLS = (
    100_000  # of the code by its tests; Monty's own limit is 1,000 and stops loops over inputs
)
DEPTH = 1_000  # CPython's own limit of recursion
AT_ONCE = max(1, os.cpu_count() or 1)  # runs; further ones wait in line
WORKER_WITHIN_S = 5.0  # a worker that ended is replaced in milliseconds
PLAIN = (type(None), bool, int, float, str, bytes)
HOLD = (list, tuple, set, frozenset)
ALL_BUT_THESE = (
    ast.Lambda,
    ast.ClassDef,
    ast.Import,
    ast.ImportFrom,
    ast.AsyncFunctionDef,
    ast.Global,
)


class NotHere(Exception):  # it never leaves this file
    """This sandbox cannot say whether the program is right."""


@dataclass(frozen=True)
class Monty:
    """A pool of Monty's worker processes. `close` ends them.

    A run holds two workers, for the code and for its tests. There are twice as many workers as runs at once, so no
    two runs wait for each other with one worker each (with a pool of its default size they did, for ever).
    """

    package: Any
    pool: Any
    threads: ThreadPoolExecutor

    @classmethod
    def open(cls, at_once: int = AT_ONCE) -> Monty:
        """Starts the pool (12 ms). Raises `MissingExtra` when the package or its program is not installed."""
        try:
            package = importlib.import_module("pydantic_monty")
            pool = package.Monty(
                min_processes=2, max_processes=2 * at_once, checkout_timeout=WORKER_WITHIN_S
            )
            threads = ThreadPoolExecutor(at_once, "monty")
            return cls(package, pool.__enter__(), threads)
        except (ImportError, FileNotFoundError):
            raise MissingExtra("pydantic-monty", "codegen") from None

    def close(self) -> None:
        """Waits for the runs under way (two seconds at most); those in line are dropped."""
        self.threads.shutdown(cancel_futures=True)
        self.pool.__exit__(None, None, None)

    async def run(self, program: Program, limits: Limits) -> Ran:
        """A run whose tests all passed; else `Ran.not_executed`."""
        try:
            code, tests = _fitting(program)
            running = self.threads.submit(self._run, code, tests, program.tests, limits)
            return await asyncio.wrap_future(running)
        except NotHere as error:
            return Ran.not_executed(f"monty: {error}")

    def _run(self, code: str, tests: list[str], told: tuple[Test, ...], limits: Limits) -> Ran:
        begun = monotonic()
        within = min(QUICK_S, limits.wall_s)
        bounds = {
            "max_feed_duration_secs": within,
            "max_memory": limits.memory_mb << 20,
            "max_recursion_depth": DEPTH,
            "max_suspensions": MAX_CALLS,
        }
        said = self.package.CollectString(limits.output_kb << 10)
        with ExitStack() as stack:
            try:
                inner, outer = (
                    stack.enter_context(self.pool.checkout(limits=bounds)) for _ in range(2)
                )
            except TimeoutError:
                raise NotHere("no worker was free") from None
            try:
                inner.feed_run(code, print_callback=said)
                subject = _Subject(inner, said, begun + within, self.package.MontyError)
                names = {name: subject.called(name) for name in _functions(code)}
                for test in tests:
                    outer.feed_run(test, external_lookup=names, print_callback=said)
                    if subject.why:
                        raise NotHere(subject.why)
            except self.package.MontyError as error:
                raise NotHere(f"{type(error).__name__}: {error}"[:500]) from None
            passed = tuple(Tested(test.name, passed=True) for test in told)
            wall = monotonic() - begun
            return Ran(0, stdout=said.output, wall_s=wall, tests=passed, by="monty")


@dataclass
class _Subject:
    """The interpreter that holds the code; `why` says what happened that leaves the tests' results open."""

    session: Any
    said: Any
    ends: float
    error: type[Exception]
    why: str = ""

    def called(self, name: str) -> Callable[..., object]:
        def call(*args: object, **named: object) -> object:
            try:
                return self._call(name, args, named)
            except NotHere as error:
                # The test may catch what is raised here; what is noted here stays.
                self.why = self.why or str(error)
                raise

        return call

    def _call(self, name: str, args: tuple[object, ...], named: Mapping[str, object]) -> object:
        if self.why or monotonic() > self.ends:
            raise NotHere(self.why or f"it takes longer than {QUICK_S:g} s")
        if not _plain((args, dict(named))):
            raise NotHere(f"{name} was given what is no plain value")
        inputs = {"_args": args, "_named": dict(named)}
        code = f"({name}(*_args, **_named), _args, _named)"
        try:
            result, *after = self.session.feed_run(code, inputs=inputs, print_callback=self.said)
        except self.error as error:
            raise NotHere(f"{name} raised {error}"[:500]) from None
        if after != [args, dict(named)]:
            raise NotHere(f"{name} changed what it was given")
        if not _plain(result):
            raise NotHere(f"{name} returned what is no plain value")
        return result


def _plain(value: object) -> bool:
    """Whether it is made of built-in values alone."""
    kind = type(value)
    if kind in HOLD:
        return all(_plain(item) for item in value)  # type: ignore[attr-defined]  # a container
    if kind is dict:
        return all(_plain(key) and _plain(held) for key, held in value.items())  # type: ignore[attr-defined]
    return kind in PLAIN


def _fitting(program: Program) -> tuple[str, list[str]]:
    """The program's code and its tests' codes. Raises `NotHere` for what only a real Python can judge.

    A function that a test hands over would arrive as its name, so tests with such are not for here.
    """
    if len(program.files) != 1 or not program.tests or program.argv or program.stdin:
        raise NotHere("it is more than one file with tests")
    if any(test.objects for test in program.tests):
        raise NotHere("a test is about objects")
    code = program.files[program.entry]
    try:
        functions = set(_functions(code))
        for test in program.tests:
            tree = trees.parse(test.code)
            own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
            called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
            for node in ast.walk(tree):
                handed = isinstance(node, ast.Name) and node.id in own and id(node) not in called
                if isinstance(node, ALL_BUT_THESE) or handed:
                    raise NotHere("a test needs more than plain values")
            if own & functions:
                raise NotHere("a test has a function of the same name")
    except (SyntaxError, ValueError, RecursionError) as error:
        raise NotHere(f"it cannot be parsed: {error}") from None
    return code, [test.code for test in program.tests]


def _functions(code: str) -> Iterator[str]:
    """The functions that the code defines, in so far as their names are not Python's own."""
    python = set(dir(importlib.import_module("builtins")))
    for node in trees.parse(code).body:
        if isinstance(node, ast.FunctionDef) and node.name not in python:
            yield node.name


@dataclass(frozen=True, slots=True)
class Layered:
    """Asks `quick`, and `whole` whenever that did not execute it. `whole` may be no sandbox at all."""

    quick: Sandbox
    whole: Sandbox

    async def run(self, program: Program, limits: Limits) -> Ran:
        ran = await self.quick.run(program, limits)
        if ran.executed:
            return ran
        rest = await self.whole.run(program, limits)
        return rest if rest.executed else replace(rest, reason=f"{rest.reason} ({ran.reason})")
