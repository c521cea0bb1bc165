"""Ruby, by its interpreter, with its standard library and no gems."""

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

# What it refuses as it reads the file, and a library that is not there.
REFUSED = re.compile(
    rf"^(?:{MADE}/\S+: )?{MADE}/(?P<file>\S+?):(?P<line>\d+): (?P<said>(?!warning\b)\S.*?)(?: \(SyntaxError\))?$"
    rf"|^{MADE}/(?P<where>\S+?):(?P<at>\d+):in .*: (?P<lacking>cannot load such file -- .*) \(LoadError\)$",
    re.MULTILINE,
)
ASKED = "puts RUBY_VERSION, RbConfig::CONFIG.values_at('rubylibdir', 'rubyarchdir')"
BUNDLED = (
    "matrix",
    "minitest",
    "prime",
)  # were its standard library once; plain code requires them
# `Set` is there without being asked for since 3.2, and code that relies on that is right.
OPTIONS = ("--disable=gems,did_you_mean,error_highlight", "-EUTF-8", "-rset")


def _ruby() -> Compiler | None:
    """The interpreter and its library; None where there is none. Asks it for its folders (0.1 s)."""
    found = shutil.which("ruby", path=WHERE)
    if found is None:
        return None
    version, library, native = output([found, "-e", ASKED]).split()
    program = str(Path(found).resolve())
    objects = [str(one) for one in Path(native).rglob("*.so") if "enc" not in one.parts]
    gems = Path(library).parent / "gems" / Path(library).name / "gems"
    bundled = [str(one) for name in BUNDLED for one in gems.glob(f"{name}-*/lib")]
    shown = {one: one for one in (program, library, native, *bundled)}
    shown |= shared_objects([program, *objects])
    return Compiler(
        "ruby",
        f"ruby {version}",
        (),
        (program, *OPTIONS, *(f"-I{one}" for one in bundled), f"{MADE}/{{file}}"),
        (),
        tuple(Mount(source, dest) for dest, source in sorted(shown.items())),
        reserves=True,  # each thread reserves 130 MiB and uses some of it
        processes=4,
        memory_mb=32,
        reworded=partial(first_refusal, REFUSED),
    )


RUBY = Language("ruby", "Ruby", (".rb",), "ruby", _ruby, "print 42\n", tool="interpreter")
