"""One-vs-rest linear SVMs over `[vector, word TF-IDF, character TF-IDF]`, and their calibration.

What a head is fitted with, apart from files and processes (`fit_head.py`). scikit-learn and scipy are
imported here only, when something is fitted. The features are made by the code that makes them when
serving (`heads.py`), so the two cannot drift apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arriero.models.heads import Terms, characters, terms, words

C = 0.5  # LinearSVC; of 0.1, 0.25, 0.5, 1 the best on a fold of BANKING77's training part
FOLDS = 5
# An n-gram of one row only cannot help another. Plain counts of all n-grams were right on 18 rows of
# 6,003 (BANKING77's training folds) where this was wrong, and wrong on 12 where it was right.
ROWS_A_GRAM = 2
# Half of BANKING77's n-grams carry almost no weight: 13,600 of 22,200 cost 0.1 points on a fold of
# its training part, and the file is 4 MB.
WEIGHT_BYTES = 4 * 2**20
MOST_GRAMS = 20_000


class Rows:
    """Texts, vectors and label numbers side by side."""

    def __init__(
        self, texts: Sequence[str], vectors: NDArray[np.float32], labels: Sequence[str]
    ) -> None:
        self.names = tuple(sorted(set(labels)))
        number = {label: place for place, label in enumerate(self.names)}
        self.texts = tuple(texts)
        self.vectors = vectors
        self.labels = np.array([number[label] for label in labels])

    @property
    def dimension(self) -> int:
        return int(self.vectors.shape[1])

    def part(self, places: NDArray[np.intp]) -> Rows:
        names = [self.names[number] for number in self.labels[places]]
        rows = Rows([self.texts[place] for place in places], self.vectors[places], names)
        rows.names, rows.labels = self.names, self.labels[places]
        return rows


@dataclass(frozen=True, slots=True)
class Linear:
    """One-vs-rest weights over features: what a head is made of, before it is written."""

    words: Terms
    characters: Terms
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    @property
    def grams(self) -> int:
        return len(self.words.places) + len(self.characters.places)

    def margins(self, matrix: Any) -> NDArray[np.float64]:
        return np.asarray(matrix @ self.weights + self.bias, np.float64)


def learned(rows: Rows, *, seed: int, c: float, most_grams: int | None) -> Linear:
    """The weights for all rows, of all n-grams in two rows or more, or of the heaviest of them."""
    linear = _learn(rows, *_blocks(rows), seed, c)
    if most_grams is None:
        return linear
    kept = min(most_grams, WEIGHT_BYTES // (4 * len(rows.names)) - rows.dimension)
    if linear.grams <= kept:
        return linear
    return _learn(rows, *_pruned(rows, linear, max(kept, 0)), seed, c)


def _blocks(rows: Rows) -> tuple[Terms, Terms]:
    """Both vocabularies: every n-gram that occurs in two rows or more."""
    found = _frequencies(rows.texts, words), _frequencies(rows.texts, characters)
    kept = [
        {gram: rows_ for gram, rows_ in sorted(block.items()) if rows_ >= ROWS_A_GRAM}
        for block in found
    ]
    return _weighted(kept[0], kept[1], rows)


def _frequencies(texts: Sequence[str], analyse: Callable[[str], Iterable[str]]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(set(analyse(text)))
    return counts


def _weighted(one: Mapping[str, int], other: Mapping[str, int], rows: Rows) -> tuple[Terms, Terms]:
    """Blocks with the smoothed idf, ln((1 + rows) / (1 + rows with it)) + 1, as scikit-learn's."""
    total, first = len(rows.texts), rows.dimension
    idf = [
        np.log((1 + total) / (1 + np.array(list(block.values()), np.float64))) + 1
        for block in (one, other)
    ]
    return (
        terms(one, idf[0].astype(np.float32), first),
        terms(other, idf[1].astype(np.float32), first + len(one)),
    )


