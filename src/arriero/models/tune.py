"""Tunes an encoder to a set of labels: cross-entropy and supervised contrast, in torch.

The loss is cross-entropy of the cosine to one prototype a label, with smoothed labels (Szegedy et al.,
2016), plus the supervised contrastive loss (Khosla et al., NeurIPS 2020) between the messages of a
batch. Every message meets another of its label in its batch. What is kept is the moving average of
the weights (Polyak and Juditsky, 1992). Word vectors stay as they are, so that words nobody wrote
in the training rows keep their place among those that somebody did. Numbers without another source
were chosen on rows of BANKING77's training part that were held out (bars/LOG.md).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import cos, pi
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from arriero.core.errors import MissingExtra
from arriero.models.bert import Bert, open_bert
from arriero.models.encoder import open_tokenizer
from arriero.models.tuned import READ_TOKENS

try:
    import torch
    from torch import nn
    from torch.nn import functional
except ImportError as error:
    raise MissingExtra(error.name or "torch", "train") from error

Places = NDArray[np.intp]
Vectors = NDArray[np.float32]
Progress = Callable[[int, int], None]

EPOCHS = 4
BATCH = 64
RATE = 2.5e-4  # of the layers; prototypes learn ten times as fast
PROTOTYPES = 10.0
WARM_UP = 0.1
SHARPNESS = 16.0  # cosine to logit
SMOOTHING = 0.1
TEMPERATURE = 0.1  # of the contrast, its authors' value
CONTRAST = 0.2  # its share beside the cross-entropy
AVERAGED_FROM = 0.3  # of the steps; before, the weights move too fast to be averaged
KEEPING = 0.99  # of the average, at each step
AT_ONCE = 128  # messages encoded at once


@dataclass(frozen=True)
class TunedModel:
    """A tuned encoder and a unit vector a label."""

    bert: Bert
    prototypes: Vectors


def tune(
    texts: Sequence[str],
    labels: Places,
    source: Path,
    *,
    seed: int = 0,
    epochs: int = EPOCHS,
    rate: float = RATE,
    progress: Progress = lambda done, whole: None,
) -> TunedModel:
    """The encoder in `source` (config.json, model.safetensors, tokenizer.json), tuned to `labels`.

    `labels` are numbers from 0 on, each with two rows or more. The same input and seed give the same
    model on the same machine. `progress` is told the steps done and all of them. On one core of 2024
    a step of 64 short messages takes 0.6 to 1.3 s. Raises `ModelCorrupt`.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(1)  # as every trainer here: what serves beside it keeps its core
    bert = open_bert(source)
    tokens = tokenised(texts, source)
    bert.eval()
    first = vectors_of(bert, tokens)
    prototypes = nn.Parameter(torch.tensor(_means(first, labels)))
    tuning = _Tuning(bert, prototypes, rate, steps_of(labels, epochs))
    draw = np.random.default_rng(seed)
    for _ in range(epochs):
        for batch in _batches(labels, draw):
            tuning.step([tokens[at] for at in batch], torch.tensor(labels[batch]))
            progress(tuning.done, tuning.whole)
    found = functional.normalize(tuning.average[1].detach(), dim=1).numpy()
    return TunedModel(tuning.average[0].eval(), found)


def tokenised(texts: Sequence[str], source: Path) -> list[list[int]]:
    """The tokens of each text, cut where it is when serving."""
    tokenizer = open_tokenizer(source / "tokenizer.json", READ_TOKENS)
    return [tokenizer.encode(text).ids for text in texts]


def vectors_of(bert: Bert, tokens: Sequence[Sequence[int]]) -> Vectors:
    """The unit vector of each text."""
    found = np.empty((len(tokens), bert.sizes.width), np.float32)
    order = sorted(range(len(tokens)), key=lambda at: len(tokens[at]))
    with torch.no_grad(), _lower_precision():
        for start in range(0, len(order), AT_ONCE):
            some = order[start : start + AT_ONCE]
            pooled = bert.pooled([tokens[at] for at in some]).float()
            found[some] = functional.normalize(pooled, dim=1).numpy()
    return found


