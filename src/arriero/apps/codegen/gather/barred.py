"""Texts that must not enter an index: whoever is measured on a benchmark must not look its answers up.

They are compared by runs of eight words, as code and prose share them: layout, punctuation and case do not count.
(The learning loop has a rule of its own for prose, with runs of thirteen: learning/dataset/alike.py.)
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from arriero.core.errors import SettingsError
from arriero.security.masking import each_string

RUN = 8
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Barred:
    """Fingerprints of texts: a 32-bit hash of each run of eight words, of a shorter text one of the whole."""

    prints: frozenset[int] = frozenset()

    @classmethod
    def of(cls, texts: Iterable[str]) -> Barred:
        return cls(frozenset(print_ for text in texts for print_ in prints(text)))

    @classmethod
    def read(cls, files: Sequence[Path]) -> Barred:
        """Of every text in these files: JSON lines, or plain text. `SettingsError` for one that cannot be read."""
        return cls.of(text for file in files for text in _texts(file))

    def share(self, text: str) -> float:
        """The share of the runs of `text` that stand in one of the barred texts."""
        own = prints(text)
        return len(own & self.prints) / len(own) if own else 0.0

    def holds(self, text: str) -> bool:
        """Whether `text` shares a run with one of them."""
        return not self.prints.isdisjoint(prints(text))


def prints(text: str) -> frozenset[int]:
    """The fingerprints of a text; none of a text without words."""
    words = [word.lower() for word in _WORD.findall(text)]
    if len(words) < RUN:
        return frozenset({_print(words)} if words else ())
    return frozenset(_print(words[at : at + RUN]) for at in range(len(words) - RUN + 1))


def _print(words: Sequence[str]) -> int:
    return zlib.crc32(" ".join(words).encode(errors="replace"))


def _texts(file: Path) -> Iterable[str]:
    try:
        text = file.read_text(encoding="utf-8")
        if file.suffix != ".jsonl":
            return [text]
        rows = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{str(file)!r}, whose texts must not enter an index, cannot be read: {error}; "
            "correct apps.codegen.gather.barred"
        ) from None
    return [one for row in rows for one in each_string(row)]
