"""The commands as a person runs them: child processes over data folders of the tests' own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("arriero")
WITHIN_S = 60.0  # what takes longer hangs: a start on fakes takes 2 s, many times that when busy
STARTED = "Ctrl-C ends it."

# Every model is a fake, so a start loads nothing and reads no pulled file.
FAKES = """
[models]
encoder = "fake:hash"
folder = "no-models-here"
[server]
port = 0
[apps.support.models]
intent_classifier = { model = "fake:order_status" }
response_generator = { model = "fake:echo" }
sentiment_analyzer = { model = "fake:neutral" }
[apps.chat.models]
chat = { model = "fake:echo" }
[apps.codegen.models]
writer = { model = "fake:echo" }
[apps.finance.models]
writer = { model = "fake:echo" }
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended."""

    status: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Place:
    """An empty folder with an `arriero.toml`, in which commands are run."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / ".arriero"

    def configure(self, text: str) -> None:
        (self.folder / "arriero.toml").write_text(text)

    def run(self, *argv: str, env: Mapping[str, str] | None = None) -> Ended:
        """Run `arriero ARGV` here to its end."""
        return self.call([str(PROGRAM), *argv], env=env)

    def call(self, command: list[str], env: Mapping[str, str] | None = None) -> Ended:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
            cwd=self.folder,
            env={**os.environ, **(env or {})},
        )
        return Ended(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True, slots=True)
class Process:
    """A command that goes on: its output lies in files, its children share its session."""

    place: Place
    name: str
    process: subprocess.Popen[bytes]

    @property
    def out(self) -> str:
        return self._said("out")

    @property
    def err(self) -> str:
        return self._said("err")

    def _said(self, stream: str) -> str:
        return (self.place.folder / f"{self.name}.{stream}").read_text()

    @property
    def url(self) -> str:
        found = re.search(r"(http://\S+)/health/ready", self.out)
        assert found, self.out + self.err
        return found[1]

    @property
    def secret(self) -> str:
        found = re.search(r"arr_\S+", self.out)
        assert found, self.out
        return found[0]

    def wait_for(self, text: str) -> None:
        """Until `text` is said on stdout."""
        ends = time.monotonic() + WITHIN_S
        while text not in self.out:
            assert self.process.poll() is None, f"it ended:\n{self.out}{self.err}"
            assert time.monotonic() < ends, f"never said {text!r}:\n{self.out}{self.err}"
            time.sleep(0.02)

    def end(self, number: int = signal.SIGINT) -> int:
        """Send it a signal; its exit status."""
        self.process.send_signal(number)
        return self.process.wait(WITHIN_S)

    def family(self) -> set[int]:
        """Its living descendants and the members of its session, itself included."""
        found: set[int] = set()
        parents = {pid: parent for pid, (parent, _) in _living().items()}
        for pid, (_, session) in _living().items():
            line, above = {pid}, parents.get(pid)
            while above in parents and above not in line:
                line.add(above)
                above = parents[above]
            if self.process.pid in line or session == self.process.pid:
                found.add(pid)
        return found


def _living() -> dict[int, tuple[int, int]]:
    """Process id -> its parent and its session, of all that live."""
    found = {}
    for folder in Path("/proc").iterdir():
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if folder.name.isdigit() and fields[0] != "Z":
                found[int(folder.name)] = (int(fields[1]), int(fields[3]))
        except OSError:
            continue  # it ended just now, or is no process
    return found


def left_of(family: set[int], within_s: float = 3.0) -> set[int]:
    """Who of `family` still lives after at most so many seconds."""
    ends = time.monotonic() + within_s
    while family & _living().keys() and time.monotonic() < ends:
        time.sleep(0.05)
    return family & _living().keys()


@contextmanager
def starting(place: Place, *argv: str) -> Iterator[Process]:
    """`arriero ARGV`, started; killed with the block, by its id, if it still runs."""
    with (
        (place.folder / f"{argv[0]}.out").open("wb") as out,
        (place.folder / f"{argv[0]}.err").open("wb") as err,
    ):
        process = subprocess.Popen(
            [str(PROGRAM), *argv],
            stdout=out,
            stderr=err,
            stdin=subprocess.DEVNULL,
            cwd=place.folder,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )
    try:
        yield Process(place, argv[0], process)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(WITHIN_S)


@contextmanager
def up(place: Place, *argv: str) -> Iterator[Process]:
    """`arriero up`, ready."""
    with starting(place, "up", *argv) as process:
        process.wait_for(STARTED)
        yield process


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return _place(tmp_path)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A first start, shared by the tests that only ask and look."""
    with up(_place(tmp_path_factory.mktemp("served"))) as process:
        yield process


@pytest.fixture(scope="session")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Ended]:
    """A folder in which one question was asked without a server, and what was printed."""
    place = _place(tmp_path_factory.mktemp("asked"))
    return place, place.run("ask", "--json", "Where is my order 10234?")


@pytest.fixture
def refused(place: Place) -> Callable[..., str]:
    """Runs a command that must refuse in one sentence on stderr; gives the sentence."""

    def run(*argv: str) -> str:
        return one_sentence(place.run(*argv))

    return run


def one_sentence(ended: Ended) -> str:
    """The sentence of a command that was refused: one line, no traceback, exit status 2."""
    assert ended.status == 2, ended
    assert "Traceback" not in ended.err
    (line,) = ended.err.strip().splitlines()
    assert line.startswith("arriero: ")
    return line.removeprefix("arriero: ")


def _place(folder: Path) -> Place:
    place = Place(folder)
    place.configure(FAKES)
    return place