class _Tuning:
    """The state of a run: weights, optimiser, and the average of the weights."""

    def __init__(self, bert: Bert, prototypes: nn.Parameter, rate: float, whole: int) -> None:
        for part in (bert.words, bert.places, bert.kinds):
            part.requires_grad_(requires_grad=False)
        self.bert, self.prototypes = bert.train(), prototypes
        self.whole, self.done, self.rate = whole, 0, rate
        self.body = [one for one in bert.parameters() if one.requires_grad]
        self.optimiser = torch.optim.AdamW(
            [{"params": self.body}, {"params": [prototypes], "weight_decay": 0.0}],
            lr=rate, weight_decay=0.01,
        )  # fmt: skip
        self.average = bert, prototypes

    def step(self, tokens: Sequence[Sequence[int]], labels: torch.Tensor) -> None:
        now = _schedule(self.done, self.whole) * self.rate
        for group, times in zip(self.optimiser.param_groups, (1.0, PROTOTYPES), strict=True):
            group["lr"] = now * times
        with _lower_precision():
            pooled = self.bert.pooled(tokens)
        loss = _loss(functional.normalize(pooled.float(), dim=1), labels, self.prototypes)
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.body, 1.0)
        self.optimiser.step()
        self.done += 1
        if self.done >= self.whole * AVERAGED_FROM:
            self._averaged()

    def _averaged(self) -> None:
        bert, prototypes = self.average
        if bert is self.bert:
            self.average = copy.deepcopy(bert), self.prototypes.detach().clone()
            return
        with torch.no_grad():
            for kept, now in zip(bert.parameters(), self.bert.parameters(), strict=True):
                if now.requires_grad:
                    kept.lerp_(now, 1 - KEEPING)
            prototypes.lerp_(self.prototypes, 1 - KEEPING)


def _loss(vectors: torch.Tensor, labels: torch.Tensor, prototypes: torch.Tensor) -> torch.Tensor:
    logits = SHARPNESS * vectors @ functional.normalize(prototypes, dim=1).T
    told = functional.cross_entropy(logits, labels, label_smoothing=SMOOTHING)
    itself = torch.eye(len(labels), dtype=torch.bool)
    alike = (vectors @ vectors.T / TEMPERATURE).masked_fill(itself, -1e9)
    chances = alike - alike.logsumexp(1, keepdim=True)
    same = (labels[:, None] == labels[None]) & ~itself
    meets = same.sum(1).clamp(min=1)
    return told - CONTRAST * (chances.masked_fill(~same, 0).sum(1) / meets).mean()


def _schedule(done: int, whole: int) -> float:
    """Up over the first tenth of the steps, then down along a cosine."""
    return min(1.0, (done + 1) / max(WARM_UP * whole, 1)) * 0.5 * (1 + cos(pi * done / whole))


def _batches(labels: Places, draw: np.random.Generator) -> Iterator[list[int]]:
    """All rows once, in pairs of a label, so that each has something to be drawn to."""
    pairs = []
    for label in range(int(labels.max()) + 1):
        rows = draw.permutation(np.flatnonzero(labels == label)).tolist()
        rows += rows[:1] if len(rows) % 2 else []
        pairs += list(zip(rows[::2], rows[1::2], strict=True))
    draw.shuffle(pairs)
    for start in range(0, len(pairs), BATCH // 2):
        yield [int(row) for pair in pairs[start : start + BATCH // 2] for row in pair]


def steps_of(labels: Places, epochs: int) -> int:
    """How many steps `tune` takes."""
    return max(1, epochs * _batches_of(labels))


def _batches_of(labels: Places) -> int:
    pairs = int(((np.bincount(labels) + 1) // 2).sum())
    return -(-pairs // (BATCH // 2))


def _means(vectors: Vectors, labels: Places) -> Vectors:
    means = np.stack([vectors[labels == at].mean(axis=0) for at in range(int(labels.max()) + 1)])
    return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), np.float32)


def _lower_precision() -> torch.autocast:
    """bfloat16 where the processor multiplies it itself: twice as fast (measured on AVX-512)."""
    able = bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())  # noqa: SLF001  # the only way to ask
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=able)
