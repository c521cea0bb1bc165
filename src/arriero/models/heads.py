"""Classifiers in a few megabytes: kernel ridge regression on an embedding and its n-grams.

Own inference in numpy, so that a server never imports scikit-learn; `models/fit_head.py` fits.
A head is a folder: weights.safetensors (float32; the rows' vectors as the float16 that they were
rounded to before fitting) and head.json (labels, vocabulary, calibration, the rows' texts).
head.json is written last, so a folder that has it is whole.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import log
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from arriero.core.errors import MissingExtra, ModelCorrupt, ModelMissing, ModelTimeout
from arriero.models import neighbours
from arriero.models.base import Encoder, Labels
from arriero.models.neighbours import Added, kernel
from arriero.models.scope import Means, Scope, signals

try:
    from safetensors import SafetensorError
    from safetensors.numpy import load, save
except ImportError as error:
    raise MissingExtra("safetensors", "local") from error

FORMAT = 2
TUNED = "tuned"  # the folder of a second opinion beside a head (`models/tuned.py`)
NEAR = 3  # nearest rows that are shown as evidence
WORDS = (1, 2)  # the ranges of n-grams that were measured on BANKING77
CHARACTERS = (2, 5)
READ_CHARACTERS = 4_096  # of a text; the encoder reads about as much (256 tokens)
_WORD = re.compile(r"\b\w\w+\b")  # scikit-learn's token pattern
_SPACE = re.compile(r"\s\s+")

NONE = np.empty((0, 0), np.float32)  # the vectors of no rows

Numbers = NDArray[np.float64]


def words(text: str) -> Iterable[str]:
    """Word 1- and 2-grams of lower-case words of two letters or more."""
    tokens = _WORD.findall(text.lower())
    yield from tokens
    for one, two in pairwise(tokens):
        yield f"{one} {two}"


def characters(text: str) -> Iterable[str]:
    """Character 2- to 5-grams within words, each word with a space on both sides."""
    low, high = CHARACTERS
    for word in _SPACE.sub(" ", text.lower()).split():
        padded = f" {word} "
        for size in range(low, high + 1):
            for start in range(max(1, len(padded) - size + 1)):
                yield padded[start : start + size]
            if len(padded) <= size:  # a longer gram of this word is the same one again
                break


@dataclass(frozen=True, slots=True)
class Terms:
    """A TF-IDF block: the place of each n-gram in the weights, and its idf."""

    places: Mapping[str, int]
    idf: NDArray[np.float32]
    first: int

    def weigh(self, grams: Iterable[str]) -> tuple[NDArray[np.intp], Numbers]:
        """Rows of the weights and their values: (1 + log count) x idf, scaled to length one."""
        counts = Counter(place for gram in grams if (place := self.places.get(gram)) is not None)
        places = np.fromiter(counts, np.intp, len(counts))
        values = np.array([1.0 + log(count) for count in counts.values()], np.float64)
        values *= self.idf[places]
        length = float(np.sqrt(values @ values))
        return places + self.first, values / length if length else values


class _Saved(BaseModel):
    """head.json."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int
    name: str
    encoder: str
    labels: tuple[str, ...]
    words: tuple[str, ...]
    characters: tuple[str, ...]
    width: float
    ridge: float
    floor: float
    power: float
    scope: Scope | None
    texts: tuple[str, ...]
    data: str
    weights: str


