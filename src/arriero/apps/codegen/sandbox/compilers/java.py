"""Java, by the JDK that is installed."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from arriero.apps.codegen.sandbox.compilers.base import MADE, WHERE, Compiler, Language
from arriero.apps.codegen.sandbox.interpreter import Mount, shared_objects

OPTIONS = (
    "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-XX:ReservedCodeCacheSize=32m",
    "-XX:ActiveProcessorCount=4",  # else parallel streams begin a thread for every core, and on many cores find no room
    "-Xss8m", "-Dfile.encoding=UTF-8", "-Dstdout.encoding=UTF-8",
)  # fmt: skip


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
        (str(home / "bin" / "javac"), *(f"-J{one}" for one in (*OPTIONS, "-Xmx256m")), "-encoding", "UTF-8", "-nowarn", "-Xmaxerrs", "3", "-proc:none", "-d", MADE, "-sourcepath", "/work", "{entry}"),
        (java, *OPTIONS, "-Xmx{memory}m", "-cp", MADE, "{main}"),
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


JAVA = Language(
    "java",
    "Java",
    (".java",),
    "default-jdk-headless",
    _java,
    "class Main {\n    public static void main(String[] given) {\n        System.out.print(42);\n    }\n}\n",
)
