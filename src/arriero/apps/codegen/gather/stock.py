"""The caller's repository as snippets and fingerprints, file by file: what did not change is not read again."""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from dataclasses import dataclass, field

from arriero.apps.codegen.gather.barred import Barred
from arriero.apps.codegen.gather.definitions import Definition, definitions
from arriero.apps.codegen.gather.identifiers import parts
from arriero.apps.codegen.gather.licence import licence_of, own
from arriero.apps.codegen.gather.repository import Repository, language_of, told, usable
from arriero.apps.codegen.gather.snippet import Origin, Snippet
from arriero.apps.codegen.judge.copied import Known, fingerprints
from arriero.apps.codegen.judge.secrets import secrets
from arriero.apps.codegen.requirement_guard import SECRET, without_secrets
from arriero.core.words import content_hash

MOST_FILES = 50_000  # files whose definitions are remembered, of all callers together
SAID = 40  # words of a docstring by which a definition is looked up
_TEXT = re.compile(r"([\"'`])(?:(?!\1)[^\\\n]|\\.){4,}\1")


@dataclass(frozen=True, slots=True)
class _Read:
    """What one file gave: its definitions, its fingerprints, or why it cannot be read."""

    found: tuple[Definition, ...] = ()
    prints: tuple[int, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class Stocked:
    """A repository's snippets. `version` names its content; `known` are the fingerprints of its files."""

    version: str
    snippets: tuple[Snippet, ...]
    known: Known
    left: tuple[str, ...]


@dataclass
class Stock:
    """Reads repositories. Files are remembered by their git blob hash."""

    barred: Barred = field(default_factory=Barred)
    _read: OrderedDict[tuple[str, str], _Read] = field(default_factory=OrderedDict)
    parsed: int = 0  # files that were really read, for tests and metrics

    def of(self, repository: Repository) -> Stocked:
        """The snippets of a repository and what of it was left out. Blocking: some 20,000 lines a second."""
        files, left = usable(repository)
        licence = licence_of(files)
        snippets: list[Snippet] = []
        prints: dict[int, str] = {}
        unread: dict[str, list[str]] = {}
        blobs: dict[str, str] = {}
        for name, text in files.items():
            language = language_of(name)
            if language is None:
                continue
            blobs[name] = blob_of(text)
            read = self._of(blobs[name], text, language)
            if read.why:
                unread.setdefault(read.why, []).append(name)
            terms = own(text) or licence
            where = f"{name} (licence {terms})" if terms else name
            for print_ in read.prints:
                prints.setdefault(print_, where)
            snippets += (_snippet(name, language, terms, one) for one in read.found)
        kept = tuple(one for one in snippets if not self.barred.holds(one.code))
        if len(kept) < len(snippets):
            left = (
                *left,
                f"{len(snippets) - len(kept)} pieces match a text that must not enter an index",
            )
        return Stocked(content_hash(blobs)[:16], kept, Known(prints), (*left, *told(unread)))

    def _of(self, blob: str, text: str, language: str) -> _Read:
        key = blob, language
        if key in self._read:
            self._read.move_to_end(key)
            return self._read[key]
        read = self._read[key] = _file(text, language)
        self.parsed += 1
        while len(self._read) > MOST_FILES:
            self._read.popitem(last=False)
        return read


def blob_of(text: str) -> str:
    """The hash under which git keeps a file with this text."""
    raw = text.encode(errors="surrogatepass")
    return hashlib.sha1(b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()


def masked(code: str) -> str:
    """`code` without keys and passwords: neither a prompt nor a record shows one."""
    code = without_secrets(code)
    lines = code.split("\n")
    for one in secrets(code):
        if 0 < one.line <= len(lines):
            lines[one.line - 1] = _TEXT.sub(
                lambda found: f"{found[1]}{SECRET}{found[1]}", lines[one.line - 1]
            )
    return "\n".join(lines)


def _file(text: str, language: str) -> _Read:
    clean = masked(text)
    try:
        found = definitions(clean, language)
    except ValueError as error:
        return _Read(why=str(error))
    return _Read(found, tuple(print_ for print_, _ in fingerprints(text)))


def _snippet(file: str, language: str, licence: str, one: Definition) -> Snippet:
    stem = file.rpartition("/")[2].rpartition(".")[0]
    words = " ".join(
        [*parts(stem), *(word for name in one.name.split(".") for word in parts(name))]
    )
    said = " ".join(one.said.split()[:SAID])
    opening = one.code.lstrip().partition("\n")[0][:160]
    ask = f"{words}. {said}" if said else f"{words}. {opening}"
    return Snippet(
        f"{file}:{one.line}:{one.name}", Origin.REPOSITORY, language, one.name, (ask,), one.code,
        file=file, line=one.line, licence=licence,
    )  # fmt: skip
