"""Zero and negative numbers that a call was given and that nobody spoke of.

Such values are tried because they are where code breaks. Where a requirement names them that counts; where nobody does,
they may well lie outside of what a function is for: one that counts down need not say what it makes of -1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from arriero.apps.codegen.judge.agreement import EXAMPLES, told
from arriero.apps.codegen.judge.base import Subject

ANY = r"\b(?:any|every)\s+(?:\w+\s+)?(?:integer|number)s?\b|\bsigned\b|\bnon-?\s?positive"
SPOKEN = {
    "zero": re.compile(rf"\bzeros?\b|(?<![\w.-])0(?![\w.])|\bnon-?\s?negative|{ANY}", re.IGNORECASE),
    "a negative number": re.compile(rf"(?<!\bnon[-\s])\bnegative|\bminus\b|\bbelow (?:zero|0)\b|(?<![\w)\].])-\d|{ANY}", re.IGNORECASE),
}  # fmt: skip
SENTENCE = re.compile(r"(?<=[.!?])\s+|\n")


def unspoken(subject: Subject, args: Sequence[object], examples: Sequence[Sequence[object]]) -> str:
    """`zero` or `a negative number` where `args` hold one that no example gives there and no word names; "" for none.

    The words are those of the requirement and of the code; sentences that are examples speak by their arguments alone.
    """
    words = SENTENCE.split(f"{subject.text}\n{told(subject)[0]}")
    prose = "\n".join(one for one in words if not EXAMPLES.search(one))
    for place, value in enumerate(args):
        given = {kind for one in examples if place < len(one) for kind in _kinds(one[place])}
        for kind in _kinds(value):
            if kind not in given and not SPOKEN[kind].search(prose):
                return kind
    return ""


def _kinds(value: object) -> Iterator[str]:
    """Which of the two kinds of numbers a value is or holds, as often as it does."""
    match value:
        case bool():
            return
        case int() | float() if value == 0:
            yield "zero"
        case int() | float() if value < 0:
            yield "a negative number"
        case list() | tuple() | set() | frozenset():
            for one in value:
                yield from _kinds(one)
        case Mapping():
            yield from _kinds([*value.keys(), *value.values()])
