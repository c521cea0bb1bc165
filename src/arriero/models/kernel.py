"""Kernel ridge regression over an embedding and two TF-IDF blocks, and its calibration.

What a head is fitted with, apart from files and processes (`fit_head.py`). scikit-learn and scipy are
imported here only, when something is fitted. The features are made by the code that makes them when
serving (`heads.py`), so the two cannot drift apart.

Why this and not the linear SVM that was here: of BANKING77's training rows left out in turn (5
folds) it has 93.7 % right, the SVM 92.6 %; of 10 rows a label 85.1 % and 79.0 %. And what a row's
scores would be without it follows in closed form from the one fit to all of them, so calibration,
label cleaning and the report cost nothing more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arriero.models.heads import Terms, calibrated, characters, terms, words
from arriero.models.scope import (
    Means,
    Scope,
    auroc,
    kth,
    means_of,
)

Numbers = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]
Places = NDArray[np.intp]

# An n-gram of one row only cannot help another. Plain counts of all n-grams were right on 18 rows of
# 6,003 (BANKING77's training folds) where this was wrong, and wrong on 12 where it was right.
ROWS_A_GRAM = 2
# What fitting takes grows with the cube of the rows (10,000: 20 s, 20,000: 3 min and 4 GB), what
# classifying takes with the rows.
MOST_ROWS = 20_000
CHOSEN_UP_TO = (
    3_000  # rows for which the parameters are chosen by the rows left out; more: the middle
)
DOUBLE_UP_TO = 3_000  # rows for which float64 costs no time that matters
FLOORS = (0.003, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0)
POWERS = (1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0)

ROUNDS = 4  # a quarter of the labels is left out in each
FEWEST_LABELS = 8  # of fewer, a quarter says nothing about what lies outside
SCOPE_ROWS = 6_000  # in a round; more rows move the signals little and cost the cube
COPY = (
    0.9  # cosine from which a row nearly copies another: left out alone, it would flatter the scope
)
TENTHS = 10
KEPT = 0.98  # of the rows left out that were right, so many stay inside
NEAREST = 5
SHRINK = 0.1


@dataclass(frozen=True, slots=True)
class Shape:
    """The parameters: `width` of the kernel on the embedding, the n-grams' `share`, the `ridge`."""

    width: float = 1.5
    share: float = 0.15
    ridge: float = 0.1


