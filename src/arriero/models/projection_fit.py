"""Learns a projection: `python -m arriero.models.projection_fit LESSON OUT`.

It learns from questions that are known to have the same answer. A server runs it as a child process
(`fit_in_child`): its work takes 40 MB that a server need not keep.

The loss is that of contrastive learning with the other pairs of a batch as negatives (InfoNCE: van den Oord
et al., 2018; "in-batch negatives": Henderson et al., 2017): of two questions with one answer, either must find
the other among those of other answers and among questions that nothing answers. Adam (Kingma and Ba,
2015), a rate that rises over a tenth of the steps and falls along a cosine. Numbers without another source
were chosen on the sample shop's development questions, their chosen halves (bars/LOG.md).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import cos, pi
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from arriero.models.child import LEASHED, behave, told_by
from arriero.models.projection import SCALE, Projection, Vectors, load, save

HIDDEN = 1024
EPOCHS = 30
PAIRS = 128  # a batch
NEGATIVES = 256  # questions that nothing answers, a batch
TEMPERATURE = 0.07
RATE = 1e-3
NOISE = 0.3  # length of what is added to a vector while it learns
TO_ANSWER = 0.15  # of the pairs: a question and the words that answer it
WARM_UP = 0.1

Places = NDArray[np.intp]


@dataclass(frozen=True)
class Lesson:
    """What is learned from, all unit vectors.

    `owners` says which of the `answers` a question is answered by; `unanswered` are questions of which that is
    none.
    """

    questions: Vectors
    owners: Places
    answers: Vectors
    unanswered: Vectors


def fit(lesson: Lesson, *, seed: int = 0, epochs: int = EPOCHS) -> Projection:
    """The projection; the same lesson and seed give the same one on the same machine.

    Takes half a minute of a core for 6,000 questions.
    """
    draw = np.random.default_rng(seed)
    learner = _Learner(lesson.questions.shape[1], draw)
    pairs = sum(max(1, -(-count // 2)) for count in np.bincount(lesson.owners) if count)
    whole = max(1, epochs * -(-pairs // PAIRS))
    done = 0
    for _ in range(epochs):
        for asked, same, owners in _batches(lesson, draw):
            few = min(NEGATIVES, len(lesson.unanswered))
            none = lesson.unanswered[draw.choice(len(lesson.unanswered), few, replace=False)]
            learner.step(asked, same, owners, none, RATE * _schedule(done, whole))
            done += 1
    return learner.projection


async def fit_in_child(lesson: Lesson, out: Path) -> Projection:
    """`fit` in a child process, kept in the file `out`. Raises `ModelError` when the child dies."""
    with tempfile.TemporaryDirectory(prefix="arriero-lesson-") as folder:
        file = Path(folder) / "lesson.safetensors"
        owners = lesson.owners.astype(np.int64)
        save_file(
            {"questions": lesson.questions, "owners": owners, "answers": lesson.answers,
             "unanswered": lesson.unanswered}, file,
        )  # fmt: skip
        await told_by(
            __spec__.name, [str(file), str(out)], doing="learning which questions are alike"
        )
    return load(out)


def loss_of(
    projection: Projection, texts: Vectors, owners: Places
) -> tuple[float, Sequence[Vectors]]:
    """The loss of a batch, and its gradients by inner, bias and outer.

    The texts are the pairs' first ones, their second ones (each as many as `owners`), and what nothing answers.
    """
    before = SCALE * texts @ projection.inner + projection.bias
    hidden = np.maximum(before, 0)
    moved = texts + hidden @ projection.outer
    lengths = np.linalg.norm(moved, axis=1, keepdims=True)
    units = moved / lengths
    loss, by_units = _contrast(units, owners)
    by_moved = (by_units - units * (by_units * units).sum(axis=1, keepdims=True)) / lengths
    by_hidden = (by_moved @ projection.outer.T) * (before > 0)
    gradients = (
        SCALE * texts.T @ by_hidden,
        by_hidden.sum(axis=0),
        hidden.T @ by_moved,
    )
    return loss, gradients


def _contrast(units: Vectors, owners: Places) -> tuple[float, Vectors]:
    """The loss of pairs (the first `len(owners)` rows and the next) and the rest, and its gradient."""
    count = len(owners)
    first, second, none = units[:count], units[count : 2 * count], units[2 * count :]
    gradient = np.zeros_like(units)
    others = (owners[:, None] == owners[None]) & ~np.eye(count, dtype=bool)
    loss = 0.0
    for one, other, at, beside in (
        (first, second, 0, count),
        (second, first, count, 0),
    ):
        logits = np.concatenate((one @ other.T, one @ none.T), axis=1) / TEMPERATURE
        logits[:, :count][others] = -1e9  # another question of the same answer is no mistake
        logits -= logits.max(axis=1, keepdims=True)
        chances = np.exp(logits)
        chances /= chances.sum(axis=1, keepdims=True)
        right = chances[np.arange(count), np.arange(count)]
        loss -= float(np.log(np.maximum(right, 1e-30)).mean())
        chances[np.arange(count), np.arange(count)] -= 1
        chances /= count * TEMPERATURE
        to_pairs, to_none = chances[:, :count], chances[:, count:]
        gradient[at : at + count] += to_pairs @ other + to_none @ none
        gradient[beside : beside + count] += to_pairs.T @ one
        gradient[2 * count :] += to_none.T @ one
    return loss, gradient


class _Learner:
    """The weights and Adam's two moments."""

    def __init__(self, width: int, draw: np.random.Generator) -> None:
        spread = 1 / np.sqrt(width)
        self.projection = Projection(
            draw.uniform(-spread, spread, (width, HIDDEN)).astype(np.float32),
            draw.uniform(-spread, spread, HIDDEN).astype(np.float32),
            np.zeros((HIDDEN, width), np.float32),  # so that it begins where the encoder is
        )
        self._draw = draw
        self._weights = (self.projection.inner, self.projection.bias, self.projection.outer)
        self._means = [np.zeros_like(one) for one in self._weights]
        self._squares = [np.zeros_like(one) for one in self._weights]
        self._steps = 0

    def step(
        self, asked: Vectors, same: Vectors, owners: Places, none: Vectors, rate: float
    ) -> None:
        texts = np.concatenate((asked, same, none))
        spread = np.float32(NOISE / np.sqrt(texts.shape[1]))
        shaken = texts + spread * self._draw.standard_normal(texts.shape, np.float32)
        _, gradients = loss_of(self.projection, shaken, owners)
        self._steps += 1
        for weight, gradient, mean, square in zip(
            self._weights, gradients, self._means, self._squares, strict=True
        ):
            mean[...] = 0.9 * mean + 0.1 * gradient
            square[...] = 0.999 * square + 0.001 * gradient * gradient
            fair = np.sqrt(square / (1 - 0.999**self._steps)) + 1e-8
            weight[...] -= rate / (1 - 0.9**self._steps) * mean / fair


