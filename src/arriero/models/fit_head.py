"""Fits a head: `python -m arriero.models.fit_head CSV OUT`.

A server runs it as a child process (`fit_in_child`): niced, one thread, gone when the server goes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arriero.core.errors import ArrieroError, InputError, MissingExtra
from arriero.core.statistics import expected_calibration_error, wilson
from arriero.core.words import content_hash
from arriero.models.base import Encoder
from arriero.models.child import LEASHED, behave, complain, told_by
from arriero.models.clean import Confusion, Suspect, confusions, suspects
from arriero.models.fake import FakeEncoder
from arriero.models.head_rows import check, read_rows
from arriero.models.heads import READ_CHARACTERS, TUNED, Head, calibrated, save_head
from arriero.models.kernel import (
    Rows,
    Shape,
    calibrate,
    choose,
    gram_of,
    primal,
    sampled,
    scope_of,
    solve,
)

SHOWN_CONFUSIONS = 10
SHOWN_SUSPECTS = 50


@dataclass(frozen=True, slots=True)
class Report:
    """What a fit gave. `accuracy` (with its 95 % interval) and `ece` are of rows left out in turn.

    `scope_auroc`, `scope_recall` and `scope_kept` are of labels and rows left out in turn (None for
    few labels); `suspects` are rows whose label is probably wrong, the surest first, at most 50;
    `sampled` says that only `rows` of more rows were used. `bytes` is the folder's size.
    """

    name: str
    rows: int
    labels: int
    grams: int
    accuracy: float
    low: float
    high: float
    ece: float
    width: float
    share: float
    ridge: float
    floor: float
    power: float
    scope_auroc: float | None
    scope_recall: float | None
    scope_kept: float | None
    confusions: tuple[Confusion, ...]
    suspects: tuple[Suspect, ...]
    suspected: int
    sampled: bool
    bytes: int
    seconds: float


async def fit(
    texts: Sequence[str],
    labels: Sequence[str],
    encoder: Encoder,
    out: Path,
    *,
    seed: int = 0,
    shape: Shape | None = None,
    scope: bool = True,
) -> Report:
    """Fit a head named like the folder `out` and save it there; the same input gives the same head.

    Kernel ridge regression on the unit vector and two TF-IDF blocks. Up to 1,500 rows, its `shape`
    is chosen by the loss on rows left out, unless it is given; calibration and report are of
    rows left out too. Rows beyond 20,000 are sampled. With `scope` it also learns to tell messages
    from outside its labels. scipy works in a thread and takes a core: a server uses
    `fit_in_child`. Raises `InputError`, `MissingExtra`, `ModelError`.
    """
    if find_spec("scipy") is None:
        raise MissingExtra("scipy", "local")
    check(texts, labels)
    started = time.perf_counter()
    texts = [text[:READ_CHARACTERS] for text in texts]
    vectors = await encoder.encode(texts)
    rows = sampled(Rows(texts, rounded(vectors), labels), seed)
    origin = _Origin(
        out.name, encoder.name, _data_hash(texts, labels), len(rows.texts) < len(texts)
    )
    return await asyncio.to_thread(_fit, rows, origin, out, seed, shape, scope, started)


def rounded(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The vectors as they are stored: fitted on what will be read back."""
    return vectors.astype(np.float16).astype(np.float32)


@dataclass(frozen=True, slots=True)
class _Origin:
    name: str
    encoder: str
    data: str
    sampled: bool


def _fit(
    rows: Rows,
    origin: _Origin,
    out: Path,
    seed: int,
    shape: Shape | None,
    scope: bool,  # as `fit` was given it
    started: float,
) -> Report:
    count = len(rows.names)
    gram = gram_of(rows)
    if shape is None:
        shape, fitted = choose(gram, rows.labels, count)
    else:
        fitted = solve(gram, rows.labels, count, shape)
    floor, power, _ = calibrate(fitted.left_out, rows.labels)
    found, means = scope_of(rows, gram, fitted, shape, seed) if scope else (None, None)
    head = Head(
        name=origin.name,
        encoder=origin.encoder,
        labels=rows.names,
        vectors=rows.vectors,
        owners=rows.labels.astype(np.int32),
        duals=fitted.duals.astype(np.float32),
        weights=primal(gram, fitted, shape),
        words=gram.words,
        characters=gram.characters,
        width=shape.width,
        ridge=shape.ridge,
        floor=floor,
        power=power,
        scope=found,
        means=means,
        texts=rows.texts,
        data=origin.data,
    )
    save_head(head, out)
    shutil.rmtree(out / TUNED, ignore_errors=True)  # an opinion on other rows
    chances = calibrated(fitted.left_out, floor, power)
    return _report(head, shape, chances, rows, origin, out, time.perf_counter() - started)