SHAPES = tuple(
    Shape(width, share, ridge)
    for width, share, ridge in product((0.75, 1.5, 3.0), (0.05, 0.15, 0.4), (0.1, 0.3))
)


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
class Gram:
    """What all shapes share for these rows: their vocabulary and how like they are, two by two.

    `likeness` is the cosine of the vectors; `overlap` the product of the TF-IDF blocks (0 to 2);
    `copies` numbers the groups of rows that nearly copy each other.
    """

    words: Terms
    characters: Terms
    blocks: Any
    likeness: Floats
    overlap: Floats
    copies: Places

    @property
    def tenths(self) -> Places:
        """The tenth to which each row belongs; near copies belong to the same."""
        order = np.random.default_rng(0).permutation(int(self.copies.max()) + 1) % TENTHS
        return np.asarray(order[self.copies], np.intp)

    def kernel(self, shape: Shape) -> Floats:
        """The kernel matrix of the rows with themselves."""
        return _kernel(self.likeness, self.overlap, shape)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A solved system: `duals`, and the scores that each row would have had without itself.

    `apart` are its scores without a tenth of the rows, its near copies among them.
    """

    duals: Floats
    left_out: Numbers
    apart: Numbers


def _kernel(likeness: Floats, overlap: Floats, shape: Shape) -> Floats:
    whole = np.exp(np.asarray(2 * shape.width).astype(likeness.dtype) * (likeness - 1))
    whole += np.asarray(shape.share).astype(likeness.dtype) * overlap
    return whole


def gram_of(rows: Rows) -> Gram:
    """The vocabulary of the rows and their likeness. Float32 from 3,000 rows on."""
    one, other = _blocks(rows)
    blocks = _matrix(rows.texts, one, other)
    vectors: Floats = rows.vectors
    if len(rows.texts) <= DOUBLE_UP_TO:
        vectors = vectors.astype(np.float64)
    blocks = blocks.astype(vectors.dtype)
    likeness: Floats = vectors @ vectors.T
    return Gram(one, other, blocks, likeness, (blocks @ blocks.T).toarray(), _copies(likeness))


def _copies(likeness: Floats) -> Places:
    from scipy.sparse import csr_matrix  # noqa: PLC0415
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    return np.asarray(connected_components(csr_matrix(likeness > COPY), directed=False)[1], np.intp)


def solve(gram: Gram, labels: Places, count: int, shape: Shape) -> Fitted:
    """Kernel ridge regression of the label indicators, and its closed-form leave-one-out scores.

    Without row i its score is y_i - (C y)_i / C_ii with C the inverse of the regularised kernel
    matrix (Rifkin and Lippert, "Notes on regularized least squares", 2007).
    """
    from scipy.linalg.lapack import dpotrf, dpotri, spotrf, spotri  # noqa: PLC0415

    system = np.asfortranarray(gram.kernel(shape))
    system[np.diag_indices_from(system)] += shape.ridge
    single = system.dtype == np.float32
    factor, failed = (spotrf if single else dpotrf)(system, lower=1, overwrite_a=1)
    if failed:
        raise ArithmeticError("the kernel matrix is not positive; are there vectors of no length?")
    inverse, _ = (spotri if single else dpotri)(factor, lower=1, overwrite_c=1)
    lower = np.tril(inverse)
    own = np.diag(lower).copy()
    wanted = np.zeros((len(labels), count), system.dtype)
    wanted[np.arange(len(labels)), labels] = 1
    duals = lower @ wanted + lower.T @ wanted - own[:, None] * wanted
    left_out = (wanted - duals / own[:, None]).astype(np.float64)
    return Fitted(duals, left_out, _apart(lower, duals, wanted, gram.tenths))


def _apart(lower: Floats, duals: Floats, wanted: Floats, tenths: Places) -> Numbers:
    """The same in closed form for a tenth of the rows at a time: y_G - C_GG^-1 (C y)_G."""
    found = np.empty(wanted.shape, np.float64)
    for tenth in range(TENTHS):
        rows = np.flatnonzero(tenths == tenth)
        part = lower[np.ix_(rows, rows)].astype(np.float64)
        whole = part + np.tril(part, -1).T
        found[rows] = wanted[rows] - np.linalg.solve(whole, duals[rows].astype(np.float64))
    return found


def choose(gram: Gram, labels: Places, count: int) -> tuple[Shape, Fitted]:
    """The shape with the least loss on rows left out; with many rows the middle one, tried alone."""
    shapes = SHAPES if len(labels) <= CHOSEN_UP_TO else (Shape(),)
    losses = {
        shape: calibrate(solve(gram, labels, count, shape).left_out, labels)[2]
        for shape in (shapes if len(shapes) > 1 else ())
    }
    best = min(losses, key=losses.__getitem__, default=shapes[0])
    return best, solve(gram, labels, count, best)


def calibrate(scores: Numbers, labels: Places) -> tuple[float, float, float]:
    """Floor and power with the least negative log-likelihood on these scores, and that loss."""
    found = (
        (_loss(scores, labels, floor, power), floor, power)
        for floor, power in product(FLOORS, POWERS)
    )
    loss, floor, power = min(found)
    return floor, power, loss


def _loss(scores: Numbers, labels: Places, floor: float, power: float) -> float:
    chances = calibrated(scores, floor, power)[np.arange(len(labels)), labels]
    return float(-np.log(chances).mean())


def primal(gram: Gram, fitted: Fitted, shape: Shape) -> NDArray[np.float32]:
    """The n-grams' weights: their part of the kernel is linear, so it needs no rows when serving."""
    return np.asarray(shape.share * (gram.blocks.T @ fitted.duals), np.float32)


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
    total = len(rows.texts)
    idf = [
        np.log((1 + total) / (1 + np.array(list(block.values()), np.float64))) + 1
        for block in (one, other)
    ]
    return (
        terms(one, idf[0].astype(np.float32), 0),
        terms(other, idf[1].astype(np.float32), len(one)),
    )


