"""Extractive answers: whole passages or sentences of them, word for word, with their sources."""

from __future__ import annotations

import re
from collections.abc import Sequence

from arriero.checks.grounding import content_words
from arriero.core.words import Source

MOST_WORDS = 80
MOST_PASSAGES = (
    2  # on the sample's own questions the second passage adds a seventh of the facts asked
)
REPEATED = 0.7  # of a sentence's content words already told: it says nothing new
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\"'(])")


def sentences(text: str) -> list[str]:
    """The sentences of `text`, one a piece; headings and list marks are left out."""
    plain = re.sub(r"^\s*(?:#+|[-*])\s*", "", text, flags=re.MULTILINE)
    parts = (part.strip() for part in _END.split(" ".join(plain.split())))
    return [part for part in parts if part]


def answer(question: str, passages: Sequence[Source]) -> tuple[str, tuple[Source, ...]] | None:
    """What the best passages say, and those passages; None without any.

    The passages come ranked. The first is quoted, cut to the sentences nearest the question when it
    is long; the next follows, without what the first says already, only if it shares a word with the
    question and fits.
    """
    if not passages:
        return None
    told, used = [_short(question, passages[0])], [passages[0]]
    for passage in passages[1:MOST_PASSAGES]:
        text = _new(sentences(passage.quote), told)
        asked = set(content_words(question))
        if (
            text
            and asked & set(content_words(f"{passage.title} {text}"))
            and len(" ".join((*told, text)).split()) <= MOST_WORDS
        ):
            told.append(text)
            used.append(passage)
    return "\n\n".join(told), tuple(used)


def _new(texts: Sequence[str], told: Sequence[str]) -> str:
    """The sentences of `texts` that say more than what was told: articles repeat one another."""
    known, numbers = set(content_words(" ".join(told))), set(_NUMBER.findall(" ".join(told)))
    return " ".join(
        text
        for text in texts
        if set(_NUMBER.findall(text)) - numbers
        or len(known & (words := set(content_words(text)))) < REPEATED * len(words)
    )


def _short(question: str, passage: Source) -> str:
    """The passage whole if it fits; else its opening sentence and those that share most words."""
    texts = sentences(passage.quote)
    if len(" ".join(texts).split()) <= MOST_WORDS:
        return " ".join(texts)
    asked = set(content_words(question))
    rest = sorted(
        range(1, len(texts)), key=lambda at: (-len(asked & set(content_words(texts[at]))), at)
    )
    chosen = {0}
    for at in rest:
        if len(" ".join(texts[one] for one in (*chosen, at)).split()) <= MOST_WORDS:
            chosen.add(at)
    return " ".join(texts[at] for at in sorted(chosen))
