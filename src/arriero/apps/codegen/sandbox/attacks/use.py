"""Attacks that use up what others need: processors, memory, disk, processes, whoever reads their output."""

from __future__ import annotations

from arriero.apps.codegen.sandbox.attacks.base import LIMITS, Attack

MEMORY, DISK = LIMITS.memory_mb + 108, LIMITS.disk_mb + 12
PROCESSES, FILES, WALL = LIMITS.processes + 8, LIMITS.files + 600, LIMITS.wall_s + 1
# Without a sandbox a loop ends after WALL and a flood after some MB; in one they try to go on for ever.
WHILE = f"while BAIT['forever'] or time.monotonic() - begun < {WALL}:"

USE = (
    Attack(
        "never end",
        f"begun = time.monotonic()\n{WHILE}\n    pass\nescaped('still here')",
        canary=True,
    ),
    Attack(
        "sleep for ever",
        f"begun = time.monotonic()\n{WHILE}\n    time.sleep(0.05)\nescaped('still here')",
    ),
    Attack(
        "ignore signals",
        "for one in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:\n"
        "    try:\n        signal.signal(one, signal.SIG_IGN)\n    except OSError:\n        pass\n"
        f"begun = time.monotonic()\n{WHILE}\n    pass\nescaped('still here')",
    ),
    Attack(
        "never end, in many processes",
        "children = []\nbegun = time.monotonic()\n"
        "for _ in range(4):\n    child = os.fork()\n    if child == 0:\n        break\n    children.append(child)\n"
        f"{WHILE}\n    pass\n"
        "if len(children) == 4:\n    escaped('still here')\nelse:\n    os._exit(0)",
    ),
    Attack(
        "a fork bomb",
        "children = []\n"
        "try:\n"
        f"    while BAIT['forever'] or len(children) < {PROCESSES}:\n"
        "        child = os.fork()\n"
        "        if child == 0:\n            time.sleep(3)\n            os._exit(0)\n"
        f"        children.append(child)\n        len(children) == {PROCESSES} and escaped(len(children))\n"
        "finally:\n"
        "    for child in children:\n        os.kill(child, signal.SIGKILL)",
        canary=True,
    ),
    Attack(
        "a fork bomb that forks on",
        # Each forks once more: a chain, so that no single process has many children.
        "here = 0\n"
        f"while here < {PROCESSES}:\n    here += 1\n"
        "    if os.fork() != 0:\n        os.wait()\n        os._exit(0)\n"
        "escaped(here)",
    ),
    Attack(
        "a bomb of threads",
        f"for _ in range({PROCESSES}):\n    threading.Thread(target=time.sleep, args=(1,), daemon=True).start()\n"
        "escaped(threading.active_count())",
    ),
    Attack("a memory bomb", f"kept = bytearray({MEMORY} << 20)\nescaped(len(kept))", canary=True),
    Attack(
        "a memory bomb in pieces",
        # Each stays below the limit of one process; together they are above it.
        "children = []\n"
        "for _ in range(4):\n    child = os.fork()\n"
        "    if child == 0:\n"
        f"        kept = bytearray({MEMORY // 4 + 8} << 20)\n        time.sleep(1)\n        os._exit(7)\n"
        "    children.append(child)\n"
        "codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]\n"
        "codes == [7] * 4 and escaped(codes)",
    ),
    Attack(
        "mapped memory",
        f"import mmap\nkept = mmap.mmap(-1, {MEMORY} << 20)\n"
        f"for at in range(0, {MEMORY} << 20, 4096):\n    kept[at] = 1\nescaped(len(kept))",
    ),
    Attack(
        "recursion without end",
        "sys.setrecursionlimit(10**8)\nkept = []\n"
        "def deeper(n):\n    if n == 0:\n        escaped('deep')\n        os._exit(0)\n    x = bytes(1000)\n    return deeper(n - 1) + len(x)\n"
        "deeper(250_000)",
    ),
    Attack(
        "shared memory as a disk",
        f"with open('/dev/shm/arriero-%d' % os.getpid(), 'wb') as file:\n"
        "    os.unlink(file.name)\n"
        f"    for _ in range({DISK}):\n        file.write(bytes(1 << 20))\n    file.flush()\n    escaped('written')",
    ),
    Attack(
        "flood stdout",
        # Four megabytes, or for ever: 10 GB would take a minute.
        "line = b'x' * 65536\nsent = 0\n"
        "while BAIT['forever'] or sent < 4 << 20:\n    sent += os.write(1, line)",
        canary=True,
    ),
    Attack(
        "flood stderr",
        "line = b'x' * 65536\nsent = 0\nwhile BAIT['forever'] or sent < 4 << 20:\n    sent += os.write(2, line)",
    ),
    Attack(
        "flood in turn",
        "line = b'x' * 1024\nsent = 0\n"
        "while BAIT['forever'] or sent < 4 << 20:\n    sent += os.write(1, line) + os.write(2, line)",
    ),
    Attack(
        "fill the disk",
        f"with open('big', 'wb') as file:\n    for _ in range({DISK}):\n        file.write(bytes(1 << 20))\n"
        f"os.path.getsize('big') >> 20 == {DISK} and escaped('written')",
        canary=True,
    ),
    Attack(
        "fill the disk in pieces",
        f"for number in range({DISK}):\n    with open('big%d' % number, 'wb') as file:\n        file.write(bytes(1 << 20))\nescaped('written')",
    ),
    Attack(
        "a hole in a file",
        "with open('hole', 'wb') as file:\n    file.truncate(10 << 30)\nos.path.getsize('hole') and escaped('10 GB')",
    ),
    Attack(
        "many empty files",
        f"os.mkdir('many')\nfor number in range({FILES}):\n    open('many/%d' % number, 'w').close()\n"
        "time.sleep(0.2)\nescaped(len(os.listdir('many')))",
    ),
    Attack(
        "many open files",
        "kept = [os.open(os.devnull, os.O_RDONLY) for _ in range(400)]\nescaped(len(kept))",
    ),
)
