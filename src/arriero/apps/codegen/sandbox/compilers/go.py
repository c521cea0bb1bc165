"""Go, by its own tool, without its modules: what a program imports has to come with the language."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from arriero.apps.codegen.sandbox.compilers.base import MADE, WHERE, Compiler, Language
from arriero.apps.codegen.sandbox.interpreter import Mount, output, shared_objects

ENV = "/usr/bin/env"
# Nothing of the settings of whoever asks it holds: it fetches no other Go, and shows no folder that they name.
OWN = ("GO111MODULE=off", "GOENV=off", "GOTOOLCHAIN=local", "GOFLAGS=")
# Packages that are compiled anew are kept beside the program while it is built; a folder of that name is no part of it.
CACHE = "/work/.go"
# What it refuses and a newer one takes: packages that came after 1.19, built-in functions, numbers that are ranged over.
NEWER = re.compile(
    r"cannot find package \"(?:cmp|iter|log/slog|maps|math/rand/v2|slices|structs|unique|weak)\""
    r"|undefined: (?:clear|max|min)$|cannot range over .*\((?:untyped int constant|variable of type int)\b",
    re.MULTILINE,
)
REFUSED = re.compile(r"^(?:\./)?(?:/work/)?([^\s:]+\.go:\d+(?::\d+)?): (.*)$", re.MULTILINE)


def _go() -> Compiler | None:
    """The Go that is installed, which is shown as a whole; None where there is none. Asks it for its folder (10 ms)."""
    found = shutil.which("go", path=WHERE)
    if found is None:
        return None
    asked = [ENV, "-u", "GOROOT", *OWN, found, "env", "GOROOT", "GOVERSION"]
    home, version = output(asked).splitlines()
    version = version.removeprefix("go").partition(" ")[
        0
    ]  # behind it stands what it was built with
    go = f"{home}/bin/go"
    tools = [str(one) for one in Path(home, "pkg", "tool").glob("*/*") if one.is_file()]
    shown = {home: home, ENV: ENV, **dict(_outside(home)), **shared_objects([ENV, go, *tools])}
    return Compiler(
        "go",
        f"go {version}",
        # Without modules nothing is looked for elsewhere; without C it links by itself.
        (ENV, f"GOROOT={home}", f"GOCACHE={CACHE}", f"GOPATH={CACHE}/path", *OWN, "CGO_ENABLED=0",
         go, "build", "-ldflags=-s -w", "-o", f"{MADE}/program", "."),
        (f"{MADE}/program",),
        tuple(Mount(source, dest) for dest, source in sorted(shown.items())),
        (),  # what it makes needs nothing
        reserves=True,  # 700 MB of addresses, of which it uses 2
        processes=16,
        memory_mb=16,
        reworded=reworded,
        newer=NEWER,
    )  # fmt: skip


def _outside(home: str) -> Iterator[tuple[str, str]]:
    """Folders that Debian keeps elsewhere: where they go in a box -> where they lie."""
    for one in (*Path(home).glob("*"), *Path(home).glob("*/*")):
        target = os.path.realpath(one)
        if one.is_symlink() and not Path(target).is_relative_to(home):
            yield target, target


def reworded(said: str) -> str:
    """`./main.go:3:5: undefined: x` as GCC would say it; what is about no line as it is, without the package's name above it."""
    found = [f"{where}: error: {what}" for where, what in REFUSED.findall(said)]
    return "\n".join(found) or re.sub(r"^# .*\n", "", said, flags=re.MULTILINE)


GO = Language(
    "go",
    "Go",
    (".go",),
    "golang-go",
    _go,
    'package main\n\nimport "fmt"\n\nfunc main() { fmt.Print(42) }\n',
)
