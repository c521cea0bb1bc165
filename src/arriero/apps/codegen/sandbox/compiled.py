"""A sandbox for languages that are compiled: one box for the compiler, another for what it made. An interpreter has one.

The compiler is held like any program, because a text can make it loop, fill the memory or read what it is shown. What it
made crosses as bytes and is started in a box that shows no compiler. How long compiling takes is no property of
the code: a compiler that does not come to its end, or lacks memory, leaves it "not executed". So does a program that was stopped by
the clock with its processor's time unused, since a busy machine cannot be told from a program that waits; a loop
without end uses its processor's time up, and is told from it by that.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import math
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from arriero.apps.codegen.sandbox.base import Limit, Limits, Program, Ran
from arriero.apps.codegen.sandbox.box import BoxError, Content, Plan
from arriero.apps.codegen.sandbox.bubblewrap import INSIDE, START, Bubblewrap, contents, told
from arriero.apps.codegen.sandbox.compilers.base import MADE, Compiler, Language
from arriero.apps.codegen.sandbox.compilers.table import LANGUAGES
from arriero.apps.codegen.sandbox.interpreter import Interpreter, Mount
from arriero.core.errors import InputError

# What a first program may take (C++ 0.5 s of the processor's time, Java 1.5): only a compiler that hangs takes more.
FIRST = Limits(
    wall_s=180.0, cpu_s=40.0, memory_mb=1_024, processes=64, disk_mb=64, output_kb=24_000
)
TIMES = 12  # a text may take so many times as long as the first program,
LEAST_S = 15.0  # and at least so many seconds of the processor
PATIENCE = 10  # the clock's seconds for each of the processor's; a machine with ten programs a core keeps that
KEPT = 32  # programs that were built; each is some tens of kilobytes (of Go 1.2 MB), 8 MB at most
MOST_MADE = 8_000_000
# What a compiler says that had no memory, thread or room left, where it says of no line that it is wrong.
LACKED = re.compile(
    r"(?:cannot allocate|out of) memory|memory allocation of|failed to (?:map segment|create new OS thread|spawn thread)"
    r"|resource temporarily unavailable|no space left on device|file too large|file size limit exceeded"
    r"|OutOfMemoryError|pthread_\w+ failed|signal: killed|killed signal",
    re.IGNORECASE,
)
SAID = 1_500  # characters of what a compiler says: its first three errors


@dataclass(frozen=True, slots=True)
class Built:
    """What the compiler made of a program, by its name; or its `diagnosis`, or `why` neither can be said."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    diagnosis: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Ready:
    """A compiler that has built and run its first program: the processor's seconds that took. `why`: it has not."""

    build_s: float = 0.0
    start_s: float = 0.0
    why: str = ""