def _matrix(texts: Sequence[str], one: Terms, other: Terms) -> Any:
    """The TF-IDF blocks as a sparse matrix, made by the code that makes them when serving."""
    from scipy.sparse import csr_matrix  # noqa: PLC0415

    columns: list[Places] = []
    values: list[Numbers] = []
    ends = [0]
    for text in texts:
        parts = [one.weigh(words(text)), other.weigh(characters(text))]
        columns += [part[0] for part in parts]
        values += [part[1] for part in parts]
        ends.append(ends[-1] + sum(len(part[0]) for part in parts))
    shape = (len(texts), len(one.places) + len(other.places))
    flat = np.concatenate(values), np.concatenate(columns), np.array(ends)
    return csr_matrix(flat, shape=shape)


def sampled(rows: Rows, seed: int) -> Rows:
    """At most `MOST_ROWS` of the rows, drawn label by label in proportion."""
    return rows if len(rows.texts) <= MOST_ROWS else rows.part(drawn(rows.labels, MOST_ROWS, seed))


def drawn(labels: Places, most: int, seed: int) -> Places:
    """Places of at most `most` rows, of each label about the same share, in order."""
    order = np.random.default_rng(seed).permutation(len(labels))
    nth = np.empty(len(labels), np.float64)
    seen: Counter[int] = Counter()
    sizes = np.bincount(labels)
    for place in order:
        label = int(labels[place])
        nth[place] = seen[label] / sizes[label]
        seen[label] += 1
    return np.sort(np.argsort(nth, kind="stable")[:most])


@dataclass(frozen=True, slots=True)
class _Signs:
    """The signals of many messages (a row a message), and which of them came from outside."""

    inside: Numbers
    right: NDArray[np.bool_]
    outside: Numbers


