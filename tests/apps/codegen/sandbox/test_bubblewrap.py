"""What a program gets in a box, and what is told of how it ran."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from arriero.apps.codegen.sandbox.base import Limit, Limits, Program, Sandbox

QUICK = Limits(wall_s=30.0, cpu_s=5.0, memory_mb=128, disk_mb=4, files=100, output_kb=16)


async def test_a_program_gets_its_files_arguments_and_input(sandbox: Sandbox) -> None:
    main = "import sys, pkg.mod\nprint(pkg.mod.X, sys.argv[1:], input())\nsys.exit(3)\n"
    files = {"main.py": main, "pkg/mod.py": "X = 'é'", "pkg/__init__.py": ""}
    ran = await sandbox.run(Program(files, argv=("a b", "\n"), stdin="hello\n"), QUICK)
    assert ran.stdout == "é ['a b', '\\n'] hello\n"
    assert ran.status == 3
    assert not ran.passed
    assert ran.by == "bubblewrap"


async def test_as_many_files_as_are_allowed_arrive(sandbox: Sandbox) -> None:
    files = {f"m/{number}.py": "" for number in range(255)}
    main = "import os\nprint(len(os.listdir('m')))"
    ran = await sandbox.run(Program({"main.py": main, **files}), replace(QUICK, files=400))
    assert ran.stdout == "255\n"


async def test_an_entry_that_looks_like_an_option_is_a_file(sandbox: Sandbox) -> None:
    ran = await sandbox.run(Program({"-c.py": "print(1)"}, entry="-c.py"), QUICK)
    assert ran.stdout == "1\n"


async def test_files_that_stand_in_each_others_way_are_not_executed(sandbox: Sandbox) -> None:
    ran = await sandbox.run(Program({"main.py": "", "main.py/x": ""}), QUICK)
    assert not ran.executed
    assert "could not be made" in ran.reason
    assert "main.py" in ran.reason


async def test_a_traceback_comes_on_stderr(sandbox: Sandbox) -> None:
    ran = await sandbox.run(Program({"main.py": "1 / 0"}), QUICK)
    assert ran.status == 1
    assert ran.stderr.endswith("ZeroDivisionError: division by zero\n")
    assert ran.hit is None


async def test_a_program_may_write_where_it_is_and_nowhere_else(sandbox: Sandbox) -> None:
    main = """
import os, tempfile
for folder in ("/work", tempfile.gettempdir(), "/", "/python", "/python/lib", "/dev", "/lib"):
    try:
        open(folder + "/x", "w").close()
        print(folder)
    except OSError:
        pass
print(sorted(os.listdir("/")), os.path.exists("/proc"))
"""
    ran = await sandbox.run(Program({"main.py": main}), QUICK)
    assert ran.stdout.splitlines() == [
        "/work",
        "/work",
        "['dev', 'lib', 'lib64', 'python', 'tmp', 'work'] False",
    ]


async def test_the_environment_holds_nothing_of_ours(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "hunter2")
    main = "import os\nprint(sorted(os.environ))"
    ran = await sandbox.run(Program({"main.py": main}), QUICK)
    names = "GOMAXPROCS HOME LANG OPENBLAS_NUM_THREADS PATH PWD PYTHONDONTWRITEBYTECODE PYTHONHASHSEED TMPDIR"
    assert ran.stdout.strip() == str(names.split())


async def test_the_program_is_nobody_here(sandbox: Sandbox) -> None:
    main = f"import os\nprint(os.getuid() in {{0, {os.getuid()}}}, os.getgroups() in ([], [65534]))"
    ran = await sandbox.run(Program({"main.py": main}), QUICK)
    assert ran.stdout == "False True\n"


async def test_no_capability_is_left_and_none_can_come(sandbox: Sandbox) -> None:
    """capget(2) and prctl(2): effective, permitted, inheritable; no_new_privs; a filter; the bounding set."""
    main = """
