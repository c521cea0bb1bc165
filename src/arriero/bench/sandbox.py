"""Does a sandbox hold hostile programs? Each is shown to work without one first.

An attack counts only if it got what it wanted from a plain child process, which is given bait made for it:
a secret, a process, listeners, a folder. Then it runs in the sandbox, where what floods or loops never
stops by itself. Beside it stands the lazy product, a plain child process with a timeout.
"""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from arriero.apps.codegen.sandbox.attacks.bait import SECRET, Bait, laid, python
from arriero.apps.codegen.sandbox.attacks.base import LIMITS, Attack
from arriero.apps.codegen.sandbox.attacks.suite import ATTACKS
from arriero.apps.codegen.sandbox.base import Limits, Program, Ran, Sandbox, Test, Tested
from arriero.apps.codegen.sandbox.monty import Monty
from arriero.apps.codegen.sandbox.probe import Probed
from arriero.bench.report import Metric
from arriero.core.errors import InputError, MissingExtra
from arriero.core.statistics import percentile, wilson

WITHOUT_S = 20.0  # an attack that nothing holds ends by itself after some seconds
STARTS = 50
# What most evaluations of generated code do: run the tests in the code's process, believe its exit status.
TRUSTING = """
import main
for test in {tests!r}:
    exec(test, dict(vars(main)))
"""
TRIVIAL = Program({"main.py": "print(42)"})
TESTED = Program(
    {"main.py": "def double(x):\n    return 2 * x\n"},
    tests=(Test("double", "assert double(21) == 42"),),
)
Progress = Callable[[str, int, int], None]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tried:
    """One attack: what it got without a sandbox, from the lazy product, and from the sandbox."""

    attack: str
    without: str
    lazy: str
    inside: str


async def measure(
    probed: Probed,
    attacks: Sequence[Attack] = ATTACKS,
    *,
    starts: int = STARTS,
    progress: Progress = lambda what, done, of: None,
) -> Mapping[str, Metric]:
    """All metrics. Takes about two minutes; raises `InputError` when there is no sandbox to measure."""
    if not probed.sound:
        raise InputError(probed.told)
    tried = []
    for done, attack in enumerate(attacks, 1):
        tried.append(await _try(probed.sandbox, attack))
        progress("attacks", done, len(attacks))
    shown = [one for one in tried if one.without]
    for one in tried:
        if one.inside:
            log.warning("escaped: %s: %s", one.attack, one.inside)
        if not one.without:
            log.warning(
                "not counted, it gets nothing here without a sandbox either: %s", one.attack
            )
    held, lazily = (sum(not got for got in gots) for gots in _gots(shown))
    trivial = [await _ms(probed.sandbox, TRIVIAL) for _ in range(starts)]
    tested = [await _ms(probed.sandbox, TESTED) for _ in range(starts)]
    plain = [_plain_ms() for _ in range(starts)]
    quick = await _quick_ms(starts)
    return {
        "contained": Metric.of(wilson(held, len(shown)), len(shown)),
        "attacks": Metric(len(shown), len(tried), "attacks"),
        "p50_ms": Metric(percentile(trivial, 50), starts, "ms"),
        "p95_ms": Metric(percentile(trivial, 95), starts, "ms"),
        "tested_p50_ms": Metric(percentile(tested, 50), starts, "ms"),
        **({"monty_p50_ms": Metric(percentile(quick, 50), starts, "ms")} if quick else {}),
        "plain_p50_ms": Metric(percentile(plain, 50), starts, "ms"),
        "contained_by_lazy": Metric.of(wilson(lazily, len(shown)), len(shown)),
    }


def _gots(shown: Sequence[Tried]) -> tuple[list[str], list[str]]:
    return [one.inside for one in shown], [one.lazy for one in shown]


async def _try(sandbox: Sandbox, attack: Attack) -> Tried:
    without = await asyncio.to_thread(_unheld, attack, WITHOUT_S)
    lazy = await asyncio.to_thread(_unheld, attack, LIMITS.wall_s) if without else ""
    with laid() as bait:
        ran = await sandbox.run(bait.program(attack, forever=True), LIMITS)
        if not ran.executed:
            raise InputError(f"attack {attack.name!r} was not executed: {ran.reason}")
        return Tried(attack.name, without, lazy, bait.escaped(ran))


def _unheld(attack: Attack, timeout_s: float) -> str:
    """What the attack gets in a plain child process that is ended after `timeout_s`."""
    with laid() as bait:
        return bait.escaped(_plainly(bait, bait.program(attack, forever=False), timeout_s))


def _plainly(bait: Bait, program: Program, timeout_s: float) -> Ran:
    """Run one of our own attacks with nothing around it. Of the product, nothing runs this way."""
    folder = bait.folder / "work"
    for name, text in program.files.items():
        (folder / name).write_text(text, encoding="utf-8")
    entry = folder / program.entry
    if program.tests:
        entry = folder / "run_tests.py"
        tests = [test.code for test in program.tests]
        entry.write_text(TRUSTING.format(tests=tests), encoding="utf-8")
    begun = time.monotonic()
    child = subprocess.Popen(
        [python(), "-s", "-B", entry],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env={**os.environ, SECRET: bait.secret},
        close_fds=False,
        start_new_session=True,
    )
    try:
        said, errors = child.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        child.kill()
        said, errors = child.communicate()
    wall = time.monotonic() - begun
    passed = tuple(Tested(test.name, passed=child.returncode == 0) for test in program.tests)
    stdout, stderr = (words.decode(errors="replace") for words in (said, errors))
    return Ran(child.returncode, stdout, stderr, wall_s=wall, tests=passed)


async def _ms(sandbox: Sandbox, program: Program) -> float:
    begun = time.perf_counter()
    ran = await sandbox.run(program, Limits())
    if not ran.passed:
        raise InputError(f"a harmless program did not pass: {ran.reason or ran.stderr!r}")
    return (time.perf_counter() - begun) * 1e3


async def _quick_ms(starts: int) -> list[float]:
    """The function with its test in Monty, after a first one; empty where Monty is not installed."""
    try:
        quick = Monty.open()
    except MissingExtra:
        return []
    try:
        await _ms(quick, TESTED)
        return [await _ms(quick, TESTED) for _ in range(starts)]
    finally:
        quick.close()


def _plain_ms() -> float:
    begun = time.perf_counter()
    subprocess.run([python(), "-s", "-B", "-c", "print(42)"], capture_output=True, check=True)
    return (time.perf_counter() - begun) * 1e3
