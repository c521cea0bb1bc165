"""Paragraphs of real filings, in two halves by the hash of their text: one to develop on, one to test on."""

from __future__ import annotations

import gzip
import hashlib
import html
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from arriero.core.errors import InputError

FEWEST_WORDS = 20  # fewer are headings, page numbers and contents
Half = Literal["develop", "test"]


def paragraphs(folder: Path, half: Half, most: int | None = None) -> tuple[str, ...]:
    """The paragraphs of the risk texts and whole filings in `folder` that fall into `half`, each once, by their hashes."""
    files = sorted([*folder.glob("item1a-*.txt.gz"), *folder.glob("*.html.gz")])
    if not files:
        raise InputError(f"{str(folder)!r} has no filings (*.txt.gz, *.html.gz); set ARRIERO_DATA")
    cut = {one for file in files for one in _cut(_text(file))}
    mine = sorted((digest, one) for one in cut if _half(digest := _digest(one)) == half)
    return tuple(one for _, one in mine[:most])


def _text(file: Path) -> str:
    text = gzip.decompress(file.read_bytes()).decode()
    if not file.name.endswith(".html.gz"):
        return text
    text = re.sub(r"<ix:header>.*?</ix:header>", "", text, flags=re.DOTALL)
    text = re.sub(r"(?i)</?(?:div|p|tr|td|th|table|li|h\d|br)\b[^>]*>", "\n", text)
    return html.unescape(re.sub(r"<[^>]*>", "", text))


def _cut(text: str) -> Sequence[str]:
    lines = (re.sub(r"\s+", " ", line).strip() for line in text.splitlines())
    return [line for line in lines if len(line.split()) >= FEWEST_WORDS]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _half(digest: str) -> Half:
    return "develop" if int(digest[-1], 16) % 2 else "test"
