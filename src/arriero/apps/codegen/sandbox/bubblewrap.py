"""A sandbox of bubblewrap boxes: no network, no file of this machine, no environment, no rights.

A program is one box. With tests there are two, one for the code and one for the tests, joined by two pipes:
results leave by a third, which leads out of the tests' box alone. So the code can lie about what it returns
and never about whether that was right.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TypeVar

from arriero.apps.codegen.sandbox import box
from arriero.apps.codegen.sandbox.base import Limit, Limits, Program, Ran, Test, Tested
from arriero.apps.codegen.sandbox.box import Box, BoxError, Content, Plan, Way
from arriero.apps.codegen.sandbox.interpreter import PYTHON, Interpreter
from arriero.apps.codegen.sandbox.watch import Seen, Watch

Made = TypeVar("Made")
INSIDE = Path(__file__).with_name("inside")
START = (PYTHON, "-s", "-B")
# What Python says last when a limit of the kernel stopped it; the program may say so, too, and that harms nobody.
SAID = {
    "MemoryError": Limit.MEMORY,
    "Cannot allocate memory": Limit.MEMORY,
    "memory allocation of": Limit.MEMORY,  # Rust, which ends itself then
    "No space left on device": Limit.DISK,
    "File too large": Limit.DISK,
    "Resource temporarily unavailable": Limit.PROCESSES,
    "can't start new thread": Limit.PROCESSES,
}


@dataclass(frozen=True)
class Bubblewrap:
    """Boxes of the program at `bwrap`, entered by `way`; so many at once as there are cores."""

    bwrap: Path
    way: Way
    inside: Interpreter
    seccomp: bytes
    at_once: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(os.cpu_count() or 1)
    )

    async def run(self, program: Program, limits: Limits) -> Ran:
        """Runs it in a box of its own, in a thread. Cancelling ends the box before it is raised."""
        if not program.entry.endswith(".py"):
            return Ran.not_executed(f"bubblewrap: {program.entry} is no Python")
        blocking = self._tested if program.tests else self._ran
        try:
            return await self.held(lambda stop: blocking(program, limits, stop))
        except BoxError as error:
            return Ran.not_executed(error.message)

    async def held(self, blocking: Callable[[threading.Event], Made]) -> Made:
        """What `blocking` gives, in a thread, as soon as there is room. Cancelling sets its event and waits for it."""
        stop = threading.Event()
        async with self.at_once:
            running = asyncio.ensure_future(asyncio.to_thread(blocking, stop))
            try:
                return await asyncio.shield(running)
            except asyncio.CancelledError:
                stop.set()
                await asyncio.wait({running})
                raise

    def _ran(self, program: Program, limits: Limits, stop: threading.Event) -> Ran:
        argv = [*START, f"/work/{program.entry}", *program.argv]  # a name may begin with a dash
        plan = Plan(argv, contents(program), {}, program.stdin.encode(errors="replace"))
        return told(self.seen(self.inside, plan, limits, stop))

    def seen(self, inside: Interpreter, plan: Plan, limits: Limits, stop: threading.Event) -> Seen:
        """One box from its start to its end. Raises `BoxError`."""
        opened = box.start(self.bwrap, self.way, inside, self.seccomp, plan, limits)
        try:
            return Watch([opened], opened, limits, stop=stop).until_ended()
        finally:
            opened.close()

    def _tested(self, program: Program, limits: Limits, stop: threading.Event) -> Ran:
        nonce = secrets.token_hex(16)
        module, modules = _module(program.entry), sorted(_modules(program))
        tests = [{"code": test.code, "objects": test.objects} for test in program.tests]
        order = {"nonce": nonce, "module": module, "modules": modules, "tests": tests}
        ask_read, ask_write = os.pipe()
        answer_read, answer_write = os.pipe()
        report_read, report_write = os.pipe()
        ordered = box.sealed(json.dumps(order).encode())
        opened: list[Box] = []
        shown = {"/inside": INSIDE}
        try:
            mine = [answer_read, ask_write, report_write, ordered]
            theirs = [ask_read, answer_write]
            argv = [*START, "/inside/tester.py", *map(str, mine)]
            opened.append(self._start(Plan(argv, (), shown, kept=mine), limits))
            argv = [*START, "/inside/subject.py", *map(str, theirs)]
            plan = Plan(argv, contents(program), shown, kept=theirs)
            opened.append(self._start(plan, limits))
            for descriptor in (*mine, *theirs):
                os.close(descriptor)
            mine = theirs = []
            watch = Watch(opened, opened[1], limits, report=report_read, stop=stop)
            seen = watch.until_ended()
            return told(seen, _results(seen, nonce, program.tests))
        finally:
            for descriptor in (*mine, *theirs, report_read):
                os.close(descriptor)
            for one in opened:
                one.close()

    def _start(self, plan: Plan, limits: Limits) -> Box:
        return box.start(self.bwrap, self.way, self.inside, self.seccomp, plan, limits)


def contents(program: Program) -> list[Content]:
    """The program's files, as they lie in /work."""
    return [
        Content(f"/work/{name}", text.encode(errors="replace"))
        for name, text in program.files.items()
    ]


def _module(file: str) -> str:
    path = PurePosixPath(file).with_suffix("")
    return ".".join(path.parent.parts if path.name == "__init__" else path.parts)


def _modules(program: Program) -> set[str]:
    """Every module that the tests may import, and the packages around them."""
    found = {_module(name) for name in program.files if name.endswith(".py")} - {""}
    return found | {
        name.rsplit(".", depth)[0] for name in found for depth in range(1, name.count(".") + 1)
    }


def told(seen: Seen, tests: tuple[Tested, ...] = ()) -> Ran:
    """What was seen of a program, with its tests' results."""
    stdout, stderr = (said.decode(errors="replace") for said in (seen.stdout, seen.stderr))
    last = stderr.rstrip().rpartition("\n")[2]
    said = next((limit for words, limit in SAID.items() if words in last), None)
    return Ran(
        seen.status,
        stdout,
        stderr,
        seen.wall_s,
        seen.cpu_s,
        seen.peak_mb,
        seen.hit or (said if seen.status else None),
        tests,
        by="bubblewrap",
    )


def _results(seen: Seen, nonce: str, tests: Sequence[Test]) -> tuple[Tested, ...]:
    """A result a test: the first that was reported with the nonce; none is a failure."""
    found: dict[int, Tested] = {}
    for line in seen.report.splitlines():
        try:
            told = json.loads(line)
            if secrets.compare_digest(str(told["nonce"]), nonce):
                number = int(told["test"])
                name = tests[number].name
                found.setdefault(number, Tested(name, told["passed"] is True, str(told["reason"])))
        except (ValueError, TypeError, KeyError, IndexError):
            continue  # what a test itself wrote there
    why = (
        f"no result: the {seen.hit} limit was reached"
        if seen.hit
        else "no result: the tests ended early"
    )
    return tuple(
        found.get(number, Tested(test.name, passed=False, reason=why))
        for number, test in enumerate(tests)
    )
