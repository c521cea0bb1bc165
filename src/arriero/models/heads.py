"""Classifiers in a few megabytes: a linear head on `[embedding, word TF-IDF, character TF-IDF]`.

Own inference in numpy, so that a server never imports scikit-learn; `models/fit_head.py` fits.
A head is a folder: weights.safetensors (float32) and head.json (labels, vocabulary, calibration,
what it was fitted on). head.json is written last, so a folder that has it is whole.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import log
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from arriero.core.errors import MissingExtra, ModelCorrupt, ModelMissing, ModelTimeout
from arriero.models.base import Encoder, Labels

try:
    from safetensors import SafetensorError
    from safetensors.numpy import load, save
except ImportError as error:
    raise MissingExtra("safetensors", "local") from error

FORMAT = 1
WORDS = (1, 2)  # the ranges of n-grams measured in notes: 94.1 % on BANKING77
CHARACTERS = (2, 5)
READ_CHARACTERS = 4_096  # of a text; the encoder reads about as much (256 tokens)
_WORD = re.compile(r"\b\w\w+\b")  # scikit-learn's token pattern
_SPACE = re.compile(r"\s\s+")

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
    dimension: int
    words: tuple[str, ...]
    characters: tuple[str, ...]
    temperature: float
    data: str
    rows: int
    weights: str


@dataclass(frozen=True, slots=True)
class Head:
    """A fitted linear classifier. `weights` has a row a feature and a column a label.

    `temperature` divides the margins before the softmax; `encoder` is the name of the one it was
    fitted on; `data` is the SHA-256 of the training data.
    """

    name: str
    encoder: str
    labels: tuple[str, ...]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    words: Terms
    characters: Terms
    temperature: float
    data: str
    rows: int

    @property
    def dimension(self) -> int:
        """The length of the embedding that it takes."""
        return self.words.first

    def margins(self, text: str, vector: NDArray[np.float32]) -> Numbers:
        """One score a label, in the order of `labels`: what scikit-learn's decision_function is."""
        text = text[:READ_CHARACTERS]
        scores = vector.astype(np.float64) @ self.weights[: self.dimension] + self.bias
        for terms, analyse in ((self.words, words), (self.characters, characters)):
            rows, values = terms.weigh(analyse(text))
            scores += values @ self.weights[rows]
        return np.asarray(scores, np.float64)

    def classify(self, text: str, vector: NDArray[np.float32]) -> Labels:
        """All labels with calibrated probabilities, the likeliest first."""
        chances = softmax(self.margins(text, vector)[None] / self.temperature)[0]
        order = np.argsort(-chances, kind="stable")
        return Labels(tuple((self.labels[i], float(chances[i])) for i in order), self.name)


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
        self.name = head.name
        self._head = head
        self._encoder = encoder

    async def classify(self, text: str, *, timeout_s: float) -> Labels:
        try:
            async with asyncio.timeout(timeout_s):
                vectors = await self._encoder.encode([text])
        except TimeoutError as error:
            raise ModelTimeout(
                f"head {self.name!r} had no vector within {timeout_s:g} s; the encoder is busy"
            ) from error
        # In place: 0.3 ms a message (measured), less than a thread costs under load.
        return self._head.classify(text, vectors[0])


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


def _tensors(head: Head) -> dict[str, NDArray[np.float32]]:
    return {
        "weights": np.ascontiguousarray(head.weights),
        "bias": head.bias,
        "idf": np.concatenate([head.words.idf, head.characters.idf]),
    }


def _describe(head: Head, weights: str) -> _Saved:
    return _Saved(
        format=FORMAT,
        name=head.name,
        encoder=head.encoder,
        labels=head.labels,
        dimension=head.dimension,
        words=tuple(head.words.places),
        characters=tuple(head.characters.places),
        temperature=head.temperature,
        data=head.data,
        rows=head.rows,
        weights=weights,
    )


def load_head(folder: Path) -> Head:
    """The head in `folder`. Raises `ModelMissing` without one, `ModelCorrupt` when it is not whole."""
    if not (folder / "head.json").exists():
        raise ModelMissing(folder.name)
    try:
        saved = _Saved.model_validate_json((folder / "head.json").read_bytes())
        return _assemble(saved, (folder / "weights.safetensors").read_bytes())
    except (OSError, ValueError, KeyError, ValidationError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelCorrupt(
            f"the head in {str(folder)!r} cannot be used ({reason}); "
            "delete the folder, and it is fitted again at the next start"
        ) from error


def _assemble(saved: _Saved, file: bytes) -> Head:
    if hashlib.sha256(file).hexdigest() != saved.weights:
        raise ValueError("weights.safetensors is not the file that head.json names")
    tensors = load(file)
    features = saved.dimension + len(saved.words) + len(saved.characters)
    weights, bias, idf = tensors["weights"], tensors["bias"], tensors["idf"]
    if saved.format != FORMAT:
        raise ValueError(f"format {saved.format}, but this version reads {FORMAT}")
    if weights.shape != (features, len(saved.labels)) or bias.shape != (len(saved.labels),):
        raise ValueError(f"weights of shape {weights.shape} for {features} features")
    if idf.shape != (features - saved.dimension,) or not saved.temperature > 0:
        raise ValueError("idf or temperature do not fit the vocabulary")
    split = len(saved.words)
    return Head(
        name=saved.name,
        encoder=saved.encoder,
        labels=saved.labels,
        weights=weights,
        bias=bias,
        words=terms(saved.words, idf[:split], saved.dimension),
        characters=terms(saved.characters, idf[split:], saved.dimension + split),
        temperature=saved.temperature,
        data=saved.data,
        rows=saved.rows,
    )


def terms(grams: Iterable[str], idf: NDArray[np.float32], first: int) -> Terms:
    """A block whose grams, in this order, have the rows of the weights from `first` on."""
    return Terms({gram: place for place, gram in enumerate(grams)}, idf, first)


def softmax(scores: Numbers) -> Numbers:
    """Row by row; safe for large scores."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float64)
