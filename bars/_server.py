"""A real `arriero up` on a free port over a data folder, ended by its process id."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from arriero.cli.local import FILE
from bars._process import descendants, find, left_over

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = Path(sys.executable).with_name("arriero")
END_WITHIN_S = 20.0

# Fakes of every model: what is left is the platform.
FAKES = """
[models]
encoder = "fake:encoder"
[apps.support.models]
intent_classifier = { model = "fake:INTENT" }
sentiment_analyzer = { model = "fake:neutral" }
response_generator = { model = "GENERATOR", temperature = 0.3, max_tokens = 60 }
[apps.chat.models]
chat = { model = "GENERATOR" }
"""


def fakes(intent: str, generator: str = "fake:echo") -> str:
    """Settings in which every message has this intent."""
    return FAKES.replace("INTENT", intent).replace("GENERATOR", generator)


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


@contextmanager
def arriero(data: Path, settings: str, *, within_s: float = 600.0) -> Iterator[Server]:
    """`arriero up` with `settings` (TOML) over `data`; ended with the block if it still runs."""
    data.mkdir(parents=True, exist_ok=True)
    config = data / "bar.toml"
    config.write_text(settings, encoding="utf-8")
    command = [str(PROGRAM), "up", "--port", "0", "--config", str(config), "--data", str(data)]
    yield from _running(command, data, within_s)


@contextmanager
def lazy(data: Path, kind: str) -> Iterator[Server]:
    """The laziest product that looks like a server (`bars/_lazy.py`)."""
    data.mkdir(parents=True, exist_ok=True)
    yield from _running([sys.executable, "-m", "bars._lazy", kind, str(data)], data, 60.0)


def _running(command: Sequence[str], data: Path, within_s: float) -> Iterator[Server]:
    (data / FILE).unlink(missing_ok=True)
    began = time.monotonic()
    with (data / "bar.log").open("ab") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=ROOT
        )
    try:
        url, key = _ready(process, data, began + within_s)
        server = Server(process, url, key, data, time.monotonic() - began)
    except BaseException:
        process.kill()
        process.wait()
        raise
    try:
        yield server
    finally:
        server.end()


def _ready(process: subprocess.Popen[bytes], data: Path, ends: float) -> tuple[str, str]:
    """Address and key, once it answers. Models may still be starting then."""
    while process.poll() is None and time.monotonic() < ends:
        try:
            told = json.loads((data / FILE).read_text(encoding="utf-8"))
            if httpx.get(f"{told['url']}/health/live", timeout=5).status_code == 200:
                return told["url"], told["key"]
        except (OSError, ValueError, httpx.HTTPError):
            pass  # not there yet
        time.sleep(0.05)
    said = (data / "bar.log").read_text(encoding="utf-8", errors="replace")[-2_000:]
    raise RuntimeError(f"the server did not become ready:\n{said}")


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