@dataclass
class Compiled:
    """The compilers that were found, over the boxes of `boxes`. A program is built once and kept for further runs."""

    boxes: Bubblewrap
    compilers: Mapping[str, Compiler]
    _ready: dict[str, Ready] = field(default_factory=dict)
    _built: OrderedDict[str, Built] = field(default_factory=OrderedDict)
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict)

    @classmethod
    def open(cls, boxes: Bubblewrap) -> Compiled:
        """Looks which compilers there are (0.4 s). Each is tried when it is first needed."""
        found = {}
        for language in LANGUAGES:
            try:
                compiler = language.find()
            except InputError:  # it is there and does not answer: as good as none
                compiler = None
            if compiler is not None:
                found[language.name] = compiler
        return cls(boxes, found)

    async def run(self, program: Program, limits: Limits) -> Ran:
        """Builds it, if it was not yet, and runs it. `limits` hold for the run: its processor's time is what counts."""
        language = language_of(program.entry)
        if language is None:
            return Ran.not_executed(f"{program.entry} is of no language that is compiled here")
        compiler = self.compilers.get(language.name)
        if compiler is None:
            return Ran.not_executed(language.absent)
        if program.tests:
            return Ran.not_executed(
                "compiled programs say what they give; tests compare it elsewhere"
            )
        ready = await self._tried(language, compiler)
        if ready.why:
            return Ran.not_executed(ready.why)
        built = await self._once(compiler, program, _for_compiler(ready))
        if built.why:
            return Ran.not_executed(built.why)
        if built.diagnosis:
            return Ran(1, stderr=built.diagnosis, by=compiler.told, diagnosis=built.diagnosis)
        ran = await self._started(compiler, program, built, _for_program(limits, compiler, ready))
        return ran if compiler.build else _refused(compiler, ran)

    async def works(self, language: Language) -> tuple[str, str]:
        """(what runs programs of the language, "") or (why nothing does, what helps), after a first program was tried."""
        compiler = self.compilers.get(language.name)
        if compiler is None:
            return language.missing, language.remedy
        why = (await self._tried(language, compiler)).why
        return (why, "see docs/sandbox.md") if why else (compiler.told, "")

    async def _tried(self, language: Language, compiler: Compiler) -> Ready:
        """Whether a first program runs. Where it did not, the next one is tried again: the machine may have been busy."""
        async with self._lock(language.name):
            ready = self._ready.get(language.name)
            if ready is None:
                ready = await self._first(language, compiler)
                if not ready.why:
                    self._ready[language.name] = ready
            return ready

    async def _first(self, language: Language, compiler: Compiler) -> Ready:
        entry = f"Main{language.ends[0]}"
        program = Program({entry: language.hello}, entry)
        built, build_s = await self._compiled(compiler, program, FIRST)
        if not built.files:
            return Ready(
                why=built.why
                or f"{compiler.told} does not work in the sandbox: {built.diagnosis[:200]!r}"
            )
        ran = await self._started(compiler, program, built, FIRST)
        if ran.stdout != "42":
            why = (
                ran.reason
                or f"what {compiler.told} made does not run in the sandbox: {ran.stderr[-200:]!r}"
            )
            return Ready(why=why)
        return Ready(build_s, ran.cpu_s)

    async def _once(self, compiler: Compiler, program: Program, limits: Limits) -> Built:
        """What is known of the program, else what the compiler makes of it; nothing is kept that it did not end."""
        mark = hashlib.sha256(json.dumps([compiler.language, program.entry, sorted(program.files.items())]).encode()).hexdigest()  # fmt: skip
        async with self._lock(mark):
            built = self._built.get(mark)
            if built is None:
                built, _ = await self._compiled(compiler, program, limits)
                if not built.why:
                    self._built[mark] = built
            if mark in self._built:
                self._built.move_to_end(mark)
            else:
                self._locks.pop(mark, None)
        while len(self._built) > KEPT:
            old, _ = self._built.popitem(last=False)
            self._locks.pop(old, None)
        return built

    def _lock(self, name: str) -> asyncio.Lock:
        return self._locks.setdefault(name, asyncio.Lock())

    async def _compiled(
        self, compiler: Compiler, program: Program, limits: Limits
    ) -> tuple[Built, float]:
        """What the compiler makes in a box of its own, and the processor's seconds it took; an interpreter's files as they are."""
        if not compiler.build:
            return Built(
                {one: text.encode(errors="replace") for one, text in program.files.items()}
            ), 0.0
        words = _words(compiler.build, program, 0)
        argv = [*START, "/inside/build.py", MADE, *words]
        plan = Plan(argv, contents(program), {"/inside": INSIDE}, reserves=compiler.reserves)
        inside = _with(self.boxes.inside, compiler.shows)
        try:
            seen = await self.boxes.held(lambda stop: self.boxes.seen(inside, plan, limits, stop))
        except BoxError as error:
            return Built(why=error.message), 0.0
        if seen.hit is Limit.WALL:
            why = f"{compiler.told} did not come to its end in {seen.wall_s:.0f} s ({seen.cpu_s:.1f} s of the processor's time): the machine is busy"
            return Built(why=why), seen.cpu_s
        if seen.hit is not None:
            return Built(why=f"{compiler.told} reached its {seen.hit} limit"), seen.cpu_s
        return _read(compiler, seen.stdout, seen.stderr), seen.cpu_s

    async def _started(
        self, compiler: Compiler, program: Program, built: Built, limits: Limits
    ) -> Ran:
        files = [Content(f"{MADE}/{name}", data, starts=True) for name, data in built.files.items()]
        given = [one for one in contents(program) if language_of(one.dest) is None]
        plan = Plan(
            (*_words(compiler.start, program, limits.memory_mb - compiler.memory_mb), *program.argv),
            (*given, *files), {}, program.stdin.encode(errors="replace"), reserves=compiler.reserves,
        )  # fmt: skip
        inside = _with(self.boxes.inside, compiler.serves)
        try:
            seen = await self.boxes.held(lambda stop: self.boxes.seen(inside, plan, limits, stop))
        except BoxError as error:
            return Ran.not_executed(error.message)
        if seen.hit is Limit.WALL:
            return Ran.not_executed(
                f"it was not at its end after {seen.wall_s:.0f} s, in {seen.cpu_s:.1f} s of the processor's time: it waits, or the machine is busy"
            )
        return replace(told(seen), by=f"bubblewrap, {compiler.told}")


