"""What a process uses, as /proc shows it (Linux only); whose child it is, see `arriero.cli.family`."""

from __future__ import annotations

import os
from pathlib import Path

from arriero.cli.family import Process, descendants, find, left_over, stat

__all__ = ["MB", "Process", "cpu_s", "descendants", "find", "left_over", "resident_mb"]

MB = 1e6


def resident_mb(pid: int) -> float:
    """Resident memory in MB (10^6 bytes)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.split("VmRSS:")[1].split()[0]) * 1024 / MB


def cpu_s(pid: int) -> float:
    """Processor time that the process has used, its children apart, in seconds."""
    fields = stat(pid)
    assert fields is not None, f"process {pid} is gone"
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
