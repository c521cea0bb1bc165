"""A head with a second opinion: an encoder that was tuned to the head's labels (`models/tune.py`).

It lies in the head's folder as tuned/: model.onnx and tokenizer.json, like any encoder;
prototypes.safetensors, a unit vector a label; opinion.json, written last. A label's chance is a
softmax over `head` times the logarithm of the head's chance plus `likeness` times the cosine to the
label's prototype (logarithmic opinion pool: Genest and Zidek, 1986). Both numbers are fitted on rows
that the encoder was not tuned to and the head was left without. Out of scope and the nearest rows
are the head's own. Serving needs no torch.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load, save

from arriero.core.errors import ModelCorrupt, ModelTimeout
from arriero.models.base import Encoder, Labels
from arriero.models.encoder import OnnxEncoder
from arriero.models.heads import TUNED, HeadClassifier, load_head

READ_TOKENS = 64  # of a message; 99 of 100 of BANKING77's have 53 or fewer
SHAPE = "opinion.json"
FLOOR = 1e-4  # under the head's chances, before the logarithm
# Tried when the pool is fitted. A cosine is at most 1, so what tells labels apart needs a large factor.
HEAD = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
LIKENESS = (0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 16.0, 20.0)
USUAL = (0.75, 8.0)  # of 1,537 training rows of BANKING77 held out, bars/LOG.md

Numbers = NDArray[np.float64]


class Opinion(BaseModel):
    """opinion.json. `encoder` is the tuned encoder's name, `data` the hash of the head's rows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    encoder: str
    labels: tuple[str, ...]
    data: str
    head: float = Field(ge=0)
    likeness: float = Field(ge=0)


@dataclass(frozen=True, slots=True)
class Tuned:
    """What is read of tuned/."""

    opinion: Opinion
    prototypes: NDArray[np.float32]

    def pooled(self, labels: Labels, vector: NDArray[np.float32]) -> Labels:
        """The head's opinion and that of the vector. A label that was taught since keeps its chance."""
        told = dict(labels.scores)
        known = np.array([told.pop(label, 0.0) for label in self.opinion.labels])
        whole = known.sum()
        if whole > 0:
            likeness = (self.prototypes @ vector).astype(np.float64)[None]
            own = pool((known / whole)[None], likeness, self.opinion.head, self.opinion.likeness)
            told |= zip(self.opinion.labels, (own[0] * whole).tolist(), strict=True)
        ranked = sorted(told.items(), key=lambda one: -one[1])
        return replace(labels, scores=tuple(ranked))


class TunedClassifier:
    """A `Classifier`: `plain`, and the opinion of `encoder`, the tuned one.

    Raises `ModelCorrupt` for another encoder. `close` closes the tuned encoder.
    """

    def __init__(self, plain: HeadClassifier, tuned: Tuned, encoder: Encoder) -> None:
        if tuned.opinion.encoder != encoder.name:
            raise ModelCorrupt(
                f"the encoder beside head {plain.name!r} is not the one that it was tuned with; "
                "run: arriero support train --tune"
            )
        self._plain = plain
        self._tuned = tuned
        self._encoder = encoder

    @property
    def name(self) -> str:
        return f"{self._plain.name}~{self._encoder.name.rpartition('@')[2][:8]}"

    async def classify(self, text: str, *, timeout_s: float) -> Labels:
        try:
            async with asyncio.timeout(timeout_s):
                labels = await self._plain.classify(text, timeout_s=timeout_s)
                vectors = await self._encoder.encode([text])
        except TimeoutError as error:
            raise ModelTimeout(
                f"head {self.name!r} had no second opinion within {timeout_s:g} s"
            ) from error
        return replace(self._tuned.pooled(labels, vectors[0]), model=self.name)

    async def teach(self, rows: Sequence[tuple[str, str]]) -> None:
        """As the head does."""
        await self._plain.teach(rows)

    async def close(self) -> None:
        await self._encoder.close()


