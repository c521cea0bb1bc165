"""Rust, by the distribution's `rustc`, which links with GCC's driver."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from arriero.apps.codegen.sandbox.compilers.base import MADE, WHERE, Compiler, Language
from arriero.apps.codegen.sandbox.compilers.gnu import runtime, tools
from arriero.apps.codegen.sandbox.interpreter import Mount, output, shared_objects

ERRORS = 3  # the first ones of each file are told
# Beside what rustc itself is sure of. The types say that a `String` is meant where a text stands, or a fraction where a
# whole number does; a lifetime says nothing of what code does, so that code which is taken with it is the same.
SURE = frozenset({".to_string()", ".0"})
LIFETIME = "E0106"
UNSTABLE = "E0658"  # what was not yet in the language, or never will be
NEWER = re.compile(rf"(?<=: error: ).*(?= \[{UNSTABLE}\]$)", re.MULTILINE)


def _rust() -> Compiler | None:
    """The distribution's compiler; None where it or the linker is not installed."""
    found = shutil.which("rustc", path=WHERE)
    linker = tools("gcc", "collect2")
    if found is None or linker is None:
        return None
    program = Path(found).resolve()
    library = program.parent.parent / "lib" / "rustlib"
    served = shared_objects([linker.inner]) | runtime(linker.driver)
    objects = tuple(Mount(source, dest) for dest, source in sorted(served.items()))
    own = {**shared_objects([str(program)]), str(program): str(program), str(library): str(library)}
    version = re.search(r"\d[\d.]*", output([found, "--version"]))
    return Compiler(
        "rust",
        f"rustc {version[0] if version else ''}".strip(),
        (
            str(program), "--crate-name", "program", "--crate-type", "bin", "--edition", "2021", "--sysroot", str(library.parent.parent), "--error-format", "json", "-A", "warnings", "-C", f"linker={linker.driver}",
            "-C", "link-arg=-B/usr/bin", "-C", "codegen-units=1", "-C", "strip=symbols", "-C", "overflow-checks=on", "-o", f"{MADE}/program", "{entry}",
        ),
        (f"{MADE}/program",),
        # It asks /proc where it lies, which a box does not have; without an answer it gives up.
        (*linker.shows, *objects, *(Mount(source, dest) for dest, source in sorted(own.items())), Mount(str(program), "/proc/self/exe", link=True)),
        objects,
        reworded=reworded,
        newer=NEWER,
    )  # fmt: skip


def reworded(said: str) -> str:
    """Its first errors in GCC's form, each with the replacements that mend it, in the form of GCC's fix-its.

    Only where the compiler is sure of them. An error that a newer compiler would not tell is the first one. What is no
    JSON is left as it is.
    """
    told = [one for line in said.splitlines() if (one := _read(line)) is not None]
    errors = [one for one in told if one.get("level") == "error" and not str(one.get("message")).startswith("aborting due to")]  # fmt: skip
    errors.sort(key=lambda one: not _is_new(one))
    return "\n".join(line for one in _few(errors) for line in _error(one)) if told else said


def _few(errors: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The first ones of each file: what calls the code may be refused many times for one error of the code."""
    seen: Counter[str] = Counter()
    for one in errors:
        place = _first(one)
        file = place["file_name"] if place else ""
        seen[file] += 1
        if seen[file] <= ERRORS:
            yield one


def _read(line: str) -> dict[str, Any] | None:
    try:
        told = json.loads(line)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _is_new(told: Mapping[str, Any]) -> bool:
    return _code(told) == UNSTABLE


def _code(told: Mapping[str, Any]) -> str:
    return str((told.get("code") or {}).get("code"))


def _error(told: Mapping[str, Any]) -> Iterator[str]:
    message = " ".join(str(told["message"]).split())
    first = _first(told)
    if first is None:
        linker = [line.strip() for one in told["children"] for line in str(one["message"]).splitlines()]  # fmt: skip
        yield from [line for line in linker if "undefined reference" in line] or [f"error: {message}"]  # fmt: skip
        return
    label = next((one["label"] for one in told["spans"] if one["is_primary"]), "") or ""
    label = " ".join(label.split())
    more = f": {label}" if label and label not in message else ""
    yield f"{_place(first)}: error: {message}{more}{f' [{UNSTABLE}]' if _is_new(told) else ''}"
    for help_ in told["children"]:
        spans = help_["spans"]
        if spans and all(_is_sure(told, one) for one in spans):
            for one in spans:
                yield f'fix-it:"{one["file_name"]}":{{{one["line_start"]}:{one["column_start"]}-{one["line_end"]}:{one["column_end"]}}}:{json.dumps(one["suggested_replacement"])}'
            return


def _is_sure(told: Mapping[str, Any], span: Mapping[str, Any]) -> bool:
    match span["suggestion_applicability"]:
        case "MachineApplicable":
            return True
        case "MaybeIncorrect":
            return span["suggested_replacement"] in SURE or _code(told) == LIFETIME
    return False


def _first(told: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Where an error stands in the program's own files: what a macro made is told of where it is called."""
    span = next((one for one in told["spans"] if one["is_primary"]), None)
    while span and span.get("expansion") and not str(span["file_name"]).startswith("/work/"):
        span = span["expansion"]["span"]
    return span


def _place(span: Mapping[str, Any]) -> str:
    return f"{span['file_name']}:{span['line_start']}:{span['column_start']}"


RUST = Language(
    "rust",
    "Rust",
    (".rs",),
    "rustc",
    _rust,
    'fn main() {\n    print!("42");\n}\n',
)
