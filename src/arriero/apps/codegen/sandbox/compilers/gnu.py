"""C and C++, by GCC."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from arriero.apps.codegen.sandbox.compilers.base import MADE, WHERE, Compiler, Language
from arriero.apps.codegen.sandbox.interpreter import Mount, output, shared_objects


@dataclass(frozen=True, slots=True)
class Tools:
    """GCC's driver, the program that it calls inside, and what a box has to show so that it links programs of C."""

    driver: str
    inner: str
    shows: tuple[Mount, ...]


def tools(program: str, inner: str) -> Tools | None:
    """Those of one of GCC's drivers; None where they are not installed. Asks it for its folders (10 ms)."""
    found = shutil.which(program, path=WHERE)
    if found is None:
        return None
    inside = _asked(found, f"-print-prog-name={inner}")
    others = [shutil.which(name, path=WHERE) for name in ("as", "ld")]
    begins = _asked(found, "-print-file-name=crt1.o")
    # GCC's driver without what compiles, or without the libraries of C: it tells the bare name of what it does not find.
    if not (os.path.isabs(inside) and os.path.isabs(begins)) or None in others:  # noqa: PTH117
        return None
    libraries = Path(begins).resolve().parent
    folders = {Path(inside).parent, Path(_asked(found, "-print-libgcc-file-name")).parent}
    mounts = [Mount(str(one.resolve()), str(one)) for one in folders]
    mounts += [Mount(str(libraries), f"{lib}/{libraries.name}") for lib in ("/lib", "/usr/lib")]
    mounts += [Mount(str(Path(one).resolve()), one) for one in (found, *others) if one]
    return Tools(found, inside, tuple(mounts))


def _gnu(language: str, program: str, inner: str, *options: str) -> Compiler | None:
    """GCC for one language; None where it is not installed."""
    gcc = tools(program, inner)
    if gcc is None:
        return None
    found, include = gcc.driver, Path("/usr/include")
    served = shared_objects([gcc.inner]) | runtime(found)
    objects = tuple(Mount(source, dest) for dest, source in sorted(served.items()))
    version = _asked(found, "-dumpfullversion")
    return Compiler(
        language,
        f"{program} {version}",
        (found, "-B/usr/bin", "-O0", "-w", "-fdiagnostics-plain-output", "-fmax-errors=3", *options, "-o", f"{MADE}/program", "{entry}", "-lm"),
        (f"{MADE}/program",),
        (*gcc.shows, Mount(str(include.resolve()), str(include)), *objects),
        objects,
    )  # fmt: skip


def _asked(program: str, question: str) -> str:
    return output([program, question]).strip()


def runtime(program: str) -> dict[str, str]:
    """What programs that GCC makes load: where it goes in a box -> where it lies here."""
    found = {}
    for name in ("libstdc++.so.6", "libgcc_s.so.1", "libm.so.6"):
        path = Path(_asked(program, f"-print-file-name={name}"))
        if path.is_absolute():
            found[f"/lib/{name}"] = str(path.resolve())
    return found


def _cpp() -> Compiler | None:
    # A vector that is read behind its end says so instead of going on with anything.
    return _gnu("cpp", "g++", "cc1plus", "-std=c++20", "-D_GLIBCXX_ASSERTIONS")


def _c() -> Compiler | None:
    return _gnu("c", "gcc", "cc1", "-std=gnu17")


CPP = Language(
    "cpp",
    "C++",
    (".cpp", ".cc", ".cxx"),
    "g++",
    _cpp,
    "#include <iostream>\nint main() { std::cout << 42; }\n",
)
C = Language(
    "c",
    "C",
    (".c",),
    "gcc libc6-dev",
    _c,
    '#include <stdio.h>\nint main(void) { printf("42"); return 0; }\n',
)