@dataclass(frozen=True, slots=True)
class Head:
    """A fitted classifier: kernel ridge regression of the labels' indicators on the rows.

    A label's score is `exp(-width |a - b|^2)` between the message and each of the rows' `vectors`,
    times `duals` (a row a row, a column a label), plus the message's TF-IDF blocks times `weights` (a row
    an n-gram). The score estimates P(label | text) by least squares (Saunders et al., 1998);
    `floor` and `power` make calibrated probabilities of it, (score + floor) ^ power, normalised.
    `owners` are the rows' labels by number; `encoder` is the name of the one it was fitted on;
    `data` is the SHA-256 of the training data; `added` are the rows that came after fitting.
    """

    name: str
    encoder: str
    labels: tuple[str, ...]
    vectors: NDArray[np.float32]
    owners: NDArray[np.int32]
    duals: NDArray[np.float32]
    weights: NDArray[np.float32]
    words: Terms
    characters: Terms
    width: float
    ridge: float
    floor: float
    power: float
    scope: Scope | None
    means: Means | None
    texts: tuple[str, ...]
    data: str
    added: Added | None = None

    @property
    def dimension(self) -> int:
        """The length of the embedding that it takes."""
        return int(self.vectors.shape[1])

    @property
    def rows(self) -> int:
        """How many rows it was fitted on."""
        return len(self.texts)

    @property
    def version(self) -> str:
        """Its name, and a hash of the rows that were added: other answers, another version."""
        return f"{self.name}+{self.added.version}" if self.added else self.name

    @property
    def known(self) -> tuple[str, ...]:
        """Its labels, with those that were added."""
        return self.labels + (self.added.new_labels if self.added else ())

    def likenesses(self, vector: NDArray[np.float32]) -> Numbers:
        """The cosine to each of its rows, then to each row that was added."""
        fitted = self.vectors @ vector.astype(np.float32)
        if self.added is None:
            return fitted.astype(np.float64)
        return np.concatenate([fitted, self.added.vectors @ vector]).astype(np.float64)

    def scores(self, text: str, vector: NDArray[np.float32]) -> Numbers:
        """One score a label, in the order of `known`: about P(label | text), not calibrated."""
        return self._scores(text, self.likenesses(vector))

    def _scores(self, text: str, likeness: Numbers) -> Numbers:
        found = self._fitted(text, likeness[: self.rows])
        return self.added.scored(found, likeness[self.rows :], self.width) if self.added else found

    def _fitted(self, text: str, likeness: Numbers) -> Numbers:
        scores = kernel(likeness, self.width).astype(np.float32) @ self.duals
        text = text[:READ_CHARACTERS]
        for terms, analyse in ((self.words, words), (self.characters, characters)):
            places, values = terms.weigh(analyse(text))
            scores = scores + values @ self.weights[places]
        return np.asarray(scores, np.float64)

    def classify(self, text: str, vector: NDArray[np.float32]) -> Labels:
        """All labels with calibrated probabilities, the likeliest first, and the nearest rows."""
        likeness = self.likenesses(vector)
        scores = self._scores(text, likeness)
        chances = calibrated(scores[None], self.floor, self.power)[0]
        order = np.argsort(-chances, kind="stable")
        return Labels(
            tuple((self.known[i], float(chances[i])) for i in order),
            self.version,
            self._outside(scores, likeness, vector),
            self._near(likeness),
        )

    def _outside(
        self, scores: Numbers, likeness: Numbers, vector: NDArray[np.float32]
    ) -> float | None:
        if self.scope is None or self.means is None:
            return None
        distance = self.means.distances(vector.astype(np.float64)).min()
        if self.added is not None:
            distance = min(distance, self.means.between(vector, self.added.vectors).min())
        found = signals(float(scores.max()), likeness, float(distance), self.scope.nearest)
        return self.scope.outside(found)

    def with_rows(self, rows: Sequence[tuple[str, str]], vectors: NDArray[np.float32]) -> Head:
        """The head that also knows `rows` (text, label) with these unit vectors, without a fit.

        They take the place of what was added before. Raises `InputError` for an empty text or label,
        and for more rows than a head takes.
        """
        plain = replace(self, added=None)
        if not rows:
            return plain
        added = neighbours.added_to(
            self.labels, plain.scores, rows, vectors, width=self.width, ridge=self.ridge
        )
        return replace(self, added=added)

    def _near(self, likeness: Numbers) -> tuple[tuple[str, str, float], ...]:
        few = np.argpartition(-likeness, min(NEAR, len(likeness)) - 1)[:NEAR]
        best = few[np.argsort(-likeness[few], kind="stable")]
        return tuple((*self._row(int(place)), float(likeness[place])) for place in best)

    def _row(self, place: int) -> tuple[str, str]:
        if self.added is not None and place >= self.rows:
            return self.added.rows[place - self.rows]
        return self.texts[place], self.labels[self.owners[place]]


class HeadClassifier:
    """A `Classifier`: `head` on the vectors of `encoder`, which must be the one it was fitted on.

    Raises `ModelCorrupt` for another encoder; `classify` raises `ModelTimeout` after `timeout_s`.
    """

    def __init__(self, head: Head, encoder: Encoder) -> None:
        if head.encoder != encoder.name:
            raise ModelCorrupt(
                f"head {head.name!r} was fitted on encoder {head.encoder!r}, not on "
                f"{encoder.name!r}; fit it again: python -m arriero.models.fit_head CSV FOLDER"
            )
        self._head = head
        self._encoder = encoder

    @property
    def name(self) -> str:
        """The head's version: a cache of labels starts cold when rows are added."""
        return self._head.version

    async def classify(self, text: str, *, timeout_s: float) -> Labels:
        try:
            async with asyncio.timeout(timeout_s):
                vectors = await self._encoder.encode([text])
        except TimeoutError as error:
            raise ModelTimeout(
                f"head {self.name!r} had no vector within {timeout_s:g} s; the encoder is busy"
            ) from error
        # In place: 1 to 3 ms a message (measured with 10,000 rows), less than a thread costs under load.
        return self._head.classify(text, vectors[0])

    async def teach(self, rows: Sequence[tuple[str, str]]) -> None:
        """Know these `rows` (text, label) too, and no others beside the fit; a label may be new.

        A text that it was fitted on is passed over. Raises `InputError` for an empty text or label,
        and when it is time for a fit.
        """
        fitted = set(self._head.texts)
        rows = [row for row in rows if row[0] not in fitted]
        vectors = await self._encoder.encode([text for text, _ in rows]) if rows else NONE
        # The head scores each of them: half a second for as many as it takes (500, beside 10,000 rows).
        self._head = await asyncio.to_thread(self._head.with_rows, rows, vectors)


