"""A hundred thousand pieces of code: the functions of the packages that are installed here, and varied copies."""

from __future__ import annotations

import ast
import random
import sys
import sysconfig
import warnings
from collections.abc import Iterator
from pathlib import Path

from arriero.apps.codegen.gather.identifiers import parts
from arriero.apps.codegen.gather.snippet import Origin, Snippet

LONGEST = 60  # lines of a function that is taken
DOC = 25  # words of its docstring by which it is looked up


def functions(count: int) -> tuple[Snippet, ...]:
    """`count` functions of installed packages, in an order that is drawn once; fewer where there are fewer."""
    folders = {Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")}
    files = sorted({file for folder in folders for file in folder.rglob("*.py")})
    random.Random(0).shuffle(files)
    found: dict[str, Snippet] = {}
    for file in files:
        for one in _of(file):
            found.setdefault(one.asks[0], one)  # the same name and words: one of them is enough
        if len(found) >= count:
            break
    return tuple(list(found.values())[:count])


def _of(file: Path) -> Iterator[Snippet]:
    sys.setrecursionlimit(5_000)
    try:
        text = file.read_text(encoding="utf-8")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return
    lines = text.splitlines()
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        end = node.end_lineno or node.lineno
        if 3 <= end - node.lineno < LONGEST:
            words = " ".join((ast.get_docstring(node) or "").split()[:DOC])
            named = [*parts(file.stem), *parts(node.name)]
            given = " ".join(one.arg for one in node.args.args[:6])
            code = "\n".join(lines[node.lineno - 1 : end])
            ask = f"{' '.join(named)} ({given}). {words}"
            yield Snippet(f"{file.stem}:{node.lineno}:{node.name}", Origin.REPOSITORY, "python",
                          node.name, (ask,), code, file=file.name, line=node.lineno)  # fmt: skip
