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
    rf"(?:\b(?:in|using|with)\s+(?:(?:plain|modern|pure|idiomatic|vanilla|simple|clean|safe)\s+)?(?P<in>{_NAMED})(?![\w+#-]|\.\w)"
    rf"|(?<![\w.])(?P<kind>{_NAMED})\s+(?:(?:async|generic|static|arrow|template|recursive|pure|abstract|extension|data|helper|utility|type)\s+){{0,2}}"
    r"(?:function|method|class|program|script|module|code|package|struct|project|snippet|interface|trait|enum|record|guard|implementation)s?\b"
    rf"|(?:\A|\blanguage)\s*:?\s*(?P<told>{_NAMED})\s*(?:[:\n]|\Z))",
    re.IGNORECASE,
)
# SQL is asked for as a query; "a function that runs a SQL query" is no such request.
_QUERY = re.compile(
    r"(?:\b(?:write|create|make|give\s+me|provide|generate|i\s+need|i\s+want)\s+(?:me\s+)?(?:an?\s+|the\s+|one\s+|some\s+)?"
    r"(?:simple\s+)?|\A\s*)sql\s+(?:quer(?:y|ies)|statements?)(?=\s+(?:that|which|to|for|over|with|in|on)\b|\s*[,.:;]|\s*\Z)",
    re.IGNORECASE,
)
_OF_FILES: Mapping[str, str] = {suffix: language for language, suffix in SUFFIXES.items()}
# A file that is to be written: "Write shapes.js with ...", "In main.go, ...", a heading "shapes.ts:".
_FILED = re.compile(
    r"(?:^[^\S\n]*(?:#+\s+)?(?=`?[\w/-]+\.\w+`?:)|^in\s+|\b(?:write|create|implement)\s+(?:(?:a|the|one|two)\s+)?(?:files?:?\s+)?)"
    r"`?[\w/-]+\.(?P<end>js|ts|go|java|rs|cpp|c|rb|php|kt)`?(?![\w.(]|/)",
    re.IGNORECASE | re.MULTILINE,
)
# Code is turned into another language: what it is in now is named, too.
_TARGET = re.compile(
    rf"\b(?:convert|translat\w+|port|rewrite|migrate|transpile)\b[^.\n]{{0,60}}?\b(?:code|function|method|class|script|program|snippet|implementation)\b[^.\n]{{0,40}}?\b(?:in)?to\s+(?P<target>{_NAMED})(?![\w+#-])",
    re.IGNORECASE,
)
# Blocks in these show how a program is called, or what it is given, unless they are to be mended.
_BESIDE = frozenset({"bash", "sql", "html", "css"})
_MENDS = re.compile(
    r"\b(?:fix|debug|refactor|improve|correct|clean|optimi[sz]e|simplify)\b", re.IGNORECASE
)
_FENCE = re.compile(r"```(?P<tag>[\w+#]+)[^\S\n]*\n")
# Such as are words, or names of values: a language of these is written with a capital, but for "in rust", "a go function".
_SMALL = {"go", "c", "r", "ts", "js", "swift", "scheme", "ada", "nim", "dart", "julia", "rust"}
_ALSO_SMALL = {"go", "js", "rust"}


def language_of(text: str, given: str | None = None, file: str | None = None) -> str:
    """The language that is asked for, in tree-sitter's spelling; Python where nothing says otherwise.

    `given` is its name, `file` that of the file that is to be written.
    """
    if given:
        return spelt(given)
    if file and (of := _OF_FILES.get(file.rpartition(".")[2])):
        return of
    if target := _TARGET.search(text):
        return spelt(target["target"])
    for found in _LANGUAGE.finditer(text):
        word = found["in"] or found["kind"] or found["told"]
        said = found[0].lower().startswith("in ") or found["kind"]
        if word.lower() in _SMALL and word.islower() and not (word in _ALSO_SMALL and said):
            continue
        return spelt(word)
    for fence in _FENCE.finditer(text):
        tag = spelt(fence["tag"])
        if tag in SUFFIXES and (tag not in _BESIDE or _MENDS.search(text)):
            return tag
    if filed := _FILED.search(text):
        return _OF_FILES.get(filed["end"], DEFAULT)
    return "sql" if _QUERY.search(text) else DEFAULT


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
    r"(?P<names>`?[A-Za-z_][\w.]*`?(?:\s*(?:,\s*(?:(?:or|and|nor)\b)?|(?:or|and|nor)\b)\s*(?:no\s+|without\s+)?`?[A-Za-z_][\w.]*`?)*)"
    r"(?P<kind>\s+(?:module|library|package|import)s?)?",
    re.IGNORECASE,
)
PACKAGES = frozenset(
    "numpy pandas scipy requests httpx sympy networkx django flask fastapi sklearn torch tensorflow lxml".split()
)


# What opens the request itself: it says what to write, and how only behind a comma, "and it", "without".
_REQUEST = re.compile(
    r"(?:please\s+|in\s+[\w+#]+,\s*|(?:can|could|would)\s+you\s+(?:please\s+)?)*"
    r"(?:write|implement|create|define|build|make|develop|code|design|provide|give\s+me|i\s+(?:need|want|would\s+like)|we\s+need|"
    r"re-?factor|clean|simplify|tidy|improve|fix|optimi[sz]e|re-?write)\b",
    re.IGNORECASE,
)
_HOW = re.compile(
    r"\b(?:without\s+(?!changing\b)(?:(?:the\s+)?use\b|\w+ing\b)|using\s+only\b|only\s+(?:using|with)\b|in-?\s?place\b|in\s+O\(|"
    r"recursive(?:ly)?\b|thread-?safe\b|case-?insensitive(?:ly)?\b)[^,;]*",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"[:\u2013\u2014]\s+|(?:\s*,\s*(?:and\s+|but\s+)?|\s+and\s+)(?=(?:it|must|should|do|don't|never|always|use|only)\b)"
)
_BINDS = re.compile(
    r"\b(?:must|should|cannot|can't|do not|don't|never|always|only use|use only|raises?)\b",
    re.IGNORECASE,
)
_SHOWS = re.compile(r"(?:for\s+example|e\.?g|example)\b", re.IGNORECASE)


