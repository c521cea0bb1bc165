"""An `arriero up` of one's own: started over a data folder, found when it answers, ended by its id."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from arriero.cli.family import descendants, find, left_over
from arriero.cli.local import FILE
from arriero.core.errors import ArrieroError

LOG = "server.log"
END_WITHIN_S = 20.0
LOOK_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class Server:
    """A server process that was started here. `ready_s`: from its start to its first answer."""

    process: subprocess.Popen[bytes]
    url: str
    key: str
    data: Path
    ready_s: float

    @property
    def pid(self) -> int:
        return self.process.pid

    def kill(self) -> None:
        """As a crash would: SIGKILL, at once."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(END_WITHIN_S)

    def end(self) -> None:
        """As Ctrl-C would; what does not end is killed."""
        family = descendants(self.pid)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(END_WITHIN_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(END_WITHIN_S)
        for one in left_over(family, 5.0):
            os.kill(one.pid, signal.SIGKILL)


def start(
    command: Sequence[str], data: Path, *, cwd: Path | None = None, own_session: bool = False
) -> subprocess.Popen[bytes]:
    """Start `command`, an `arriero up` over `data`; what it says goes to a log there.

    In a session of its own it does not get the terminal's Ctrl-C; who started it has to end it.
    """
    data.mkdir(parents=True, exist_ok=True)
    (data / FILE).unlink(missing_ok=True)
    with (data / LOG).open("ab") as log:
        return subprocess.Popen(
            command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=cwd,
            start_new_session=own_session,
        )  # fmt: skip


def found(process: subprocess.Popen[bytes], data: Path) -> tuple[str, str] | None:
    """Address and key, once it answers; None before. Models may still be starting then.

    Raises:
        ArrieroError: it has ended.
    """
    if process.poll() is not None:
        said = (data / LOG).read_text(encoding="utf-8", errors="replace")[-2_000:]
        raise ArrieroError(f"the server ended before it was ready:\n{said}")
    try:
        told = json.loads((data / FILE).read_text(encoding="utf-8"))
        if httpx.get(f"{told['url']}/health/live", timeout=5, trust_env=False).is_success:
            return told["url"], told["key"]
    except (OSError, ValueError, httpx.HTTPError):
        pass  # not there yet
    return None


def wait(process: subprocess.Popen[bytes], data: Path, within_s: float) -> Server:
    """The server, once it answers; a process that does not is killed."""
    began = time.monotonic()
    try:
        while (told := found(process, data)) is None and time.monotonic() < began + within_s:
            time.sleep(LOOK_EVERY_S)
    except BaseException:
        process.kill()
        process.wait()
        raise
    if told is None:
        process.kill()
        process.wait()
        raise ArrieroError(f"the server did not answer within {within_s:.0f} s; see {data / LOG}")
    return Server(process, *told, data, time.monotonic() - began)


def model_process(server: Server) -> int | None:
    """The llama.cpp child's process id, or None while there is none."""
    for one in descendants(server.pid):
        try:
            line = Path(f"/proc/{one.pid}/cmdline").read_bytes()
        except OSError:
            continue
        if b"arriero.models.llama_child" in line and find(one.pid) == one:
            return one.pid
    return None
