"""Arguments to try a Python function with: made of the examples' own, and of the types of its signature.

Every value is the text of a literal, so that it reads the same here, in a box, and in a test that is kept.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest

from arriero.apps.codegen import trees
from arriero.apps.codegen.judge.parse import Function
from arriero.apps.codegen.sandbox.base import Test

OF_TYPE = {
    "int": (0, 1, 2, -1, 7, 10),
    "float": (0.0, 1.5, -2.25, 10.0),
    "str": ("", "a", "Ab c", "aba", "1 2", "hello"),
    "bool": (True, False),
    "bytes": (b"", b"ab"),
    "list": ([], [1], [3, 1, 2], [5, 5, -1, 0]),
    "List[int]": ([], [1], [3, 1, 2], [5, 5, -1, 0]),
    "List[float]": ([], [1.0], [2.5, -1.0, 2.5]),
    "List[str]": ([], ["a"], ["b", "", "ab"], ["x", "x"]),
    "dict": ({}, {"a": 1}, {"b": 2, "a": 1}),
    "Dict[str, int]": ({}, {"a": 1}, {"b": 2, "a": 1}),
    "set": ({1}, {3, 1, 2}),
    "tuple": ((), (1, 2), (3, 1, 2)),
}
LONGEST = 400  # characters of one call; a test that is kept has to be read


def calls(tests: Sequence[Test], entry: str) -> tuple[str, ...]:
    """The argument lists (texts of tuples) with which examples call `entry`, as far as they are literals."""
    found: dict[str, None] = {}
    for test in tests:
        try:
            tree = trees.parse(test.code)
        except (SyntaxError, ValueError):
            continue
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name == entry:
                    text = _tuple(args)
                    if text:
                        found[text] = None
    return tuple(found)


def _tuple(args: Sequence[ast.expr]) -> str:
    try:
        return repr(tuple(trees.literal(arg) for arg in args))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return ""


def inputs(function: Function, examples: Sequence[str], most: int = 24) -> tuple[str, ...]:
    """Further argument lists: examples with one argument changed at a time, else values of the annotated types."""
    made: Iterator[tuple[object, ...]]
    if examples:
        made = chain.from_iterable(
            one for one in zip_longest(*(near(trees.literal(text)) for text in examples)) if one
        )
    else:
        made = _typed(function)
    found: dict[str, None] = {}
    for args in made:
        if args is None:
            continue
        text = repr(args)
        if text not in examples and len(text) <= LONGEST:
            found[text] = None
        if len(found) >= most:
            break
    return tuple(found)


def near(args: tuple[object, ...]) -> Iterator[tuple[object, ...]]:
    """The same arguments with one of them changed, by turns."""
    each = [
        [(*args[:place], other, *args[place + 1 :]) for other in changed(value)]
        for place, value in enumerate(args)
    ]
    for row in zip_longest(*each):
        yield from (one for one in row if one is not None)


def changed(value: object) -> Iterator[object]:
    """Values like `value`, the edges of its type first. It keeps the type, of what it holds as well."""
    match value:
        case bool():
            yield not value
        case int():
            yield from (0, 1, value + 1, value - 1, -value, 2 * value)
        case float():
            yield from (0.0, -value, value + 1.0, value / 2)
        case str():
            yield from ("", value[:1], value[::-1], value + value, value.swapcase(), value[1:])
        case list() | tuple():
            yield from _sequences(value)
        case dict():
            yield {}
            yield dict(list(value.items())[:1])
            yield dict(reversed(value.items()))
        case set() | frozenset():
            yield type(value)(sorted(value, key=repr)[:1])


def _sequences(value: list[object] | tuple[object, ...]) -> Iterator[object]:
    kind = type(value)
    yield kind()
    yield value[:1]
    yield value[::-1]
    yield kind([*value, *value])
    yield value[1:]
    for place, item in enumerate(value[:3]):
        for other in list(changed(item))[:3]:
            yield kind([*value[:place], other, *value[place + 1 :]])


def _typed(function: Function) -> Iterator[tuple[object, ...]]:
    """Values by annotation, the parameters changing one after the other; nothing for types that are not known."""
    arguments = [*function.args.posonlyargs, *function.args.args]
    arguments = arguments[: len(arguments) - len(function.args.defaults)] or arguments
    columns = []
    for argument in arguments:
        values = _values(argument.annotation)
        if not values:
            return
        columns.append(values)
    if not columns:
        return
    for number in range(max(map(len, columns)) * len(columns)):
        yield tuple(
            column[(number + place * (number // len(column))) % len(column)]
            for place, column in enumerate(columns)
        )


def _values(annotation: ast.expr | None) -> tuple[object, ...]:
    if annotation is None:
        return ()
    text = ast.unparse(annotation).replace("typing.", "").strip("'\"")
    text = text.replace("list[", "List[").replace("dict[", "Dict[")
    return OF_TYPE.get(text) or OF_TYPE.get(text.partition("[")[0].lower(), ())
