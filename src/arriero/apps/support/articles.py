"""Knowledge articles: markdown with a header that says when, for what and whose they are.

---
id: shipping-costs
title: What shipping costs
valid_from: 2026-01-01
valid_until:            # the last day it holds; empty = open-ended
owner: logistics
intents: shipping_cost, delivery_time
---
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from arriero.core.errors import InputError

PASSAGE_WORDS = 120  # about 160 tokens: three passages fit a 600-token prompt

_FENCE = "---"
_COMMENT = re.compile(r"(^|\s)#.*$")
_PARAGRAPH = re.compile(r"\n\s*\n")
# A sentence ends at . ! ? before a capital, a digit or a quote; "approx. 5" and "No. 7" do not occur.
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[\"'A-Z0-9])")


@dataclass(frozen=True, slots=True)
class Article:
    id: str
    title: str
    text: str
    valid_from: date
    valid_until: date | None  # inclusive; None = open-ended
    owner: str
    intents: tuple[str, ...]

    def valid_on(self, day: date) -> bool:
        """Whether the article holds on this day; both ends count."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


def _names(text: object) -> object:
    return (
        [name.strip() for name in text.split(",") if name.strip()]
        if isinstance(text, str)
        else text
    )


class _Header(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    title: str = Field(min_length=1)
    valid_from: date
    valid_until: Annotated[date | None, BeforeValidator(lambda text: text or None)]
    owner: str = Field(min_length=1)
    intents: Annotated[tuple[str, ...], BeforeValidator(_names), Field(min_length=1)]


def load(folder: Path) -> tuple[Article, ...]:
    """All `*.md` articles of a folder, by id; raises `InputError` naming the file and the remedy."""
    if not folder.is_dir():
        raise InputError(f"{str(folder)!r} is not a folder; name the one that holds the articles")
    articles: dict[str, Article] = {}
    for path in sorted(folder.glob("*.md")):
        article = _read(path)
        if article.id in articles:
            raise InputError(f"{path.name}: id {article.id!r} is taken; give each article its own")
        articles[article.id] = article
    return tuple(articles[id] for id in sorted(articles))


def passages(article: Article) -> tuple[str, ...]:
    """The paragraphs in order, each at most 120 words; a longer one is split between sentences.

    A single sentence of more than 120 words stays whole.
    """
    paragraphs = (" ".join(part.split()) for part in _PARAGRAPH.split(article.text))
    return tuple(piece for paragraph in paragraphs if paragraph for piece in _split(paragraph))


def _split(paragraph: str) -> list[str]:
    pieces: list[str] = []
    for sentence in _SENTENCE.split(paragraph):
        joined = f"{pieces[-1]} {sentence}" if pieces else sentence
        if pieces and len(joined.split()) <= PASSAGE_WORDS:
            pieces[-1] = joined
        else:
            pieces.append(sentence)
    return pieces


def _read(path: Path) -> Article:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} cannot be read ({error}); save it as UTF-8 text") from error
    if not lines or lines[0].strip() != _FENCE or _FENCE not in lines[1:]:
        raise InputError(f"{path.name} has no header; begin it with lines between two '---'")
    end = lines.index(_FENCE, 1)
    header = _header(path, lines[1:end])
    text = "\n".join(lines[end + 1 :]).strip()
    if not text:
        raise InputError(f"{path.name} has a header but no text; write the article below it")
    return Article(text=text, **header.model_dump())


def _header(path: Path, lines: list[str]) -> _Header:
    fields = dict(_field(path, line) for line in lines if _COMMENT.sub("", line).strip())
    try:
        header = _Header.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise InputError(
            f"{path.name}: {name}: {first['msg']}; correct it in the header"
        ) from error
    if header.valid_until is not None and header.valid_until < header.valid_from:
        raise InputError(f"{path.name}: valid_until lies before valid_from; swap or correct them")
    return header


def _field(path: Path, line: str) -> tuple[str, str]:
    key, colon, value = _COMMENT.sub("", line).partition(":")
    if not colon:
        raise InputError(f"{path.name}: {line.strip()!r} is not 'key: value'; correct the header")
    return key.strip(), value.strip()
