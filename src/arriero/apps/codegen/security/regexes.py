r"""Regular expressions that may take forever: a repeat inside a repeat that can split the same text in many ways.

The parse tree is Python's own (`re._parser`); each item's set of ASCII characters is compared. Exponential
patterns only: `(a+)+`, `(a|a)*`, `(\s*\w+)*`; what is merely quadratic (`.*.*`) is left alone.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from arriero.apps.codegen.security.findings import Weakness
from arriero.apps.codegen.security.shape import Shaped, weakness

FUNCTIONS = frozenset(
    "compile search match fullmatch findall finditer sub subn split RegexValidator RegexField Regex".split()
)
ASCII = frozenset(range(128))
MANY = 1_000  # a bound as high as this is no bound


def forever(shaped: Shaped) -> Iterator[Weakness]:
    """Patterns written in the module that may backtrack exponentially."""
    for event in shaped.events:
        if event.kind != "call" or event.name.rpartition(".")[2] not in FUNCTIONS:
            continue
        for key in ("0", "pattern", "regex"):
            arg = event.args.get(key)
            if (
                arg is not None
                and isinstance(arg.node, ast.Constant)
                and isinstance(arg.node.value, str)
                and explodes(arg.node.value)
            ):
                yield weakness("loose-pattern", arg.node)


@lru_cache(maxsize=1024)
def explodes(pattern: str) -> bool:
    """Whether matching `pattern` can take time exponential in the text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = re._parser.parse(pattern)  # type: ignore[attr-defined]  # noqa: SLF001  # the module is private, its tree is not
    except (re.error, RecursionError, OverflowError):
        return False
    return any(_ambiguous(body) for body in _repeated(tree))


def _repeated(items: Any) -> Iterator[Any]:
    """The body of every unbounded repeat, however deep."""
    for op, arg in items:
        name = str(op)
        if name in {"MAX_REPEAT", "MIN_REPEAT"}:
            _, most, body = arg
            if most >= MANY:
                yield body
            yield from _repeated(body)
        elif name == "SUBPATTERN":
            yield from _repeated(arg[-1])
        elif name == "BRANCH":
            for branch in arg[1]:
                yield from _repeated(branch)
        elif name in {"ASSERT", "ASSERT_NOT"}:
            yield from _repeated(arg[1])


def _ambiguous(body: Any) -> bool:
    """Whether one round of the repeat and two rounds of it can be the same text."""
    items = _flat(body)
    if len(items) == 1 and str(items[0][0]) == "BRANCH":
        branches = [_flat(branch) for branch in items[0][1][1]]
        firsts = [_first(branch) for branch in branches]
        overlap = any(
            first & other
            for position, first in enumerate(firsts)
            for other in firsts[position + 1 :]
        )
        return any(_ambiguous_items(branch) for branch in branches) or (
            overlap and _same_length(branches)
        )
    return _ambiguous_items(items)


def _ambiguous_items(items: Sequence[Any]) -> bool:
    """Whether an item of varying length overlaps all that has to stand beside it in the same round."""
    for position, item in enumerate(items):
        least, most = _lengths(item)
        needed = [
            one for place, one in enumerate(items) if place != position and not _optional(one)
        ]
        splits = most > max(least, 1) or (most > least and needed)
        mine = _item_characters(item)
        if splits and all(_item_characters(one) & mine for one in needed):
            return True
    return False


def _lengths(item: Any) -> tuple[int, int]:
    """How often an item is repeated, at least and at most; a branch that may be empty is an optional item."""
    op, arg = str(item[0]), item[1]
    if op in {"MAX_REPEAT", "MIN_REPEAT"}:
        return int(arg[0]), int(arg[1])
    if op == "BRANCH" and any(not _flat(branch) for branch in arg[1]):
        return 0, 1
    return 1, 1


def _same_length(branches: Sequence[Sequence[Any]]) -> bool:
    r"""Branches that begin alike and are single items, such as `\d|\w` or `a|a+`."""
    return all(len(branch) == 1 for branch in branches)


def _flat(items: Any) -> list[Any]:
    found: list[Any] = []
    for op, arg in items:
        if str(op) == "SUBPATTERN":
            found.extend(_flat(arg[-1]))
        elif str(op) not in {"AT", "ASSERT", "ASSERT_NOT"}:
            found.append((op, arg))
    return found


def _optional(item: Any) -> bool:
    return _lengths(item)[0] == 0


def _first(items: Sequence[Any]) -> frozenset[int]:
    found: frozenset[int] = frozenset()
    for item in items:
        found |= _item_characters(item)
        if not _optional(item):
            break
    return found


def _characters(items: Any) -> frozenset[int]:
    return frozenset().union(*(_item_characters(item) for item in items))


def _item_characters(item: Any) -> frozenset[int]:
    op, arg = str(item[0]), item[1]
    match op:
        case "LITERAL":
            return frozenset({arg})
        case "NOT_LITERAL":
            return ASCII - {arg}
        case "ANY":
            return ASCII
        case "IN":
            return _class(arg)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return _characters(arg[2])
        case "SUBPATTERN":
            return _characters(arg[-1])
        case "BRANCH":
            return frozenset().union(*(_characters(branch) for branch in arg[1]))
    return frozenset()


def _class(parts: Any) -> frozenset[int]:
    found: set[int] = set()
    negated = False
    for op, arg in parts:
        match str(op):
            case "NEGATE":
                negated = True
            case "LITERAL":
                found.add(arg)
            case "RANGE":
                found.update(range(arg[0], min(arg[1], 127) + 1))
            case "CATEGORY":
                found.update(_category(str(arg)))
    return ASCII - found if negated else frozenset(found)


@lru_cache(maxsize=16)
def _category(name: str) -> frozenset[int]:
    letter = {"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w"}[
        name.removeprefix("CATEGORY_").removeprefix("NOT_")
    ]
    inside = frozenset(code for code in ASCII if re.match(letter, chr(code)))
    return ASCII - inside if "NOT_" in name else inside