def _batches(
    lesson: Lesson, draw: np.random.Generator
) -> Iterator[tuple[Vectors, Vectors, Places]]:
    """All questions in pairs of one answer; some of the second ones give way to the words that answer them."""
    pairs: list[tuple[int, int, int]] = []
    for owner in np.unique(lesson.owners):
        rows = draw.permutation(np.flatnonzero(lesson.owners == owner)).tolist()
        if len(rows) % 2:
            rows.append(-1)
        for one, other in zip(rows[::2], rows[1::2], strict=True):
            pairs.append((int(owner), one, -1 if draw.random() < TO_ANSWER else other))
    order = draw.permutation(len(pairs))
    for start in range(0, len(pairs), PAIRS):
        some = [pairs[at] for at in order[start : start + PAIRS]]
        asked = lesson.questions[[one for _, one, _ in some]]
        same = np.array(
            [
                lesson.questions[other] if other >= 0 else lesson.answers[owner]
                for owner, _, other in some
            ],
            np.float32,
        )
        yield asked, same, np.array([owner for owner, _, _ in some])


def _schedule(done: int, whole: int) -> float:
    return min(1.0, (done + 1) / max(WARM_UP * whole, 1)) * 0.5 * (1 + cos(pi * done / whole))


def main(argv: Sequence[str] | None = None) -> int:
    """Fit from the command line; one line of JSON comes out."""
    parser = argparse.ArgumentParser(prog=__spec__.name, description=main.__doc__)
    parser.add_argument("lesson", type=Path, help="the tensors of a `Lesson`")
    parser.add_argument("out", type=Path, help="file of the projection")
    parser.add_argument(LEASHED, action="store_true", help="end when stdin ends")
    given = parser.parse_args(argv)
    behave(leashed=given.leashed)
    found = fit(Lesson(**load_file(given.lesson)))
    save(found, given.out)
    sys.stdout.write(json.dumps({"projection": found.id}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
