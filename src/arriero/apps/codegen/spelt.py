"""An example of a requirement, spelt as a test of another language: a call with plain values, and what it has to give."""

from __future__ import annotations

import ast
import json

from arriero.apps.codegen import trees
from arriero.apps.codegen.requirement import Example
from arriero.apps.codegen.requirement_plain import NEAR_ENOUGH


def plain_call(example: Example) -> tuple[str, list[object], object] | None:
    """(the function, its arguments, what it gives) of an example that is a call with plain values; None of any other."""
    if example.setup or example.raises:
        return None
    try:
        call = trees.expression(example.call)
        match call:
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                given = [trees.literal(ast.unparse(one)) for one in args]
                return name, given, trees.literal(example.expected)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        pass
    return None


def javascript(example: Example) -> str:
    """The test; "" where JavaScript has no such values. A fraction may be off by what Python's examples allow."""
    told = plain_call(example)
    if told is None:
        return ""
    name, args, expected = told
    try:
        call = f"{name}({', '.join(map(json_of, args))})"
        value = json_of(expected)
    except ValueError:
        return ""
    if expected is None:  # whichever of its two it gives
        return f"{{ const got = {call}; if (got !== undefined) assert.strictEqual(got, null); }}"
    if isinstance(expected, float) and not expected.is_integer():
        near = f"Math.abs(got - {value}) < {NEAR_ENOUGH}"
        return f"{{ const got = {call}; if (!({near})) assert.strictEqual(got, {value}); }}"
    return f"assert.deepStrictEqual({call}, {value});"


def compared(example: Example) -> str:
    """The test of a language that is compiled: the call and its value as Python has them, `assert f([1]) == 2`; else ""."""
    told = plain_call(example)
    if told is None:
        return ""
    name, args, expected = told
    return f"assert {name}({', '.join(map(repr, args))}) == {expected!r}"


def json_of(value: object) -> str:
    """The literal of a value. Raises `ValueError` for what JSON does not have, such as a set."""
    try:
        told = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except TypeError as error:
        raise ValueError(str(error)) from None
    if json.loads(told) != _listed(value):  # keys that are no texts would become others
        raise ValueError("a key is no text")
    return told


def _listed(value: object) -> object:
    """The same with lists for tuples, as JSON has them."""
    if isinstance(value, (list, tuple)):
        return [_listed(one) for one in value]
    if isinstance(value, dict):
        return {key: _listed(held) for key, held in value.items()}
    return value
