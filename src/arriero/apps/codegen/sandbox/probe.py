"""Opens what sandbox there is, after it has held a suite of hostile programs."""

from __future__ import annotations

import asyncio
import importlib
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from arriero.apps.codegen.sandbox.attacks.bait import laid
from arriero.apps.codegen.sandbox.attacks.base import LIMITS, Attack
from arriero.apps.codegen.sandbox.attacks.suite import CANARIES
from arriero.apps.codegen.sandbox.base import Limits, NoSandbox, Program, Sandbox, Test
from arriero.apps.codegen.sandbox.box import Way
from arriero.apps.codegen.sandbox.bubblewrap import Bubblewrap
from arriero.apps.codegen.sandbox.compiled import Compiled
from arriero.apps.codegen.sandbox.interpreter import Interpreter, interpreter
from arriero.apps.codegen.sandbox.seccomp import filter_program
from arriero.core.errors import InputError

HELLO = Program(
    {"main.py": "def double(x):\n    return 2 * x\n"},
    tests=(Test("double", "assert double(21) == 42"),),
)
CANARY_LIMITS = replace(LIMITS, wall_s=1.5, cpu_s=0.7)


@dataclass(frozen=True, slots=True)
class Probed:
    """What was found: the sandbox to use, and in a sentence which it is or why there is none.

    `sound` is False when nothing can be executed; then `sandbox` answers "not executed", and `remedy` is
    what would help. `compiled` are the compilers that it asks for some languages.
    """

    sandbox: Sandbox
    sound: bool
    told: str
    remedy: str = ""
    compiled: Compiled | None = None


async def probe(canaries: Sequence[Attack] = CANARIES, python: Path | None = None) -> Probed:
    """The first sandbox that runs a program and holds every canary; 2 to 6 s, so once a process.

    `python` is the interpreter that boxes show, by default ours. Never raises for want of a sandbox:
    without one nothing will be executed.
    """
    bwrap = shutil.which("bwrap")
    if sys.platform != "linux":
        return _none(f"bubblewrap needs Linux, this is {sys.platform}", "run Arriero on Linux")
    if bwrap is None:
        return _none("bubblewrap is not installed", "as root: apt-get install bubblewrap")
    try:
        seccomp = filter_program(importlib.import_module("pyseccomp"))
    except ImportError:
        return _none("pyseccomp is not installed", "pip install 'arriero[codegen]'")
    except (RuntimeError, OSError) as error:
        return _none(f"no filter of system calls: {error}", "as root: apt-get install libseccomp2")
    try:
        shown = await asyncio.to_thread(interpreter, python)
    except InputError as error:
        return _none(error.message, "as root: apt-get install libc-bin")
    reasons = []
    for way in Way.of(os.geteuid()):
        sandbox = Bubblewrap(Path(bwrap), way, shown, seccomp)
        why_not = await _tried(sandbox, shown, canaries)
        if not why_not:
            return Probed(
                sandbox, sound=True, told=f"bubblewrap ({way}) held {len(canaries)} canaries"
            )
        reasons.append(f"{way}: {why_not}")
    return _none("; ".join(reasons), "allow user namespaces, see docs/sandbox.md")


def _none(reason: str, remedy: str) -> Probed:
    told = f"code is not executed: {reason}"
    return Probed(NoSandbox(f"{told}; {remedy}"), sound=False, told=told, remedy=remedy)


async def _tried(sandbox: Bubblewrap, shown: Interpreter, canaries: Sequence[Attack]) -> str:
    """Why it cannot be used; empty when it runs a program with a test and holds every canary."""
    if sandbox.way is Way.ROOT and not shown.setpriv:
        return "setpriv is not installed (Debian package util-linux)"
    ran = await sandbox.run(HELLO, Limits())
    if not ran.passed:
        return ran.reason or f"a harmless program did not pass ({ran.stderr.strip()[-200:]!r})"
    found = await asyncio.gather(*(_held(sandbox, attack) for attack in canaries))
    escaped = [f"{attack.name} ({how})" for attack, how in zip(canaries, found, strict=True) if how]
    return f"not held: {', '.join(escaped)}" if escaped else ""


async def _held(sandbox: Sandbox, attack: Attack) -> str:
    with laid() as bait:
        ran = await sandbox.run(bait.program(attack, forever=True), CANARY_LIMITS)
        return bait.escaped(ran) if ran.executed else f"not executed: {ran.reason}"
