"""Values and calls as Python source, and the tests that are made of them."""

from __future__ import annotations

import ast
import builtins
import re

from arriero.apps.codegen import trees
from arriero.apps.codegen.requirement import Example

MOST = 40  # examples of one requirement, and statements before one; more are a test file, which comes as `tests`
NEAR_ENOUGH = 1e-6  # absolute, for an expected float: what HumanEval's own tests allow
BUILTIN = frozenset(dir(builtins))
# What a comment says before a value, and where its line ends: `# returns 2`.
TOLD = r"[^\S\n]*(?:(?:(?:(?i:expected|output|prints?|result|returns?))\b[^\S\n]*)+:?[^\S\n]*)?"
LINE_ENDS = re.compile(r"[^\S\n]*`?[^\S\n]*(?:\n|\Z)")
_NUMBER = re.compile(r"[-+]?(?:\d[\d_]*(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?j?(?!\w|\.\d)")
_WORD = re.compile(r"(?:True|False|None|true|false|null|nil)\b")
_STRING = re.compile(
    r"""[rbuRBU]{0,2}(?:\"(?:\\.|[^"\\\n])*\"|'(?:\\.|[^'\\\n])*')""",
)
_CONTAINER = re.compile(
    r"(?:set|frozenset|tuple|list|dict|(?:datetime\.)?(?:date|datetime|timedelta)|(?:decimal\.)?Decimal|(?:fractions\.)?Fraction)\("
)
# Values that Python's own library makes: dates, and numbers that are exact.
VALUES = frozenset({"date", "datetime", "timedelta", "Decimal", "Fraction"})
_OF_MODULES = frozenset({"datetime.date", "datetime.datetime", "datetime.timedelta", "decimal.Decimal", "fractions.Fraction"})  # fmt: skip
_PLAIN_WORDS = {"true": "True", "false": "False", "null": "None", "nil": "None"}
# What is asked of a result in an example: `sorted(f(1)) == [2]`, `len(f(1)) == 3`.
WRAPS = frozenset(
    "list tuple set frozenset sorted dict len sum min max any all next round abs".split()
)


def example(call: str, expected: str, setup: str = "") -> Example | None:
    """The test that `call` gives `expected`; None unless it is a call and a plain value."""
    tree, value = expression(call), literal(expected)
    if not isinstance(tree, ast.Call | ast.Attribute) or value is None:
        return None
    name = entry_of(tree)
    if name is None:
        return None
    code = behind(setup, asserted(call.strip(), value))
    return Example(name, call.strip(), value, code, setup, objects=has_objects(tree, name))


def entry_of(tree: ast.expr) -> str | None:
    """The outermost function of an expression that Python does not have itself."""
    for node in ast.walk(tree):  # breadth first: the outermost comes first
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Name) and called.id not in BUILTIN | VALUES:
            return called.id
    return None


def literal(text: str) -> str | None:
    """`text` as the source of a plain value, `true`, `null` and `nil` as Python has them; None if it is none."""
    text = text.strip().rstrip(".;,").strip("`").strip()
    text = _PLAIN_WORDS.get(text, text)
    tree = expression(text)
    if tree is None or not is_plain(tree):
        return None
    return text


def scanned(text: str, at: int) -> tuple[str, int] | None:
    """The plain value that begins at `at`, as source, and where it ends."""
    rest = text[at:]
    if rest[:1] and rest[0] in "[({":
        end = closing(text, at)
        return None if end is None else _value(text, at, end)
    if found := _CONTAINER.match(rest):
        end = closing(text, at + found.end() - 1)
        return None if end is None else _value(text, at, end)
    for pattern in (_STRING, _NUMBER, _WORD):
        if found := pattern.match(rest):
            return _value(text, at, at + found.end())
    return None


def _value(text: str, at: int, end: int) -> tuple[str, int] | None:
    plain = literal(text[at:end])
    return None if plain is None else (plain, end)


def closing(text: str, at: int) -> int | None:
    """Just behind the bracket that closes the one at `at`; strings in between are skipped."""
    open_, place = [], at
    while place < len(text):
        sign = text[place]
        if sign in "\"'":
            found = _STRING.match(text, place)
            if found is None:
                return None
            place = found.end()
            continue
        if sign in "[({":
            open_.append(sign)
        elif sign in "])}":
            if not open_ or "[({".index(open_.pop()) != "])}".index(sign):
                return None
            if not open_:
                return place + 1
        place += 1
    return None


def expression(text: str) -> ast.expr | None:
    """The tree of one expression; None where `text` is none."""
    try:
        return trees.expression(text.strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def is_plain(tree: ast.expr) -> bool:
    """Whether it is made of constants and built-in containers alone."""
    allowed = (
        ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.UnaryOp, ast.USub, ast.UAdd,
        ast.Load, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Pow,
    )  # fmt: skip
    made = [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    owners = {name.partition(".")[0] for name in made if name in _OF_MODULES}
    if any(name not in BUILTIN | VALUES | _OF_MODULES for name in made):
        return False
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            continue
        if isinstance(node, ast.Attribute):
            if ast.unparse(node) not in _OF_MODULES:
                return False
        elif isinstance(node, ast.Name):
            if node.id not in BUILTIN | VALUES | owners:
                return False
        elif not isinstance(node, (*allowed, ast.keyword)) or (
            isinstance(node, ast.Constant) and node.value is ...
        ):
            return False  # three dots say that there is more
    return True


def asserted(call: str, expected: str) -> str:
    """The test that `call` gives `expected`; a fraction may be off by `NEAR_ENOUGH`."""
    try:
        is_float = isinstance(trees.literal(expected), float)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        is_float = False
    if is_float and expected.strip("+-")[:3] not in {"inf", "nan"}:
        return f"assert abs({call} - {_bracketed(expected)}) < {NEAR_ENOUGH}"
    tree = expression(call)  # `f(1) == 2` that gives True is no chain of comparisons
    told = call if isinstance(tree, ast.Call | ast.Attribute | ast.Subscript) else f"({call})"
    return f"assert {told} == {expected}"


def _bracketed(number: str) -> str:
    return f"({number})" if number.startswith("-") else number


def behind(setup: str, code: str) -> str:
    """`code` with what is done before it."""
    return f"{setup.rstrip()}\n{code}" if setup.strip() else code


def raising(call: str, error: str) -> str:
    """The test that `call` raises `error`."""
    return (
        f"try:\n    {call}\nexcept {error}:\n    pass\nelse:\n"
        f"    raise AssertionError({f'{call} raised no {error}'!r})"
    )


def has_objects(tree: ast.AST, entry: str) -> bool:
    """Whether a test makes objects of the program's own classes, or calls their methods."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id[:1].isupper():
                return node.func.id not in BUILTIN | VALUES
            if isinstance(node.func, ast.Attribute) and entry[:1].isupper():
                return True
        if is_of_class(node):
            return True
    return False


def is_of_class(node: ast.AST) -> bool:
    """Whether it asks a class of the program for what it holds: `Color.RED`."""
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id[:1].isupper()
        and node.value.id not in BUILTIN | VALUES
    )


def takes_values(call: str) -> bool:
    """Whether everything that is given is a plain value: `f(x) = 2` says nothing that can be tried."""
    tree = expression(call)
    calls = [one for one in ast.walk(tree) if isinstance(one, ast.Call)] if tree else []
    given = [
        value
        for one in calls
        for value in (*one.args, *(word.value for word in one.keywords))
        if not (isinstance(value, ast.Call) and ast.unparse(one.func) in WRAPS)
    ]
    return bool(calls) and all(is_plain(one) for one in given)