def open_head(folder: Path, encoder: Encoder) -> HeadClassifier | TunedClassifier:
    """The head in `folder`, with its second opinion if there is one; blocks for about 0.3 s.

    Raises `ModelMissing`, `ModelCorrupt`.
    """
    head = load_head(folder)
    plain = HeadClassifier(head, encoder)
    if not (folder / TUNED / SHAPE).exists():
        return plain
    return TunedClassifier(plain, load_tuned(folder, head.labels, head.data), open_tuned(folder))


def pool(chances: Numbers, likeness: Numbers, head: float, weight: float) -> Numbers:
    """Both opinions as one, row by row."""
    sums = head * np.log(chances + FLOOR) + weight * likeness
    powers = np.exp(sums - sums.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float64)


def fit_pool(chances: Numbers, likeness: Numbers, labels: NDArray[np.intp]) -> tuple[float, float]:
    """How much either opinion counts, by the negative log-likelihood of these rows.

    They must be rows that neither opinion was formed on. Of the weights that lose no more than one standard
    error against the best, those nearest to what is usual are taken (the rule of one standard error, Breiman
    et al., 1984): a hundred rows of ten a label cannot tell them apart, and the best there is chance.
    """
    rows = np.arange(len(labels))
    losses = {
        (head, weight): -np.log(pool(chances, likeness, head, weight)[rows, labels])
        for head, weight in product(HEAD, LIKENESS)
    }
    best = min(losses.values(), key=lambda loss: float(loss.mean()))
    worse = {weights: loss - best for weights, loss in losses.items()}
    alike = [
        weights
        for weights, loss in worse.items()
        if loss.mean() <= loss.std() / math.sqrt(len(rows))
    ]
    return min(alike, key=_from_usual)


def _from_usual(weights: tuple[float, float]) -> int:
    """How many steps of the grids away."""
    head, likeness = weights
    return abs(HEAD.index(head) - HEAD.index(USUAL[0])) + abs(
        LIKENESS.index(likeness) - LIKENESS.index(USUAL[1])
    )


def open_tuned(folder: Path) -> OnnxEncoder:
    """The tuned encoder beside the head in `folder`. Raises `ModelMissing`, `ModelCorrupt`."""
    return OnnxEncoder(folder / TUNED, max_tokens=READ_TOKENS)


def save_tuned(tuned: Tuned, folder: Path) -> None:
    """Write what belongs to the encoder that lies in `folder`/tuned already."""
    place = folder / TUNED
    (place / "prototypes.safetensors").write_bytes(save({"prototypes": tuned.prototypes}))
    unfinished = place / f"{SHAPE}.part"
    unfinished.write_text(tuned.opinion.model_dump_json(), encoding="utf-8")
    unfinished.replace(place / SHAPE)


def load_tuned(folder: Path, labels: Sequence[str], data: str) -> Tuned:
    """The second opinion beside the head with these labels and rows. Raises `ModelCorrupt`."""
    place = folder / TUNED
    try:
        opinion = Opinion.model_validate_json((place / SHAPE).read_bytes())
        prototypes = load((place / "prototypes.safetensors").read_bytes())["prototypes"]
        _check(opinion, len(prototypes), tuple(labels), data)
    except (OSError, ValueError, KeyError, ValidationError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelCorrupt(
            f"the tuned encoder in {str(place)!r} cannot be used ({reason}); "
            "run arriero support train --tune again, or delete that folder"
        ) from error
    return Tuned(opinion, prototypes)


def _check(opinion: Opinion, prototypes: int, labels: tuple[str, ...], data: str) -> None:
    if (opinion.labels, opinion.data) != (labels, data):
        raise ValueError("it was tuned to other rows than the head was fitted on")
    if prototypes != len(labels):
        raise ValueError(f"{prototypes} prototypes for {len(labels)} labels")
