"""Copied code: runs of tokens that stand in known sources too, found by fingerprints.

Winnowing after Schleimer, Wilkerson and Aiken, "Winnowing: local algorithms for document fingerprinting" (SIGMOD
2003): of the hashes of every K tokens in a row the least of each window of W is kept, so a common run of K + W - 1
tokens is always found, and none shorter than K. Names count as they are written: what was copied and renamed
throughout is not what this looks for.
"""

from __future__ import annotations

import re
import sysconfig
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from arriero.apps.codegen.judge.report import Problem

K, W = (
    24,
    16,
)  # 39 tokens: about 150 characters, from which on Copilot's public-code filter looks (notes)
TOKEN = re.compile(r"[A-Za-z_]\w*|\d[\w.]*|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|[^\s\w]")
COMMENT = re.compile(r"#[^\n]*|//[^\n]*|/\*.*?\*/|\"\"\".*?\"\"\"|'''.*?'''", re.DOTALL)
REPORTED = 3  # fingerprints of one source that have to be found: one may be chance or an idiom


@dataclass(frozen=True)
class Known:
    """Fingerprints of sources: hash -> the source's name. Some 60 bytes a fingerprint."""

    prints: Mapping[int, str]

    @classmethod
    def of(cls, sources: Mapping[str, str]) -> Known:
        """An index of `sources` (name -> text); 1 s for 50,000 lines."""
        found: dict[int, str] = {}
        for name, text in sources.items():
            for print_, _ in fingerprints(text):
                found.setdefault(print_, name)
        return cls(found)

    @classmethod
    def of_standard_library(cls) -> Known:
        """Python's own library as it is installed here, the packages in it left out; takes seconds, so build it once."""
        folder = Path(sysconfig.get_path("stdlib"))
        return cls.of(
            {file.name: file.read_text("utf-8", "replace") for file in sorted(folder.glob("*.py"))}
        )

    def copied(self, code: str) -> tuple[Problem, ...]:
        """One problem a source that `code` shares a long run with, at the line where it begins."""
        lines: defaultdict[str, list[int]] = defaultdict(list)
        for print_, line in fingerprints(code):
            name = self.prints.get(print_)
            if name is not None:
                lines[name].append(line)
        return tuple(
            Problem(min(found), f"this stands in {name} too, in lines {min(found)} to {max(found)}", "copied")
            for name, found in sorted(lines.items())
            if len(found) >= REPORTED
        )  # fmt: skip


def fingerprints(code: str) -> Iterator[tuple[int, int]]:
    """(hash, line) of the tokens that winnowing keeps. Comments and texts of several lines do not count."""
    tokens, lines = _tokens(code)
    hashes = [
        zlib.crc32(" ".join(tokens[start : start + K]).encode(errors="replace"))
        for start in range(len(tokens) - K + 1)
    ]
    last = -1
    for start in range(max(0, len(hashes) - W + 1)):
        # The rightmost of the least, so that the same one is chosen as long as it is in the window.
        least = min(range(start + W - 1, start - 1, -1), key=hashes.__getitem__)
        if least != last:
            last = least
            yield hashes[least], lines[least]


def _tokens(code: str) -> tuple[list[str], list[int]]:
    bare = COMMENT.sub(lambda found: "\n" * found[0].count("\n"), code)
    tokens, lines = [], []
    for number, line in enumerate(bare.splitlines(), 1):
        for token in TOKEN.findall(line):
            tokens.append(token)
            lines.append(number)
    return tokens, lines
