"""PHP, by its command line's interpreter, without an ini file."""

from __future__ import annotations

import re
import shutil
from functools import partial
from pathlib import Path

from arriero.apps.codegen.sandbox.compilers.base import (
    MADE,
    WHERE,
    Compiler,
    Language,
    first_refusal,
)
from arriero.apps.codegen.sandbox.interpreter import Mount, output, shared_objects

# What it refuses as soon as it has read the file; other fatal errors come of running it.
REFUSED = re.compile(
    rf"^(?:Parse|Fatal) error: +(?!Uncaught|Allowed memory|Out of memory|Maximum)(?P<said>.*) in {MADE}/(?P<file>\S+) on line (?P<line>\d+)$"
    rf"|^Fatal error: +Uncaught Error: (?P<lacking>Failed opening required .*) in {MADE}/(?P<where>\S+):(?P<at>\d+)$",
    re.MULTILINE,
)
# Beside what is built in: what plain code calls. Debian puts each into a file of its own.
EXTENSIONS = ("ctype", "iconv", "mbstring", "readline", "tokenizer")
NEEDED = frozenset({"ctype", "mbstring"})  # right code calls them, and would be told to be wrong
ASKED = 'echo implode("\\n", [PHP_VERSION, ini_get("extension_dir"), ...get_loaded_extensions()]);'
# Debian's PHP reads time zones there; `readline` reads nothing but ASCII without a locale, and complains without a terminal.
DATA = ("/usr/share/zoneinfo", "/usr/lib/locale/C.utf8", "/lib/terminfo/d/dumb")
OPTIONS = (
    "memory_limit={memory}M", "display_errors=stderr", "log_errors=0", "error_reporting=-1",
    "html_errors=0", "precision=14", "serialize_precision=-1", "date.timezone=UTC",
)  # fmt: skip


def _php() -> Compiler | None:
    """The interpreter and the extensions that are there; None where it or what is `NEEDED` is not. Asks it (20 ms)."""
    found = shutil.which("php", path=WHERE)
    if found is None:
        return None
    version, folder, *built_in = output([found, "-n", "-r", ASKED]).split("\n")
    files = [Path(folder) / f"{name}.so" for name in EXTENSIONS if name not in built_in]
    loaded = [str(one) for one in files if one.exists()]
    if not {*built_in, *(Path(one).stem for one in loaded)} >= NEEDED:
        return None
    program = str(Path(found).resolve())
    shown = {one: one for one in (program, *loaded, *DATA) if Path(one).exists()}
    shown |= shared_objects([program, *loaded])
    options = [*OPTIONS, *(f"extension={one}" for one in loaded)]
    return Compiler(
        "php",
        f"php {version}",
        (),
        (program, "-n", *(word for one in options for word in ("-d", one)), f"{MADE}/{{file}}"),
        (),
        tuple(Mount(source, dest) for dest, source in sorted(shown.items())),
        memory_mb=128,  # the program itself and its libraries; the code has a limit of PHP's own
        reworded=partial(first_refusal, REFUSED),
    )  # fmt: skip


PHP = Language(
    "php", "PHP", (".php",), "php-cli php-mbstring", _php, "<?php\necho 42;\n", tool="interpreter"
)
