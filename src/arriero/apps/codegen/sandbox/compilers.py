"""The compilers of this machine: where they are, what a box has to show for them, how they are called.

They are looked for under /usr, where a distribution puts them: what lies in somebody's home is not shown to code that
nobody trusts.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from arriero.apps.codegen.sandbox.interpreter import Mount, output, shared_objects

WHERE = "/usr/bin:/usr/local/bin"
MADE = "/work/made"  # the folder that a compiler writes to
# Limits of the compiler itself: a template of C++ that never ends, or a file that is none, fill no memory of this machine.
JAVA = (
    "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-XX:ReservedCodeCacheSize=32m",
    "-Xss8m", "-Dfile.encoding=UTF-8", "-Dstdout.encoding=UTF-8",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Compiler:
    """How programs of one language are built and started.

    `build` and `start` are argvs, in which `{entry}` is the file that holds `main`, `{main}` the class of it and `{memory}`
    what it may use, in MiB. `shows` are mounts beside Python's for the compiler, `serves` those for what it makes.
    `reserves`, `processes` and `memory_mb` (of its own, beside the program's) are what its runtime needs.
    """

    language: str
    told: str
    build: tuple[str, ...]
    start: tuple[str, ...]
    shows: tuple[Mount, ...]
    serves: tuple[Mount, ...]
    reserves: bool = False
    processes: int = 0
    memory_mb: int = 0


@dataclass(frozen=True, slots=True)
class Language:
    """A language that a compiler makes programs of, its Debian package, and a program that prints 42."""

    name: str
    told: str
    ends: tuple[str, ...]
    package: str
    find: Callable[[], Compiler | None]
    hello: str

    @property
    def remedy(self) -> str:
        """What brings a compiler."""
        return f"as root: apt-get install {self.package}"

    @property
    def absent(self) -> str:
        """Why it is not executed where there is no compiler."""
        return f"there is no compiler of {self.told} here; {self.remedy}"


def _gnu(language: str, program: str, inner: str, *options: str) -> Compiler | None:
    """GCC for one language; None where it is not installed. Asks it for its folders (10 ms)."""
    found = shutil.which(program, path=WHERE)
    if found is None:
        return None
    inside = _asked(found, f"-print-prog-name={inner}")
    tools = [shutil.which(name, path=WHERE) for name in ("as", "ld")]
    if not os.path.isabs(inside) or None in tools:  # noqa: PTH117  # GCC's driver without what compiles
        return None
    libraries = Path(_asked(found, "-print-file-name=crt1.o")).resolve().parent
    folders = {Path(inside).parent, Path(_asked(found, "-print-libgcc-file-name")).parent}
    mounts = [Mount(str(one.resolve()), str(one)) for one in (*folders, Path("/usr/include"))]
    mounts += [Mount(str(libraries), f"{lib}/{libraries.name}") for lib in ("/lib", "/usr/lib")]
    mounts += [Mount(str(Path(one).resolve()), one) for one in (found, *tools) if one]
    served = shared_objects([inside]) | _runtime(found)
    objects = tuple(Mount(source, dest) for dest, source in sorted(served.items()))
    version = _asked(found, "-dumpfullversion")
    return Compiler(
        language,
        f"{program} {version}",
        (found, "-B/usr/bin", "-O0", "-w", "-fdiagnostics-plain-output", "-fmax-errors=3", *options, "-o", f"{MADE}/program", "{entry}", "-lm"),
        (f"{MADE}/program",),
        (*mounts, *objects),
        objects,
    )  # fmt: skip


def _asked(program: str, question: str) -> str:
    return output([program, question]).strip()


def _runtime(program: str) -> dict[str, str]:
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


def _java() -> Compiler | None:
    """The JDK that `javac` is of, which is shown as a whole; None where there is none."""
    found = shutil.which("javac", path=WHERE)
    if found is None:
        return None
    home = Path(found).resolve().parent.parent
    java = str(home / "bin" / "java")
    told = Path(home / "release")
    version = re.search(r'JAVA_VERSION="([^"]*)"', told.read_text() if told.exists() else "")
    libraries = [str(home / "lib" / name) for name in ("libjava.so", "libjimage.so", "libjli.so", "libnet.so", "libnio.so", "libzip.so", "server/libjvm.so")]  # fmt: skip
    objects = shared_objects([java, *(one for one in libraries if Path(one).exists())])
    shown = {str(home): str(home), **dict(_outside(home)), **objects}
    mounts = tuple(Mount(source, dest) for dest, source in sorted(shown.items()))
    return Compiler(
        "java",
        f"javac {version[1] if version else ''}".strip(),
        (str(home / "bin" / "javac"), *(f"-J{one}" for one in (*JAVA, "-Xmx256m")), "-encoding", "UTF-8", "-nowarn", "-Xmaxerrs", "3", "-proc:none", "-d", MADE, "-sourcepath", "/work", "{entry}"),
        (java, *JAVA, "-Xmx{memory}m", "-cp", MADE, "{main}"),
        mounts,
        mounts,
        reserves=True,
        processes=48,  # some twenty threads before it begins
        memory_mb=192,  # what the machine itself and its shared classes take
    )  # fmt: skip


def _outside(home: Path) -> Iterator[tuple[str, str]]:
    """Files of its configuration that Debian keeps under /etc: where they go in a box -> where they lie."""
    for folder in (home / "lib", home / "conf"):
        for one in folder.rglob("*"):
            target = Path(os.path.realpath(one))
            if one.is_symlink() and target.is_file() and target.is_relative_to("/etc"):
                yield str(target), str(target)


LANGUAGES = (
    Language("cpp", "C++", (".cpp", ".cc", ".cxx"), "g++", _cpp, "#include <iostream>\nint main() { std::cout << 42; }\n"),
    Language("c", "C", (".c",), "gcc libc6-dev", _c, '#include <stdio.h>\nint main(void) { printf("42"); return 0; }\n'),
    Language("java", "Java", (".java",), "default-jdk-headless", _java, "class Main {\n    public static void main(String[] given) {\n        System.out.print(42);\n    }\n}\n"),
)  # fmt: skip
