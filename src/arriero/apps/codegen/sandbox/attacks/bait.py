"""What attacks reach for: a secret file, a process, listeners, a folder. All of it is made for one attack.

Nothing else of this machine is at stake when an attack succeeds.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from arriero.apps.codegen.sandbox.attacks.base import ESCAPED, LIMITS, Attack
from arriero.apps.codegen.sandbox.base import Program, Ran, Test

SECRET = "ARRIERO_BAIT"  # noqa: S105  # the name of an environment variable
SLACK_S = 5.0  # a busy machine ends a run late


@dataclass
class Bait:
    """The bait of one attack. `secret` is in a file, in the victim's environment, behind a descriptor."""

    folder: Path
    victim: subprocess.Popen[bytes]
    listeners: list[socket.socket]
    kept: int
    secret: str
    answer: int
    token: str
    told: dict[str, object] = field(default_factory=dict)

    def program(self, attack: Attack, *, forever: bool) -> Program:
        """The attack as a program; `forever`: what floods or loops does not stop by itself."""
        test = Test("answer", f"assert answer(20) == {self.answer}")
        return attack.program(json.dumps({**self.told, "forever": forever}), test)

    def escaped(self, ran: Ran) -> str:
        """What the attack got, in a few words; empty when it got nothing."""
        said = ran.stdout + ran.stderr
        reasons = {
            "told so": ESCAPED in ran.stdout,
            "told the secret": self.secret in said,
            "changed the host": self._changed(),
            "was heard": any(_heard(one) for one in self.listeners),
            "ended or stopped a process": self._victim_harmed(),
            "outlived its run": bool(self.survivors()),
            "passed the test": bool(ran.tests) and all(test.passed for test in ran.tests),
            "ran too long": ran.wall_s > LIMITS.wall_s + SLACK_S,
            "said too much": len(said.encode()) > (LIMITS.output_kb + 8) << 10,
            "used too much memory": ran.peak_mb > LIMITS.memory_mb * 1.5,
        }
        return ", ".join(reason for reason, true in reasons.items() if true)

    def _changed(self) -> bool:
        outside, precious = self.folder / "outside", self.folder / "precious"
        try:
            kept = precious.read_text(encoding="utf-8") == "kept"
            return (
                bool(list(outside.iterdir()))
                or not kept
                or precious.stat().st_mode & 0o777 != 0o644
            )
        except OSError:
            return True

    def _victim_harmed(self) -> bool:
        if self.victim.poll() is not None:
            return True
        stat = Path(f"/proc/{self.victim.pid}/stat").read_text(encoding="utf-8")
        return stat.rpartition(")")[2].split()[0] == "T"

    def survivors(self) -> list[int]:
        """Processes that carry the attack's token in their arguments."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with suppress(OSError):
                    if self.token.encode() in (entry / "cmdline").read_bytes():
                        found.append(int(entry.name))
        return found


@contextmanager
def laid() -> Iterator[Bait]:
    """Bait for one attack, all of it gone afterwards, with what the attack left behind."""
    folder = Path(tempfile.mkdtemp(prefix="arriero-bait-"))
    secret, token = secrets.token_hex(16), secrets.token_hex(16)
    victim: subprocess.Popen[bytes] | None = None
    listeners: list[socket.socket] = []
    kept = -1
    try:
        folder.chmod(0o755)
        (folder / "outside").mkdir()
        (folder / "work").mkdir()
        (folder / "precious").write_text("kept", encoding="utf-8")
        (folder / "precious").chmod(0o644)
        (folder / "secret").write_text(secret, encoding="utf-8")
        kept = os.open(folder / "secret", os.O_RDONLY)
        os.set_inheritable(kept, True)
        victim = subprocess.Popen(
            ["sleep", "60"], env={SECRET: secret, "PATH": os.defpath}, start_new_session=True
        )
        listeners += _listeners(folder / "socket", "arriero-" + token)
        answer = 1_000_000 + random.SystemRandom().randrange(999_999)
        bait = Bait(folder, victim, listeners, kept, secret, answer, token)
        tcp, udp = (one.getsockname()[1] for one in listeners[:2])
        bait.told = {
            "secret_file": str(folder / "secret"),
            "outside": str(folder / "outside"),
            "precious": str(folder / "precious"),
            "victim": victim.pid,
            "tcp": tcp,
            "udp": udp,
            "unix": str(folder / "socket"),
            "abstract": "arriero-" + token,
            "token": token,
            "host": socket.gethostname(),
            "source": __file__,
        }
        yield bait
    finally:
        if victim is not None:
            victim.kill()
            victim.wait()
            for pid in bait.survivors():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        for one in listeners:
            one.close()
        if kept >= 0:
            os.close(kept)
        shutil.rmtree(folder, ignore_errors=True)  # by descriptors, so that no path is too deep


def _listeners(path: Path, name: str) -> list[socket.socket]:
    found = [
        socket.create_server(("127.0.0.1", 0)),
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        socket.socket(socket.AF_UNIX),
        socket.socket(socket.AF_UNIX),
    ]
    found[1].bind(("127.0.0.1", 0))
    found[2].bind(str(path))
    found[3].bind("\0" + name)
    for one in found:
        one.setblocking(False)
        if one.type == socket.SOCK_STREAM:
            one.listen()
    return found


def _heard(listener: socket.socket) -> bool:
    try:
        if listener.type == socket.SOCK_DGRAM:
            return bool(listener.recv(1))
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def python() -> str:
    """The interpreter on which attacks run where nothing holds them."""
    return getattr(sys, "_base_executable", "") or sys.executable
