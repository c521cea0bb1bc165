"""`read(wanted)`: the requirement record, by rules. The same text always gives the same record."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from arriero.apps.codegen.requirement import Architecture, Example, Kind, Part, Requirement
from arriero.apps.codegen.requirement_asserts import read_tests
from arriero.apps.codegen.requirement_code import (
    defined_by,
    given_in,
    prose_of,
    refactors,
    stub_in,
)
from arriero.apps.codegen.requirement_described import described, emptied, listed
from arriero.apps.codegen.requirement_examples import contradictions, examples_in
from arriero.apps.codegen.requirement_guard import harm_in
from arriero.apps.codegen.requirement_parts import kind_of, parts_in
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

_FILE = re.compile(
    r"(?<![\w/.])(?P<file>(?:[\w-]+/)*[\w-]+\.(?:py|js|ts|go|java|rs|cpp|rb|php))(?!\w)"
)
_HEADING = re.compile(rf"\s*(?:{_FILE.pattern}\s*(?:\([^)]*\))?|examples?)\s*:\s*$", re.IGNORECASE)
_METHOD = re.compile(r"^[^\S\n]+(?:async\s+)?def\s+(?P<name>(?!__)\w+)\s*\(\s*self\b", re.MULTILINE)
_SCRIPT = re.compile(r"\b(?:script|program|command[- ]line|cli|main function)\b", re.IGNORECASE)


def read(wanted: Wanted, *, languages: frozenset[str], longest: int) -> Requirement:
    """The record of `wanted`. `languages` can be checked, texts up to `longest` characters fit the writer."""
    text = wanted.requirement.strip()
    language = language_of(text, wanted.language, wanted.file)
    if (
        len(text) > longest
    ):  # before anything is read: rules that take a moment for a page take seconds for many
        return Requirement(text=text, language=language, refused=_too_long(text, longest))
    inside = "" if wanted.code else given_in(text, language)
    code = wanted.code or inside
    stub = "" if language != "python" or code else stub_in(text)
    prose = prose_of(text, inside)
    parts = parts_in(prose if inside else text, stub, language, inside)
    known = frozenset(part.name for part in parts)
    own = frozenset({"main", *([wanted.file.partition(".")[0]] if wanted.file else [])})
    given = read_tests(wanted.tests, language, own) if wanted.tests else ()
    about = wanted.entry or _entry_of(stub, language) or _only(parts)
    told = text
    if language == "python" and not about and (through := _through(parts, text)):
        about, told = through
    shown = examples_in(told, about, known, language)
    examples = tuple({one.code: one for one in (*given, *shown)}.values())
    entry = (
        wanted.entry
        or _entry_of(stub, language)
        or _entry_of(code, language, examples)
        or _likely(parts, examples)
    )
    if entry and entry not in known:
        parts = (*parts, Part(entry, kind=kind_of(entry, language)))
    parts = _placed(parts, text, wanted.file or f"main.{SUFFIXES.get(language, 'txt')}")
    if about and len(parts) == 1 and language == "python":
        examples = tuple({one.code: one for one in (*examples, *listed(parts[0], prose))}.values())
    if len(parts) > 1 and not code:
        empty = emptied(parts)
        further = (one for part in parts for one in described(part, empty))
        examples = tuple({one.code: one for one in (*examples, *further)}.values())
    files = tuple(dict.fromkeys(part.file for part in parts))
    challenges = challenges_in(text)
    complexity = complexity_of(text, parts, len(files), challenges)
    return Requirement(
        text=text,
        language=language,
        kind=_kind(prose, parts, files, code),
        entry=entry,
        stub=stub,
        given=code,
        examples=examples,
        constraints=constraints_in(prose),
        forbidden=tuple(dict.fromkeys((*wanted.forbidden, *forbidden_in(prose)))),
        framework=wanted.framework or "",
        complexity=complexity,
        components=tuple(part.name for part in parts),
        challenges=challenges,
        architecture=Architecture(files, parts),
        questions=tuple(_asked(text, examples, wanted))[:MOST_QUESTIONS],
        refused=_refused(text, language, languages),
    )


def _entry_of(code: str, language: str, examples: Sequence[Example] = ()) -> str | None:
    """The function that code is about: what the examples call, else the last that it defines."""
    names = [part.name for part in defined_by(code, language)] if code else []
    called = [one.entry for one in examples if one.entry in names]
    return called[0] if called else names[-1] if names else None


def _only(parts: Sequence[Part]) -> str | None:
    """The one function that is asked for, which an input without a call is given to."""
    return parts[0].name if len(parts) == 1 and parts[0].kind is Kind.FUNCTION else None


def _through(parts: Sequence[Part], text: str) -> tuple[str, str] | None:
    """The one method of the one class that is begun in `text`, as it is called, and `text` with it called so."""
    names = {found["name"] for found in _METHOD.finditer(text)}
    if len(parts) != 1 or parts[0].kind is not Kind.CLASS or len(names) != 1 or "__init__" in text:
        return None
    (method,) = names
    called = f"{parts[0].name}().{method}"
    return called, re.sub(rf"(?<![\w.])(?<!def ){method}\(", f"{called}(", text)


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
            part.task or _task_of(part, text), part.waits,
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
    """The lines that open with it, else those that name it first, up to the next list item, heading or blank line.

    A file of the same name (`crack.py`) is not it.
    """
    lines, name = text.splitlines(), re.escape(part.name)
    opens = rf"\s*(?:[-*\u2022]|\d+[.)])?\s*`?(?:(?:async\s+)?def\s+|class\s+)?{name}\b(?!\.\w)(?!.*\)\s*==)"
    mentions = rf"\b{name}\b(?!\.\w)"
    first = next((at for at, line in enumerate(lines) if re.match(opens, line)), 0)
    for place, line in enumerate(lines[first:], first):
        if re.search(mentions, line) and "assert" not in line:
            said = [line.strip(" -*\t")]
            for more in lines[place + 1 :]:
                if not more.strip() or re.match(r"\s*(?:[-*]|\d+[.)])\s", more) or ">>>" in more:
                    break
                if _HEADING.match(more):
                    break
                said.append(more.strip())
            return " ".join(said)[:600]
    return ""


def _kind(text: str, parts: Sequence[Part], files: Sequence[str], given: str) -> Kind:
    if given and refactors(text):
        return Kind.REFACTORING
    if len(files) > 1:
        return Kind.PROJECT
    if len(parts) > 1:
        return Kind.FUNCTIONS
    if parts and not any(part.name == "main" for part in parts) and "__name__" not in text:
        return parts[0].kind
    if parts and parts[0].kind is Kind.CLASS:
        return Kind.CLASS
    if parts:
        return Kind.SCRIPT  # what starts it belongs to it
    return Kind.SCRIPT if _SCRIPT.search(text) else Kind.FUNCTION


def _asked(text: str, examples: Sequence[Example], wanted: Wanted) -> Iterator[str]:
    for one, other in contradictions(examples):
        yield f"`{one.call}` gives {one.expected} in one example and {other.expected} in another: which is right?"
    if len(text.split()) < FEWEST_WORDS and not examples and not wanted.code and "(" not in text:
        yield (
            "What should the code do? Say in a sentence what it takes and gives back, if you can with an "
            "example such as f(1) == 2."
        )


def _refused(text: str, language: str, languages: frozenset[str]) -> str:
    if harm := harm_in(text):
        return f"this asks for {harm}; Arriero writes no code that harms whoever it meets"
    if language not in languages:
        known = ", ".join(sorted(languages & set(SUFFIXES)))
        return f"{language!r} cannot be checked here, so it is not written; ask for one of: {known}"
    return ""


def _too_long(text: str, longest: int) -> str:
    return (
        f"the requirement has {len(text):,} characters and the writer reads {longest:,}; "
        "leave out what it does not need, or ask for one part at a time"
    )
