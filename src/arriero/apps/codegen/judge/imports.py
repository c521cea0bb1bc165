"""Which packages code imports, and whether they exist: in the language, on this machine, or by the caller's word.

A package that nobody knows blocks the code and is never installed: models make names up, and strangers register them.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import metadata
from pathlib import PurePosixPath

from arriero.apps.codegen import trees
from arriero.apps.codegen.judge.base import Subject
from arriero.apps.codegen.judge.report import Imports

# Modules of Node.js 20 (`node:module.builtinModules`), those that begin with an underscore left out.
NODE = frozenset(
    "assert async_hooks buffer child_process cluster console constants crypto dgram diagnostics_channel dns domain "
    "events fs http http2 https inspector module net os path perf_hooks process punycode querystring readline repl "
    "stream string_decoder sys test timers tls trace_events tty url util v8 vm wasi worker_threads zlib".split()
)
JAVA = ("java.", "javax.", "jdk.", "org.w3c.dom", "org.xml.sax")
RUST = frozenset({"std", "core", "alloc", "proc_macro", "crate", "self", "super"})
JS_IMPORT = re.compile(
    r"""(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(['"])([^'"\n]+)\1""", re.MULTILINE
)
GO_IMPORT = re.compile(r'^\s*import\s+(?:[\w.]+\s+)?"([^"]+)"', re.MULTILINE)
GO_BLOCK = re.compile(r"^\s*import\s*\(([^)]*)\)", re.MULTILINE)
JAVA_IMPORT = re.compile(r"^\s*import\s+(?:static\s+)?([\w.]+)", re.MULTILINE)
RUST_USE = re.compile(
    r"^\s*(?:pub\s+)?(?:use\s+(?:::)?|extern\s+crate\s+)([A-Za-z_]\w*)", re.MULTILINE
)
RUST_MOD = re.compile(r"^\s*(?:pub\s+)?(?:mod|enum|struct|trait)\s+(\w+)", re.MULTILINE)


def imports(subject: Subject) -> Imports:
    """What of the subject's imports is unknown or forbidden; sorted. The code has to parse."""
    named = sorted({name for text in _code(subject) for name in imported(text, subject.language)})
    known = subject.declared | _own(subject)
    unknown = [
        name for name in named if not exists(name, subject.language) and not _among(name, known)
    ]
    forbidden = [name for name in named if _among(name, subject.forbidden)]
    return Imports(tuple(unknown), tuple(forbidden))


def imported(code: str, language: str) -> Iterator[str]:
    """The modules that a text imports, by the name that a package would have."""
    match language:
        case "python":
            for node in ast.walk(trees.parse(code)):
                if isinstance(node, ast.Import):
                    yield from (alias.name for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    yield node.module
                elif isinstance(node, ast.Call) and node.args:
                    yield from _dynamic(node)
        case "javascript" | "typescript" | "jsx" | "tsx":
            yield from (found[2] for found in JS_IMPORT.finditer(code))
        case "go":
            yield from GO_IMPORT.findall(code)
            for block in GO_BLOCK.findall(code):
                yield from re.findall(r'"([^"]+)"', block)
        case "java":
            yield from JAVA_IMPORT.findall(code)
        case "rust":
            own = set(RUST_MOD.findall(code))
            yield from (name for name in RUST_USE.findall(code) if name not in own)
        case _:
            return


def needed(subject: Subject) -> tuple[str, ...]:
    """The packages that the subject needs beside its language, sorted, as an installer takes them.

    A Python package that is installed here comes with its version (`numpy==2.3.5`); of others the name alone
    is known. Nothing when the code does not parse.
    """
    own = _own(subject)
    try:
        named = {name for text in _code(subject) for name in imported(text, subject.language)}
    except (SyntaxError, ValueError, RecursionError):
        return ()
    foreign = {name for name in named if not _standard(name, subject.language)}
    return tuple(
        sorted({_package(name, subject.language) for name in foreign if not _among(name, own)})
    )


def _standard(name: str, language: str) -> bool:
    """Whether it comes with the language."""
    if language == "python":
        return name.partition(".")[0] in sys.stdlib_module_names
    return exists(name, language)


def _package(module: str, language: str) -> str:
    """The package that a module is of."""
    match language:
        case "python":
            top = module.partition(".")[0]
            found = _installed().get(top, ())
            return f"{found[0]}=={metadata.version(found[0])}" if found else top
        case "javascript" | "typescript" | "jsx" | "tsx":
            parts = module.split("/")
            return "/".join(parts[: 2 if module.startswith("@") else 1])
        case _:
            return module


def exists(name: str, language: str) -> bool:
    """Whether the language or this machine has it."""
    match language:
        case "python":
            top = name.partition(".")[0]
            return top in sys.stdlib_module_names or top in _installed()
        case "javascript" | "typescript" | "jsx" | "tsx":
            return (
                name.startswith((".", "/", "data:"))
                or name.removeprefix("node:").partition("/")[0] in NODE
            )
        case "go":
            return "." not in name.partition("/")[0]  # a path that begins with a host is foreign
        case "java":
            return name.startswith(JAVA)
        case "rust":
            return name in RUST
        case _:
            return True


def _dynamic(call: ast.Call) -> Iterator[str]:
    """`__import__("x")` and `importlib.import_module("x")`."""
    name = ast.unparse(call.func)
    first = call.args[0]
    if name in {"__import__", "importlib.import_module", "import_module"} and isinstance(
        first, ast.Constant
    ):
        text = str(first.value)
        if text and not text.startswith("."):
            yield text


def _code(subject: Subject) -> Iterator[str]:
    end = PurePosixPath(subject.main).suffix
    yield subject.code
    yield from (text for name, text in subject.files.items() if name.endswith(end))


def _own(subject: Subject) -> frozenset[str]:
    """The project's own modules."""
    found = set()
    for name in subject.every:
        path = PurePosixPath(name)
        found |= {path.parts[0] if len(path.parts) > 1 else path.stem, path.stem}
    return frozenset(found)


def _among(name: str, names: frozenset[str]) -> bool:
    """Whether the module or a package around it is one of `names` (`-` and `_` are the same to a package index)."""
    parts = re.split(r"[./]", name)
    wholes = {name, *(".".join(parts[:length]) for length in range(1, len(parts) + 1))}
    wholes |= {"/".join(parts[:2])}
    plain = {one.lower().replace("-", "_") for one in names}
    return any(one.lower().replace("-", "_") in plain for one in wholes)


@cache
def _installed() -> Mapping[str, Sequence[str]]:
    """The top-level modules of installed packages, each with its packages; read once (0.2 s for 260)."""
    return metadata.packages_distributions()