def _report(
    head: Head,
    shape: Shape,
    chances: NDArray[np.float64],
    rows: Rows,
    origin: _Origin,
    out: Path,
    seconds: float,
) -> Report:
    right = chances.argmax(axis=1) == rows.labels
    accuracy = wilson(int(right.sum()), len(right))
    doubtful = suspects(rows.texts, rows.labels, chances, rows.names)
    return Report(
        name=head.name,
        rows=head.rows,
        labels=len(head.labels),
        grams=len(head.words.places) + len(head.characters.places),
        accuracy=accuracy.value,
        low=accuracy.low,
        high=accuracy.high,
        ece=expected_calibration_error(chances.max(axis=1).tolist(), right.tolist()),
        width=shape.width,
        share=shape.share,
        ridge=shape.ridge,
        floor=head.floor,
        power=head.power,
        scope_auroc=head.scope.auroc if head.scope else None,
        scope_recall=head.scope.recall if head.scope else None,
        scope_kept=head.scope.kept if head.scope else None,
        confusions=confusions(rows.labels, chances, rows.names)[:SHOWN_CONFUSIONS],
        suspects=doubtful[:SHOWN_SUSPECTS],
        suspected=len(doubtful),
        sampled=origin.sampled,
        bytes=sum(file.stat().st_size for file in out.iterdir()),
        seconds=seconds,
    )


def _data_hash(texts: Sequence[str], labels: Sequence[str]) -> str:
    return content_hash(sorted(zip(texts, labels, strict=True)))


async def fit_in_child(csv: Path, out: Path, encoder: str, models: Path) -> Report:
    """`fit` on a CSV in a child process: niced, one thread, ended when this process or task ends.

    `encoder` is the engine URL of the settings (`onnx:NAME`, `fake:NAME`), `models` the folder of
    pulled models. Raises what `fit` raises, and `ModelError` when the child dies.
    """
    argv = [str(csv), str(out), "--encoder", encoder, "--models", str(models)]
    return _read(await told_by(__spec__.name, argv, doing="fitting a head"))


def _read(answer: dict[str, Any]) -> Report:
    confused = tuple(Confusion(**row) for row in answer.pop("confusions"))
    doubtful = tuple(Suspect(**row) for row in answer.pop("suspects"))
    return Report(confusions=confused, suspects=doubtful, **answer)


def main(argv: Sequence[str] | None = None) -> int:
    """Fit from the command line; one line of JSON comes out: the report, or error and message."""
    parser = argparse.ArgumentParser(prog=__spec__.name, description=main.__doc__)
    parser.add_argument("csv", type=Path, help="columns text and label")
    parser.add_argument("out", type=Path, help="folder of the head; its name is the head's name")
    parser.add_argument("--encoder", default="onnx:minilm-l6", help="onnx:NAME or fake:NAME")
    parser.add_argument("--models", type=Path, default=Path("~/.cache/arriero/models"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(LEASHED, action="store_true", help="end when stdin ends")
    given = parser.parse_args(argv)
    behave(leashed=given.leashed)
    try:
        report = asyncio.run(_fit_file(given))
    except ArrieroError as error:
        complain(error)
        return 2
    sys.stdout.write(json.dumps(asdict(report)))
    return 0


async def _fit_file(given: argparse.Namespace) -> Report:
    texts, labels, _ = read_rows(given.csv)
    encoder = open_encoder(given.encoder, given.models.expanduser())
    try:
        return await fit(texts, labels, encoder, given.out, seed=given.seed)
    finally:
        await encoder.close()


def open_encoder(url: str, models: Path) -> Encoder:
    """The encoder of the engine URL `onnx:NAME` or `fake:NAME`; blocks for about 0.3 s."""
    engine, _, name = url.partition(":")
    if engine == "fake":
        return FakeEncoder()
    if engine == "onnx":
        from arriero.models import catalogue  # noqa: PLC0415
        from arriero.models.encoder import OnnxEncoder  # noqa: PLC0415  # heavy

        return OnnxEncoder(catalogue.path(name, models))
    raise InputError(f"heads are fitted on onnx:NAME or fake:NAME, not on {url!r}; change encoder")


if __name__ == "__main__":
    sys.exit(main())
