"""The sandbox of this machine: WebAssembly for JavaScript, Monty for pure functions, bubblewrap for the rest.

In boxes of bubblewrap run Python and what this machine's compilers make.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from arriero.apps.codegen.sandbox.attacks.bait import Bait, laid
from arriero.apps.codegen.sandbox.attacks.base import LIMITS
from arriero.apps.codegen.sandbox.attacks.results import RESULTS
from arriero.apps.codegen.sandbox.base import Limits, Program, Sandbox, Test
from arriero.apps.codegen.sandbox.bubblewrap import Bubblewrap
from arriero.apps.codegen.sandbox.compiled import Compiled
from arriero.apps.codegen.sandbox.compilers.table import LANGUAGES
from arriero.apps.codegen.sandbox.javascript import ByLanguage, JavaScript
from arriero.apps.codegen.sandbox.monty import Layered, Monty
from arriero.apps.codegen.sandbox.probe import HELLO, Probed, probe
from arriero.core.errors import MissingExtra


@asynccontextmanager
async def open_sandbox(python: Path | None = None) -> AsyncIterator[Probed]:
    """What `probe` finds, behind Monty and an engine for JavaScript if they are installed and hold what is tried.

    `told` names all. Without bubblewrap pure functions with tests still run in Monty, JavaScript in its engine,
    and nothing else does. A compiler is tried when the first program needs it.
    """
    whole = await _with_javascript(await _with_compilers(await probe(python=python)))
    try:
        quick = Monty.open()
    except MissingExtra as missing:
        yield replace(whole, told=f"{whole.told}; {missing.message}")
        return
    try:
        why_not = await leaks(quick)
        if why_not:
            yield replace(whole, told=f"{whole.told}; monty is not used: {why_not}")
        else:
            layered = _behind(quick, whole.sandbox)
            yield replace(whole, sandbox=layered, told=f"{whole.told}; monty for pure functions")
    finally:
        quick.close()


def _behind(quick: Monty, sandbox: Sandbox) -> Sandbox:
    """Monty before whatever runs Python."""
    if isinstance(sandbox, ByLanguage):
        return replace(sandbox, rest=_behind(quick, sandbox.rest))
    return Layered(quick, sandbox)


async def _with_compilers(whole: Probed) -> Probed:
    """With the compilers that this machine has, where there are boxes for them."""
    if not isinstance(whole.sandbox, Bubblewrap):
        return whole
    compiled = await asyncio.to_thread(Compiled.open, whole.sandbox)
    ends = tuple(end for language in LANGUAGES for end in language.ends)
    found = ", ".join(one.told for one in compiled.compilers.values())
    told = f"{whole.told}; {found}" if found else whole.told
    return replace(
        whole, sandbox=ByLanguage(compiled, whole.sandbox, ends), told=told, compiled=compiled
    )


async def _with_javascript(whole: Probed) -> Probed:
    try:
        engine = await asyncio.to_thread(JavaScript.open)
    except MissingExtra as missing:
        return replace(whole, told=f"{whole.told}; {missing.message}")
    why_not = await reaches(engine)
    if why_not:
        return replace(whole, told=f"{whole.told}; javascript is not executed: {why_not}")
    told = f"{whole.told}; webassembly for javascript"
    return replace(whole, sandbox=ByLanguage(engine, whole.sandbox), told=told)


async def reaches(engine: JavaScript) -> str:
    """What JavaScript reached, or that it would not run; empty when it does what it should. Takes 1 s."""
    for code, test, held in (
        ("const f = x => 2 * x;", "assert.strictEqual(f(21), 42)", False),
        (LOOKS, "assert.strictEqual(f(), '')", False),
        ("const f = () => { while (true) {} };", "f()", True),
        (
            "const f = () => { const a = []; for (;;) a.push(new Array(1e5).fill(1)); };",
            "f()",
            True,
        ),
    ):
        program = Program({"main.js": code}, "main.js", tests=(Test("out", test),))
        ran = await engine.run(program, Limits(wall_s=0.3 if held else 3.0, memory_mb=64))
        if ran.passed is held:
            return f"{code[:80]!r}: {ran.reason or [test.reason for test in ran.tests]}"
    return ""


# The ways out that engines of JavaScript have had: all are missing here.
LOOKS = """
const f = () => ["process", "std", "os", "fetch", "Deno", "Bun", "XMLHttpRequest", "scriptArgs", "__loadScript"]
  .filter((name) => typeof globalThis[name] !== "undefined").join();
"""


async def leaks(quick: Monty) -> str:
    """What Monty let out or would not run; empty when it does what it should. Takes 2 s."""
    if not (await quick.run(HELLO, LIMITS)).passed:
        return "a harmless function did not pass"
    with laid() as bait:
        for program in (*_reaching(bait), *(bait.program(one, forever=True) for one in RESULTS)):
            ran = await quick.run(program, LIMITS)
            if ran.executed:
                return f"not held: {program.files['main.py'][:80]!r}"
    return ""


def _reaching(bait: Bait) -> list[Program]:
    """Programs whose tests pass only when they get out, or never end, or take all memory."""
    secret, file = bait.secret, str(bait.folder / "secret")
    reads = f"def f():\n    return open({file!r}).read()\n"
    paths = f"from pathlib import Path\ndef f():\n    return Path({file!r}).read_text()\n"
    lists = f"import os\ndef f():\n    return {'secret'!r} in os.listdir({str(bait.folder)!r})\n"
    environment = "import os\ndef f():\n    return len(os.environ['PATH']) > 0\n"
    wanted = {
        reads: f"assert f() == {secret!r}",
        paths: f"assert f() == {secret!r}",
        lists: "assert f()",
        environment: "assert f()",
        "def f():\n    while True:\n        pass\n": "f()",
        "def f():\n    return len([0] * 10**9)\n": "assert f() == 10**9",
        "def f(n=0):\n    return f(n + 1)\n": "f()",
        "def f():\n    while True:\n        print('x' * 1000)\n": "f()",
    }
    return [Program({"main.py": code}, tests=(Test("out", test),)) for code, test in wanted.items()]
