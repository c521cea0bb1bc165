"""What of this machine a box shows: one Python, its standard library, the shared objects they load."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from arriero.core.errors import InputError

PYTHON = "/python/bin/python3"  # where it stands in a box; its library is found beside it
SETPRIV = "/python/bin/setpriv"
ASKED = """
import glob, json, os, sys, sysconfig
base = {"base": sys.base_prefix, "platbase": sys.base_exec_prefix}
folder = lambda name: sysconfig.get_path(name, vars=base)
print(json.dumps({"exe": os.path.realpath(sys.executable), "stdlib": folder("stdlib"),
    "objects": [path for path in glob.glob(os.path.join(folder("platstdlib"), "lib-dynload", "*.so"))
        if os.path.basename(path).partition(".")[0] not in {"_tkinter", "nis", "readline"}],
    "version": "python%d.%d" % sys.version_info[:2]}))
"""
LOADED = re.compile(r"^\s*(?:(\S+) => )?(/\S+) \(0x", re.MULTILINE)
WITHIN_S = 120  # usually 0.1 s; on two cores with ten programs at work 30 s were not enough
HIDDEN = ("site-packages", "dist-packages", "test", "idlelib", "ensurepip")


@dataclass(frozen=True, slots=True)
class Mount:
    """A file or folder of this machine that a box shows, read-only, at `dest`; a `link` to another place in the box there."""

    source: str
    dest: str
    link: bool = False


@dataclass(frozen=True, slots=True)
class Interpreter:
    """The read-only mounts that make a Python in a box; `hidden` are folders of them that stay empty."""

    mounts: tuple[Mount, ...]
    hidden: tuple[str, ...]
    setpriv: bool


def interpreter(python: Path | None = None) -> Interpreter:
    """The Python at `python`, or the one that this process runs on (the one beneath its environment).

    Asks it for its folders and `ldd` for its shared objects: 0.1 to 0.3 s, once a process. Raises
    `InputError` when it does not answer.
    """
    asked = str(python or Path(getattr(sys, "_base_executable", "") or sys.executable))
    told = json.loads(output([asked, "-I", "-c", ASKED]))
    setpriv = next((p for p in ("/usr/bin/setpriv", "/bin/setpriv") if Path(p).exists()), None)
    programs = [told["exe"], *([setpriv] if setpriv else [])]
    library = f"/python/lib/{told['version']}"
    mounts = [Mount(told["exe"], PYTHON), Mount(told["stdlib"], library)]
    if setpriv:
        mounts.append(Mount(setpriv, SETPRIV))
    hidden = tuple(f"{library}/{name}" for name in HIDDEN if (Path(told["stdlib"]) / name).is_dir())
    objects = sorted(shared_objects([*programs, *told["objects"]]).items())
    return Interpreter(
        (*mounts, *(Mount(source, dest) for dest, source in objects)), hidden, setpriv is not None
    )


def shared_objects(files: list[str]) -> dict[str, str]:
    """Where each shared object that `files` load goes in a box -> where it lies here.

    Libraries go to /lib, which the loader searches by itself; the loader stays where programs name it.
    """
    found: dict[str, str] = {}
    for name, path in LOADED.findall(output(["ldd", *files])):
        found[f"/lib/{name}" if name and "/" not in name else path] = str(Path(path).resolve())
    return found


def output(argv: list[str]) -> str:
    """What a program of this machine prints. Raises `InputError` when it cannot be run or prints nothing."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    except subprocess.TimeoutExpired:
        raise InputError(
            f"{argv[0]!r} gave no answer within {WITHIN_S} s; try again when the machine has less to do"
        ) from None
    except OSError as error:
        raise InputError(
            f"{argv[0]!r} cannot be run ({error}); it has to be on this machine"
        ) from None
    if not done.stdout:
        raise InputError(f"{argv[0]!r} told nothing: {done.stderr.strip()[:200]!r}")
    return done.stdout