def language_of(file: str) -> Language | None:
    """The compiled language that a file is of, by its end."""
    return next((one for one in LANGUAGES if file.endswith(one.ends)), None)


def _for_compiler(ready: Ready) -> Limits:
    """Limits of a compiler on this machine, from what its first program took."""
    cpu = max(LEAST_S, TIMES * ready.build_s)
    return replace(FIRST, cpu_s=cpu, wall_s=cpu * PATIENCE)


def _for_program(limits: Limits, compiler: Compiler, ready: Ready) -> Limits:
    """`limits` with what the language's own runtime takes on top; the clock only ends what waits."""
    cpu = limits.cpu_s + 3 * ready.start_s
    return replace(
        limits,
        cpu_s=cpu,
        wall_s=max(limits.wall_s, PATIENCE * math.ceil(cpu)),
        memory_mb=limits.memory_mb + compiler.memory_mb,
        processes=limits.processes + compiler.processes,
    )


def _words(template: Sequence[str], program: Program, memory_mb: int) -> list[str]:
    """An argv with the program's names in it."""
    main = ".".join(PurePosixPath(program.entry).with_suffix("").parts)
    names = {
        "{entry}": f"/work/{program.entry}",
        "{file}": program.entry,
        "{main}": main,
        "{memory}": str(memory_mb),
    }
    return [re.sub(r"\{\w+\}", lambda found: names[found[0]], word) for word in template]


def _with(inside: Interpreter, mounts: Sequence[Mount]) -> Interpreter:
    """What the box shows anyway, and `mounts`; folders first, so that a file of them can be shown in its own place."""
    every = {one.dest: one for one in (*mounts, *inside.mounts)}
    return replace(inside, mounts=tuple(every[dest] for dest in sorted(every)))


def _read(compiler: Compiler, stdout: bytes, stderr: bytes) -> Built:
    """What the box with the compiler told."""
    try:
        order = json.loads(stdout)
        if order["status"] != 0:
            said = compiler.reworded(str(order["said"]))
            lacked = None if ": error: " in said else LACKED.search(said)
            if lacked is not None:
                return Built(why=f"{compiler.told} had too little to build it with: {lacked[0]}")
            said = _short(said)
            newer = compiler.newer.search(said) if compiler.newer else None
            if newer is not None:
                return Built(why=f"it needs a newer one than {compiler.told}: {newer[0]}")
            return Built(diagnosis=said or f"{compiler.told} ended with status {order['status']}")
        files = {str(name): base64.b64decode(text) for name, text in _plain(order["files"])}
    except (ValueError, TypeError, KeyError, AttributeError):
        said = stderr.decode(errors="replace").strip()[-200:]
        return Built(why=f"{compiler.told} told nothing that can be read ({said!r})")
    if not files or sum(map(len, files.values())) > MOST_MADE:
        return Built(why=f"{compiler.told} made nothing, or more than {MOST_MADE:,} bytes")
    return Built(files)


def _plain(files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The files whose names are below the folder."""
    for name, text in files.items():
        if not name.startswith("/") and ".." not in PurePosixPath(name).parts and "\0" not in name:
            yield name, text


def _refused(compiler: Compiler, ran: Ran) -> Ran:
    """A run of an interpreter with what it refused; what has printed something was read before and is run."""
    said = "" if ran.passed or ran.stdout.strip() else _short(compiler.reworded(ran.stderr))
    return replace(ran, diagnosis=said)


def _short(said: str) -> str:
    """What a compiler said, by the names that its files have in the program."""
    return said.replace("/work/", "").strip()[:SAID]
