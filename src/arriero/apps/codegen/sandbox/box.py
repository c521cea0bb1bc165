"""A box: one bubblewrap process with namespaces of its own, its limits, and the pipes that lead out.

Bubblewrap makes the namespaces and waits; then the limits are put on its first process from outside, where
they count what is in the box alone; then it mounts what the box shows and starts the program.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
import random
import resource
import select
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from arriero.apps.codegen.sandbox.base import Limits
from arriero.apps.codegen.sandbox.interpreter import SETPRIV, Interpreter
from arriero.core.errors import ArrieroError

MIB = 1024 * 1024
OWN_PROCESSES = (
    2  # bubblewrap's own inside: the first process, which reaps, and a layer that denies namespaces
)
OPEN_FILES = 128  # Python's subprocess tries every number up to this one where there is no /proc
SET_UP_WITHIN_S = 10.0  # it takes 10 ms; a machine that swaps may need a while
GONE_WITHIN_S = (
    10.0  # killed processes go at once; one that the kernel holds is not waited for for ever
)
ENVIRONMENT = {
    "PATH": "/python/bin",
    "HOME": "/work",
    "TMPDIR": "/work",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",  # the same order of a set in every run
    "PYTHONDONTWRITEBYTECODE": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "GOMAXPROCS": "4",  # else Go begins threads for every core, and on many cores finds no room for them
}
# 61184 to 65519 belong to no account: systemd takes from them for services without one (uid 0..65535 is
# what a container without its own mapping has, too). Drawn a run, so that runs cannot count or touch
# each other's processes.
FREE_UIDS = range(61_184, 65_520)


class BoxError(ArrieroError):
    """The box could not be set up; nothing was executed."""

    code = "sandbox_unavailable"


class Way(StrEnum):
    """How the code inside comes to have no rights.

    USER: bubblewrap is started by an ordinary user and makes a user namespace. ROOT: we are root, which
    mounts what the box shows, and every right and the user are dropped before the program starts.
    DROPPED: we are root but may not mount (a container); an unused user starts bubblewrap as in USER.
    """

    USER = "user namespace"
    ROOT = "root, dropped inside"
    DROPPED = "root, dropped before"

    @classmethod
    def of(cls, uid: int) -> tuple[Way, ...]:
        """The ways that are open to `uid`, the better one first."""
        return (cls.ROOT, cls.DROPPED) if uid == 0 else (cls.USER,)


@dataclass(frozen=True, slots=True)
class Content:
    """A file that the box starts with; `starts`: it is a program that may be started."""

    dest: str
    data: bytes
    starts: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What a box starts: argv inside, the files in /work, folders shown read-only, descriptors kept.

    `reserves`: it asks for far more addresses than it uses, as a Java machine does, so that the kernel's limit of them
    says nothing of its memory; that is held by looking alone.
    """

    argv: Sequence[str]
    contents: Sequence[Content]
    shown: Mapping[str, Path]
    stdin: bytes = b""
    kept: Sequence[int] = ()
    reserves: bool = False


@dataclass(slots=True)
class Box:
    """A box that runs. `init` is its first process as a descriptor: killing it kills all in the box.

    `told` is where bubblewrap says what it does; `made` whether it had come to start the program when it ended.
    """

    process: subprocess.Popen[bytes]
    init: int
    init_pid: int
    told: int
    made: bool = False

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.init, signal.SIGKILL)

    def gone(self) -> None:
        """Blocks until every process of it is gone, once it was killed."""
        select.select([self.init], [], [], GONE_WITHIN_S)

    def end(self) -> int:
        """Kill whatever is left and wait until it is gone; bubblewrap's exit status.

        The first process of a namespace is gone only when all the others are (pid_namespaces(7)).
        """
        self.kill()
        self.gone()
        status = self.process.wait()
        with suppress(
            ChildProcessError
        ):  # it is our child now only where we are process 1, in a container
            os.waitid(os.P_PIDFD, self.init, os.WEXITED | os.WNOHANG)
        # An exit code is told only of a program that was started (bwrap(1), --json-status-fd).
        os.set_blocking(self.told, False)
        with suppress(BlockingIOError):
            self.made = b"exit-code" in os.read(self.told, 4096)
        return status

    def close(self) -> None:
        """Leave nothing of it behind, however far it came."""
        if self.process.returncode is None:
            self.end()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
        os.close(self.init)
        os.close(self.told)


def start(
    bwrap: Path, way: Way, inside: Interpreter, seccomp: bytes, plan: Plan, limits: Limits
) -> Box:
    """A box whose program has just begun. Raises `BoxError` with bubblewrap's own words if it cannot."""
    uid = random.SystemRandom().choice(FREE_UIDS)
    files = [sealed(content.data) for content in plan.contents]
    told, tell = os.pipe()
    held, hold = os.pipe()
    filter_file = sealed(seccomp)
    argv = _arguments(way, inside, plan, limits, files)
    argv += ["--seccomp", str(filter_file), "--json-status-fd", str(tell), "--block-fd", str(held)]
    arguments = sealed("".join(f"{word}\0" for word in argv).encode())
    stdin = sealed(plan.stdin)
    passed = [*files, tell, held, filter_file, arguments, *plan.kept]
    dropped = {"user": uid, "group": uid, "extra_groups": []} if way is Way.DROPPED else {}
    process: subprocess.Popen[bytes] | None = None
    box: Box | None = None
    try:
        process = subprocess.Popen(
            [bwrap, "--args", str(arguments), "--", *_dropping(way, uid), *plan.argv],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=passed,
            env={},
            cwd="/",
            start_new_session=True,
            **dropped,  # type: ignore[call-overload]  # three of its keywords
        )
        os.close(tell)
        passed.remove(tell)
        box = _opened(process, told)
    except (OSError, ValueError, BoxError) as error:
        said = ""
        if process is not None:
            process.kill()
            said = process.communicate()[1].decode(errors="replace").strip()
        raise BoxError(f"bubblewrap could not make a box: {said or error}") from None
    finally:
        kept = set(plan.kept)
        for descriptor in (*passed, stdin):
            if descriptor not in kept:
                os.close(descriptor)
        if box is None:
            os.close(told)
            os.close(hold)
    try:
        _limit(box, limits, way, uid, OPEN_FILES + len(files), reserves=plan.reserves)
        os.write(hold, b"1")
    except (OSError, subprocess.SubprocessError) as error:
        box.end()
        said = box.process.stderr.read().decode(errors="replace") if box.process.stderr else ""
        box.close()
        raise BoxError(f"bubblewrap could not make a box: {said.strip() or error}") from None
    finally:
        os.close(hold)
    return box


