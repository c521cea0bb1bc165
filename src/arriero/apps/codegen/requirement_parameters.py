"""The parameters of a function that is asked for: told from values, and read out of words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from arriero.apps.codegen import trees

MOST = 20  # parameters that words give one function; a longer list is something else

# -- between brackets

_VALUE = re.compile(
    r"(?:true|false|null|nil|none|undefined|this)\b(?!\s*\w)|(?:new|await|return)\s|[\w.]+[(!]", re.IGNORECASE
)  # fmt: skip
_DECLARES = re.compile(
    r"(?:\.{3}|\*{1,2}|&{1,2})?\s*(?:mut\s+)?\$?[A-Za-z_]|\{[\w$\s,.=]+\}|\[\s*[A-Za-z_$][\w$\s,.]*\]"
)


def is_parameters(params: str, language: str) -> bool:
    """Whether `params` declares what is taken: `a, b: int`; not the values of a call, such as `1, [2]`."""
    if not params.strip():
        return True
    if language == "python":
        try:
            return bool(trees.parse(f"def f({params}): pass").body)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return all(_DECLARES.match(one) and not _VALUE.match(one) for one in _pieces(params))


def _pieces(params: str) -> list[str]:
    """`params` at its commas, but for those in brackets of any kind."""
    pieces, depth, last = [""], 0, ""
    for sign in params:
        if sign in "([{" or (sign == "<" and (last.isalnum() or last == "_")):
            depth += 1
        elif sign in ")]}" or (sign == ">" and depth and last not in "-="):
            depth -= 1
        if sign == "," and depth == 0:
            pieces.append("")
        else:
            pieces[-1] += sign
        last = sign
    return [one.strip() for one in pieces]


# -- in words

# As in "with the parameters a, b", "parameters: `a`, `b`" or "let it take a, b".
_LISTS = (
    r"\b(?:parameters?|arguments?|params|args|inputs)(?:\s+(?:are|is|named|called|should\s+be|must\s+be))?\s*:?\s+\(?"
    r"|\b(?:let|have|make)\s+it\s+(?:take|accept|receive)\s+(?:in\s+)?"
)
# As in "that takes `a` and `b`" or "taking numbers and limit".
_TAKES = (
    r"\b(?:it|that|which|and|function|method|should|must|shall|will|to)\s+(?:takes?|accepts?|receives?|is\s+given)\s+"
    r"|\b(?:taking|accepting|receiving)\s+"
)
_CUE = re.compile(f"{_LISTS}|(?P<weak>{_TAKES})", re.IGNORECASE)
_NONE = re.compile(
    r"\b(?:no|without(?:\s+any)?)\s+(?:parameters|arguments)\b|\b(?:takes?|taking|accepts?)\s+(?:nothing|no\s+input)\b",
    re.IGNORECASE,
)
_KIND = r"(?:(?:a|an|the|two|three|four|its|optional|both)\s+)?(?:(?!and\b|or\b|with\b)[A-Za-z][\w-]*\s+){0,4}"
_PIECE = re.compile(
    rf"(?:{_KIND}`(?P<ticked>[^`\n]+)`|(?P<bare>[A-Za-z_]\w*))(?:\s+\([^()\n]*\))?", re.IGNORECASE
)
_NEXT = re.compile(r"\s*,\s*(?:and\s+)?|\s+and\s+(?:then\s+)?|\s*&\s*")
_GIVES = r"(?:returns?|returning|gives?|giving|yields?|tells?|prints?|computes?|counts?|finds?|outputs?)\b"
_END = re.compile(
    rf"\s*(?:[.:;)!\n]|$|->|\u2192)|\s*,?\s+(?:and\s+)?(?:it\s+|then\s+|to\s+)?{_GIVES}|\s*,?\s+(?:in\s+(?:that|this)\s+order)\b"
)
_END_TICKED = re.compile(
    r"\s*,?\s*(?:and\s+)?(?:that|which|to|where|for|in|with|so|it|as)\b|\s*,\s"
)
_GRAMMAR = frozenset(
    "an the it its them they this that no nothing any each every all some and or both either none of in on to is "
    "are named called as for with".split()
)
# After "takes" alone a plain word may say what kind of thing it is, or be an idiom.
_KINDS = frozenset(
    "one two three input inputs output place time care effect part account advantage note turns long int str float "
    "bool string strings boolean dict integer integers parameter parameters argument arguments anything everything".split()
)


def no_parameters(text: str) -> bool:
    """Whether the words say that nothing is taken."""
    return _NONE.search(text) is not None


def taken_in(text: str, language: str) -> Iterator[tuple[int, str]]:
    """Where the words say what is taken, and that as parameters: "let it take a, b" gives `a, b`.

    Nothing where a part of it has no name ("takes text and a limit"): a signature that lacks one is worse than none.
    """
    for cue in _CUE.finditer(text):
        names = _names(text, cue.end(), weak=cue["weak"] is not None)
        params = ", ".join(names)
        if names and len(set(names)) == len(names) and is_parameters(params, language):
            yield cue.start(), params


def _names(text: str, at: int, *, weak: bool) -> list[str]:
    """The names from `at` up to what ends such a list; none where something else stands between or behind."""
    names: list[str] = []
    whole: list[str] = []
    while len(names) < MOST and (piece := _PIECE.match(text, at)):
        bare, ticked = piece["bare"], piece["ticked"]
        if bare and (bare.lower() in _GRAMMAR or (weak and bare.lower() in _KINDS)):
            break
        names.append(bare or ticked.strip())
        end = piece.end()
        if _END.match(text, end) or (ticked and _END_TICKED.match(text, end)):
            whole = list(names)
        further = _NEXT.match(text, end)
        if further is None:
            break
        at = further.end()
    return whole
