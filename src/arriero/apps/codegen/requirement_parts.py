"""The functions and classes that a requirement names: with their form in code, or with words alone."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from arriero.apps.codegen import trees
from arriero.apps.codegen.requirement import Kind, Part
from arriero.apps.codegen.requirement_code import defined_by
from arriero.apps.codegen.requirement_parameters import is_parameters, no_parameters, taken_in

# Languages in which functions begin with a capital too: there it says nothing of what a name is.
_CAPITALS = frozenset({"go", "csharp"})
_BUILTIN = frozenset(dir(builtins))
_RETURNS = r"[\w.\[\], |<>&?*\"']+"

_OPEN = r"(?:<[^<>`\n()]{1,60}>)?"  # what is left open of a type: `Stack<T>`, `pick<K, V>(from)`

_DEF = re.compile(
    r"\b(?:async\s+)?def\s+(?P<name>\w+)\s*\((?P<params>(?:[^()]|\([^()]*\))*)\)(?:\s*->\s*(?P<returns>[\w.\[\], |\"']+))?"
)
# `f(a, b)`, `f(a: int) -> int`, and as other languages open it: `func F(a int) int`, `static int f(int a)`.
_TICKED = re.compile(
    rf"`(?P<before>(?:[\w<>\[\],.:*&]+\s+)*)(?P<name>[A-Za-z_]\w*){_OPEN}"
    r"\((?P<params>(?:[^()`]|\([^()`]*\))*)\)"
    rf"(?:\s*(?:->|:)\s*(?P<returns>{_RETURNS})|\s+(?P<behind>{_RETURNS}))?\s*[:{{;]?`"
)
_OPENERS = frozenset("def async func fn fun function pub public private protected static final export const inline virtual".split())  # fmt: skip
_CALLERS = frozenset("new await return assert yield print not in if else throw raise".split())
# A line or list item that begins with a signature and goes on to say what it does.
_LISTED = re.compile(
    r"^[^\S\n]*(?:(?:[-*\u2022]|\d+[.)])[^\S\n]+)?`?(?P<name>[A-Za-z_]\w*)\((?P<params>(?:[^()\n]|\([^()\n]*\))*)\)"
    r"(?:\s*->\s*(?P<returns>[\w.\[\], |]+))?`?\s*(?::(?!:)|[-\u2013\u2014]\s|(?:is|returns?|gives?|takes?|adds?|that|which)\b)",
    re.MULTILINE,
)
# A list of what is to be written: "- area(w, h): ...", "1. add(a, b) and sub(a, b) ...", "- class Shelf with ...".
_ITEM = re.compile(
    r"^[^\S\n]*(?:[-*]|\d+[.)])[^\S\n]+`?(?P<said>(?:class\s+[A-Z]\w*|[A-Za-z_]\w*\().*)$",
    re.MULTILINE,
)
_SIGNED = re.compile(
    r"(?:class\s+`?(?P<class>[A-Z]\w*)|(?P<name>[A-Za-z_]\w*)\((?P<params>(?:[^()]|\([^()]*\))*)\))`?"
    r"(?:\s*->\s*(?P<returns>[\w.\[\], |]+?)(?=[`:.]|\s-|$))?(?:\s*,?\s*(?:and\s)?\s*`?)"
)
# A request that goes on with a signature: "Write slug(title) that ...", "I need the functions encode(s) and decode(s)".
_ASKED = re.compile(
    r"(?:^[-*\s]*|[.:!?;,]\s+|\b(?:please|to|you|and)\s+)(?:write|implement|create|define|code|develop|build|program|design|provide|"
    r"complete|(?:i|we)\s+(?:need|want|would\s+like))(?:\s+(?:me|us))?"
    r"(?:\s+(?!(?:that|which|to|using|with|for|from|of|in|on|by|and|or|when|if|sure|tests?|call\w*|us(?:e|es|ing))\b)[\w+#.-]+(?![\w(.])){0,5}?\s+"
    r"(?=`?[A-Za-z_]\w*\()"
    r"|(?:\band|,)\s+(?:an?|the)\s+(?:[\w-]+\s+){0,2}?(?:function|procedure|generator|coroutine|decorator)\s+(?=`?[A-Za-z_]\w*\()"
    r"|(?:\band|[,;])\s+(?:also\s+|then\s+)?(?=`?[A-Za-z_]\w*\([^()\n]*\)`?\s+(?:that|which|returning)\b)",
    re.IGNORECASE | re.MULTILINE,
)
_TYPE = r"(?:int|float|str|bool|bytes|complex|object|list|dict|set|frozenset|tuple|None|[A-Z][\w.]*)(?:\[(?:[^\[\]\n]|\[[^\[\]\n]*\])*\])?"
_UNION = rf"{_TYPE}(?:\s*\|\s*{_TYPE})*"
_FORM = re.compile(
    r"`?(?P<name>[A-Za-z_]\w*)\((?P<params>(?:[^()\n]|\([^()\n]*\))*)\)"
    rf"(?:\s*->\s*(?P<returns>{_UNION}))?`?(?!\.\w|\()"
    r"(?P<next>(?:\s*,\s*(?:and\s+)?|\s+and\s+)(?:a\s+|the\s+)?(?:function\s+)?(?=`?[A-Za-z_]\w*\())?"
)
_CLASS = re.compile(
    r"`class\s+(?P<ticked>\w+)|\bclass\s+(?P<def>[A-Z]\w*)\s*[:(]"
    r"|\b(?:a|an|the)\s+(?:[\w+#.-]+\s+){0,2}class\s+(?P<bare>[A-Z]\w*)|`(?P<before>[A-Z]\w*)`\s+class\b"
)
_BARE = re.compile(r"\bfunction\s+(?P<name>[a-z]\w*_\w+|[a-z]+[A-Z]\w*)\b(?![.(]\w)")

_CLASSES = r"class|data\s?class|struct(?:ure)?|interface|trait|enum|record|type"
_FUNCTIONS = r"function|method|procedure|routine|subroutine|coroutine|generator|predicate"
_NOUN = rf"(?P<noun>{_CLASSES}|{_FUNCTIONS})"
_ONE = rf"`[A-Za-z_]\w*{_OPEN}`"
_MORE = rf"(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+){_ONE})*"
_NAMES = rf"(?P<names>{_ONE}{_MORE})"
_WORD = (
    r"(?P<bare>[A-Za-z_]\w*)(?![\w`]|\.\w)"  # a name without backticks; the name of a file is none
)
_IS = r"(?:is|are|be|should\s+be|must\s+be|shall\s+be)"
_WITH_FORM = r"(?:\((?P<params>(?:[^()\n]|\([^()\n]*\))*)\))?"
_BY_WORDS: Sequence[re.Pattern[str]] = tuple(
    re.compile(one, re.IGNORECASE | re.MULTILINE)
    for one in (
        # "a function in Go that is called `x`", "class named X"
        (
            rf"\b{_NOUN}s?\b(?:\s+in\s+[\w+#.]+)?,?\s+(?:(?:that|which|to)\s+{_IS}\s+|(?:is|are)\s+(?:to\s+be\s+)?|should\s+be\s+|must\s+be\s+)?"
            rf"(?:named|called|with\s+the\s+name|by\s+the\s+name(?:\s+of)?)\s+(?:{_NAMES}|{_WORD}{_WITH_FORM})"
        ),
        # "a Python class `X`", "the functions `x` and `y`"
        rf"\b{_NOUN}s?:?\s+{_NAMES}",
        # "Please write `X` in Go, a cache", "In Java, implement the `x` function"
        (
            r"(?:^[-*\s]*|[.:!?;,]\s+|\b(?:please|to|you|and)\s+)(?:write|implement|create|define|code|develop|build|program|design|provide)"
            rf"(?:\s+(?:me|us|for\s+me))?(?:\s+(?:a|an|the|new|small|simple|two|three|both))*\s+{_NAMES}(?:\s+{_NOUN}s?\b)?"
            r"(?=\s*[,.:;!\u2013\u2014-]|\s*$|\s+(?:in|that|which|for|as|with|taking|so)\b)(?P<behind>(?:\s+in\s+[\w+#.]*[\w+#])?\s*[,:\u2013\u2014-]\s*(?:a|an|the)\s)?"
        ),
        # "Call it `x`", "Name the class X", "it should be called `x`", "under the name `x`"
        rf"\b(?:call|name)\s+(?:it|this|that|the\s+{_NOUN})\s+(?:{_NAMES}|{_WORD}{_WITH_FORM})",
        rf"\b(?:it|this)\s+(?:is|should\s+be|must\s+be|shall\s+be)\s+(?:called|named)\s+{_NAMES}",
        rf"\b(?:under|by|with|has|have)\s+the\s+name\s+{_NAMES}|\b(?:its|the)\s+name\s+(?:is|should\s+be|must\s+be)\s+{_NAMES.replace('names', 'named')}",
        rf"\b{_NOUN}(?:'s)?\s+name\s*(?::|is|should\s+be|must\s+be)\s*{_NAMES}",
    )
)
_AT_A_PROMPT = re.compile(r"^[^\S\n]*(?:>>>|\.\.\.)(?:[^\S\n].*)?$", re.MULTILINE)
_FIRST_NOUN = re.compile(rf"\b{_NOUN}s?\b", re.IGNORECASE)
_IS_CLASS = re.compile(rf"(?:{_CLASSES})s?", re.IGNORECASE)
_OF_A_CLASS = re.compile(r"\b(?:methods?|operations?|members?)\b[^.\n]*$", re.IGNORECASE)
_BULLET = re.compile(r"\s*(?:[-*\u2022]|\d+[.)])\s")
_HEADS_METHODS = re.compile(r"\A(?!.*\bfunctions?\b).*\b(?:class|methods?)\b", re.IGNORECASE)
_NO_NAMES = frozenset(
    "that which to with for from takes returns should must in the a an of is it them once twice again on only "
    "when if by as at so and or after before whenever every each repeatedly back until".split()
)


def parts_in(text: str, stub: str, language: str, given: str = "") -> tuple[Part, ...]:
    """The functions and classes that are asked for, in their order, each once.

    A stub is one; code that is `given` has its own, and the words may name another. Parameters are what stands between the brackets where those hold no values, else what the words say is taken. With
    `given`, `text` is the words around it.
    """
    if stub:
        return defined_by(stub, language)[-1:]
    text = _AT_A_PROMPT.sub(lambda line: " " * len(line[0]), text)  # what is defined there is shown
    own = defined_by(given, language) if given else ()
    found: dict[str, tuple[int, Part]] = {}
    patterns = (_TICKED, _LISTED) if given else (_DEF, _TICKED, _LISTED)
    for pattern in patterns:
        for one in pattern.finditer(text):
            if one["name"] not in found and (part := _signed(one, language)) is not None:
                found[part.name] = (one.start(), part)
    for at, part in (*_listed(text, language), *_asked(text, language)):
        found.setdefault(part.name, (at, part))
    for one in _CLASS.finditer(text):
        name = next(filter(None, one.groups()))
        found.setdefault(name, (one.start(), Part(name, kind=Kind.CLASS)))
    for at, part in _named(text, language):
        if part.name not in found or found[part.name][1].params is None:
            found[part.name] = (found[part.name][0] if part.name in found else at, part)
    for one in _BARE.finditer(text):
        found.setdefault(one["name"], (one.start(), Part(one["name"])))
    classes = any(part.kind is Kind.CLASS for _, part in found.values())
    if any(
        name not in _BUILTIN for name in found
    ):  # beside a function of its own `max(a, b)` is what it uses
        found = {name: one for name, one in found.items() if name not in _BUILTIN}
    in_order = sorted(found.values(), key=lambda one: one[0])
    kept = [
        (at, part)
        for at, part in in_order
        if not (classes and part.kind is not Kind.CLASS and _is_method(part, text, at))
    ]
    names = {part.name for part in own}
    told = (part for part in _taking(kept, text, language) if part.name not in names)
    return (*own, *(replace(part, waits=_waits(part, text)) for part in told))


def kind_of(name: str, language: str, noun: str = "") -> Kind:
    """Class or function: what it is called in the text, else what its capital says where that says anything."""
    if noun:
        return Kind.CLASS if _IS_CLASS.fullmatch(noun) else Kind.FUNCTION
    return Kind.CLASS if name[:1].isupper() and language not in _CAPITALS else Kind.FUNCTION


def _signed(found: re.Match[str], language: str) -> Part | None:
    """The part of a signature; None where the brackets hold values, as in `f(1, [2])` or `len(x)`."""
    name, params = found["name"], found["params"].strip()
    said = found.groupdict()
    before = (said.get("before") or "").split()
    if _is_taken(name, language) or not is_parameters(params, language) or _CALLERS & set(before):
        return None
    types = [word for word in before if word not in _OPENERS]
    if language == "python" and (types or said.get("behind")):
        return None
    returns = (found["returns"] or said.get("behind") or " ".join(types)).strip()
    kind = kind_of(name, language)
    if kind is Kind.CLASS and (types or _OPENERS & set(before)):
        kind = Kind.FUNCTION  # `public static int Add(int a)`
    if kind is Kind.CLASS:
        return Part(name, None, kind=kind)
    return (
        _in_python(name, params, returns) if language == "python" else Part(name, params, returns)
    )


def _is_taken(name: str, language: str) -> bool:
    """Whether Python has a function of that name: who says `sum(xs)` there calls it."""
    return language == "python" and name in _BUILTIN


def _in_python(name: str, params: str, returns: str) -> Part:
    """The part with what Python can read of its types: not `string`, nor the words behind `-> int`."""
    (function,) = trees.parse(f"def f({params}): pass").body
    assert isinstance(function, ast.FunctionDef)  # noqa: S101  # it was written here
    held = [one for one in ast.walk(function.args) if isinstance(one, ast.arg)]
    odd = [one for one in held if one.annotation and not _is_type(ast.unparse(one.annotation))]
    for one in odd:
        one.annotation = None
    params = ast.unparse(function.args) if odd else params
    told = (returns, *re.findall(rf"^{_UNION}", returns))
    return Part(name, params, next(filter(_is_type, told), ""))


def _is_type(told: str) -> bool:
    """Whether every name in it is one of Python's own or may be a class; of a dotted one that is not known."""
    try:
        tree = trees.expression(told)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    owners = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Attribute)}
    names = [one for one in ast.walk(tree) if isinstance(one, ast.Name) and id(one) not in owners]
    return all(one.id in _BUILTIN or one.id[:1].isupper() for one in names)


