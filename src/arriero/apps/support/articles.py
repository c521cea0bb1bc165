"""Knowledge articles: what the company says, since when, until when, and whose word it is.

---
id: shipping-costs
title: What shipping costs
valid_from: 2026-01-01
valid_until:            # the last day it holds; empty = open-ended
owner: logistics
intents: shipping_cost, delivery_time
---

`load` reads a folder of such Markdown files and refuses anything else; `documents` reads what
companies have.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from arriero.core.errors import InputError
from arriero.retrieval.base import Expected, Passage

PASSAGE_WORDS = 120  # about 160 tokens: three passages fit a 600-token prompt
NO_DISPUTES: Mapping[str, tuple[str, ...]] = {}
NO_QUESTIONS: Mapping[str, Sequence[Expected]] = {}

_FENCE = "---"
_COMMENT = re.compile(r"(^|\s)#.*$")
_PARAGRAPH = re.compile(r"\n\s*\n")
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
# A sentence ends at . ! ? before a capital, a digit or a quote; "approx. 5" and "No. 7" do not occur.
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[\"'A-Z0-9])")


@dataclass(frozen=True, slots=True)
class Article:
    """A text and the days on which it holds, both ends included; None is an open end.

    `reviewed` is the day on which somebody last said that it is still right, `review_by` the day
    by which somebody has to.
    """

    id: str
    title: str
    text: str
    valid_from: date | None
    valid_until: date | None
    owner: str
    intents: tuple[str, ...]
    reviewed: date | None = None
    review_by: date | None = None

    def valid_on(self, day: date) -> bool:
        """Whether the article holds on this day; both ends count."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_until is None or day <= self.valid_until)


def names(text: object) -> object:
    """`a, b` and `[a, b]` as a list; what is no text stays as it is."""
    if not isinstance(text, str):
        return text
    plain = (name.strip().strip("\"'") for name in text.strip().strip("[]").split(","))
    return [name for name in plain if name]


class _Header(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    title: str = Field(min_length=1)
    valid_from: date
    valid_until: Annotated[date | None, BeforeValidator(lambda text: text or None)]
    owner: str = Field(min_length=1)
    intents: Annotated[tuple[str, ...], BeforeValidator(names), Field(min_length=1)]


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


def passages_of(
    known: Sequence[Article],
    disputed: Mapping[str, tuple[str, ...]] = NO_DISPUTES,
    expected: Mapping[str, Sequence[Expected]] = NO_QUESTIONS,
) -> tuple[Passage, ...]:
    """What of the articles can be found and cited: their paragraphs, with the article's dates.

    An id is the article's with the paragraph's number: an unchanged article keeps its ids.
    `disputed` maps passage ids to those that say otherwise, `expected` article ids to questions: a
    passage answers those whose quote stands in it, word for word. An edited text loses its questions.
    """
    return tuple(
        Passage(
            id=(id := f"{article.id}#{at}"),
            document=article.id,
            title=f"{article.title}: {heading}" if heading else article.title,
            text=text,
            valid_from=article.valid_from,
            valid_until=article.valid_until,
            labels=article.intents,
            disputed=disputed.get(id, ()),
            expected=tuple(one for one in expected.get(article.id, ()) if one.quote in text),
        )
        for article in known
        for at, (heading, text) in enumerate(pieces(article), start=1)
    )


def passages(article: Article) -> tuple[str, ...]:
    """The paragraphs in order, each at most 120 words; a longer one is split between sentences.

    A single sentence of more than 120 words stays whole. Headings are no passages.
    """
    return tuple(text for _, text in pieces(article))


def pieces(article: Article) -> tuple[tuple[str, str], ...]:
    """Each passage with the nearest heading above it, which is empty where there is none."""
    found: list[tuple[str, str]] = []
    # Between headings: the text before the first, then heading and text in turns.
    first, *rest = _HEADING.split(article.text)
    for heading, body in (("", first), *zip(rest[::2], rest[1::2], strict=True)):
        paragraphs = (" ".join(part.split()) for part in _PARAGRAPH.split(body))
        found += [
            ("" if heading == article.title else heading, piece)
            for paragraph in paragraphs
            if paragraph
            for piece in _split(paragraph)
        ]
    return tuple(found)


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
