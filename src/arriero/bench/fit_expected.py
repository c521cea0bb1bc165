"""Rows for the layer of relevance that knows which questions the articles are expected to answer.

Each is judged as serving would: search, extract, features. A fifth of the expected questions, spread over
all answers, is left out of the collection, and of what likeness is learned from, while it is asked; so are
all five fifths in turn. Each is asked again after the passages that answer it were taken out, so that
nothing does; and the lines of `unanswered.txt` are asked, which no article ever answered. An answer
that cites neither the passage nor something clearly different is left out, because another article may
say the same in other words: its label would be a guess.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arriero.apps.support import articles, expected, extract, fit
from arriero.apps.support.checks import features_of
from arriero.apps.support.gather import by_intent
from arriero.apps.support.settings import SAMPLE, SupportSettings
from arriero.apps.support.values import Evidence, Reply, Seen
from arriero.checks import relevance
from arriero.checks.rarity import Rarity
from arriero.core.words import Draft, Source
from arriero.models.encoder import OnnxEncoder
from arriero.models.projection import Projection
from arriero.models.projection_fit import Lesson
from arriero.models.projection_fit import fit as learn
from arriero.retrieval.base import Hit, Passage
from arriero.retrieval.local import LocalIndex
from arriero.retrieval.vectors import encoded

SAME = 0.78  # cosine of two sentences with the same numbers, from which on they say the same
OTHER = 0.5  # below it they say something else
FOUND = 60  # hits that are looked at: the intent moves nothing up from further behind
BATCH = 64
FOLDS = 5
EVERY = 20  # of so many expected questions one is asked of a year
UNANSWERED = SAMPLE / "unanswered.txt"
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Asked:
    """A question with what is known of it.

    `right` are the places of the passages that answer it, `quote` the words that do; `fold` is what is left
    out of the collection while it is asked, `gone` the passages that are. `group` is what stays
    together when folds are made.
    """

    text: str
    group: str
    right: AbstractSet[int] = frozenset()
    quote: str = ""
    fold: int | None = None
    gone: AbstractSet[int] = frozenset()


@dataclass(frozen=True)
class Judged:
    """The features of what would be said to a question, and whether that answers it."""

    asked: Asked
    features: Mapping[str, float]
    right: bool


@dataclass(frozen=True)
class Shelf:
    """What is searched: the index, and the vectors of what nothing answers, as the projection has them."""

    index: LocalIndex
    projection: Projection | None
    unanswered: Vectors

    def unanswered_like(self, vector: Vectors) -> Vectors:
        """How like a question with this vector of the encoder each of them is."""
        asked = vector if self.projection is None else self.projection.of(vector[None])[0]
        return np.asarray(self.unanswered @ asked, np.float32)


class Collection:
    """The sample's articles that hold on `day`, with their expected questions, read once.

    With `learning` likeness is learned from the expected questions, with `warned` also from those that
    nothing answers.
    """

    def __init__(
        self, encoder: OnnxEncoder, day: date, *, learning: bool = False, warned: bool = True
    ) -> None:
        self._learning, self._warned = learning, warned
        self._shelves: dict[int | None, Shelf] = {}
        known = articles.load(SAMPLE / "articles")
        asks = expected.load(SAMPLE / "questions.jsonl")
        found = articles.passages_of(known, expected=asks)
        self.encoder, self.day = encoder, day
        self._known: dict[str, Vectors] = {}
        self.intents = Intents(encoder)
        self.rarity = Rarity.of(one.text for one in known)
        self.passages: list[Passage] = [one for one in found if one.valid_on(day)]
        self.pairs = [pair for one in self.passages for pair in one.expected]
        self.owner = np.array([at for at, one in enumerate(self.passages) for _ in one.expected])
        told = [(at, text) for at, one in enumerate(self.passages)
                for text in extract.sentences(one.text)]  # fmt: skip
        self.of = np.array([at for at, _ in told])
        self.numbers = [set(_NUMBER.findall(text)) for _, text in told]
        self.sentences = self.vectors([text for _, text in told])
        self.lines = expected.unanswered(UNANSWERED)

    def shelf(self, fold: int | None) -> Shelf:
        """The collection without the expected questions and lines of `fold`; the lines are only not learned
        from.
        """
        if fold not in self._shelves:
            self._shelves[fold] = self._made(fold)
        return self._shelves[fold]

    def _made(self, fold: int | None) -> Shelf:
        number = iter(range(len(self.pairs)))
        passages = [
            replace(
                one, expected=tuple(pair for pair in one.expected if next(number) % FOLDS != fold)
            )
            for one in self.passages
        ]
        pairs = [pair for one in passages for pair in one.expected]
        lines = [one for at, one in enumerate(self.lines) if at % FOLDS != fold]
        questions = self.vectors([pair.question for pair in pairs])
        projection = None
        if self._learning:
            quotes = tuple(dict.fromkeys(pair.quote for pair in pairs))
            place = {quote: at for at, quote in enumerate(quotes)}
            none = self.vectors(lines)[: len(lines) * self._warned]
            owners = np.array([place[pair.quote] for pair in pairs], np.intp)
            projection = learn(Lesson(questions, owners, self.vectors(quotes), none))
        vectors = self.vectors([encoded(one) for one in passages])
        index = LocalIndex(
            passages, np.concatenate((vectors, questions)), self.encoder, "fit", projection
        )
        unanswered = self.vectors(self.lines)
        return Shelf(index, projection, projection.of(unanswered) if projection else unanswered)

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """A vector a text, each encoded once."""
        new = list(dict.fromkeys(text for text in texts if text not in self._known))
        for at in range(0, len(new), BATCH):
            part = new[at : at + BATCH]
            self._known |= zip(part, self.encoder.encode_now(part), strict=True)
        return np.array([self._known[text] for text in texts], np.float32)

    def likeness(self, quote: str) -> Vectors:
        """How near each sentence is to a quote; less than the same where a number is missing."""
        near: Vectors = self.sentences @ self.vectors([quote])[0]
        numbers = set(_NUMBER.findall(quote))
        there = np.array([numbers <= own for own in self.numbers])
        near[~there] = np.minimum(near[~there], SAME - 0.01)
        return near


def questions(known: Collection) -> list[Asked]:
    """All that is asked: every expected question twice, and what nothing answers."""
    found: list[Asked] = []
    for at, pair in enumerate(known.pairs):
        place = int(known.owner[at])
        alike = known.of[known.likeness(pair.quote) >= SAME]
        right = frozenset({place, *map(int, alike)})
        group = known.passages[place].document
        fold = at % FOLDS
        found.append(Asked(pair.question, group, right, pair.quote, fold))
        found.append(Asked(pair.question, group, frozenset(), pair.quote, fold, right))
    lines = [Asked(line, line, fold=at % FOLDS) for at, line in enumerate(known.lines)]
    return [*found, *_of_years(known), *lines]


def _of_years(known: Collection) -> list[Asked]:
    """Expected questions of another year, which what holds today does not answer, and of this one."""
    found, year = [], known.day.year
    spoken = (f"in {year - 1}", "last year", f"in {year - 2}", f"in {year + 1}", "next year")
    for number, at in enumerate(range(0, len(known.pairs), EVERY)):
        pair, place = known.pairs[at], int(known.owner[at])
        when = spoken[number % len(spoken)] if number % 2 else f"in {year}"
        text = f"{pair.question.rstrip('?!. ')} {when}?"
        right = frozenset({place}) if number % 2 == 0 else frozenset()
        found.append(Asked(text, known.passages[place].document, right, pair.quote * bool(right)))
    return found


def judged(known: Collection, asked: Sequence[Asked]) -> list[Judged]:
    """What would be said to each question, judged; see the module for what is left out."""
    known.vectors([one.text for one in asked])  # in batches
    found = [_judged(known, one) for one in asked]
    return [one for one in found if one is not None]


def _judged(known: Collection, asked: Asked) -> Judged | None:
    vector, shelf = known.vectors([asked.text])[0], known.shelf(asked.fold)
    intent, confidence = known.intents.best(vector)
    hits = hits_of(shelf, asked, vector)
    ranked = [hit.passage for hit in by_intent(hits, _seen(intent, confidence))]
    chosen = ranked[: SupportSettings().passages]
    sources = tuple(Source(one.id, one.title, one.text) for one in chosen)
    said = extract.answer(asked.text, sources)
    if said is None:
        return None
    text, cited = said
    near, elsewhere = fit.near(hits, chosen)
    filed = tuple(one.id for one in chosen if intent in one.labels)
    evidence = Evidence("none", passages=sources, filed=filed, near=near, elsewhere=elsewhere)
    fitting = fit.of(evidence, Draft(Reply(text), "extractive", cited), confidence, known.day.year)
    told = known.vectors(extract.sentences(text))
    features = features_of(
        asked.text, text, tuple(dict.fromkeys(one.title for one in cited)), known.rarity,
        [float(one) for one in told @ vector], fitting,
    )  # fmt: skip
    alike = [
        float(one)
        for line, one in zip(known.lines, shelf.unanswered_like(vector), strict=True)
        if line != asked.text  # left out, as an expected question is
    ]
    features = {**features, **relevance.of_unanswered(alike)}
    places = {at for at, one in enumerate(known.passages) if one.id in {c.id for c in cited}}
    right = bool(places & asked.right)
    if not right and asked.quote:
        near_by = known.likeness(asked.quote)[np.isin(known.of, list(places))]
        if near_by.max() >= OTHER:
            return None
    return Judged(asked, features, right)


def hits_of(shelf: Shelf, asked: Asked, vector: Vectors) -> Sequence[Hit]:
    """The best hits as the index gives them, without the passages that are gone."""
    found = shelf.index.score(asked.text, vector[None])
    valid = found.valid.copy()
    valid[list(asked.gone)] = False
    return shelf.index.hits(replace(found, valid=valid), FOUND)


def _seen(intent: str, confidence: float) -> Seen:
    return Seen(intent, confidence, "", 0.0, "neutral", 1.0, "en", None)


class Intents:
    """A plain classifier of intents for fitting: the served one is fitted elsewhere."""

    def __init__(self, encoder: OnnxEncoder) -> None:
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  # only when fitting

        with (SAMPLE / "intents.csv").open(newline="", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
        self._model: Any = LogisticRegression(C=30, max_iter=300)
        self._model.fit(
            encoder.encode_now([row["text"] for row in rows]), [row["label"] for row in rows]
        )

    def of(self, vector: Vectors) -> Mapping[str, float]:
        chances = self._model.predict_proba(vector[None])[0]
        return dict(zip(self._model.classes_, map(float, chances), strict=True))

    def best(self, vector: Vectors) -> tuple[str, float]:
        chances = self.of(vector)
        label = max(chances, key=lambda name: chances[name])
        return label, chances[label]
