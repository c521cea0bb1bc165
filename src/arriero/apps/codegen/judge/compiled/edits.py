"""What a compiler says itself how to mend code: read out of its words, and applied.

It stands in them as GCC's fix-its do: `fix-it:"main.rs":{3:9-3:9}:"mut "`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from arriero.apps.codegen.judge.report import Edit

FIX = re.compile(r'^fix-it:"(?P<file>[^"]*)":\{(\d+):(\d+)-(\d+):(\d+)\}:(?P<text>".*")$', re.MULTILINE)  # fmt: skip


def edits_in(said: str, file: str) -> tuple[Edit, ...]:
    """The edits of `file` that a compiler is sure of."""
    found = []
    for one in FIX.finditer(said):
        try:
            text = json.loads(one["text"])
        except ValueError:
            continue
        line, column, last, end = (int(one[at]) for at in range(2, 6))
        if one["file"] == file:
            found.append(Edit((line, column), (last, end), str(text)))
    return tuple(found)


def edited(code: str, edits: Iterable[Edit]) -> str:
    """The code with the edits in it. Of two that lie over each other the first one stays; places outside of it are none."""
    lines = code.split("\n")
    kept: list[Edit] = []
    for one in dict.fromkeys(edits):
        inside = all(0 < line <= len(lines) and 0 < at <= len(lines[line - 1]) + 1 for line, at in (one.begin, one.end))  # fmt: skip
        apart = all(one.end <= other.begin or other.end <= one.begin for other in kept)
        if inside and apart and one.begin <= one.end:
            kept.append(one)
    for one in sorted(kept, key=lambda edit: edit.begin, reverse=True):
        (first, begun), (last, ended) = one.begin, one.end
        whole = lines[first - 1][: begun - 1] + one.text + lines[last - 1][ended - 1 :]
        lines[first - 1 : last] = whole.split("\n")
    return "\n".join(lines)