def save_head(head: Head, folder: Path) -> None:
    """Write `head` as a folder that `load_head` reads. head.json appears last, and at once."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "head.json").unlink(missing_ok=True)
    file = save(_tensors(head))
    (folder / "weights.safetensors").write_bytes(file)
    saved = _describe(head, hashlib.sha256(file).hexdigest())
    unfinished = folder / "head.json.part"
    unfinished.write_text(saved.model_dump_json(), encoding="utf-8")
    unfinished.replace(folder / "head.json")


def _tensors(head: Head) -> dict[str, NDArray[np.generic]]:
    found: dict[str, NDArray[np.generic]] = {
        "vectors": head.vectors.astype(np.float16),
        "owners": head.owners,
        "duals": np.ascontiguousarray(head.duals),
        "weights": np.ascontiguousarray(head.weights),
        "idf": np.concatenate([head.words.idf, head.characters.idf]),
    }
    if head.means is not None:
        found |= {"whitening": head.means.whitening, "means": head.means.places}
    return found


def _describe(head: Head, weights: str) -> _Saved:
    return _Saved(
        format=FORMAT,
        name=head.name,
        encoder=head.encoder,
        labels=head.labels,
        words=tuple(head.words.places),
        characters=tuple(head.characters.places),
        width=head.width,
        ridge=head.ridge,
        floor=head.floor,
        power=head.power,
        scope=head.scope,
        texts=head.texts,
        data=head.data,
        weights=weights,
    )


def is_fitted(folder: Path) -> bool:
    """Whether a head of this version's format lies in `folder`; an older one is fitted again."""
    try:
        content = (folder / "head.json").read_bytes()
        return _Format.model_validate_json(content).format == FORMAT
    except (OSError, ValidationError):
        return False


class _Format(BaseModel):
    format: int


def load_head(folder: Path) -> Head:
    """The head in `folder`. Raises `ModelMissing` without one, `ModelCorrupt` when it is not whole."""
    if not (folder / "head.json").exists():
        raise ModelMissing(folder.name)
    try:
        saved = _Saved.model_validate_json((folder / "head.json").read_bytes())
        return _assemble(saved, (folder / "weights.safetensors").read_bytes())
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelCorrupt(
            f"the head in {str(folder)!r} cannot be used ({reason}); "
            "delete the folder, and it is fitted again at the next start"
        ) from error


def _assemble(saved: _Saved, file: bytes) -> Head:
    if hashlib.sha256(file).hexdigest() != saved.weights:
        raise ValueError("weights.safetensors is not the file that head.json names")
    if saved.format != FORMAT:
        raise ValueError(f"format {saved.format}, but this version reads {FORMAT}")
    tensors = load(file)
    rows, labels = len(saved.texts), len(saved.labels)
    grams, split = len(saved.words) + len(saved.characters), len(saved.words)
    if tensors["duals"].shape != (rows, labels) or tensors["owners"].shape != (rows,):
        raise ValueError(f"duals of shape {tensors['duals'].shape} for {rows} rows")
    if tensors["weights"].shape != (grams, labels) or tensors["idf"].shape != (grams,):
        raise ValueError("weights or idf do not fit the vocabulary")
    if len(tensors["vectors"]) != rows or not (saved.floor > 0 and saved.power > 0):
        raise ValueError("vectors or calibration do not fit the rows")
    means = Means(tensors["whitening"], tensors["means"]) if saved.scope is not None else None
    return Head(
        name=saved.name,
        encoder=saved.encoder,
        labels=saved.labels,
        vectors=tensors["vectors"].astype(np.float32),
        owners=tensors["owners"],
        duals=tensors["duals"],
        weights=tensors["weights"],
        words=terms(saved.words, tensors["idf"][:split], 0),
        characters=terms(saved.characters, tensors["idf"][split:], split),
        width=saved.width,
        ridge=saved.ridge,
        floor=saved.floor,
        power=saved.power,
        scope=saved.scope,
        means=means,
        texts=saved.texts,
        data=saved.data,
    )


def terms(grams: Iterable[str], idf: NDArray[np.float32], first: int) -> Terms:
    """A block whose grams, in this order, have the rows of the weights from `first` on."""
    return Terms({gram: place for place, gram in enumerate(grams)}, idf, first)


def calibrated(scores: Numbers, floor: float, power: float) -> Numbers:
    """Probabilities of scores, row by row: (score + floor) ^ power of the positive part, normalised."""
    powers = (np.maximum(scores, 0) + floor) ** power
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float64)
