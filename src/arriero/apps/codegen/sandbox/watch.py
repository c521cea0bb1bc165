"""Watches boxes until they end: reads what they say, looks at what they use, kills what goes too far.

Blocking; runs in a thread of its own.
"""

from __future__ import annotations

import os
import selectors
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from arriero.apps.codegen.sandbox.base import Limit, Limits
from arriero.apps.codegen.sandbox.box import MIB, Box, BoxError

LOOK_EVERY_S = 0.01  # two cores fill some 30 MiB in that time; looking takes 0.2 ms
LATE_S = 0.5  # a look that comes so late was not let run, and neither, perhaps, were the boxes
READ = 65_536
MAX_REPORT = 1_000_000  # bytes of test results; a thousand tests with a reason each
PAGE, TICK = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of boxes that ended; `status` is the first one's.

    CPU and memory are as they were looked at, every 10 ms: bubblewrap does not wait for what it started,
    so the kernel tells nobody what that used in the end.
    """

    status: int
    stdout: bytes
    stderr: bytes
    report: bytes
    wall_s: float
    cpu_s: float
    peak_mb: float
    hit: Limit | None


@dataclass(slots=True)
class Watch:
    """The boxes of one run, which ends with the first of them.

    `speaking` is the box whose stdout and stderr are told; the others' are read and dropped. `report` is
    a descriptor that test results come from.
    """

    boxes: Sequence[Box]
    speaking: Box
    limits: Limits
    report: int | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    hit: Limit | None = None
    _peak: int = 0
    _cpu: float = 0.0
    _said: dict[str, bytearray] = field(
        default_factory=lambda: {
            "stdout": bytearray(),
            "stderr": bytearray(),
            "report": bytearray(),
        }
    )
    _heard: int = 0

    def until_ended(self) -> Seen:
        """Blocks until the first box ended, by itself or by us; then nothing of any box is left.

        Raises `BoxError` when bubblewrap did not come to start a program in each.
        """
        begun = monotonic()
        ends = begun + self.limits.wall_s
        with selectors.DefaultSelector() as pipes:
            ended = self._listen(pipes)
            looked = now = begun
            while True:
                before = now
                events = pipes.select(LOOK_EVERY_S)
                for key, _ in events:
                    self._read(pipes, key)
                now = monotonic()
                if now - before > LATE_S:
                    ends += now - before
                if any(key.fileobj == ended for key, _ in events):
                    break
                if self.hit or self.stop.is_set():
                    self._kill()
                elif now >= ends:
                    self._end(Limit.WALL)
                elif now - looked >= LOOK_EVERY_S:
                    looked = now
                    self._look()
            wall = monotonic() - begun
            statuses = [_status(box.end()) for box in self.boxes]
            self._drain(pipes)
            os.close(ended)
        stdout, stderr, report = (
            bytes(self._said[name]) for name in ("stdout", "stderr", "report")
        )
        peak = self._peak / MIB
        if self.hit is None and not self.stop.is_set() and not all(box.made for box in self.boxes):
            raise BoxError(
                f"a box could not be made: {stderr.decode(errors='replace').strip()[:500]}"
            )
        return Seen(statuses[0], stdout, stderr, report, wall, self._cpu, peak, self.hit)

    def _listen(self, pipes: selectors.BaseSelector) -> int:
        for box in self.boxes:
            for name, pipe in (("stdout", box.process.stdout), ("stderr", box.process.stderr)):
                assert pipe is not None  # noqa: S101  # every box is started with both
                os.set_blocking(pipe.fileno(), False)
                pipes.register(pipe, selectors.EVENT_READ, name if box is self.speaking else "")
        if self.report is not None:
            os.set_blocking(self.report, False)
            pipes.register(self.report, selectors.EVENT_READ, "report")
        ended = os.pidfd_open(self.boxes[0].process.pid)
        pipes.register(ended, selectors.EVENT_READ, "ended")
        return ended

    def _read(self, pipes: selectors.BaseSelector, key: selectors.SelectorKey) -> bool:
        """Take what one pipe holds; whether there may be more."""
        if key.data == "ended":
            return False
        try:
            got = os.read(key.fd, READ)
        except BlockingIOError:
            return False
        if not got:
            pipes.unregister(key.fileobj)
            return False
        if key.data == "report":
            self._said["report"] += got[: max(0, MAX_REPORT - len(self._said["report"]))]
            return True
        room = max(0, self.limits.output_kb * 1024 - self._heard)
        self._heard += len(got)
        if key.data:
            self._said[key.data] += got[:room]
        if len(got) > room:
            self._end(Limit.OUTPUT)
        return True

    def _drain(self, pipes: selectors.BaseSelector) -> None:
        """What is left in the pipes of boxes that are gone: at most what a pipe holds each."""
        for key in list(pipes.get_map().values()):
            for _ in range(MAX_REPORT // READ):
                if not self._read(pipes, key):
                    break

    def _look(self) -> None:
        memory, cpu = 0, 0.0
        for box in self.boxes:
            for pid in family(box.init_pid):
                resident, seconds = _use(pid)
                memory += resident
                cpu += seconds
            if _files(box.init_pid, self.limits.disk_mb * MIB) > self.limits.files:
                self._end(Limit.DISK)
        self._peak, self._cpu = max(self._peak, memory), max(self._cpu, cpu)
        if memory > self.limits.memory_mb * MIB:
            self._end(Limit.MEMORY)
        if cpu > self.limits.cpu_s:
            self._end(Limit.CPU)

    def _end(self, hit: Limit) -> None:
        self.hit = self.hit or hit
        self._kill()

    def _kill(self) -> None:
        """The first box is gone before the next one is killed, so that no test reports what we did."""
        for box in self.boxes:
            box.kill()
            box.gone()


def family(pid: int) -> Iterator[int]:
    """`pid` and all that descend from it, daemons too: in a box they become children of its first process."""
    yield pid
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208  # /proc, and often
            children = Path(f"/proc/{pid}/task/{thread}/children").read_text(encoding="ascii")
            for child in children.split():
                yield from family(int(child))


def _use(pid: int) -> tuple[int, float]:
    """Resident bytes and CPU seconds of one process and of its children that ended."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:  # noqa: PTH123  # often
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0, 0.0
    return int(fields[21]) * PAGE, sum(int(field) for field in fields[11:15]) / TICK


def _files(pid: int, size: int) -> int:
    """How many files and folders there are in the box's /work, which is told by its `size` in bytes.

    While a box is made its first process may still see this machine's own /work.
    """
    try:
        told = os.statvfs(f"/proc/{pid}/root/work")
    except OSError:  # it ended, or is not that far
        return 0
    return told.f_files - told.f_ffree if told.f_blocks * told.f_frsize == size else 0


def _status(code: int) -> int:
    """Bubblewrap tells a signal the way a shell does; we tell it as a negative number."""
    return 128 - code if 128 < code <= 128 + 64 else code
