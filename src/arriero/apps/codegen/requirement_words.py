"""What the words of a requirement say: language, constraints, forbidden imports, challenges, complexity."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence

from arriero.apps.codegen.judge.base import named
from arriero.apps.codegen.requirement import Complexity, Part

DEFAULT = "python"
ALSO: Mapping[str, str] = {
    "node": "javascript", "nodejs": "javascript", "ecmascript": "javascript", "cplusplus": "cpp",
    "kt": "kotlin", "rb": "ruby",
}  # fmt: skip
SUFFIXES: Mapping[str, str] = {
    "python": "py", "javascript": "js", "typescript": "ts", "go": "go", "java": "java", "rust": "rs",
    "cpp": "cpp", "c": "c", "csharp": "cs", "ruby": "rb", "php": "php", "kotlin": "kt", "swift": "swift",
    "scala": "scala", "bash": "sh", "sql": "sql", "html": "html", "css": "css", "lua": "lua", "r": "r",
    "perl": "pl", "haskell": "hs", "elixir": "ex", "dart": "dart",
}  # fmt: skip
# Words that name a language only beside such a word: "in Go", "a C function", "Rust program".
_NAMED = (
    r"python|javascript|typescript|golang|go|java|rust|c\+\+|c#|c|ruby|php|kotlin|swift|scala|bash|sql|lua|"
    r"perl|haskell|elixir|dart|cobol|fortran|brainfuck|pascal|prolog|erlang|clojure|julia|matlab|lisp|scheme|"
    r"ocaml|f#|zig|nim|ada|smalltalk|malbolge|assembly|node(?:\.js)?|js|ts"
)
_LANGUAGE = re.compile(
    rf"(?:\b(?:in|using|with)\s+(?:plain\s+|modern\s+|pure\s+)?(?P<in>{_NAMED})(?![\w+#-]|\.\w)"
    rf"|(?<![\w.])(?P<kind>{_NAMED})\s+(?:function|method|class|program|script|module|code|package|struct|project|snippet)s?\b)",
    re.IGNORECASE,
)
_FENCE = re.compile(r"```(?P<tag>[\w+#]+)[^\S\n]*\n")
_SMALL = {"go", "c", "r", "ts", "js", "swift", "scheme", "ada", "nim", "dart", "julia", "rust"}


def language_of(text: str, given: str | None = None) -> str:
    """The language that is asked for, in tree-sitter's spelling; Python where nothing says otherwise."""
    if given:
        return spelt(given)
    if (fence := _FENCE.search(text)) and spelt(fence["tag"]) in SUFFIXES:
        return spelt(fence["tag"])
    for found in _LANGUAGE.finditer(text):
        word = found["in"] or found["kind"]
        if word.lower() in _SMALL and not word[0].isupper():
            continue  # "in go", "with c" are words; a language is written with a capital
        return spelt(word)
    return DEFAULT


def spelt(name: str) -> str:
    """The one name of a language: `JS` and `node.js` are javascript."""
    name = name.strip().lower().removesuffix(".js")
    return ALSO.get(name, named(name))


_CONSTRAINTS = re.compile(
    r"(?:^|(?<=[.;\n]))\s*(?P<said>[^.;\n]*\b(?:must|should|may only|cannot|can't|do not|don't|never|always|without|"
    r"only use|at most|at least|no more than|in-?place|O\([^)]*\)|time complexity|standard library|recursive(?:ly)?|"
    r"thread-?safe|case-?insensitive|raise[sd]?)\b[^.;\n]*)",
    re.IGNORECASE | re.MULTILINE,
)
_WITHOUT = re.compile(
    r"\b(?:without|do not|don't|must not|never|not allowed to|avoid|no)\s+(?:us(?:e|ing)\s+|import(?:ing)?\s+)*(?:the\s+)?"
    r"(?P<names>`?[A-Za-z_][\w.]*`?(?:\s*(?:,|or|and)\s*`?[A-Za-z_][\w.]*`?)*)"
    r"(?P<kind>\s+(?:module|library|package|import)s?)?",
    re.IGNORECASE,
)
_PACKAGES = frozenset(
    "numpy pandas scipy requests httpx sympy networkx django flask fastapi sklearn torch tensorflow lxml".split()
)


def constraints_in(text: str) -> tuple[str, ...]:
    """Sentences that say how it must or must not be done."""
    found = (one["said"].strip(" -*\t") for one in _CONSTRAINTS.finditer(text))
    return tuple(dict.fromkeys(one for one in found if 8 <= len(one) <= 300))[:12]


def forbidden_in(text: str) -> tuple[str, ...]:
    """Modules that must not be imported: named so, or known to be modules."""
    found: dict[str, None] = {}
    for one in _WITHOUT.finditer(text):
        for name in re.findall(r"[A-Za-z_][\w.]*", one["names"]):
            root = name.partition(".")[0]
            known = root.lower() in _PACKAGES or root in sys.stdlib_module_names
            if known and (one["kind"] or "import" in one.group().lower() or root not in _AMBIGUOUS):
                found[root.lower() if root.lower() in _PACKAGES else root] = None
    return tuple(found)


# Modules whose names are words of a sentence: "without using string concatenation" forbids no import.
_AMBIGUOUS = frozenset(
    "string array copy code types time select queue calendar statistics numbers operator token test io "
    "abc this signal secrets random platform profile resource symbol site cmd".split()
)

_CHALLENGES: Sequence[tuple[str, str]] = (
    (r"\bempty|\bno elements|\bblank", "empty input"),
    (r"\bnegative|\bzero\b", "zero and negative numbers"),
    (r"\bduplicate|\bunique|\brepeated", "duplicates"),
    (r"\bunicode|\bcase-?insensitive|\bupper|\blower|\baccent", "letters beyond ASCII and their case"),
    (r"\bfloat|\bround|\bprecision|\bdecimal|\bcurrency|\bmoney", "rounding and precision"),
    (r"\bpars|\bjson|\bcsv|\bxml|\byaml|\bformat", "malformed input"),
    (r"\bfile|\bdisk|\bpath|\bdirector", "files that are missing or cannot be read"),
    (r"\bhttp|\burl|\bapi\b|\bnetwork|\bsocket|\brequest", "a network that fails or is slow"),
    (r"\bsql|\bdatabase|\bquery", "SQL injection and transactions"),
    (r"\bthread|\bconcurren|\basync|\block|\bparallel", "concurrency"),
    (r"\bdate|\btime\s?zone|\bcalendar|\bleap", "calendar and time zones"),
    (r"\brecurs|\btree|\bgraph|\bnested", "depth of recursion and cycles"),
    (r"\blarge|\bmillion|\befficien|\bperformance|O\(", "large input"),
    (r"\bpassword|\btoken|\bencrypt|\bhash|\bauth", "secrets and safe comparison"),
)  # fmt: skip


def challenges_in(text: str) -> tuple[str, ...]:
    """What usually goes wrong with such a task, by its words."""
    return tuple(what for words, what in _CHALLENGES if re.search(words, text, re.IGNORECASE))


def complexity_of(
    text: str, parts: Sequence[Part], files: int, challenges: Sequence[str]
) -> Complexity:
    """Simple: one function and few words. Complex: many parts or files, or several hard matters at once."""
    weight = max(0, len(parts) - 1) + 2 * max(0, files - 1) + len(challenges) // 2
    weight += len(text.split()) // 120
    if weight == 0:
        return Complexity.SIMPLE
    return Complexity.MEDIUM if weight < 5 else Complexity.COMPLEX