import ctypes
libc = ctypes.CDLL(None)
head, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
libc.capget(head, sets)
print(list(sets), libc.prctl(39, 0, 0, 0, 0), libc.prctl(21, 0, 0, 0, 0))
print([libc.prctl(23, capability, 0, 0, 0) for capability in (0, 7, 21)])
"""
    ran = await sandbox.run(Program({"main.py": main}), QUICK)
    assert ran.stdout == "[0, 0, 0, 0, 0, 0] 1 2\n[0, 0, 0]\n"


async def test_the_order_of_a_set_is_the_same_in_every_run(sandbox: Sandbox) -> None:
    program = Program({"main.py": "print({str(n) for n in range(50)})"})
    first, second = await sandbox.run(program, QUICK), await sandbox.run(program, QUICK)
    assert first.stdout == second.stdout


@pytest.mark.parametrize(
    ("hit", "code"),
    [
        (Limit.WALL, "import time; time.sleep(60)"),
        (Limit.CPU, "while True: pass"),
        (Limit.MEMORY, "x = bytearray(1 << 30)"),
        (
            Limit.PROCESSES,
            "import os, time\nfor _ in range(99):\n    if os.fork() == 0: time.sleep(9)",
        ),
        (Limit.DISK, "open('x', 'wb').write(bytes(5 << 20))"),
        (Limit.DISK, "import time\nfor n in range(200): open(str(n), 'w')\ntime.sleep(9)"),
        (Limit.OUTPUT, "while True: print('x' * 1000)"),
    ],
)
async def test_a_limit_that_is_reached_is_named(sandbox: Sandbox, hit: Limit, code: str) -> None:
    ran = await sandbox.run(
        Program({"main.py": code}),
        replace(QUICK, wall_s=1.5 if hit is Limit.WALL else 30.0, cpu_s=1.0),
    )
    assert ran.hit is hit
    assert not ran.passed


async def test_a_flood_is_cut_at_the_limit(sandbox: Sandbox) -> None:
    ran = await sandbox.run(Program({"main.py": "while True: print('x' * 1000)"}), QUICK)
    assert len(ran.stdout) + len(ran.stderr) == QUICK.output_kb * 1024


async def test_a_signal_that_ended_it_is_told_as_a_negative_status(sandbox: Sandbox) -> None:
    ran = await sandbox.run(Program({"main.py": "import os; os.kill(os.getpid(), 11)"}), QUICK)
    assert ran.status == -11


async def test_time_and_memory_are_told(sandbox: Sandbox) -> None:
    code = "import time\nx = bytearray(60 << 20)\nuntil = time.process_time() + 0.4\nwhile time.process_time() < until: pass"
    ran = await sandbox.run(Program({"main.py": code}), QUICK)
    assert 60 < ran.peak_mb < 100
    assert 0.3 < ran.cpu_s < 1.0
    assert ran.wall_s >= ran.cpu_s * 0.9


async def test_a_cancelled_run_leaves_no_process(sandbox: Sandbox) -> None:
    program = Program({"main.py": "import time; time.sleep(60)"}, argv=("cancelled-by-a-test",))
    running = asyncio.create_task(sandbox.run(program, Limits(wall_s=60)))
    await _until(lambda: _with_argument("cancelled-by-a-test"))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not _with_argument("cancelled-by-a-test")


async def test_runs_leave_no_descriptor_behind(sandbox: Sandbox) -> None:
    program = Program({"main.py": "print(1)"})
    await sandbox.run(program, QUICK)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        await sandbox.run(program, QUICK)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


async def test_runs_beside_each_other_do_not_share_their_limits(sandbox: Sandbox) -> None:
    """Each forks up to its limit at the same time."""
    code = "import os, time\nfor _ in range(10):\n    if os.fork() == 0:\n        time.sleep(0.5); os._exit(0)\nprint('all')"
    many = [sandbox.run(Program({"main.py": code}), QUICK) for _ in range(4)]
    assert [ran.stdout for ran in await asyncio.gather(*many)] == ["all\n"] * 4


def _with_argument(word: str) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and word.encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


async def _until(true: object) -> None:
    ends = time.monotonic() + 10
    while not true():  # type: ignore[operator]
        assert time.monotonic() < ends
        await asyncio.sleep(0.02)
