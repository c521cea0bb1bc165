"""Processes as /proc shows them: whose child, still there or not (Linux only)."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Process:
    """A process id together with its start time: an id alone may be given to another process."""

    pid: int
    started: int


def find(pid: int) -> Process | None:
    """The living process `pid`; None when it is gone or only waits to be reaped."""
    fields = stat(pid)
    return None if fields is None or fields[0] in {"Z", "X"} else Process(pid, int(fields[19]))


def descendants(pid: int) -> frozenset[Process]:
    """The children of `pid` that live now, and theirs."""
    parents = {
        int(entry.name): int(fields[1])
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and (fields := stat(int(entry.name))) is not None
    }
    family = {pid}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return frozenset(found for child in family - {pid} if (found := find(child)))


def left_over(processes: Collection[Process], within_s: float) -> frozenset[Process]:
    """Those that still live after up to `within_s` seconds."""
    ends = time.monotonic() + within_s
    while True:
        living = frozenset(one for one in processes if find(one.pid) == one)
        if not living or time.monotonic() > ends:
            return living
        time.sleep(0.05)


def stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat after the program's name: state, parent, ..."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
