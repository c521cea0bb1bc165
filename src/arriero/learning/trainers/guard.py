"""Runs one training as its own process, so that nothing of it outlives whom it works for.

Started by `learning/trainers/child.py`. A JSON line comes in on stdin (`Order`), one goes out on
stdout when the training ended (`Ended`). The end of stdin means that the parent is gone, however it
went: everything that the training started is killed, and this process ends. Standard library only.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

EVERY_S = 0.5  # how often the training is looked at; looking takes 5 ms
GIVE_UP_S = (
    10.0  # a process that a driver holds in the kernel cannot be killed; never wait for it forever
)
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
LINUX = sys.platform == "linux"


@dataclass(frozen=True, slots=True)
class Order:
    """What to run. Memory in MiB of all its processes together (Linux; elsewhere it is not watched)."""

    command: Sequence[str]
    log: str
    niceness: int
    memory_limit_mb: int


@dataclass(frozen=True, slots=True)
class Ended:
    """How it went: the exit status (negative: a signal), the largest memory seen, and whether that was too much."""

    status: int
    peak_mb: int
    too_large: bool


def main() -> int:
    """Run what stdin orders; say how it ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    order = Order(**json.loads(sys.stdin.buffer.readline()))
    if LINUX:  # what a launcher such as torchrun leaves behind becomes ours, so it can be found
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with Path(order.log).open("ab") as log:
        child = subprocess.Popen(  # the command is our own trainer's
            order.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=lambda: _behave(order.niceness),  # noqa: PLW1509  # no thread runs yet
        )
    threading.Thread(target=_end_with_parent, args=(child,), daemon=True).start()
    ended = _watched(child, order.memory_limit_mb)
    _kill_all(child)
    sys.stdout.write(json.dumps(asdict(ended)) + "\n")
    sys.stdout.flush()
    return 0


def _behave(niceness: int) -> None:
    os.nice(niceness)
    if LINUX:  # this process may be killed too
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _watched(child: subprocess.Popen[bytes], limit_mb: int) -> Ended:
    peak, too_large = 0, False
    while child.poll() is None:
        peak = max(peak, _memory_mb())
        if peak > limit_mb:
            too_large = True
            _kill_all(child)
        time.sleep(EVERY_S)
    return Ended(child.returncode, peak, too_large)


def _end_with_parent(child: subprocess.Popen[bytes]) -> None:
    while sys.stdin.buffer.read(4096):
        pass
    _kill_all(child)
    os._exit(0)


def _kill_all(child: subprocess.Popen[bytes]) -> None:
    """Kill the child's session, then whatever it started in others, until nothing is left."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    ends = time.monotonic() + GIVE_UP_S
    while (family := _descendants()) and time.monotonic() < ends:
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def _descendants() -> list[int]:
    """Living processes below this one (Linux; elsewhere none can be found this way)."""
    if not LINUX:
        return []
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, IndexError, ValueError):
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                if state not in {"Z", "X"}:
                    parents[int(entry.name)] = int(parent)
    family = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return sorted(family - {os.getpid()})


def _memory_mb() -> int:
    """Resident memory of all descendants; pages that they share count for each."""
    pages = 0
    for pid in _descendants():
        with suppress(OSError, IndexError, ValueError):
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") >> 20


if __name__ == "__main__":
    os._exit(main())  # a thread waits on stdin, which a graceful end would wait for
