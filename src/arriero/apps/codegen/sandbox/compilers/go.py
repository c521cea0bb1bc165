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
    home, version = output([found, "env", "GOROOT", "GOVERSION"]).split()
    go = f"{home}/bin/go"
    tools = [str(one) for one in Path(home, "pkg", "tool").glob("*/*") if one.is_file()]
    shown = {home: home, ENV: ENV, **dict(_outside(home)), **shared_objects([ENV, go, *tools])}
    return Compiler(
        "go",
        f"go {version.removeprefix('go')}",
        # Its environment: no modules, so nothing is looked for elsewhere, and no C.
        (ENV, f"GOROOT={home}", f"GOCACHE={CACHE}", f"GOPATH={CACHE}/path", "GO111MODULE=off", "CGO_ENABLED=0", "GOFLAGS=", "GOENV=off", "GOTOOLCHAIN=local",
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
    """`./main.go:3:5: undefined: x` as GCC would say it; the rest of what it says is about no line."""
    found = [f"{where}: error: {what}" for where, what in REFUSED.findall(said)]
    return "\n".join(found) or said


GO = Language(
    "go",
    "Go",
    (".go",),
    "golang-go",
    _go,
    'package main\n\nimport "fmt"\n\nfunc main() { fmt.Print(42) }\n',
)
