"""Answers that are right and answers made wrong, out of any documents: seeded, pure.

A right answer quotes or rewords one or two sentences of a document and cites it. A wrong one is a
right one after a corruption (`checks/corruptions.py`): the citation stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from arriero.checks.corruptions import (
    Corruption,
    Pool,
    joined,
    split_documents,
    stale,
)
from arriero.checks.grounding import STOP
from arriero.checks.rewording import Rule, reworded
from arriero.core.words import Source

_WORDS = re.compile(r"[^\W\d_]+")
WINDOW = 15  # sentences around the quoted one that are cited: passages are no longer anywhere
OTHERS = 400  # sentences of other documents that one document's corruptions draw from


@dataclass(frozen=True, slots=True)
class Document:
    """A text with a name and a title: what an answer quotes."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Specimen:
    """An answer, what it cites, and whether it is right. `kind` is how it was made."""

    kind: str
    document: str
    question: str
    answer: str
    sources: tuple[Source, ...]
    right: bool


@dataclass(frozen=True)
class Recipe:
    """Which corruptions and rewordings are used, and how many sentences a document gives."""

    corruptions: Mapping[str, Corruption]
    rules: Mapping[str, Rule]
    sentences: int = 4
    stale: bool = False
    other_question: bool = False
    every_kind: bool = False


def specimens(documents: Sequence[Document], recipe: Recipe, seed: int) -> tuple[Specimen, ...]:
    """Right and wrong answers in equal number for each chosen sentence, where a corruption applies.

    With `every_kind` each sentence is corrupted in every way that applies, else in one of them: the
    one of which there are fewest so far, so that rare kinds are not drowned by common ones.
    """
    random = Random(seed)
    split = split_documents([one.text for one in documents])
    whole = [(at, one) for at, part in enumerate(split) for one in part]
    made: dict[str, int] = {}
    found: list[Specimen] = []
    for at, (document, own) in enumerate(zip(documents, split, strict=True)):
        if not own:
            continue
        drawn = random.sample(whole, min(OTHERS, len(whole)))
        pool = Pool(own, tuple(text for place, text in drawn if place != at))
        for place in random.sample(range(len(own)), min(recipe.sentences, len(own))):
            case = _Case(document, own, place, pool, documents, recipe)
            found += case.make(random, made)
    return tuple(found)


def question_of(sentence: str, title: str, random: Random) -> str:
    """What a customer in a hurry types: the subject, and half of the telling words of the sentence.

    Documents come without questions; this one is at least answered by the sentence.
    """
    telling = [
        word for word in _WORDS.findall(sentence) if word.lower() not in STOP and len(word) > 2
    ]
    places = sorted(random.sample(range(len(telling)), (len(telling) + 1) // 2))
    return f"{title}: {' '.join(telling[at] for at in places)}?"


@dataclass(frozen=True)
class _Case:
    document: Document
    own: tuple[str, ...]
    place: int
    pool: Pool
    documents: Sequence[Document]
    recipe: Recipe

    def make(self, random: Random, made: dict[str, int]) -> list[Specimen]:
        wrong = self._wrong(random, made)
        rights = [self._right(random) for _ in wrong]
        for one in wrong:
            made[one.kind] = made.get(one.kind, 0) + 1
        return [*rights, *wrong]

    def _right(self, random: Random) -> Specimen:
        kind, told = self._worded(random)
        other = self.own[(self.place + 1) % len(self.own)]
        if other != self.own[self.place] and random.random() < 0.4:
            told = joined(told, other, random)
            kind = f"{kind}+"
        return self._specimen(kind, told, right=True)

    def _worded(self, random: Random) -> tuple[str, str]:
        sentence = self.own[self.place]
        if random.random() < 0.6 and (told := reworded(random, sentence, self.recipe.rules)):
            return "reworded", told
        return "verbatim", sentence

    def _wrong(self, random: Random, made: Mapping[str, int]) -> list[Specimen]:
        kinds = [*self.recipe.corruptions]
        kinds += ["stale"] * self.recipe.stale + ["question"] * self.recipe.other_question
        random.shuffle(kinds)
        kinds.sort(key=lambda kind: made.get(kind, 0))
        found: list[Specimen] = []
        for kind in kinds:
            if (one := self._corrupted(kind, random)) is not None:
                found.append(one)
                if not self.recipe.every_kind:
                    break
        return found

    def _corrupted(self, kind: str, random: Random) -> Specimen | None:
        if kind == "stale":
            return self._stale(random)
        if kind == "question":
            return self._of_another_question(random)
        told = self.recipe.corruptions[kind](random, self.own[self.place], self.pool)
        if told is None or told in self.own:
            return None
        if kind != "truncated" and random.random() < 0.5:
            told = reworded(random, told, self.recipe.rules) or told
        if kind not in {"truncated", "added"} and random.random() < 0.4:
            told = joined(told, self.own[(self.place + 1) % len(self.own)], random)
        return self._specimen(kind, told, right=False)

    def _stale(self, random: Random) -> Specimen | None:
        """The sentence as it was; the document it cites has changed since."""
        changed = stale(random, self.own[self.place], self.pool)
        if changed is None or changed in self.own or self.own.count(self.own[self.place]) > 1:
            return None
        _, told = self._worded(random)
        now = tuple(changed if at == self.place else one for at, one in enumerate(self.own))
        return self._specimen("stale", told, right=False, own=now)

    def _of_another_question(self, random: Random) -> Specimen | None:
        others = [one for one in self.documents if one.title != self.document.title]
        if not others:
            return None
        other = random.choice(others)
        parts = split_documents([other.text])[0] or (other.title,)
        _, told = self._worded(random)
        asked = question_of(random.choice(parts), other.title, random)
        return self._specimen("question", told, right=False, question=asked)

    def _specimen(
        self,
        kind: str,
        told: str,
        *,
        right: bool,
        own: tuple[str, ...] | None = None,
        question: str = "",
    ) -> Specimen:
        cited = (own or self.own)[max(0, self.place - WINDOW) : self.place + WINDOW + 1]
        source = Source(self.document.id, self.document.title, "\n\n".join(cited))
        seed = Random(f"{self.document.id}{self.place}")
        asked = question or question_of(self.own[self.place], self.document.title, seed)
        return Specimen(kind, self.document.id, asked, told, (source,), right)
