"""Extractive answers: whole sentences of one article, word for word, with their source."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from math import log

from arriero.checks.grounding import content_words
from arriero.core.words import Source

MOST_SENTENCES = 2
MOST_WORDS = 70
_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\"'(])")


def sentences(text: str) -> list[str]:
    """The sentences of `text`, one a piece; headings and list marks are left out."""
    plain = re.sub(r"^\s*(?:#+|[-*])\s*", "", text, flags=re.MULTILINE)
    parts = (part.strip() for part in _END.split(" ".join(plain.split())))
    return [part for part in parts if len(part.split()) >= 3]


def answer(question: str, passages: Sequence[Source]) -> tuple[str, Source] | None:
    """The best sentence of the passages and, if it helps, the next best of the same passage.

    A sentence scores by the question's words it holds, each weighted by its rarity in the passages
    (inverse document frequency); better ranked passages and opening sentences win ties. None when
    no sentence shares a word with the question.
    """
    asked = set(content_words(question))
    held = [[(text, set(content_words(text))) for text in sentences(one.quote)] for one in passages]
    seen = Counter(
        word for passage in held for word in set().union(*(words for _, words in passage))
    )
    weight = {word: log(1 + len(passages) / seen[word]) for word in asked & seen.keys()}
    total = sum(weight.values())
    best: tuple[float, int, list[int]] | None = None
    for rank, passage in enumerate(held):
        title = set(content_words(passages[rank].title))
        gains = [sum(weight.get(word, 0.0) for word in words) for _, words in passage]
        if not gains:
            continue
        order = sorted(range(len(gains)), key=lambda at: (-gains[at], at))[:MOST_SENTENCES]
        covered = set().union(*(passage[at][1] for at in order)) | title
        score = sum(weight.get(word, 0.0) for word in covered) / (total or 1.0) - 0.12 * rank
        if total and (best is None or score > best[0]):
            best = (score, rank, order)
    if best is None:
        return None
    _, rank, order = best
    picked = _within(sorted(_opening(order)), [text for text, _ in held[rank]])
    return " ".join(picked), passages[rank]


def _opening(order: list[int]) -> set[int]:
    """The best sentence and the passage's opening one, which stands for its subject."""
    return {0, order[0]} if order[0] != 0 else set(order)


def _within(picked: list[int], texts: list[str]) -> list[str]:
    chosen: list[str] = []
    for at in picked:
        if chosen and len(" ".join((*chosen, texts[at])).split()) > MOST_WORDS:
            break
        chosen.append(texts[at])
    return chosen