def _listed(text: str, language: str) -> Iterator[tuple[int, Part]]:
    """What the items of a list begin with: one signature or several, or a class."""
    for item in _ITEM.finditer(text):
        at, said = 0, item["said"]
        while one := _SIGNED.match(said, at):
            if one["class"]:
                yield item.start(), Part(one["class"], kind=Kind.CLASS)
                break
            known = _is_taken(one["name"], language) or not is_parameters(one["params"], language)
            if said[one.end() :].startswith("=") or known:
                break
            part = _signed(one, language)
            if part is not None:
                yield item.start() + at, part
            at = one.end()


def _asked(text: str, language: str) -> Iterator[tuple[int, Part]]:
    """What a request names by its signature, without any marks."""
    for request in _ASKED.finditer(text):
        at: int | None = request.end()
        while at is not None and (one := _FORM.match(text, at)):
            if (part := _signed(one, language)) is None:
                break
            yield at, part
            at = one.end() if one["next"] else None


def _named(text: str, language: str) -> Iterator[tuple[int, Part]]:
    """What the words name: "a class `X`", "call it `x`"."""
    first = _FIRST_NOUN.search(text)
    for number, pattern in enumerate(_BY_WORDS):
        for found in pattern.finditer(text):
            said = found.groupdict()
            noun = said.get("noun") or ""
            if not noun and number > 2 and first is not None:
                noun = first["noun"]  # "it" is what the text asks for first
            bare = said.get("bare")
            if bare and not _is_name(bare, text[found.end() :]):
                continue
            listed = said.get("names") or said.get("named") or ""
            params = said.get("params")
            for name in [bare] if bare else re.findall(r"`(\w+)[^`]*`", listed):
                if _is_taken(name, language):
                    continue
                kind = kind_of(name, language, noun)
                if not noun and said.get("behind") and name[:1].isupper():
                    kind = Kind.CLASS  # "`X` in Go, a cache of ...": a thing, not what is done
                held = params if params and is_parameters(params, language) else None
                yield found.start(), Part(name, None if kind is Kind.CLASS else held, kind=kind)


