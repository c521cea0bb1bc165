"""Code parsed in several threads at once, while the collector lets them run into each other."""

from __future__ import annotations

import ast
import gc
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from arriero.apps.codegen import trees

CODE = Path(ast.__file__).read_text(encoding="utf-8")[:20_000].rsplit("\ndef ", 1)[0]


@contextmanager
def interrupted() -> Iterator[None]:
    """Every collection gives way to another thread, as a finalizer may, also in the middle of a parse."""

    def give_way(_phase: str, _info: dict[str, int]) -> None:
        time.sleep(0)

    was = gc.get_threshold()
    gc.callbacks.append(give_way)
    gc.set_threshold(50, 5, 5)
    try:
        yield
    finally:
        gc.callbacks.remove(give_way)
        gc.set_threshold(*was)


def broken(parse: Callable[[str], ast.Module]) -> int:
    """How many of 60 parses of right code, four at a time, end with a SystemError."""

    def once(_: int) -> bool:
        try:
            parse(CODE)
        except SystemError:
            return True
        return False

    with interrupted(), ThreadPoolExecutor(4) as pool:
        return sum(pool.map(once, range(60)))


def test_threads_that_parse_at_once_do_not_stop_each_other() -> None:
    assert broken(trees.parse) == 0


def test_what_another_parser_stopped_is_tried_again_and_what_stays_broken_is_told() -> None:
    left = [SystemError("depth mismatch"), SystemError("depth mismatch")]

    def make() -> str:
        if left:
            raise left.pop()
        return "made"

    assert trees.again(make) == "made"

    def never() -> str:
        raise SystemError("broken for good")

    with pytest.raises(SystemError, match="for good"):
        trees.again(never)


def test_an_expression_and_a_literal_are_read() -> None:
    assert isinstance(trees.expression("a + 1"), ast.BinOp)
    assert trees.literal("[1, 'two']") == [1, "two"]
    with pytest.raises(SyntaxError):
        trees.parse("def f(:")


@pytest.mark.parametrize("read", [trees.parse, trees.expression, trees.literal])
def test_what_nests_too_deep_says_so(read: Callable[[str], object]) -> None:
    """Python's parser itself says MemoryError, which nobody waits for."""
    with pytest.raises(RecursionError, match="too deep"):
        read("-" * 50_000 + "1")
