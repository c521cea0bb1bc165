"""Values as other languages write them, rewritten as Python does: `[]int{1, 2}`, `vec![1, 2]`, `['a' => 1]`, `{a: null}`.

Whoever asks for Go shows examples in Go. Only brackets and what stands in them is rewritten, so prose stays what it is;
what is to be Python is Python already, but for the words of JSON, which no Python has.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_JSON = {"true": "True", "false": "False", "null": "None"}
_WORDS = _JSON | {"nil": "None", "undefined": "None", "nullptr": "None", "NULL": "None"}
# No text begins behind a backslash, nor does an apostrophe within a word begin one. What a type may be is bounded, so that
# a page of brackets takes no longer than one of words.
_TEXT = r"""(?P<string>(?<!\\)"(?:\\.|[^"\\\n])*"|(?<!\\)(?<!\w\w)'(?:\\.|[^'\\\n])*')"""
_BRACKETS = r"(?P<word>[A-Za-z_]\w*) | (?P<open>[\[({]) | (?P<close>[\])}])"
_JSON_TOKEN = re.compile(f"{_TEXT} | {_BRACKETS}", re.VERBOSE)
_TOKEN = re.compile(
    rf"""{_TEXT}
    | (?P<map>\bmap\[[\w.*]{{1,60}}\](?P<of>[\w.*\[\]]{{1,120}})(?=\{{))
    | (?P<list>(?:\[\w{{0,60}}\]){{1,8}}[A-Za-z][\w.*]{{0,60}}(?=\{{)|\bnew\s+\w+(?:\[\])+\s*(?=\{{)|\b(?:std::)?vector<[\w:<>\s]{{1,120}}>(?=\{{))
    | (?P<call>\b(?:List|Set|Arrays|Stream)\.(?:of|asList)\(|\barray\()
    | (?P<wrap>\b(?:Some|Ok|String::from)\()
    | (?P<drop>\bvec!(?=\s*\[)|(?<=["'])\.(?:to_string|to_owned|into)\(\))
    | (?P<address>&(?:mut\s+)?(?=[\["'\w]))
    | (?P<number>(?<![\w.])\d[\d_]*(?:\.\d+)?(?=(?:[iu](?:8|16|32|64|128|size)|f(?:32|64)?|[lL])\b)\w+)
    | (?P<arrow>=>)
    | (?P<key>[A-Za-z_]\w*(?=:(?!:)))
    | (?P<symbol>(?<=[\[({{,\s]):[a-z_]\w*[?!]?)
    | {_BRACKETS}
    """,
    re.VERBOSE,
)
_NUMBER = re.compile(r"\d[\d_]*(?:\.\d+)?")
_BEFORE_A_VALUE = frozenset("[({,:=")
_CLOSES = {"[": "]", "(": ")", "{": "}"}


@dataclass(slots=True)
class _Bracket:
    """One that is open: where it stands in what was written, how the text closes it and how that is written, and whether braces in it are lists."""

    at: int
    theirs: str
    closed: str
    lists: bool = False
    keyed: bool = False


def in_python(text: str, language: str | None = None) -> str:
    """`text`, which is about code in `language`, with the values in its brackets as Python writes them.

    Texts in quotes stay as they are. Without `language` every language is thought of.
    """
    token, words = (_JSON_TOKEN, _JSON) if language == "python" else (_TOKEN, _WORDS)
    made: list[str] = []
    open_: list[_Bracket] = []
    wanted, inner = "", False
    done = 0
    for found in token.finditer(text):
        made.append(text[done : found.start()])
        done = found.end()
        kind, told = found.lastgroup or "", found[0]
        before = next((one.rstrip()[-1] for one in reversed(made) if one.strip()), "")
        match kind:
            case "map" | "list":
                wanted = kind
                inner = kind == "map" and found["of"].startswith("[")
                told = ""
            case "call":
                open_.append(_Bracket(len(made), ")", "]"))
                told = "["
            case "wrap":
                open_.append(_Bracket(len(made), ")", ")"))
                told = "("
            case "drop":
                told = ""
            case "address" if open_ and before in _BEFORE_A_VALUE:  # behind one it is "and"
                told = ""
            case "number" if open_ or told[-1] in "e0123456789":  # 2.5f64 is no word, 5L may be
                told = (_NUMBER.match(told) or found)[0]
            case "arrow" if open_ and open_[-1].closed != ")":
                last = open_[-1]
                if last.closed == "]":
                    made[last.at], last.closed = "{", "}"
                made[-1], told = made[-1].rstrip(), ":"
            case "key" if open_ and open_[-1].keyed and before in {"{", ","}:
                told = repr(told)
            case "key" | "word" if open_:
                told = words.get(told, told)
            case "symbol" if open_ and before in _BEFORE_A_VALUE:
                told = repr(told[1:])
            case "open":
                lists = told == "{" and (
                    wanted == "list" or (not wanted and bool(open_) and open_[-1].lists)
                )
                theirs, told = _CLOSES[told], "[" if lists else told
                keyed = told == "{" and wanted != "map"
                open_.append(_Bracket(len(made), theirs, _CLOSES[told], lists or inner, keyed))
                wanted, inner = "", False
            case "close" if open_:
                last = open_.pop()
                told = last.closed if told == last.theirs else told  # [0, 1) has none
        made.append(told)
    made.append(text[done:])
    return "".join(made)