def _is_name(word: str, behind: str) -> bool:
    """Whether a word without backticks is a name: `call it chunk and let ...`, not `call it once`."""
    if word.lower() in _NO_NAMES:
        return False
    if "_" in word or not word.islower() or behind.startswith("("):
        return True
    return bool(re.match(r"\s*(?:[.,;:)]|$|(?:and\s+)?(?:let|make|give|have|with|taking|that|which)\b)", behind))  # fmt: skip


def _waits(part: Part, text: str) -> bool:
    """Whether the words ask for an async function: "an async function that is called `fetch`", "`fetch` is a coroutine"."""
    name, word = re.escape(part.name), r"(?:async(?:hronous(?:ly)?)?|coroutine)"
    before = rf"\b{word}\b(?:\s+(?!(?:and|or|then)\b)\w+){{0,5}}:?\s+`?{name}\b"
    behind = rf"\b{name}\b[^.\n]{{0,40}}`?\s+(?:is|must\s+be|should\s+be)\s+(?:an?\s+)?{word}\b"
    return part.kind is Kind.FUNCTION and bool(re.search(f"{before}|{behind}", text, re.IGNORECASE))


def _is_method(part: Part, text: str, at: int) -> bool:
    """Whether a function belongs to a class that is named too: it takes `self`, or is called a method."""
    behind = rf"\b{re.escape(part.name)}(?:\([^()\n]*\))?`?\s+(?:methods?|operation)\b"
    return (part.params or "").startswith("self") or bool(
        part.name.startswith("__")
        or _OF_A_CLASS.search(text[max(0, at - 200) : at + 7])
        or re.search(behind, text)
        or _HEADS_METHODS.search(_above(text, at))
    )


def _above(text: str, at: int) -> str:
    """The line that a list item stands under: the next one above that is no item, or one of an outer list."""
    lines = text[:at].splitlines()
    own = text[at:].lstrip("\n").partition("\n")[0]
    if not _BULLET.match(own):
        return ""
    for line in reversed(lines):
        is_inner = _BULLET.match(line) and _indent(line) >= _indent(own)
        if line.strip() and not is_inner and (_BULLET.match(line) or _indent(line) <= _indent(own)):
            return line
    return ""


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _taking(parts: Sequence[tuple[int, Part]], text: str, language: str) -> tuple[Part, ...]:
    """The parts, with the parameters that the words give to the function that they are about."""
    done = [part for _, part in parts]
    functions = [number for number, part in enumerate(done) if part.kind is Kind.FUNCTION]
    for at, params in taken_in(text, language):
        before = [number for number in functions if parts[number][0] < at]
        about = functions[0] if len(functions) == 1 else before[-1] if before else None
        if about is not None and done[about].params is None:
            done[about] = replace(done[about], params=params)
    if len(functions) == 1 and done[functions[0]].params is None and no_parameters(text):
        done[functions[0]] = replace(done[functions[0]], params="")
    return tuple(done)
