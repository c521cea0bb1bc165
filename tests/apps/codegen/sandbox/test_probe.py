"""No sandbox means not executed: there is no way around it, and a sandbox that leaks is none."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import arriero.apps.codegen as app
from arriero.apps.codegen.sandbox.attacks.base import Attack
from arriero.apps.codegen.sandbox.base import Limits, Program
from arriero.apps.codegen.sandbox.probe import probe

HARMLESS = Program({"main.py": "print(1)"})
APP = Path(app.__file__).parent
STARTS = {
    "Popen",
    "run",
    "call",
    "check_call",
    "check_output",
    "system",
    "popen",
    "fork",
    "forkpty",
    "posix_spawn",
}
STARTS |= {
    "posix_spawnp",
    "startfile",
    "create_subprocess_exec",
    "create_subprocess_shell",
    "getoutput",
    "Process",
}
STARTS |= {f"exec{end}" for end in ("", "v", "ve", "vp", "vpe", "l", "le", "lp", "lpe")}
STARTS |= {f"spawn{end}" for end in ("v", "ve", "vp", "vpe", "l", "le", "lp", "lpe")}
STARTS |= {
    "eval",
    "compile",
    "__import__",
    "run_path",
    "run_module",
    "exec_module",
    "InteractiveInterpreter",
}


async def test_without_bubblewrap_nothing_is_executed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    probed = await probe()
    assert not probed.sound
    assert probed.remedy == "as root: apt-get install bubblewrap"
    ran = await probed.sandbox.run(HARMLESS, Limits())
    assert not ran.executed
    assert ran.reason == (
        "code is not executed: bubblewrap is not installed; as root: apt-get install bubblewrap"
    )


@pytest.mark.parametrize(
    "impostor",
    [
        "exit 1",
        # Runs the program as if nothing had been asked of it.
        'while [ "$1" != -- ]; do shift; done; shift; exec "$@"',
        "echo '{\"child-pid\": 1}'",
    ],
)
async def test_a_bubblewrap_that_makes_no_box_executes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, impostor: str
) -> None:
    tmp_path.chmod(0o755)
    fake = tmp_path / "bwrap"
    fake.write_text(f"#!/bin/sh\n{impostor}\n", encoding="utf-8")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    probed = await probe()
    assert not probed.sound
    assert not (await probed.sandbox.run(HARMLESS, Limits())).executed


async def test_a_sandbox_that_does_not_hold_a_canary_is_not_used() -> None:
    leak = Attack("leak", "escaped('by hand')")
    probed = await probe(canaries=(leak,))
    assert not probed.sound
    assert "not held: leak (told so)" in probed.told
    assert not (await probed.sandbox.run(HARMLESS, Limits())).executed


async def test_an_interpreter_that_is_none_executes_nothing(tmp_path: Path) -> None:
    probed = await probe(canaries=(), python=tmp_path / "python")
    assert not probed.sound
    assert "cannot be run" in probed.told


def test_the_app_starts_processes_in_five_places_and_programs_run_in_two() -> None:
    """In `box.py` bubblewrap, and the tool that limits it; in `interpreter.py` questions to our own Python.

    `linters.py` and `child.py` start tools that read a program and do not run it; `parse.py` compiles one to see
    whether it can be. `javascript.py` hands texts to an engine that is WebAssembly.
    """
    found = set()
    for file in APP.rglob("*.py"):
        where = file.relative_to(APP).as_posix()
        if "/inside/" in where or "/attacks/" in where:  # run in a box; bait for attacks
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        awaited = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Await)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                name = called.rpartition(".")[2]
                if (
                    name in STARTS
                    and called != "re.compile"
                    and not (name == "run" and id(node) in awaited)
                ):
                    found.add((where, called))
    assert found == {
        ("judge/child.py", "asyncio.create_subprocess_exec"),
        ("judge/parse.py", "compile"),
        ("sandbox/javascript.py", "outer.eval"),
        ("sandbox/javascript.py", "self.context.eval"),
        ("sandbox/box.py", "subprocess.Popen"),
        ("sandbox/box.py", "subprocess.run"),
        ("sandbox/interpreter.py", "subprocess.run"),
        ("security/linters.py", "subprocess.run"),
    }


def test_where_there_is_no_sandbox_no_process_is_started_for_a_program(repository: Path) -> None:
    """Python's own audit events say what was started, whatever the code's text looks like."""
    script = """
import asyncio, os, sys
from arriero.apps.codegen.sandbox.base import Limits, Program, Test
from arriero.apps.codegen.sandbox.probe import probe
os.environ["PATH"] = "/nowhere"
probed = asyncio.run(probe())
seen = []
WATCHED = ("subprocess.Popen", "os.exec", "os.fork", "os.posix_spawn", "os.system", "os.spawn", "compile", "exec")
sys.addaudithook(lambda event, args: seen.append(event) if event in WATCHED else None)
for tests in ((), (Test("t", "assert True"),)):
    ran = asyncio.run(probed.sandbox.run(Program({"main.py": "print(1)"}, tests=tests), Limits()))
    assert not ran.executed and not ran.passed and ran.reason
print(seen)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout == "[]\n", done.stderr


def test_an_ordinary_user_has_a_sandbox_too(repository: Path) -> None:
    """When we are root: an unused user, with an interpreter that this user may start."""
    if os.geteuid() != 0:
        pytest.skip("we are an ordinary user: every other test shows it")
    python, paths = _python_for_others(repository)
    script = "import asyncio\nfrom arriero.apps.codegen.sandbox.probe import probe\nprint(asyncio.run(probe()))"
    done = subprocess.run(
        [python, "-c", script],
        user=61_111,
        group=61_111,
        extra_groups=[],
        env={"PATH": os.defpath, "PYTHONPATH": paths, "TMPDIR": tempfile.gettempdir()},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert "sound=True" in done.stdout, done.stdout + done.stderr
    assert "user namespace" in done.stdout


def _python_for_others(repository: Path) -> tuple[str, str]:
    """An interpreter of our version that any user may start, and where it finds what we import."""
    found = [str(repository / "src"), *(path for path in sys.path if "site-packages" in path)]
    paths = ":".join(found)
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    for python in (sys.executable, shutil.which(version, path="/usr/local/bin:/usr/bin") or ""):
        try:
            done = subprocess.run(
                [python, "-c", "import pydantic, pyseccomp, arriero.core.errors"],
                env={"PATH": os.defpath, "PYTHONPATH": paths},
                user=61_111,
                group=61_111,
                extra_groups=[],
                capture_output=True,
                check=False,
                cwd="/",
                timeout=60,
            )
        except OSError:
            continue
        if done.returncode == 0:
            return python, paths
    pytest.skip(f"no {version} that an ordinary user may start reads this checkout")
