"""Values as other languages write them, rewritten as Python does: `[]int{1, 2}`, `vec![1, 2]`, `['a' => 1]`, `{a: null}`.

Whoever asks for Go shows examples in Go. Only brackets and what stands in them is rewritten, so prose stays what it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORDS = {"true": "True", "false": "False", "null": "None", "nil": "None", "undefined": "None", "nullptr": "None", "NULL": "None"}  # fmt: skip
_TOKEN = re.compile(
    r"""(?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
    | (?P<map>\bmap\[[\w.*]+\][\w.*\[\]]+(?=\{))
    | (?P<list>(?:\[\w*\])+[A-Za-z][\w.*]*(?=\{)|\bnew\s+\w+(?:\[\])+\s*(?=\{)|\b(?:std::)?vector<[\w:<>\s]+>(?=\{))
    | (?P<call>\b(?:List|Set|Arrays|Stream)\.(?:of|asList)\(|\barray\()
    | (?P<wrap>\b(?:Some|Ok|String::from)\()
    | (?P<drop>\bvec!(?=\s*\[)|&(?:mut\s+)?(?=[\["'\w])|(?<=["'])\.(?:to_string|to_owned|into)\(\))
    | (?P<number>(?<![\w.])\d[\d_]*(?:\.\d+)?(?=(?:[iu](?:8|16|32|64|128|size)|f(?:32|64)?|[lL])\b)\w+)
    | (?P<arrow>=>)
    | (?P<key>[A-Za-z_]\w*(?=:(?!:)))
    | (?P<word>[A-Za-z_]\w*)
    | (?P<symbol>(?<=[\[({,\s]):[a-z_]\w*[?!]?)
    | (?P<open>[\[({])
    | (?P<close>[\])}])
    """,
    re.VERBOSE,
)
_NUMBER = re.compile(r"\d[\d_]*(?:\.\d+)?")
_CLOSES = {"[": "]", "(": ")", "{": "}"}


@dataclass(slots=True)
class _Bracket:
    """One that is open: where it stands in what was written, how the text closes it and how that is written, and whether braces in it are lists."""

    at: int
    theirs: str
    closed: str
    lists: bool = False
    keyed: bool = False


def in_python(text: str) -> str:
    """`text` with the values in its brackets as Python writes them. Texts in quotes stay as they are."""
    made: list[str] = []
    open_: list[_Bracket] = []
    wanted = ""
    done = 0
    for found in _TOKEN.finditer(text):
        made.append(text[done : found.start()])
        done = found.end()
        kind, told = found.lastgroup or "", found[0]
        before = next((one.rstrip()[-1] for one in reversed(made) if one.strip()), "")
        match kind:
            case "map" | "list":
                wanted = kind
                told = ""
            case "call":
                open_.append(_Bracket(len(made), ")", "]"))
                told = "["
            case "wrap":
                open_.append(_Bracket(len(made), ")", ")"))
                told = "("
            case "drop" if open_ or told.startswith(("vec", ".")):
                told = ""
            case "number" if open_:
                told = (_NUMBER.match(told) or found)[0]
            case "arrow" if open_ and open_[-1].closed != ")":
                last = open_[-1]
                if last.closed == "]":
                    made[last.at], last.closed = "{", "}"
                made[-1], told = made[-1].rstrip(), ":"
            case "key" if open_ and open_[-1].keyed and before in {"{", ","}:
                told = repr(told)
            case "key" | "word" if open_:
                told = _WORDS.get(told, told)
            case "symbol" if open_:
                told = repr(told[1:])
            case "open":
                lists = told == "{" and (
                    wanted == "list" or (not wanted and bool(open_) and open_[-1].lists)
                )
                theirs, told = _CLOSES[told], "[" if lists else told
                keyed = told == "{" and wanted != "map"
                open_.append(_Bracket(len(made), theirs, _CLOSES[told], lists, keyed))
                wanted = ""
            case "close" if open_ and told == open_[-1].theirs:
                told = open_.pop().closed
        made.append(told)
    made.append(text[done:])
    return "".join(made)
