"""Fragments of Python made readable: a line that does not parse is read as `pass`, and every other keeps its place."""

from __future__ import annotations

import re
import textwrap

from arriero.apps.codegen import trees

ROUNDS = 24  # lines given up at most; a text with more of them is no Python
HEADER = re.compile(r"on line (\d+)")


def readable(code: str) -> str | None:
    """`code`, dedented, with the lines that break it replaced by `pass`; None when too many do."""
    lines = textwrap.dedent(code).splitlines()
    for _ in range(ROUNDS):
        wrong = _first_wrong(lines)
        if wrong is None:
            return "\n".join(lines) + "\n"
        if not lines or not _given_up(lines, wrong):
            return None
    return None


def _first_wrong(lines: list[str]) -> int | None:
    """The index of the line to give up; None when all parse."""
    try:
        trees.parse("\n".join(lines) + "\n")
    except SyntaxError as error:
        header = HEADER.search(error.msg or "")
        number = (
            int(header[1])
            if header and "expected an indented block" in (error.msg or "")
            else (error.lineno or 1)
        )
        return min(max(number, 1), len(lines)) - 1
    except (ValueError, RecursionError, MemoryError):
        return 0
    return None


def _given_up(lines: list[str], wrong: int) -> bool:
    """Replace line `wrong`, or the nearest one above that is not given up yet."""
    for index in range(wrong, -1, -1):
        if lines[index].strip() not in {"", "pass"}:
            lines[index] = f"{_indent(lines, index)}pass"
            return True
    return False


def _indent(lines: list[str], index: int) -> str:
    """The indent that a statement may have there: the line's own, if the one above has it too, else that one's."""
    before = [line for line in lines[:index] if line.strip()]
    above = before[-1] if before else ""
    own, over = _margin(lines[index]), _margin(above)
    if above.rstrip().endswith(":"):
        return f"{over}    "
    return own if len(own) <= len(over) and any(_margin(line) == own for line in before) else over


def _margin(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]
