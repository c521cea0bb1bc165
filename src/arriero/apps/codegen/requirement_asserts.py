"""A caller's tests in another language than Python, read as calls and what they have to give.

Frameworks say it in few forms: `assertEquals(4, half(9))`, `expect(half(9)).toBe(4)`, `assert(half(9) === 4)`,
`if got := Half(9); got != 4 {`. What is in none of them, or rests on other code of the file, is no test here.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from operator import itemgetter

from arriero.apps.codegen import trees
from arriero.apps.codegen.requirement import Example
from arriero.apps.codegen.requirement_plain import closing, example
from arriero.apps.codegen.requirement_tests import MOST, given_tests
from arriero.apps.codegen.requirement_values import in_python
from arriero.core.errors import InputError

# Of two arguments one is the call; a third is a message or how far off it may be.
_EQUAL = re.compile(
    r"\b(?:assert_eq!|assert_equal\b|assert(?:Array|Iterable)?Equals?\b|assertSame\b|(?:deepS|s)trictEqual\b|deepEqual\b"
    r"|reflect\.DeepEqual\b|(?:assert|require)\.[eE]qual\b|(?:EXPECT|ASSERT)_EQ\b)[^\S\n]*"
)
_ALONE = re.compile(
    r"(?<![\w.])(?:(?:console\.)?assert\b!?|assert(?P<told>True|False|Null|Nil)\b)[^\S\n]*(?=\()"
)
_EXPECT = re.compile(r"\bexpect(?=\()")
_TO = re.compile(
    r"\s*\.(?:to(?:Be|Equal|StrictEqual|BeCloseTo)|to(?:\.(?:be|deep))*\.(?:equals?|eql?)|to\s+eql?)\s*(?=\()"
)
_UNLESS = re.compile(  # Go
    r"^[^\S\n]*if (?:\w+ := (?P<got>[^;\n]{1,400}); \w+|(?P<call>[^;\n]{1,400}?)) != (?P<value>[^\n]{1,400}?) \{[^\S\n]*$",
    re.MULTILINE,
)
LONGEST = 2_000  # characters of one assertion; with as many of them looked at as follows, a page of brackets takes no time
LOOKED_AT = 5 * MOST
_TOLD = {"False": "False", "Null": "None", "Nil": "None"}
# What Python says otherwise; texts in quotes stay.
_SIGNS = re.compile(
    r"""("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(?P<same>={3})|(?P<not>!(?![=(])|!(?=\())|\bnew\s+(?=[A-Z])"""
)


def read_tests(text: str, language: str, own: frozenset[str] = frozenset()) -> tuple[Example, ...]:
    """The tests of `text` for code in `language`: Python's as `given_tests` reads them, else of either notation.

    Raises `InputError` when it tests nothing.
    """
    if language == "python":
        return given_tests(text, own)
    if found := tuple(dict.fromkeys(_shown(in_python(text, language))))[:MOST]:
        return found
    try:
        return given_tests(text, own)
    except InputError:
        raise InputError(
            "the tests hold no call with what it has to give; write `assert f(1) == 2`, whatever the code is written in",
            param="tests",
        ) from None


def _shown(text: str) -> Iterator[Example]:
    for _, one in sorted(_placed(text), key=itemgetter(0)):
        if one is not None:
            yield one


def _placed(text: str) -> Iterator[tuple[int, Example | None]]:
    """Each form with its place in the text, so that tests keep their order."""
    for found in _each(_EQUAL, text):
        given = _arguments(_inside(text, found.end()))
        if given[:1] and isinstance(given[0], ast.Name):  # Go's `t`
            given = given[1:]
        if len(given) > 1:
            yield found.start(), _either(given[0], given[1])
    for found in _each(_ALONE, text):
        for one in _arguments(_inside(text, found.end()))[:1]:
            yield found.start(), _claimed(one, _TOLD.get(found["told"] or "", "True"))
    for found in _each(_EXPECT, text):
        asked = _inside(text, found.end())
        to = _TO.match(text, found.end() + len(asked) + 2)
        value = _arguments(_inside(text, to.end())) if to else []
        for one in _arguments(asked)[:1]:
            yield found.start(), _either(one, value[0]) if value else None
    for found in _each(_UNLESS, text):
        given = _arguments(f"{found['got'] or found['call']}, {found['value']}")
        if len(given) > 1:
            yield found.start(), _either(given[0], given[1])


def _each(form: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    return itertools.islice(form.finditer(text), LOOKED_AT)


def _inside(text: str, at: int) -> str:
    """What stands in the brackets that open at `at`; without brackets (Ruby) the rest of the line."""
    if text[at : at + 1] != "(":
        return text[at : at + LONGEST].partition("\n")[0]
    near = text[at : at + LONGEST]
    end = closing(near, 0)
    return near[1 : end - 1] if end else ""


def _arguments(told: str) -> list[ast.expr]:
    """The arguments, as Python; none where they hold what Python has not."""
    python = _SIGNS.sub(lambda sign: sign[1] or ("==" if sign["same"] else " not " if sign["not"] else ""), told)  # fmt: skip
    try:
        call = trees.expression(f"_({python.strip()})")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [_Lists().visit(one) for one in call.args] if isinstance(call, ast.Call) else []


class _Lists(ast.NodeTransformer):
    """Braces without keys are lists: none of these languages writes a set so."""

    def visit_Set(self, node: ast.Set) -> ast.List:
        return ast.List([self.visit(one) for one in node.elts], ast.Load())


def _claimed(tree: ast.expr, told: str) -> Example | None:
    """A test that says one thing: a comparison, or a call that gives what is `told` of it."""
    match tree:
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            return _either(left, right)
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return _given(inner, "False")
    return _given(tree, told)


def _either(one: ast.expr, other: ast.expr) -> Example | None:
    """The one is the call and the other what it gives, or the other way round."""
    one, other = _bare(one), _bare(other)
    return _given(one, ast.unparse(other)) or _given(other, ast.unparse(one))


def _given(tree: ast.expr, expected: str) -> Example | None:
    return example(ast.unparse(_bare(tree)), expected)


def _bare(tree: ast.expr) -> ast.expr:
    """Without what only tests need: `JSON.stringify(...)`, and where the function lies, as in `Calc.half(9)`."""
    match tree:
        case ast.Call(func=ast.Attribute(value=ast.Name("JSON"), attr="stringify"), args=[inner]):
            return _bare(inner)
        case ast.Call(
            func=ast.Attribute(value=ast.Name() | ast.Call(func=ast.Name(), args=[]), attr=name),
            args=args,
            keywords=[],
        ):
            return ast.Call(ast.Name(name, ast.Load()), args, [])
    return tree
