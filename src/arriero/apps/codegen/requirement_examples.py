"""The examples of a requirement as tests: doctests, asserts, `f(1) == 2`, `f(1) -> 2`, `f(1)  # 2`, input and output, tables.

Only what can be nothing else becomes a test: a call with plain values on one side, a plain value or an error on the
other. What stands before a doctest or an assert and bears on it goes with it; one that rests on what nobody tells is none.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import partial

from arriero.apps.codegen import trees
from arriero.apps.codegen.repair_names import imported, unbound
from arriero.apps.codegen.requirement import Example
from arriero.apps.codegen.requirement_coded import asserts, doctests
from arriero.apps.codegen.requirement_plain import BUILTIN, MOST, VALUES, expression
from arriero.apps.codegen.requirement_prose import arrows, pairs, tables
from arriero.apps.codegen.requirement_values import in_python

_HIDDEN = "own_function_"
_MINUS = re.compile(r"\u2212(?=\.?\d)")  # of typesetters
_PLAIN_QUOTES = str.maketrans("\u201c\u201d\u2018\u2019", "\"\"''")  # as text processors set them


def examples_in(
    text: str,
    entry: str | None = None,
    names: frozenset[str] = frozenset(),
    language: str | None = None,
) -> tuple[Example, ...]:
    """What `text` shows, in its order, each once. `names` are the functions and classes that it is about.

    Without `names` any function that Python does not have counts. `entry` is what "Input: ..." is given to, `language`
    what the code is to be written in, whose values it may show.
    """
    hidden = sorted((names & BUILTIN) - {"print"}) if language not in {None, "python"} else []
    if hidden:  # `sum` is a name like another in Go
        return tuple(_shown_again(one, hidden) for one in _with_hidden(text, entry, names, language, hidden))  # fmt: skip
    found: dict[str, Example] = {}
    rest = in_python(_MINUS.sub("-", text), language)
    known = names | ({entry} if entry else set())
    readers = (doctests, asserts, partial(arrows, slashes=language not in {None, "python"}))
    for reader in readers:
        shown, rest = reader(rest)
        for one in shown:
            own = _among(one, known)
            if own is not None and (told := _complete(own, known)):
                found.setdefault(told.code, told)
    about = entry or next((one.entry for one in found.values()), None)
    if about:
        for one in (*tables(rest, about), *pairs(rest, about)):
            if told := _complete(one, known):
                found.setdefault(told.code, told)
    if not found and (plain := text.translate(_PLAIN_QUOTES)) != text:
        return examples_in(plain, entry, names, language)
    return tuple(found.values())[:MOST]


def _with_hidden(
    text: str,
    entry: str | None,
    names: frozenset[str],
    language: str | None,
    hidden: Sequence[str],
) -> tuple[Example, ...]:
    """What is read with another name for each function that Python has as well."""
    text = re.sub(rf"(?<![\w.])({'|'.join(hidden)})(?=\()", rf"{_HIDDEN}\1", text)
    others = frozenset(f"{_HIDDEN}{one}" if one in hidden else one for one in names)
    about = f"{_HIDDEN}{entry}" if entry in hidden else entry
    return examples_in(text, about, others, language)


def _shown_again(one: Example, hidden: Sequence[str]) -> Example:
    fields = (one.entry, one.call, one.code)
    told = [re.sub(rf"\b{_HIDDEN}({'|'.join(hidden)})\b", r"\1", text) for text in fields]
    return replace(one, entry=told[0], call=told[1], code=told[2])


def _among(one: Example, known: AbstractSet[str]) -> Example | None:
    """`one` as an example of what is known; also where that is called within: `list(islice(primes(), 5))`."""
    if not known or one.entry in known:
        return one
    tree = expression(one.call)
    called = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)] if tree else []
    names = [node.id for node in called if isinstance(node, ast.Name) and node.id in known]
    return replace(one, entry=names[0]) if names else None


def _complete(one: Example, known: AbstractSet[str]) -> Example | None:
    """`one` with the imports that it takes; None where it rests on a value that nothing tells, as in `f(xs) == 3`."""
    own = {*known, one.entry}
    names = unbound(one.code) - own
    if not names:
        return one
    tree = trees.parse(one.code)
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}  # fmt: skip
    asked = {node.value.id for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)}  # fmt: skip
    # A function that is called may be one of the program's; a module, or a class of Python's, is brought along.
    code = imported(
        one.code, only={name for name in names if name in asked | VALUES or name[:1].isupper()}
    )
    open_ = (unbound(code) - own) - called
    if any(not name[:1].isupper() for name in open_):
        return None
    setup = "\n".join(
        filter(None, [code.removesuffix("\n").removesuffix(one.code).strip(), one.setup])
    )
    return replace(one, code=code.rstrip("\n"), setup=setup)


def contradictions(examples: Sequence[Example]) -> tuple[tuple[Example, Example], ...]:
    """Pairs of examples that give the same call different values."""
    first: dict[tuple[str, str], Example] = {}
    against = []
    for one in examples:
        tree = expression(one.call)
        if tree is None or not one.expected:
            continue
        known = first.setdefault((one.setup, ast.dump(tree)), one)
        if known is not one and not _equal(known.expected, one.expected):
            against.append((known, one))
    return tuple(against)


def _equal(one: str, other: str) -> bool:
    try:
        return bool(trees.literal(one) == trees.literal(other))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return one == other
