"""Fits a head: `python -m arriero.models.fit_head CSV OUT`.

A server runs it as a child process (`fit_in_child`): niced, one thread, gone when the server goes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import threading
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from arriero.core import errors
from arriero.core.errors import ArrieroError, InputError, MissingExtra, ModelError
from arriero.core.statistics import expected_calibration_error, wilson
from arriero.core.words import content_hash
from arriero.models.base import Encoder
from arriero.models.fake import FakeEncoder
from arriero.models.head_rows import check, read_rows
from arriero.models.heads import (
    READ_CHARACTERS,
    Head,
    save_head,
    softmax,
)
from arriero.models.linear import MOST_GRAMS, C, Rows, learned, left_out_margins, temperature

NICENESS = 10
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True)
class Report:
    """What a fit gave. `accuracy` (with its 95 % interval) and `ece` are of rows left out in turn.

    `bytes` is the folder's size.
    """

    name: str
    rows: int
    labels: int
    grams: int
    accuracy: float
    low: float
    high: float
    ece: float
    temperature: float
    bytes: int
    seconds: float


async def fit(
    texts: Sequence[str],
    labels: Sequence[str],
    encoder: Encoder,
    out: Path,
    *,
    seed: int = 0,
    c: float = C,
    most_grams: int | None = MOST_GRAMS,
) -> Report:
    """Fit a head named like the folder `out` and save it there; the same input gives the same head.

    At most `most_grams` n-grams are kept, fewer when the weights would exceed 4 MB; None keeps all.
    The features are the unit vector and two TF-IDF blocks; one-vs-rest linear SVMs; one temperature
    for all margins, fitted on rows left out in turn (5 folds). scikit-learn works in a thread and
    takes a core: a server uses `fit_in_child`. Raises `InputError`, `MissingExtra`, `ModelError`.
    """
    if find_spec("sklearn") is None:
        raise MissingExtra("scikit-learn", "local")
    check(texts, labels)
    started = time.perf_counter()
    texts = [text[:READ_CHARACTERS] for text in texts]
    vectors = await encoder.encode(texts)
    rows = Rows(texts, vectors, labels)
    origin = _Origin(out.name, encoder.name, _data_hash(texts, labels))
    return await asyncio.to_thread(_fit, rows, origin, out, seed, c, most_grams, started)


@dataclass(frozen=True, slots=True)
class _Origin:
    name: str
    encoder: str
    data: str


def _fit(
    rows: Rows,
    origin: _Origin,
    out: Path,
    seed: int,
    c: float,
    most_grams: int | None,
    started: float,
) -> Report:
    margins = left_out_margins(rows, seed=seed, c=c)
    linear = learned(rows, seed=seed, c=c, most_grams=most_grams)
    head = Head(
        name=origin.name,
        encoder=origin.encoder,
        labels=rows.names,
        weights=linear.weights.astype(np.float32),
        bias=linear.bias.astype(np.float32),
        words=linear.words,
        characters=linear.characters,
        temperature=temperature(margins, rows.labels),
        data=origin.data,
        rows=len(rows.texts),
    )
    save_head(head, out)
    return _report(head, margins, rows.labels, out, time.perf_counter() - started)


def _report(
    head: Head,
    margins: NDArray[np.float64],
    labels: NDArray[np.intp],
    out: Path,
    seconds: float,
) -> Report:
    chances = softmax(margins / head.temperature)
    right = chances.argmax(axis=1) == labels
    accuracy = wilson(int(right.sum()), len(right))
    return Report(
        name=head.name,
        rows=head.rows,
        labels=len(head.labels),
        grams=len(head.words.places) + len(head.characters.places),
        accuracy=accuracy.value,
        low=accuracy.low,
        high=accuracy.high,
        ece=expected_calibration_error(chances.max(axis=1).tolist(), right.tolist()),
        temperature=head.temperature,
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
    argv = ["-m", __spec__.name, str(csv), str(out), "--encoder", encoder, "--models", str(models)]
    child = await asyncio.create_subprocess_exec(
        sys.executable, *argv, "--leashed",
        stdin=PIPE, stdout=PIPE, stderr=PIPE, env=os.environ | ONE_THREAD,
    )  # fmt: skip
    try:
        said, complaint = await _outputs(child)
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    return _understood(said, complaint, child.returncode)


async def _outputs(child: Process) -> tuple[bytes, bytes]:
    """All that it says. Its stdin stays open meanwhile: the end of it tells the child to go."""
    if child.stdout is None or child.stderr is None:
        raise ModelError("the fitting process has no pipes")
    said, complaint = await asyncio.gather(child.stdout.read(), child.stderr.read())
    await child.wait()
    return said, complaint


def _understood(said: bytes, complaint: bytes, status: int | None) -> Report:
    try:
        answer = json.loads(said.splitlines()[-1])
    except (ValueError, IndexError):
        last = complaint.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
        raise ModelError(f"fitting a head ended with status {status}: {last[0]}") from None
    if "error" not in answer:
        return Report(**answer)
    failure = ArrieroError.__new__(getattr(errors, answer["error"]))
    ArrieroError.__init__(failure, answer["message"])
    raise failure


def main(argv: Sequence[str] | None = None) -> int:
    """Fit from the command line; one line of JSON comes out: the report, or error and message."""
    parser = argparse.ArgumentParser(prog=__spec__.name, description=main.__doc__)
    parser.add_argument("csv", type=Path, help="columns text and label")
    parser.add_argument("out", type=Path, help="folder of the head; its name is the head's name")
    parser.add_argument("--encoder", default="onnx:minilm-l6", help="onnx:NAME or fake:NAME")
    parser.add_argument("--models", type=Path, default=Path("~/.cache/arriero/models"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--leashed", action="store_true", help="end when stdin ends")
    given = parser.parse_args(argv)
    if given.leashed:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    os.nice(NICENESS)
    try:
        report = asyncio.run(_fit_file(given))
    except ArrieroError as error:
        sys.stdout.write(json.dumps({"error": type(error).__name__, "message": error.message}))
        return 2
    sys.stdout.write(json.dumps(asdict(report)))
    return 0


async def _fit_file(given: argparse.Namespace) -> Report:
    texts, labels, _ = read_rows(given.csv)
    encoder = _open_encoder(given.encoder, given.models.expanduser())
    try:
        return await fit(texts, labels, encoder, given.out, seed=given.seed)
    finally:
        await encoder.close()


def _open_encoder(url: str, models: Path) -> Encoder:
    engine, _, name = url.partition(":")
    if engine == "fake":
        return FakeEncoder()
    if engine == "onnx":
        from arriero.models import catalogue  # noqa: PLC0415
        from arriero.models.encoder import OnnxEncoder  # noqa: PLC0415  # heavy

        return OnnxEncoder(catalogue.path(name, models))
    raise InputError(f"heads are fitted on onnx:NAME or fake:NAME, not on {url!r}; change encoder")


def _end_with_stdin() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
