"""Examples in prose: `f(1) == 2`, `f(1) -> 2`, `f(0) raises ValueError`, `f(1)  # 2`, tables, input and output."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator, Sequence

from arriero.apps.codegen.requirement import Example
from arriero.apps.codegen.requirement_plain import (
    BUILTIN,
    LINE_ENDS,
    TOLD,
    WRAPS,
    closing,
    entry_of,
    example,
    expression,
    raising,
    scanned,
    takes_values,
)

_CALL = re.compile(r"(?<![\w.])(?P<name>[A-Za-z_]\w*)\(")
_GIVES = re.compile(
    r"""\s*[`'"]?\s*(?:\#\s*)?(?:
        ={1,3}>|-{1,2}>|[➞→⇒➔⟶⟹]|={1,3}(?!=)|:
      | \b(?:should|must|will|would|shall)\s+(?:be|return|give|output|equal|evaluate\s+to|result\s+in|yield)(?:\s+(?:to\s+)?(?:equal)?)?
      | \b(?:also\s+)?(?:returns?|gives?|is|equals?|outputs?|yields?|produces?|evaluates?\s+to|results?\s+in)(?:\s+also)?\b
    )\s*:?\s*[`]?\s*""",
    re.VERBOSE,
)
# `f(1)  # 2`, `print(f(1))  # prints 2`: a value and nothing more behind a comment's sign.
_CLOSES = r"(?P<closes>\)?)[^\S\n]*;?[^\S\n]*"
_RAISES = re.compile(
    r"\s*`?\s*(?:\#\s*)?(?:(?:->|=>|:|\u2192)\s*)?(?:(?:should|must|will|would|shall)\s+)?(?:raises?|throws?)\s+(?:an?\s+)?`?(?P<error>[A-Z]\w*)"
)
# A value that is a part of what stands there: "3 * 2", "5! = 120", "1/2", "10 ms", "None or 0", "[1, 2] in any order".
_MORE = re.compile(
    r"[^\S\n]*(?:\*{1,2}[^\S\n]*[\w(]|/(?!/)|%|\^|\+|!?[^\S\n]*==?(?![=>])|[<>]=?[^\S\n]*[\d(]|-\w|-[^\S\n]*\d)"
    r"|[^\S\n]+(?:or[^\S\n]+[-\d\"'`\[({TFN]|\(?in\s+any\s+order|(?:ms|s|sec|seconds?|minutes?|hours?|days?|kg|km|cm|mm|m|px|bytes?|[km]b|items?|elements?|times|digits?)\b)"
)
# So is a call: "2 * f(3)", "not f(3)".
_LESS = re.compile(r"(?:[\d)\]][^\S\n]*[-+*/%]|\w[^\S\n]*[*/%]|\bnot)[^\S\n]*$")
# "connect() raises ConnectionError if the server is down" is no example of a call.
_IF = re.compile(r"`?\s+(?:if|when|whenever|unless|once|after|while|on)\b")
# "f(2) is 4 more than ..." says nothing of f(2) but that; "f(2) is 4 because ..." does.
_GOES_ON = re.compile(
    r"[^\S\n]+(?!(?:and|but|because|since|as|so|for|while|when|whereas|if|then|with|not|whilst|though|although|in|which|where|instead|given|due)\b)[a-z]"
)
_OF_ROWS = frozenset({"#", "no", "no.", "nr", "nr.", "case", "example", "test", "test case", "description", "scenario"})  # fmt: skip
_IN_OUT = re.compile(
    r"\binputs?\s*:\s*(?P<given>[^\n]+?)[\s,;.]*(?:\n\s*)?\b(?:expected\s+)?outputs?\s*:\s*(?P<gives>[^\n]+)",
    re.IGNORECASE,
)
_WHERE = re.compile(r"\b(?:for|if|given|when|with)\s+(?=\w+\s*=)", re.IGNORECASE)
_RESULT = re.compile(
    r"[^\n.]{0,40}?(?:\b(?:output|result|answer|return(?:s|ed)?(?:\s+value)?)\b|->|=>|==)"
    r"(?:\s+(?:should|must|will|would)\s+be|\s+is|\s+equals?|\s+value)?\s*[:=]?\s*`?",
    re.IGNORECASE,
)


def arrows(text: str, *, slashes: bool = False) -> tuple[list[Example], str]:
    """`f(1) == 2`, `f(1) -> 2`, `f(1) should return 2`, `f(0) raises ValueError`, `print(f(1))  # 2` anywhere in prose.

    `slashes`: two of them begin a comment, too.
    """
    found, taken = list[Example](), list[tuple[int, int]]()
    at = 0
    while call := _CALL.search(text, at):
        at = call.end()
        end = closing(text, call.end() - 1)
        around = call["name"] in BUILTIN
        if end is None or (around and call["name"] not in WRAPS) or _defines(text, call.start()):
            continue
        end = _asked(text, end) if call["name"][:1].isupper() else end
        if read := _shown(text, call.start(), end, "(?:#|//)" if slashes else "#"):
            one, at = read
            found.append(one)
            taken.append((call.start(), at))
    return found, _without(text, taken)


def _asked(text: str, end: int) -> int:
    """Just behind what is asked of an object that was made up to `end`: `Stack([1]).pop()`."""
    while asked := re.compile(r"\.[A-Za-z_]\w*(\()?").match(text, end):
        ends = closing(text, asked.end() - 1) if asked[1] else asked.end()
        if ends is None:
            break
        end = ends
    return end


def _shown(text: str, start: int, end: int, comment: str) -> tuple[Example, int] | None:
    """The example that the call between `start` and `end` is with what stands behind it, and where that ends."""
    call = text[start:end]
    if not takes_values(call):
        return None
    if raised := _RAISES.match(text, end):
        one = _raising_example(call, raised["error"])
        return (one, raised.end()) if one and not _IF.match(text, raised.end()) else None
    sign, behind = _GIVES.match(text, end), False
    value = scanned(text, sign.end()) if sign else None
    if value is None and (sign := re.compile(_CLOSES + comment + TOLD).match(text, end)):
        value, behind = scanned(text, sign.end()), True
    if sign is None or value is None:
        return None
    told, rest = value[0], text[value[1] :]
    if behind and not LINE_ENDS.match(rest):
        return None
    if re.match(r"\s*,\s*[-\d\"'\[({]", rest):
        return None  # `f(1) = 2, 3` may be a tuple or two answers
    if _MORE.match(rest) or _LESS.search(text[max(0, start - 20) : start]):
        return None
    if re.search(r"\(\s*\)$", call) and _IF.match(rest):
        return None
    if sign[0].rstrip(" `:\n")[-1:].isalpha() and told[-1].isdigit() and _GOES_ON.match(rest):
        return None
    if behind and sign["closes"]:
        before = text[:start].rstrip()
        if not before.endswith("("):
            return None
        if before.endswith("print(") and told[0] not in "[({\"'":
            call, told = f"str({call})", repr(told)  # what is printed may be a number or a text
    one = example(call, told)
    return (one, value[1]) if one else None


def _raising_example(call: str, error: str) -> Example | None:
    tree = expression(call)
    name = entry_of(tree) if tree is not None else None
    known = getattr(builtins, error, None)
    is_error = isinstance(known, type) and issubclass(known, BaseException)
    if name is None or not (is_error or error.endswith(("Error", "Exception"))):
        return None
    return Example(name, call, "", raising(call, error), raises=error)


def _defines(text: str, at: int) -> bool:
    return bool(re.search(r"\b(?:def|class|function|func|fn)\s+$", text[max(0, at - 12) : at]))


def _without(text: str, taken: Sequence[tuple[int, int]]) -> str:
    for start, end in reversed(taken):
        text = text[:start] + text[end:]
    return text


def tables(text: str, entry: str) -> Iterator[Example]:
    """Rows of a Markdown table whose heads say input and output; a column that numbers or names the rows is none of them."""
    heads: list[str] = []
    for line in text.splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
        if line.count("|") < 2 or len(cells) < 2:
            heads = []
        elif not heads:
            heads = [cell.lower() for cell in cells]
        elif set("".join(cells)) <= set("-: "):
            continue
        elif re.search(r"output|result|returns?|expected|gives|=", heads[-1]) or "(" in heads[-1]:
            told = zip(heads[:-1], cells[:-1], strict=False)
            given = [cell for head, cell in told if head not in _OF_ROWS]
            call = given[0] if given and given[0].startswith(f"{entry}(") else f"{entry}({', '.join(given)})"  # fmt: skip
            if (one := example(call, cells[-1])) and takes_values(one.call):
                yield one


def pairs(text: str, entry: str) -> Iterator[Example]:
    """`Input: 3 Output: 9`, and `for n = 3 the result is 9`."""
    for found in _IN_OUT.finditer(text):
        given = found["given"].strip().rstrip(",;.")
        given = f"{entry}({given})" if not given.startswith(f"{entry}(") else given
        told = found["gives"].strip().strip("`")
        value = scanned(told, 0)
        if value and _MORE.match(told, value[1]):
            continue
        if value and (one := example(_by_position(given), value[0])) and takes_values(one.call):
            yield one
    for found in _WHERE.finditer(text):
        values, at = [], found.end()
        while word := re.compile(r"\w+\s*=\s*").match(text, at):
            value = scanned(text, word.end())
            if value is None:
                break
            values.append(value[0])
            at = value[1] + len(re.match(r"\s*(?:,|and)?\s*(?:and\s+)?", text[value[1] :]).group())  # type: ignore[union-attr]  # it matches nothing too
        sign = _RESULT.match(text, at)
        value = scanned(text, sign.end()) if sign and values else None
        if value and (one := example(f"{entry}({', '.join(values)})", value[0])):
            yield one


def _by_position(call: str) -> str:
    """`f(nums = [1], k = 2)` as `f([1], 2)`: the names in a puzzle's input are its own."""
    tree = expression(call)
    if not isinstance(tree, ast.Call):
        return call
    tree.args += [word.value for word in tree.keywords]
    tree.keywords = []
    return ast.unparse(tree)