def constraints_in(text: str) -> tuple[str, ...]:
    """Sentences that say how it must or must not be done; of the request itself only what says that."""
    found = (
        clause.strip(" -*\t")
        for one in _CONSTRAINTS.finditer(text)
        for clause in _binding(one["said"])
    )
    return tuple(dict.fromkeys(one for one in found if 8 <= len(one) <= 300))[:12]


def _binding(said: str) -> Sequence[str]:
    said = said.strip(" -*\t")
    if _SHOWS.match(said):
        return ()
    if not _REQUEST.match(said):
        return (said,)
    request, *more = _CLAUSE.split(said)
    return (
        *(how.group().strip() for how in _HOW.finditer(request)),
        *(one for one in more if _BINDS.search(one) or _HOW.search(one)),
    )


def forbidden_in(text: str) -> tuple[str, ...]:
    """Modules that must not be imported: named so, or known to be modules."""
    found: dict[str, None] = {}
    for one in _WITHOUT.finditer(text):
        for name in re.findall(r"[A-Za-z_][\w.]*", one["names"]):
            root = name.partition(".")[0]
            known = root.lower() in PACKAGES or root in sys.stdlib_module_names
            if known and (one["kind"] or "import" in one.group().lower() or root not in _AMBIGUOUS):
                found[root.lower() if root.lower() in PACKAGES else root] = None
    return tuple(found)


# Modules whose names are words of a sentence: "without using string concatenation" forbids no import.
_AMBIGUOUS = frozenset(
    "string array copy code types time select queue calendar statistics numbers operator token test io "
    "abc this signal secrets random platform profile resource symbol site cmd".split()
)

_TREE = r"node|root|leaf|leaves|depth|binary|parent|child|subtree|travers|walk|director|folder|syntax|search|balanced|ancest"
_CHALLENGES: Sequence[tuple[str, str]] = (
    (r"\bempty|\bno elements|\bblank", "empty input"),
    (r"\bnegative|\bzero\b", "zero and negative numbers"),
    (r"\bduplicate|\bunique|\brepeated", "duplicates"),
    (
        (
            r"\bunicode|\bcase-?\s?(?:in)?sensitive|\b(?:upper|lower|title)[- ]?case|\bignor\w+ (?:the )?case\b|"
            r"\bcapital(?:s|i[sz]e\w*| letters?)\b|\baccent"
        ),
        "letters beyond ASCII and their case",
    ),
    (
        (
            r"\bfloat|\bround(?:ed|ing|s (?:to|up|down|it|the))?\b(?![- ]?(?:robin|trip))|\bprecision|"
            r"\bdecimals\b|\bdecimal (?:places?|points?|fractions?|amounts?|digits?)|\bcurrenc|\bmoney"
        ),
        "rounding and precision",
    ),
    (r"\bpars(?:e|es|ed|er|ing)\b|\bjson|\bcsv|\bxml|\byaml|\bformat", "malformed input"),
    (
        r"\bfile|\bdisk\b|\bpath(?:name|lib)|\bpath (?:of|to) (?:a|the) (?:file|folder|director)|\bdirector(?:y|ies)\b",
        "files that are missing or cannot be read",
    ),
    (r"\bhttp|\burl|\bapi\b|\bnetwork|\bsocket|\bhttp request", "a network that fails or is slow"),
    (
        r"\bsql|\bdatabase|\bquer(?:y|ies)\b(?![- ]?(?:string|param))",
        "SQL injection and transactions",
    ),
    (r"\bthread|\bconcurren|\basync|\block(?:s|ed|ing)?\b|\bparallel", "concurrency"),
    (r"\bdates?\b|\bdatetime|\btime\s?zone|\bcalendar|\bleap", "calendar and time zones"),
    (
        rf"\brecurs|(?<!bar )(?<!line )\bgraphs?\b|\bnested|\A(?=.*\btrees?\b)(?=.*\b(?:{_TREE}))",
        "depth of recursion and cycles",
    ),
    (
        r"(?<!second )(?<!third )\blarge\b|\bhuge\b|\bmillion|\bbillion|\befficien|\bperformance|\bO\(",
        "large input",
    ),
    (
        (
            r"\bpassword|\b(?:access|auth\w*|api|session|csrf|bearer|refresh|secret|reset)[- ]tokens?\b|\bencrypt|"
            r"\bhash(?:es|ed|ing)?\b(?![- ]?(?:map|table|set|mark|sign))|\bauthenti|\bauthori[sz]"
        ),
        "secrets and safe comparison",
    ),
)


def challenges_in(text: str) -> tuple[str, ...]:
    """What usually goes wrong with such a task, by its words."""
    return tuple(
        what for words, what in _CHALLENGES if re.search(words, text, re.IGNORECASE | re.DOTALL)
    )


def complexity_of(
    text: str, parts: Sequence[Part], files: int, challenges: Sequence[str]
) -> Complexity:
    """Simple: one function and few words. Complex: many parts or files, or several hard matters at once."""
    weight = max(0, len(parts) - 1) + 2 * max(0, files - 1) + len(challenges) // 2
    weight += len(text.split()) // 120
    if weight == 0:
        return Complexity.SIMPLE
    return Complexity.MEDIUM if weight < 5 else Complexity.COMPLEX
