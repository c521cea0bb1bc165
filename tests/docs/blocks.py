"""Reads the fenced blocks of a Markdown file and says how each one is run.

```python            is executed; the Python blocks of a document share one namespace, in order
```python file=NAME  is written to NAME in the document's folder, so that a later block can use it
```sh run            is executed by bash in that folder and has to end with status 0
any other block      is shown only (but `file=NAME` works for every language)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>`{3,})(?P<info>[^`]*)$")
SHELLS = frozenset({"sh", "bash", "console"})


class Way(StrEnum):
    EXECUTE = "execute"
    WRITE = "write"
    SHELL = "shell"
    SHOW = "show"


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: `line` is the number of its first line of text, `file` set when it is written."""

    line: int
    language: str
    marks: frozenset[str]
    text: str

    @property
    def file(self) -> str | None:
        named = [mark.removeprefix("file=") for mark in self.marks if mark.startswith("file=")]
        return named[0] if named else None

    @property
    def way(self) -> Way:
        if self.file:
            return Way.WRITE
        if self.language == "python":
            return Way.EXECUTE
        return Way.SHELL if self.language in SHELLS and "run" in self.marks else Way.SHOW


def blocks(markdown: str) -> tuple[Block, ...]:
    """The fenced blocks of `markdown`, in order. A fence that is never closed is a `ValueError`."""
    found: list[Block] = []
    opened: re.Match[str] | None = None
    start = 0
    lines = markdown.splitlines()
    for number, line in enumerate(lines, start=1):
        fence = FENCE.match(line)
        if opened is None and fence:
            opened, start = fence, number
        elif opened and fence and not fence["info"].strip() and fence["ticks"] >= opened["ticks"]:
            inside = (plain.removeprefix(opened["indent"]) for plain in lines[start : number - 1])
            language, _, marks = opened["info"].strip().partition(" ")
            text = "\n".join(inside) + "\n"
            found.append(Block(start + 1, language, frozenset(marks.split()), text))
            opened = None
    if opened:
        raise ValueError(f"the block opened in line {start} is never closed")
    return tuple(found)


def documents(repository: Path) -> tuple[Path, ...]:
    """README.md and every Markdown file under docs/."""
    return (repository / "README.md", *sorted((repository / "docs").rglob("*.md")))