def _matrix(rows: Rows, one: Terms, other: Terms) -> Any:
    """The features of `rows` as a sparse matrix, made by the code that makes them when serving."""
    from scipy.sparse import csr_matrix  # noqa: PLC0415

    dimension = rows.dimension
    columns: list[NDArray[np.intp]] = []
    values: list[NDArray[np.float64]] = []
    ends = [0]
    for text, vector in zip(rows.texts, rows.vectors, strict=True):
        parts = [(np.arange(dimension), vector.astype(np.float64))]
        parts += [one.weigh(words(text)), other.weigh(characters(text))]
        columns += [part[0] for part in parts]
        values += [part[1] for part in parts]
        ends.append(ends[-1] + sum(len(part[0]) for part in parts))
    shape = (len(rows.texts), dimension + len(one.places) + len(other.places))
    flat = np.concatenate(values), np.concatenate(columns), np.array(ends)
    return csr_matrix(flat, shape=shape)


def _learn(rows: Rows, one: Terms, other: Terms, seed: int, c: float) -> Linear:
    from sklearn.svm import LinearSVC  # noqa: PLC0415

    svm = LinearSVC(C=c, dual=True, random_state=seed, max_iter=10_000)
    svm.fit(_matrix(rows, one, other), rows.labels)
    weights, bias = svm.coef_, svm.intercept_
    if len(rows.names) == 2:  # scikit-learn then fits the second label only
        weights, bias = np.vstack([-weights, weights]), np.hstack([-bias, bias])
    return Linear(one, other, np.ascontiguousarray(weights.T), bias)


def _pruned(rows: Rows, whole: Linear, kept: int) -> tuple[Terms, Terms]:
    """The `kept` n-grams with the most weight: |weights| x sqrt(sum of squared values over the rows)."""
    dimension = rows.dimension
    matrix = _matrix(rows, whole.words, whole.characters)
    energy = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=0)).ravel())
    mass = (np.linalg.norm(whole.weights, axis=1) * energy)[dimension:]
    heaviest = np.sort(np.argsort(-mass, kind="stable")[:kept])
    split = len(whole.words.places)
    of_words, of_characters = heaviest[heaviest < split], heaviest[heaviest >= split] - split
    return (
        _kept(whole.words, of_words, dimension),
        _kept(whole.characters, of_characters, dimension + len(of_words)),
    )


def _kept(block: Terms, places: NDArray[np.intp], first: int) -> Terms:
    grams = list(block.places)
    return terms([grams[place] for place in places], block.idf[places], first)


def left_out_margins(rows: Rows, *, seed: int, c: float) -> NDArray[np.float64]:
    """Each row's margins from a head that has not seen it (nor chosen n-grams by it)."""
    from sklearn.model_selection import StratifiedKFold  # noqa: PLC0415

    margins = np.empty((len(rows.texts), len(rows.names)))
    folds = min(FOLDS, int(np.bincount(rows.labels).min()))
    split = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for seen, unseen in split.split(rows.texts, rows.labels):
        part = rows.part(seen)
        linear = _learn(part, *_blocks(part), seed, c)
        margins[unseen] = linear.margins(
            _matrix(rows.part(unseen), linear.words, linear.characters)
        )
    return margins


def temperature(margins: NDArray[np.float64], labels: NDArray[np.intp]) -> float:
    """The divisor of the margins with the least negative log-likelihood (Guo et al., 2017).

    One number for all labels: a few rows a label cannot carry a scale each. It is sought between
    1/50 and 5 by golden section, the likelihood being unimodal in it.
    """
    low, high = log(1 / 50), log(5)
    ratio = (sqrt(5) - 1) / 2
    for _ in range(40):  # 0.618^40 of the range: far below what the data can tell
        one, other = high - ratio * (high - low), low + ratio * (high - low)
        if _loss(margins, labels, exp(one)) < _loss(margins, labels, exp(other)):
            high = other
        else:
            low = one
    return exp((low + high) / 2)


def _loss(margins: NDArray[np.float64], labels: NDArray[np.intp], temperature: float) -> float:
    scaled = margins / temperature
    top = scaled.max(axis=1)
    total = top + np.log(np.exp(scaled - top[:, None]).sum(axis=1))
    return float(np.mean(total - scaled[np.arange(len(labels)), labels]))