def sealed(data: bytes) -> int:
    """A descriptor with `data` that nobody can change any more, at its start."""
    descriptor = os.memfd_create("box", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with os.fdopen(descriptor, "wb", closefd=False) as file:
        file.write(data)
    os.lseek(descriptor, 0, os.SEEK_SET)
    seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    return descriptor


def _arguments(
    way: Way, inside: Interpreter, plan: Plan, limits: Limits, files: Sequence[int]
) -> list[str]:
    argv = [
        "--unshare-ipc",
        "--unshare-pid",
        "--unshare-net",
        "--unshare-uts",
        "--unshare-cgroup-try",
    ]
    argv += ["--hostname", "box", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    if way is Way.ROOT:
        argv += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP"]
    else:
        argv += ["--unshare-user", "--disable-userns", "--uid", "65534", "--gid", "65534"]
    argv += ["--chmod", "0755", "/"]
    folders = {str(Path(mount.dest).parent) for mount in inside.mounts} | {"/dev"}
    for folder in sorted(folders | {str(Path(folder).parent) for folder in folders} - {"/"}):
        argv += ["--perms", "0755", "--dir", folder]
    for mount in inside.mounts:
        argv += ["--symlink" if mount.link else "--ro-bind", mount.source, mount.dest]
    for folder in inside.hidden:
        argv += ["--perms", "0755", "--tmpfs", folder, "--remount-ro", folder]
    for dest, source in plan.shown.items():
        argv += ["--ro-bind", str(source), dest]
    for device in ("null", "urandom", "zero"):
        argv += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    argv += ["--perms", "0777", "--size", str(limits.disk_mb * MIB), "--tmpfs", "/work"]
    argv += ["--symlink", "/work", "/tmp", "--symlink", "/work", "/dev/shm"]  # noqa: S108  # in the box
    for folder in _parents(plan.contents):
        argv += ["--perms", "0777", "--dir", folder]
    for content, descriptor in zip(plan.contents, files, strict=True):
        mode = "0777" if content.starts else "0666"
        argv += ["--perms", mode, "--file", str(descriptor), content.dest]
    argv += ["--remount-ro", "/", "--chdir", "/work", "--clearenv"]
    for name, value in ENVIRONMENT.items():
        argv += ["--setenv", name, value]
    return argv


def _parents(contents: Sequence[Content]) -> list[str]:
    """The folders between /work and its files, outer ones first."""
    found = {
        str(folder)
        for content in contents
        for folder in Path(content.dest).parents
        if str(folder).startswith("/work/")
    }
    return sorted(found)


def _dropping(way: Way, uid: int) -> list[str]:
    if way is not Way.ROOT:
        return []
    user = ["--reuid", str(uid), "--regid", str(uid), "--clear-groups"]
    return [SETPRIV, *user, "--bounding-set=-all", "--inh-caps=-all", "--"]


def _opened(process: subprocess.Popen[bytes], told: int) -> Box:
    """The box as soon as bubblewrap has said which process is the first one in it."""
    said = b""
    while not said.rstrip().endswith(b"}"):
        if not select.select([told], [], [], SET_UP_WITHIN_S)[0]:
            raise BoxError(f"it said nothing for {SET_UP_WITHIN_S:g} s")
        if not (more := os.read(told, 4096)):
            raise BoxError("it ended")
        said += more
    pid = int(json.loads(said)["child-pid"])
    return Box(process, os.pidfd_open(pid), pid, told)


def _limit(
    box: Box, limits: Limits, way: Way, uid: int, open_files: int, *, reserves: bool
) -> None:
    """Put the limits on the first process of a box; all that it starts have them, too."""
    seconds = (
        math.ceil(limits.cpu_s) + 1
    )  # whoever watches sees it first, and all processes together
    own = 1 if way is Way.ROOT else OWN_PROCESSES
    hard = {
        "AS": limits.memory_mb * MIB,
        "CPU": seconds,
        "NPROC": limits.processes + own,
        "FSIZE": limits.disk_mb * MIB,
        "NOFILE": open_files,  # bubblewrap still holds one for each file
        "CORE": 0,
        "MEMLOCK": 0,
        "MSGQUEUE": 0,
        "NICE": 0,
        "RTPRIO": 0,
    }
    if reserves:
        del hard["AS"]
    if way is Way.DROPPED:  # root without CAP_SYS_RESOURCE may not, the user itself may
        options = [f"--{name.lower()}={value}" for name, value in hard.items()]
        argv = ["prlimit", "--pid", str(box.init_pid), *options]
        subprocess.run(argv, check=True, capture_output=True, timeout=10, user=uid, group=uid)
        return
    for name, value in hard.items():
        which = getattr(resource, f"RLIMIT_{name}")
        _, most = resource.prlimit(box.init_pid, which)
        low = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.prlimit(box.init_pid, which, (low, low))
