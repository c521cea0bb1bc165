"""Fits a head: `python -m arriero.models.fit_head CSV OUT`. The only module with scikit-learn in it.

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
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from math import exp, log, sqrt
from pathlib import Path
from typing import Any

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
    Terms,
    characters,
    save_head,
    softmax,
    terms,
    words,
)

C = 0.5  # LinearSVC; of 0.1, 0.25, 0.5, 1 the best on a fold of BANKING77's training part
FOLDS = 5
ROWS_A_GRAM = 2  # an n-gram of one row only cannot help another
# Half of BANKING77's n-grams carry almost no weight: 13,600 of 22,200 cost 0.1 points on a fold of
# its training part, and the file is 4 MB.
WEIGHT_BYTES = 4 * 2**20
MOST_GRAMS = 20_000
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
    rows = _Rows(texts, vectors, labels)
    origin = _Origin(out.name, encoder.name, _data_hash(texts, labels))
    return await asyncio.to_thread(_fit, rows, origin, out, seed, c, most_grams, started)


@dataclass(frozen=True, slots=True)
class _Origin:
    name: str
    encoder: str
    data: str


class _Rows:
    """Texts, vectors and label numbers side by side."""

    def __init__(
        self, texts: Sequence[str], vectors: NDArray[np.float32], labels: Sequence[str]
    ) -> None:
        self.names = tuple(sorted(set(labels)))
        number = {label: place for place, label in enumerate(self.names)}
        self.texts = tuple(texts)
        self.vectors = vectors
        self.labels = np.array([number[label] for label in labels])

    def part(self, places: NDArray[np.intp]) -> _Rows:
        names = [self.names[number] for number in self.labels[places]]
        rows = _Rows([self.texts[place] for place in places], self.vectors[places], names)
        rows.names, rows.labels = self.names, self.labels[places]
        return rows


@dataclass(frozen=True, slots=True)
class _Linear:
    """One-vs-rest weights over features: what a head is made of, before it is written."""

    words: Terms
    characters: Terms
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    def margins(self, matrix: Any) -> NDArray[np.float64]:
        return np.asarray(matrix @ self.weights + self.bias, np.float64)


def _fit(
    rows: _Rows,
    origin: _Origin,
    out: Path,
    seed: int,
    c: float,
    most_grams: int | None,
    started: float,
) -> Report:
    left_out = _left_out_margins(rows, seed, c)
    temperature = _temperature(left_out, rows.labels)
    linear = _learn(rows, *_blocks(rows), seed, c)
    if most_grams is not None:
        linear = _learn(rows, *_pruned(rows, linear, most_grams), seed, c)
    head = Head(
        name=origin.name,
        encoder=origin.encoder,
        labels=rows.names,
        weights=linear.weights.astype(np.float32),
        bias=linear.bias.astype(np.float32),
        words=linear.words,
        characters=linear.characters,
        temperature=temperature,
        data=origin.data,
        rows=len(rows.texts),
    )
    save_head(head, out)
    return _report(head, left_out, rows.labels, out, time.perf_counter() - started)


def _blocks(rows: _Rows) -> tuple[Terms, Terms]:
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


def _weighted(one: Mapping[str, int], other: Mapping[str, int], rows: _Rows) -> tuple[Terms, Terms]:
    """Blocks with the smoothed idf, ln((1 + rows) / (1 + rows with it)) + 1, as scikit-learn's."""
    total, first = len(rows.texts), rows.vectors.shape[1]
    idf = [
        np.log((1 + total) / (1 + np.array(list(block.values()), np.float64))) + 1
        for block in (one, other)
    ]
    return (
        terms(one, idf[0].astype(np.float32), first),
        terms(other, idf[1].astype(np.float32), first + len(one)),
    )


def _matrix(rows: _Rows, one: Terms, other: Terms) -> Any:
    """The features of `rows` as a sparse matrix, made by the code that makes them when serving."""
    from scipy.sparse import csr_matrix  # noqa: PLC0415

    dimension = rows.vectors.shape[1]
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


def _learn(rows: _Rows, one: Terms, other: Terms, seed: int, c: float) -> _Linear:
    from sklearn.svm import LinearSVC  # noqa: PLC0415

    svm = LinearSVC(C=c, dual=True, random_state=seed, max_iter=10_000)
    svm.fit(_matrix(rows, one, other), rows.labels)
    weights, bias = svm.coef_, svm.intercept_
    if len(rows.names) == 2:  # scikit-learn then fits the second label only
        weights, bias = np.vstack([-weights, weights]), np.hstack([-bias, bias])
    return _Linear(one, other, np.ascontiguousarray(weights.T), bias)


def _pruned(rows: _Rows, whole: _Linear, most_grams: int) -> tuple[Terms, Terms]:
    """The n-grams with the most weight: |weights| x sqrt(sum of squared values over the rows)."""
    dimension = rows.vectors.shape[1]
    matrix = _matrix(rows, whole.words, whole.characters)
    energy = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=0)).ravel())
    mass = (np.linalg.norm(whole.weights, axis=1) * energy)[dimension:]
    most = min(most_grams, WEIGHT_BYTES // (4 * len(rows.names)) - dimension)
    heaviest = np.sort(np.argsort(-mass, kind="stable")[: max(most, 0)])
    split = len(whole.words.places)
    of_words, of_characters = heaviest[heaviest < split], heaviest[heaviest >= split] - split
    return (
        _kept(whole.words, of_words, dimension),
        _kept(whole.characters, of_characters, dimension + len(of_words)),
    )


def _kept(block: Terms, places: NDArray[np.intp], first: int) -> Terms:
    grams = list(block.places)
    return terms([grams[place] for place in places], block.idf[places], first)


def _left_out_margins(rows: _Rows, seed: int, c: float) -> NDArray[np.float64]:
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


def _temperature(margins: NDArray[np.float64], labels: NDArray[np.intp]) -> float:
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
