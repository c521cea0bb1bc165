"""Arguments for what has no example: values for each parameter, by its type or else by its name.

A guess may be wrong, so several are made and whoever tries them takes the one that the code answers best.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

MOST_SHAPES = 10  # ways to fill the parameters; more are not tried
MOST_ROWS = 10  # argument lists of one shape
OTHER = "\0other"  # stands for a second object of the same class

VALUES: dict[str, tuple[object, ...]] = {
    "number": (3, 7, 0, 12, 1, 10),
    "text": ("hello world", "Ab c", "level", "a", "", "1 2"),
    "numbers": ([3, 1, 2], [1, 2, 3, 4], [5, 5, 1, 0], [7], []),
    "words": (["flower", "flow", "flight"], ["b", "a", "b"], ["x"], []),
    "lists": ([[1, 2], [3, 4]], [[1], [2, 3]], [[5]], []),
    "record": ({"a": 1, "b": 2}, {"x": 5}, {}),
    "flag": (True, False),
    "key": ("a", "x", "zz"),
    "other": (OTHER,),
}
_NAMES = (
    ("flag", r"is|has|flag|strict|reverse|ascending|enabled"),
    ("other", r"other|another|that"),
    ("lists", r"lists|matrix|grid|rows|nested|table|board|pairs"),
    ("words", r"words|names|strings|strs|lines|tokens|tags|keys"),
    ("numbers", r"numbers|nums|values|arr|array|list|lst|items|data|xs|ys|l|left|right|seq|sequence|elements|prices|scores|v"),
    ("key", r"key|k|id|item|task|title|product"),
    ("record", r"dict|map|d|obj|o|object|record|config|options|counts|mapping"),
    ("text", r"text|string|str|s|sentence|word|name|line|message|input|card|ip|email|version|char|letter|prefix|suffix|url|path|phrase|address|description|owner"),
    ("number", r"n|number|num|count|size|steps?|limit|length|low|high|value|val|target|index|i|x|y|z|width|height|amount|seconds?|minutes?|hours?|year|month|day|celsius|fahrenheit|kelvin|total|capacity|price|quantity|qty|cents|time|now|start|end|begin|stop|min|max|timestamp|ms|balance|initial|degrees|calls|window|period|rate|dx|dy|digits?|radius|age|b|a"),
)  # fmt: skip
_BY_NAME = tuple((kind, re.compile(rf"(?:{words})")) for kind, words in _NAMES)
_ALONE = ("number", "text", "numbers", "words", "lists", "record")
_PAIRED = (("numbers", "number"), ("text", "number"), ("record", "key"), ("text", "text"))
_VAGUE = frozenset("a b x y k v l d o s i value item left right data input target".split())


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter's name and the text of its type ("" where none is written)."""

    name: str
    type: str = ""


def shapes(parameters: Sequence[Parameter]) -> tuple[tuple[str, ...], ...]:
    """Shapes worth trying, the likeliest first; the texts of argument lists (Python tuples) in each.

    Where every parameter has a type that is known, that shape is the only one.
    """
    return tuple(tuple(map(repr, rows(kinds))) for kinds in _kinds(parameters))


def _kinds(parameters: Sequence[Parameter]) -> tuple[tuple[str, ...], ...]:
    if not parameters:
        return ((),)
    typed = [
        "other" if kind_of_name(one.name) == "other" else kind_of_type(one.type)
        for one in parameters
    ]
    if all(typed):
        return (tuple(typed),)
    named = [kind or kind_of_name(one.name) for one, kind in zip(parameters, typed, strict=True)]
    found = [tuple(kind or "number" for kind in named)]
    if any(one.name in _VAGUE or not kind for one, kind in zip(parameters, named, strict=True)):
        found += [tuple(typed[at] or kind for at in range(len(parameters))) for kind in _ALONE]
        if len(parameters) > 1:
            found += [
                tuple(typed[at] or (first if at == 0 else rest) for at in range(len(parameters)))
                for first, rest in _PAIRED
            ]
    else:
        found += [tuple(typed[at] or kind for at in range(len(parameters))) for kind in ("text", "numbers", "words")]  # fmt: skip
    return tuple(dict.fromkeys(found))[:MOST_SHAPES]


def rows(kinds: Sequence[str]) -> Iterator[tuple[object, ...]]:
    """Argument lists in which each parameter takes its values one after the other; one for no parameters."""
    if not kinds:
        yield ()
        return
    columns = [VALUES[kind] for kind in kinds]
    for number in range(min(MOST_ROWS, max(map(len, columns)) * len(columns))):
        yield tuple(
            column[(number + place * (number // len(column))) % len(column)]
            for place, column in enumerate(columns)
        )


def kind_of_name(name: str) -> str:
    """What a parameter of that name usually holds; "" where the name does not say."""
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().strip("_$")
    for one in (plain, plain.rpartition("_")[2], plain.partition("_")[0]):
        for kind, pattern in _BY_NAME:
            if pattern.fullmatch(one):
                return kind
    return ""


def kind_of_type(text: str) -> str:
    """What a type of Python, TypeScript, Java, C++ or Rust holds; "" where it is none of these kinds."""
    plain = re.sub(
        r"\b(?:const|readonly|mut|std::|java\.util\.|typing\.|final)\b|std::|['\"&\s]", "", text
    )
    plain = re.sub(r"\|(?:None|null|undefined)$|^Optional\[(.*)\]$", r"\1", plain).lower()
    lists = len(re.findall(r"\[\]|\b(?:vec|vector|list|array|arraylist|sequence|iterable|collection|readonlyarray)[<\[]|^\[|^(?:list|array|tuple)$", plain))  # fmt: skip
    if re.search(r"dict|map|record|object|hashmap", plain):
        return "record"
    whole = bool(re.search(r"int|number|float|double|long|short|^\[?[iuf](?:8|16|32|64|size)|[<\[][iuf](?:8|16|32|64|size)|size_t|decimal", plain))  # fmt: skip
    text_ = bool(re.search(r"str|string|char", plain))
    if lists > 1:
        return "lists" if whole or not text_ else ""
    if lists == 1:
        return "words" if text_ else "numbers" if whole or plain in {"list", "array", "list[any]", "any[]", "t[]", "array<t>"} else ""  # fmt: skip
    if text_:
        return "text"
    if "bool" in plain:
        return "flag"
    return "number" if whole else ""


def constructors(parameters: Sequence[Parameter]) -> tuple[tuple[object, ...], ...]:
    """Argument lists to make an object with, two of each shape, the likeliest first."""
    found = [list(rows(kinds))[:2] for kinds in _kinds(parameters)]
    by_turns = chain.from_iterable(zip_longest(*found))
    return tuple(one for one in by_turns if one is not None)[: 2 * MOST_SHAPES]


def arguments(parameters: Sequence[Parameter]) -> tuple[tuple[object, ...], ...]:
    """Argument lists to call a method with: those of the likeliest shape, then one of each of the others."""
    first, *others = [list(rows(kinds)) for kinds in _kinds(parameters)]
    return (*first[:4], *(one[0] for one in others[:3]))
