"""Examples inside a function's description, without the call: `"3:07" gives 187`, `0 for an empty list`.

Only of a function of one parameter, and only where a plain value stands on both sides and nothing else beside them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from arriero.apps.codegen.requirement import Example, Kind, Part
from arriero.apps.codegen.requirement_plain import example, scanned

_GIVES = re.compile(r"\s(?:gives|becomes|->|=>|\u2192|\u21d2)\s+")
# What may stand before the value that is given, and behind the one that comes of it.
_BEFORE = re.compile(r"(?:^|[,;:.(]\s*|\b(?:and|so|thus|that|e\.g\.|example,?)\s+)$")
_BEHIND = re.compile(r"\s*(?:$|[,;)](?!\w)|\.(?!\w)|and\b)")
_EMPTY = {"list": "[]", "text": '""', "string": '""', "dictionary": "{}", "dict": "{}"}
_KINDS = "|".join(_EMPTY)
_FOR_EMPTY = re.compile(rf"\s+for\s+an\s+empty\s+(?P<kind>{_KINDS})\b")
_EMPTY_GIVES = re.compile(rf"\ban\s+empty\s+(?P<kind>{_KINDS})\s+(?:gives|becomes|has\s+\w+)\s+")
_IS_A = re.compile(rf"\b(?P<name>\w+)\s+is\s+an?\s+(?P<kind>{_KINDS})\b")
_ONE = re.compile(
    r"\s*\w+\s*(?::[^,=]*)?"
)  # a parameter that stands alone and has no value of its own
_ITEM = re.compile(r"\s*(?:[-*\u2022]|\d+[.)])?\s*`?")
_BECOMES = re.compile(
    r"`?\s*(?:->|-->|=>|==>|[\u2192\u21d2\u279e]|(?:gives|returns|becomes)\b)\s*`?"
)
_ENDS = re.compile(r"`?\s*[.,;]?\s*$")
LONGEST = 200  # characters of a value on the left: more is searched for in vain


def emptied(parts: Sequence[Part]) -> Mapping[str, str]:
    """What is empty of each parameter whose kind a description tells: `readings is a list of ...`."""
    told = (found for part in parts for found in _IS_A.finditer(part.task))
    return {found["name"]: _EMPTY[found["kind"]] for found in told}


def described(part: Part, empty: Mapping[str, str] | None = None) -> tuple[Example, ...]:
    """The examples that `part.task` holds, each once; none unless the part is a function of one parameter.

    `empty` are the empty values of parameters: with it `0 when there are no readings` is one, too.
    """
    params = part.params or ""
    if part.kind is Kind.CLASS or not params.strip() or re.search(r"[,=*]", params):
        return ()
    _, _, told = part.task.partition(")")
    found: dict[str, Example] = {}
    name = params.partition(":")[0].strip()
    nothing = (empty or {}).get(name, "")
    for given, gives in _pairs(told.replace("`", ""), name, nothing):
        if one := example(f"{part.name}({given})", gives):
            found.setdefault(one.code, one)
    return tuple(found.values())


def listed(part: Part, text: str) -> tuple[Example, ...]:
    """The lines of `text` that hold a value and what comes of it, and nothing else: `- "3:07" -> 187`.

    Of the one function that is asked for, and only where it has one parameter.
    """
    if part.kind is Kind.CLASS or not _ONE.fullmatch(part.params or ""):
        return ()
    found: dict[str, Example] = {}
    for line in text.splitlines():
        begins = _ITEM.match(line)
        given = scanned(line, begins.end()) if begins else None
        sign = _BECOMES.match(line, given[1]) if given else None
        gives = scanned(line, sign.end()) if sign else None
        if given is None or gives is None or not _ENDS.match(line, gives[1]):
            continue
        if one := example(f"{part.name}({given[0]})", gives[0]):
            found.setdefault(one.code, one)
    return tuple(found.values())


def _pairs(told: str, name: str, nothing: str) -> Iterator[tuple[str, str]]:
    for sign in _GIVES.finditer(told):
        given, gives = _ending(told, sign.start()), scanned(told, sign.end())
        if given and gives and _BEHIND.match(told, gives[1]):
            yield given, gives[0]
    for empty in _FOR_EMPTY.finditer(told):
        if value := _ending(told, empty.start()):
            yield _EMPTY[empty["kind"]], value
    if nothing:
        none = rf"there\s+(?:is|are)\s+(?:none|no\s+{re.escape(name)})"
        for found in re.finditer(
            rf"\s+(?:for\s+an\s+empty\s+{re.escape(name)}|when\s+{none})\b", told
        ):
            if value := _ending(told, found.start()):
                yield nothing, value
    for empty in _EMPTY_GIVES.finditer(told):
        gives = scanned(told, empty.end())
        if gives and _BEHIND.match(told, gives[1]):
            yield _EMPTY[empty["kind"]], gives[0]


def _ending(told: str, end: int) -> str:
    """The plain value that ends at `end` and with which a clause begins; empty when there is none."""
    for start in range(max(0, end - LONGEST), end):
        if told[start].isspace() or not _BEFORE.search(told[:start]):
            continue
        value = scanned(told, start)
        if value and value[1] == end:
            return value[0]
    return ""