def scope_of(
    rows: Rows, gram: Gram, fitted: Fitted, shape: Shape, seed: int
) -> tuple[Scope | None, Means | None]:
    """What tells messages from outside, from labels that are left out in turn.

    Four times a quarter of the labels is left out: its rows are messages from outside, the others'
    (each left out of its own fit) from inside. That gives the weights of the signals (logistic
    regression, none below 0). The threshold keeps `KEPT` of the rows that are right inside, or
    more where labels left out and rows are told apart best at less. None for few labels.
    """
    count = len(rows.names)
    smallest = int(np.bincount(rows.labels, minlength=count).min())
    if count < FEWEST_LABELS:
        return None, None
    nearest = max(1, min(NEAREST, smallest // 2))
    groups = np.array_split(np.random.default_rng(seed).permutation(count), ROUNDS)
    rounds = [_round(rows, np.isin(rows.labels, group), shape, nearest, seed) for group in groups]
    means = means_of(rows.vectors.astype(np.float64), rows.labels, SHRINK)
    own = _own_signals(rows, gram, fitted, nearest)
    right = fitted.apart.argmax(axis=1) == rows.labels
    return _weighed(rounds, own, right, nearest), means


def _round(rows: Rows, gone: NDArray[np.bool_], shape: Shape, nearest: int, seed: int) -> _Signs:
    stay, leave = np.flatnonzero(~gone), np.flatnonzero(gone)
    stay = stay[drawn(rows.labels[stay], SCOPE_ROWS, seed)]
    names = np.unique(rows.labels[stay])
    inside = rows.part(stay)
    inside.labels = np.searchsorted(names, inside.labels)
    gram = gram_of(inside)
    fitted = solve(gram, inside.labels, len(names), shape)
    means = means_of(inside.vectors.astype(np.float64), inside.labels, SHRINK)
    near = rows.vectors[leave].astype(gram.likeness.dtype) @ inside.vectors.T
    blocks = _matrix([rows.texts[at] for at in leave], gram.words, gram.characters)
    overlap = np.asarray((blocks.astype(near.dtype) @ gram.blocks.T).toarray())
    scores = _kernel(near, overlap, shape) @ fitted.duals
    far = means.distances(rows.vectors[leave].astype(np.float64)).min(axis=1)
    return _Signs(
        _own_signals(inside, gram, fitted, nearest),
        fitted.apart.argmax(axis=1) == inside.labels,
        np.stack([scores.max(axis=1), kth(near, nearest), -far], axis=1).astype(np.float64),
    )


def _own_signals(rows: Rows, gram: Gram, fitted: Fitted, nearest: int) -> Numbers:
    """The signals of each row, itself and its near copies left out."""
    others = gram.likeness.astype(np.float64)
    order = np.argsort(gram.copies, kind="stable")
    ends = np.cumsum(np.bincount(gram.copies))[:-1]
    for group in np.split(order, ends):
        others[np.ix_(group, group)] = -1
    far = _own_distances(rows.vectors.astype(np.float64), rows.labels, gram.tenths)
    found = [fitted.apart.max(axis=1), kth(others, nearest), -far]
    return np.stack(found, axis=1).astype(np.float64)


def _own_distances(vectors: Numbers, labels: Places, tenths: Places) -> Numbers:
    """Each row's distance to the nearest mean, of means and covariance without its tenth."""
    far = np.empty(len(vectors))
    for tenth in range(TENTHS):
        rows, rest = tenths == tenth, tenths != tenth
        if rows.any() and rest.any():
            far[rows] = (
                means_of(vectors[rest], labels[rest], SHRINK).distances(vectors[rows]).min(axis=1)
            )
        elif rows.any():  # all rows copy each other
            far[rows] = 0.0
    return far


def _weighed(
    rounds: Sequence[_Signs], own: Numbers, right: NDArray[np.bool_], nearest: int
) -> Scope:
    centre, spread = own.mean(axis=0), np.maximum(own.std(axis=0), 1e-6)
    scaled = [
        _Signs(_scaled(sign.inside), sign.right, _scaled(sign.outside, sign.inside))
        for sign in rounds
    ]
    inside = np.concatenate([sign.inside for sign in scaled])
    outside = np.concatenate([sign.outside for sign in scaled])
    weights, slope = _logistic(inside, outside)
    ours, strange = -inside @ weights, -outside @ weights
    correct = np.concatenate([sign.right for sign in scaled])
    level = min(_best_share(ours[correct], strange), 1 - KEPT) if correct.any() else 1 - KEPT
    z = -((own - centre) / spread) @ weights
    threshold = float(np.quantile(z[right], 1 - level)) if right.any() else float(z.max())
    at = float(np.quantile(ours[correct], 1 - level)) if correct.any() else threshold
    return Scope(
        centre=_three(centre),
        spread=_three(spread),
        weights=_three(weights),
        threshold=threshold,
        slope=slope,
        nearest=nearest,
        auroc=auroc(ours, strange),
        recall=float((strange >= at).mean()),
        kept=float((z < threshold).mean()),
    )


def _scaled(found: Numbers, by: Numbers | None = None) -> Numbers:
    """z-scores by the rows inside: signals of rounds of other sizes become comparable."""
    by = found if by is None else by
    return np.asarray((found - by.mean(axis=0)) / np.maximum(by.std(axis=0), 1e-6), np.float64)


def _logistic(inside: Numbers, outside: Numbers) -> tuple[Numbers, float]:
    """Weights of length one, none negative, and the slope; both kinds count the same."""
    from scipy.optimize import minimize  # noqa: PLC0415

    signs = np.concatenate([inside, outside])
    kind = np.r_[-np.ones(len(inside)), np.ones(len(outside))]
    mass = np.r_[np.full(len(inside), 0.5 / len(inside)), np.full(len(outside), 0.5 / len(outside))]

    def loss(at: Numbers) -> tuple[float, Numbers]:
        margins = kind * (at[0] - signs @ at[1:])
        pull = -mass * kind / (1 + np.exp(np.clip(margins, -500, 500)))
        gradient = np.r_[pull.sum(), -(signs.T @ pull)]
        return float(mass @ np.logaddexp(0, -margins)), gradient

    bounds = [(None, None)] + [(0, None)] * signs.shape[1]
    found = minimize(loss, np.r_[0.0, np.ones(signs.shape[1])], jac=True, bounds=bounds).x
    length = max(float(np.linalg.norm(found[1:])), 1e-6)
    return found[1:] / length, length


def _best_share(ours: Numbers, strange: Numbers) -> float:
    """The share of ours that is rejected where both kinds of error, as shares, add up to least."""
    levels = np.linspace(0, 1, 201)
    cuts = np.quantile(ours, 1 - levels)
    missed = np.array([(strange < cut).mean() for cut in cuts])
    return float(levels[np.argmin(missed + levels)])


def _three(values: Numbers) -> tuple[float, float, float]:
    one, two, three = (float(value) for value in values)
    return one, two, three
