"""Python's own parser, for code that several threads read at once.

In Python 3.11 conversions of syntax trees count their depth in one place for all threads. When one is interrupted
by another (a finalizer that the collector runs is enough), either may end with a SystemError ("AST constructor
recursion depth mismatch") though the code is fine: two of 164 problems judged three at a time did. So one thread
parses at a time, and what still meets a parser elsewhere (bandit's) is tried again. Its warnings are silenced: an odd
escape in somebody's string is no business of ours.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar

Made = TypeVar("Made")
TRIES = 4
_one = Lock()


def parse(code: str) -> ast.Module:
    """The syntax tree of a module. Raises SyntaxError, ValueError, or RecursionError where it nests too deep."""
    return _alone(lambda: ast.parse(code))


def lines(code: str) -> list[str]:
    """The lines of `code` as the parser counts them: none begins after a form feed or a separator within a text."""
    return re.split(r"\r\n?|\n", code.removesuffix("\n"))


def expression(text: str) -> ast.expr:
    """The syntax tree of one expression."""
    return _alone(lambda: ast.parse(text, mode="eval")).body


def literal(text: str | ast.expr) -> Any:
    """The value of a literal (its text or its tree), as `ast.literal_eval` gives it."""
    return _alone(lambda: ast.literal_eval(text))


def again(make: Callable[[], Made]) -> Made:
    """What `make` gives, tried again when another thread's parser has stopped it."""
    for _ in range(TRIES - 1):
        try:
            return make()
        except SystemError:
            continue
    return make()


def _alone(make: Callable[[], Made]) -> Made:
    with _one, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return again(make)
        except MemoryError:  # so the parser says that its own stack is full, long before memory is
            raise RecursionError("it nests too deep to be read") from None
