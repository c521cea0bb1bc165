"""`read(wanted)`: the requirement record, by rules. The same text always gives the same record."""

from __future__ import annotations

import ast
import builtins
import re
import textwrap
import warnings
from collections.abc import Iterator, Sequence

from arriero.apps.codegen.requirement import Architecture, Example, Kind, Part, Requirement
from arriero.apps.codegen.requirement_examples import contradictions, examples_in
from arriero.apps.codegen.requirement_guard import harm_in
from arriero.apps.codegen.requirement_tests import given_tests
from arriero.apps.codegen.requirement_words import (
    SUFFIXES,
    challenges_in,
    complexity_of,
    constraints_in,
    forbidden_in,
    language_of,
)
from arriero.apps.codegen.wanted import Wanted

FEWEST_WORDS = 3  # "make it" asks for nothing that could be written
MOST_QUESTIONS = 2

_FENCED = re.compile(r"```[\w+#]*[^\S\n]*\n(?P<code>.*?)(?:\n[^\S\n]*```|\Z)", re.DOTALL)
_DEF = re.compile(
    r"\b(?:async\s+)?def\s+(?P<name>\w+)\s*\((?P<params>(?:[^()]|\([^()]*\))*)\)(?:\s*->\s*(?P<returns>[\w.\[\], |\"']+))?"
)
_TICKED = re.compile(
    r"`(?:def\s+)?(?P<name>[A-Za-z_]\w*)\((?P<params>(?:[^()`]|\([^()`]*\))*)\)(?:\s*(?:->|:)\s*(?P<returns>[\w.\[\], |]+))?:?`"
)
# A line or list item that begins with a signature and goes on to say what it does.
_LISTED = re.compile(
    r"^[^\S\n]*(?:(?:[-*\u2022]|\d+[.)])[^\S\n]+)?`?(?P<name>[A-Za-z_]\w*)\((?P<params>(?:[^()\n]|\([^()\n]*\))*)\)"
    r"(?:\s*->\s*(?P<returns>[\w.\[\], |]+))?`?\s*(?::(?!:)|[-\u2013\u2014]\s|(?:is|returns?|gives?|takes?|adds?|that|which)\b)",
    re.MULTILINE,
)
_CLASS = re.compile(
    r"`class\s+(?P<ticked>\w+)|\bclass\s+(?P<def>[A-Z]\w*)\s*[:(]|\bclass\s+(?:named|called)\s+`?(?P<named>[A-Za-z_]\w*)"
    r"|`(?P<before>[A-Z]\w*)`\s+class\b|\b(?:a|the)\s+class\s+`?(?P<bare>[A-Z]\w*)`?"
)
_NAMED = re.compile(
    r"\b(?:function|method)\s+(?:named|called|`)\s*`?(?P<name>[A-Za-z_]\w*)|\bfunction\s+(?P<bare>[a-z]\w*_\w+|[a-z]+[A-Z]\w*)\b"
)
_FILE = re.compile(
    r"(?<![\w/.])(?P<file>(?:[\w-]+/)*[\w-]+\.(?:py|js|ts|go|java|rs|cpp|rb|php))(?!\w)"
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
_SCRIPT = re.compile(r"\b(?:script|program|command[- ]line|cli|main function)\b", re.IGNORECASE)
_OPENING = re.compile(r"^(?:from\s+\w|import\s+\w|def\s|async\s+def\s|class\s|@\w)", re.MULTILINE)
_BUILTIN = frozenset(dir(builtins))


def read(wanted: Wanted, *, languages: frozenset[str], longest: int) -> Requirement:
    """The record of `wanted`. `languages` can be checked, texts up to `longest` characters fit the writer."""
    text = wanted.requirement.strip()
    language = language_of(text, wanted.language)
    stub = "" if language != "python" or wanted.code else stub_in(text)
    parts = parts_in(text, stub, language)
    known = frozenset(part.name for part in parts)
    own = frozenset({"main", *([wanted.file.partition(".")[0]] if wanted.file else [])})
    given = given_tests(wanted.tests, own) if wanted.tests else ()
    shown = examples_in(text, wanted.entry or _entry_of(stub), known)
    examples = tuple({one.code: one for one in (*given, *shown)}.values())
    entry = (
        wanted.entry
        or _entry_of(stub)
        or _entry_of(wanted.code or "", examples)
        or _likely(parts, examples)
    )
    if entry and entry not in known:
        parts = (*parts, Part(entry, kind=Kind.CLASS if entry[:1].isupper() else Kind.FUNCTION))
    parts = _placed(parts, text, wanted.file or f"main.{SUFFIXES.get(language, 'txt')}")
    files = tuple(dict.fromkeys(part.file for part in parts))
    challenges = challenges_in(text)
    complexity = complexity_of(text, parts, len(files), challenges)
    return Requirement(
        text=text,
        language=language,
        kind=_kind(text, parts, files),
        entry=entry,
        stub=stub,
        given=wanted.code or "",
        examples=examples,
        constraints=constraints_in(_prose(text)),
        forbidden=tuple(dict.fromkeys((*wanted.forbidden, *forbidden_in(_prose(text))))),
        framework=wanted.framework or "",
        complexity=complexity,
        components=tuple(part.name for part in parts),
        challenges=challenges,
        architecture=Architecture(files, parts),
        questions=tuple(_asked(text, examples, wanted))[:MOST_QUESTIONS],
        refused=_refused(text, language, languages, longest),
    )


def stub_in(text: str) -> str:
    """Python that the text opens: imports, helpers, and at its end a `def` whose body is missing.

    The whole text may be that (HumanEval), or a block between fences; "" when there is none.
    """
    blocks = [found["code"] for found in _FENCED.finditer(text)]
    if found := _OPENING.search(text):
        blocks.append(text[found.start() :].partition("```")[0])
    for block in blocks:
        code = textwrap.dedent(block).rstrip()
        tree = _parsed(code)
        if tree is None:
            continue
        last = next((one for one in reversed(tree.body) if isinstance(one, ast.FunctionDef)), None)
        if last is not None and last is tree.body[-1] and _is_open(last):
            return code
    return ""


def _parsed(code: str) -> ast.Module | None:
    """The tree of `code`, whose last function may lack its body."""
    for ending in ("", "\n    pass", "\n        pass"):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(code + ending)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return None


def _is_open(function: ast.FunctionDef) -> bool:
    """Whether there is nothing in it but a docstring, `pass` or `...`."""
    return all(
        isinstance(one, ast.Pass)
        or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
        for one in function.body
    )


def parts_in(text: str, stub: str, language: str) -> tuple[Part, ...]:
    """The functions and classes that are named with their form, in their order, each once."""
    found: dict[str, tuple[int, Part]] = {}
    if stub and (tree := _parsed(stub)) is not None:
        last = tree.body[-1]
        assert isinstance(last, ast.FunctionDef)  # noqa: S101  # `stub_in` says so
        returns = ast.unparse(last.returns) if last.returns else ""
        return (
            Part(last.name, ast.unparse(last.args), returns, task=ast.get_docstring(last) or ""),
        )
    for pattern in (_DEF, _TICKED, _LISTED):
        for one in pattern.finditer(text):
            if _is_signature(one, language) and one["name"] not in found:
                returns = (one["returns"] or "").strip()
                part = Part(one["name"], one["params"].strip(), returns)
                if part.name[:1].isupper():
                    part = Part(part.name, None, kind=Kind.CLASS)
                found[part.name] = (one.start(), part)
    for at, part in _listed(text, language):
        found.setdefault(part.name, (at, part))
    for one in _CLASS.finditer(text):
        name = next(filter(None, one.groups()))
        if name not in found:
            found[name] = (one.start(), Part(name, kind=Kind.CLASS))
    for one in _NAMED.finditer(text):
        name = one["name"] or one["bare"]
        if name not in found and name not in _BUILTIN and name not in _NO_NAMES:
            found[name] = (one.start(), Part(name))
    in_order = sorted(found.values(), key=lambda one: one[0])
    return tuple(part for _, part in in_order if not _is_method(part, found))


def _listed(text: str, language: str) -> Iterator[tuple[int, Part]]:
    """What the items of a list begin with: one signature or several, or a class."""
    for item in _ITEM.finditer(text):
        at, said = 0, item["said"]
        while one := _SIGNED.match(said, at):
            if one["class"]:
                yield item.start(), Part(one["class"], kind=Kind.CLASS)
                break
            if said[one.end() :].startswith("=") or not _is_signature(one, language):
                break
            returns = (one["returns"] or "").strip()
            yield item.start() + at, Part(one["name"], one["params"].strip(), returns)
            at = one.end()


_NO_NAMES = frozenset(
    "that which to with for from takes returns should must in the a an of is".split()
)


def _is_signature(found: re.Match[str], language: str) -> bool:
    """Whether the brackets hold parameters: `f(a, b)`, not a call such as `f(1, [2])` or `len(x)`."""
    name, params = found["name"], found["params"].strip()
    if name in _BUILTIN:
        return False
    if language != "python" or not params:
        return True
    try:
        tree = ast.parse(f"def f({params}): pass")
    except (SyntaxError, ValueError):
        return False
    return bool(tree.body)


def _is_method(part: Part, found: dict[str, tuple[int, Part]]) -> bool:
    """Whether a signature belongs to a class that is named: it takes `self`."""
    classes = any(one.kind is Kind.CLASS for _, one in found.values())
    return classes and part.kind is not Kind.CLASS and (part.params or "").startswith("self")


def _entry_of(code: str, examples: Sequence[Example] = ()) -> str | None:
    """The function that code is about: what the examples call, else the last that it defines."""
    tree = _parsed(code) if code else None
    if tree is None:
        return None
    kinds = ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef
    names = [one.name for one in tree.body if isinstance(one, kinds)]
    called = [one.entry for one in examples if one.entry in names]
    return called[0] if called else names[-1] if names else None


def _likely(parts: Sequence[Part], examples: Sequence[Example]) -> str | None:
    """What everything is about: the part that examples call most, else the last part, which uses the others."""
    calls = [one.entry for one in examples if one.entry]
    if calls:
        return max(dict.fromkeys(calls), key=calls.count)
    return parts[-1].name if parts else None


def _placed(parts: Sequence[Part], text: str, default: str) -> tuple[Part, ...]:
    """Each part with its file (the last one named before it) and the sentences about it."""
    files = [(found.start(), found["file"]) for found in _FILE.finditer(text)]
    return tuple(
        Part(
            part.name, part.params, part.returns, part.kind,
            _file_of(part, text, files) or part.file or default,
            part.task or _task_of(part, text),
        )
        for part in parts
    )  # fmt: skip


def _file_of(part: Part, text: str, files: Sequence[tuple[int, str]]) -> str:
    """The file named last before the part's first mention with brackets, in its line or above."""
    at = re.search(rf"\b{re.escape(part.name)}\b\s*[(:`]", text) or re.search(
        rf"\b{re.escape(part.name)}\b", text
    )
    if at is None or not files:
        return ""
    line = text[text.rfind("\n", 0, at.start()) + 1 : at.end() + 200].partition("\n")[0]
    behind = re.search(r"\bin\s+`?(?P<file>(?:[\w-]+/)*[\w-]+\.\w+)`?", line)
    before = [file for place, file in files if place < at.start()]
    return before[-1] if before else behind["file"] if behind else files[0][1]


def _task_of(part: Part, text: str) -> str:
    """The lines that name it first, up to the next list item or blank line."""
    lines = text.splitlines()
    for place, line in enumerate(lines):
        if re.search(rf"\b{re.escape(part.name)}\b", line) and "assert" not in line:
            said = [line.strip(" -*\t")]
            for more in lines[place + 1 :]:
                if not more.strip() or re.match(r"\s*(?:[-*]|\d+[.)])\s", more) or ">>>" in more:
                    break
                said.append(more.strip())
            return " ".join(said)[:600]
    return ""


def _kind(text: str, parts: Sequence[Part], files: Sequence[str]) -> Kind:
    if len(files) > 1:
        return Kind.PROJECT
    if len(parts) > 1:
        return Kind.FUNCTIONS
    if parts:
        return parts[0].kind
    return Kind.SCRIPT if _SCRIPT.search(text) else Kind.FUNCTION


def _prose(text: str) -> str:
    return _FENCED.sub("\n", text)


def _asked(text: str, examples: Sequence[Example], wanted: Wanted) -> Iterator[str]:
    for one, other in contradictions(examples):
        yield f"`{one.call}` gives {one.expected} in one example and {other.expected} in another: which is right?"
    if len(text.split()) < FEWEST_WORDS and not examples and not wanted.code and "(" not in text:
        yield (
            "What should the code do? Say in a sentence what it takes and gives back, if you can with an "
            "example such as f(1) == 2."
        )


def _refused(text: str, language: str, languages: frozenset[str], longest: int) -> str:
    if harm := harm_in(text):
        return f"this asks for {harm}; Arriero writes no code that harms whoever it meets"
    if language not in languages:
        known = ", ".join(sorted(languages & set(SUFFIXES)))
        return f"{language!r} cannot be checked here, so it is not written; ask for one of: {known}"
    if len(text) > longest:
        return (
            f"the requirement has {len(text):,} characters and the writer reads {longest:,}; "
            "leave out what it does not need, or ask for one part at a time"
        )
    return ""
