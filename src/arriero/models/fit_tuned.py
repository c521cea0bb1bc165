"""Gives a fitted head its second opinion: tunes an encoder to its rows and says what that gained.

A seventh of the rows is held out of a first tuning. On them the head (each row left out of it in closed
form) and the tuned encoder are weighed against each other, and the report is of them. What serves is then
tuned to all rows, with those weights.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from arriero.core.errors import InputError
from arriero.core.statistics import Interval, expected_calibration_error, wilson
from arriero.models.bert import write_onnx
from arriero.models.encoder import OnnxEncoder
from arriero.models.heads import TUNED, Head, calibrated, load_head
from arriero.models.kernel import Rows, Shape, drawn, gram_of, solve
from arriero.models.tune import EPOCHS, Progress, TunedModel, steps_of, tune
from arriero.models.tuned import Opinion, Tuned, fit_pool, open_tuned, pool, save_tuned

HELD = 1 / 7  # of 10,000 rows enough for two numbers; of ten rows a label, one or two
FEWEST = 4  # rows a label: three to tune to (pairs), one to hold out

Numbers = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class TunedReport:
    """On the `rows` rows held out of the first tuning: accuracy of the head alone, of the encoder alone, of both."""

    rows: int
    head: Interval
    encoder: Interval
    both: Interval
    ece: float
    weights: tuple[float, float]
    bytes: int
    seconds: float


async def fit_tuned(
    folder: Path,
    share: float,
    source: Path,
    *,
    seed: int = 0,
    epochs: int = EPOCHS,
    progress: Progress = lambda done, whole: None,
) -> TunedReport:
    """Tune the encoder in `source` to the rows of the head in `folder`, and keep it there as tuned/.

    `share` is the n-grams' share that the head was fitted with (`Report.share`). Works in this
    thread, for minutes. Raises `InputError` for labels with fewer than four rows, `ModelCorrupt`.
    """
    started = time.perf_counter()
    head = load_head(folder)
    labels = np.asarray(head.owners, np.intp)
    if (fewest := int(np.bincount(labels).min())) < FEWEST:
        name = head.labels[int(np.bincount(labels).argmin())]
        raise InputError(
            f"label {name!r} has {fewest} rows; tuning takes {FEWEST} a label, and pays from 20 on"
        )
    kept = drawn(labels, round(len(labels) * (1 - HELD)), seed)
    held = np.setdiff1d(np.arange(len(labels)), kept)
    first, second = (steps_of(rows, epochs) for rows in (labels[kept], labels))
    model = tune(
        [head.texts[at] for at in kept], labels[kept], source, seed=seed, epochs=epochs,
        progress=lambda done, whole: progress(done, whole + second),
    )  # fmt: skip
    encoder = written(model, source, folder)
    likeness = encoder.encode_now([head.texts[at] for at in held]) @ model.prototypes.T
    await encoder.close()
    chances = left_out(head, share)[held]
    weights = fit_pool(chances, likeness.astype(np.float64), labels[held])
    model = tune(
        head.texts, labels, source, seed=seed, epochs=epochs,
        progress=lambda done, whole: progress(first + done, first + whole),
    )  # fmt: skip
    encoder = written(model, source, folder)
    opinion = Opinion(
        encoder=encoder.name, labels=head.labels, data=head.data,
        head=weights[0], likeness=weights[1],
    )  # fmt: skip
    save_tuned(Tuned(opinion, model.prototypes), folder)
    await encoder.close()
    return _report(chances, likeness, labels[held], weights, folder, time.perf_counter() - started)


def written(model: TunedModel, source: Path, folder: Path) -> OnnxEncoder:
    """The tuned encoder as int8 ONNX in `folder`/tuned, opened again as it will be served."""
    place = folder / TUNED
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    write_onnx(model.bert, place / "model.onnx")
    shutil.copyfile(source / "tokenizer.json", place / "tokenizer.json")
    return open_tuned(folder)


def left_out(head: Head, share: float) -> Numbers:
    """The head's calibrated chances for each of its rows, had it been fitted without that row."""
    rows = Rows(head.texts, head.vectors, [head.labels[at] for at in head.owners])
    shape = Shape(head.width, share, head.ridge)
    fitted = solve(gram_of(rows), rows.labels, len(head.labels), shape)
    return calibrated(fitted.left_out, head.floor, head.power)


def _report(
    chances: Numbers,
    likeness: NDArray[np.float32],
    labels: Places,
    weights: Sequence[float],
    folder: Path,
    seconds: float,
) -> TunedReport:
    both = pool(chances, likeness.astype(np.float64), weights[0], weights[1])
    right = both.argmax(axis=1) == labels
    return TunedReport(
        rows=len(labels),
        head=_share(chances.argmax(axis=1) == labels),
        encoder=_share(likeness.argmax(axis=1) == labels),
        both=_share(right),
        ece=expected_calibration_error(both.max(axis=1).tolist(), right.tolist()),
        weights=(weights[0], weights[1]),
        bytes=sum(file.stat().st_size for file in (folder / TUNED).iterdir()),
        seconds=seconds,
    )


def _share(right: NDArray[np.bool_]) -> Interval:
    return wilson(int(right.sum()), len(right))
