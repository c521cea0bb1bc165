"""Intents: is the right one named, is its confidence true, is what lies outside told apart?"""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from arriero.bench.report import Metric
from arriero.core.errors import InputError
from arriero.core.statistics import expected_calibration_error, percentile, wilson
from arriero.models.base import Classifier, Encoder, Labels
from arriero.models.fit_head import fit
from arriero.models.head_rows import label_column
from arriero.models.tuned import open_head

RESAMPLES = 300
REJECT = 0.5  # the promise of `Labels.outside`
WAIT_S = 60.0
JSON_PARTS = {"train": ("train",), "test": ("test", "val")}  # CLINC150's file: its parts by name

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Messages:
    """Texts and their true labels, side by side."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]

    def once(self) -> Messages:
        """Each text once, with the label that it had first."""
        first: dict[str, str] = {}
        for text, label in zip(self.texts, self.labels, strict=True):
            first.setdefault(text, label)
        return Messages(tuple(first), tuple(first.values()))


def read_messages(path: Path, part: str) -> Messages:
    """The messages of a CSV (text, and label or category) or of CLINC150's JSON, for `part` of a run.

    `part` is train, test or oos; of oos only the texts count, and each text once. Raises `InputError`.
    """
    rows = _json_rows(path, part) if path.suffix == ".json" else _csv_rows(path, part)
    kept = [(text, label) for text, label in rows if text and (label or part == "oos")]
    if not kept:
        raise InputError(f"{path.name} holds no message to {part} on; give one with text and label")
    found = Messages(tuple(text for text, _ in kept), tuple(label for _, label in kept))
    return found if part == "test" else found.once()


def _csv_rows(path: Path, part: str) -> list[tuple[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = reader.fieldnames or ()
            column = "" if part == "oos" and "text" in columns else label_column(path, columns)
            return [
                ((row["text"] or "").strip(), (row.get(column) or "").strip()) for row in reader
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{str(path)!r} cannot be read ({error}); give a CSV in UTF-8") from error


def _json_rows(path: Path, part: str) -> list[tuple[str, str]]:
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(table, dict):
            raise TypeError("it holds no table of parts")  # noqa: TRY301  # as any other of these
        if part == "oos":
            names = [name for name in table if name.startswith("oos")]
        else:
            names = [name for name in JSON_PARTS[part] if name in table][:1]
        return [(text.strip(), label) for name in names for text, label in table[name]]
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"{str(path)!r} cannot be read ({error}); give a CSV, or JSON with train and test"
        ) from error


async def measure(
    train: Messages,
    test: Messages,
    oos: Messages | None,
    encoder: Encoder,
    *,
    seed: int = 0,
    tuned_from: Path | None = None,
) -> dict[str, Metric]:
    """Fit a head on `train` and measure it on `test`, and on `oos`, which it never sees before.

    With `tuned_from`, the folder of an encoder's float weights, it gets a tuned second opinion.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "intents"
        report = await fit(train.texts, train.labels, encoder, out, seed=seed)
        if tuned_from is not None:
            from arriero.models.fit_tuned import fit_tuned  # noqa: PLC0415  # needs torch

            await fit_tuned(out, report.share, tuned_from, seed=seed)
        return await measured(open_head(out, encoder), test, oos)


async def measured(
    classifier: Classifier, test: Messages, oos: Messages | None
) -> dict[str, Metric]:
    """The metrics of any classifier."""
    answers, spent = await _ask(classifier, test.texts)
    strangers = (await _ask(classifier, oos.texts))[0] if oos is not None else None
    return {
        **quality(answers, test.labels),
        **(outside(answers, test.labels, strangers) if strangers is not None else {}),
        "p50_ms": Metric(percentile(spent, 50), len(spent), "ms"),
        "p95_ms": Metric(percentile(spent, 95), len(spent), "ms"),
    }


async def _ask(classifier: Classifier, texts: Sequence[str]) -> tuple[list[Labels], list[float]]:
    answers, spent = [], []
    for text in texts:
        started = perf_counter()
        answers.append(await classifier.classify(text, timeout_s=WAIT_S))
        spent.append((perf_counter() - started) * 1_000)
    return answers, spent


def quality(answers: Sequence[Labels], truth: Sequence[str]) -> dict[str, Metric]:
    """accuracy, macro_f1, top5, ece (15 bins of equal mass) and brier (over all labels, 0 to 2)."""
    pairs = list(zip(answers, truth, strict=True))
    right = [answer.label == label for answer, label in pairs]
    among = [label in [name for name, _ in answer.scores[:5]] for answer, label in pairs]
    sure = np.array([answer.confidence for answer in answers])
    brier = np.array([_brier(answer, label) for answer, label in pairs])
    said = np.array([answer.label for answer in answers])
    true, hits = np.array(truth), np.array(right)
    return {
        "accuracy": _share(right),
        "macro_f1": _resampled(lambda at: macro_f1(said[at], true[at]), len(pairs)),
        "top5": _share(among),
        "ece": _resampled(
            lambda at: expected_calibration_error(sure[at].tolist(), hits[at].tolist()), len(pairs)
        ),
        "brier": _resampled(lambda at: float(brier[at].mean()), len(pairs)),
    }


def outside(
    answers: Sequence[Labels], truth: Sequence[str], strangers: Sequence[Labels]
) -> dict[str, Metric]:
    """How well messages from outside are told apart, and what in-scope accuracy that leaves.

    oos_recall is the share rejected at the fitted threshold; accuracy_rejecting counts the in-scope
    messages rejected there as errors; oos_fpr95 is the share of in-scope messages rejected where
    95 % of the strangers are. A classifier that cannot tell rejects nothing.
    """
    ours, theirs = (np.array([_value(answer) for answer in some]) for some in (answers, strangers))
    kept = [
        answer.label == label and _value(answer) < REJECT
        for answer, label in zip(answers, truth, strict=True)
    ]
    both = len(ours) + len(theirs)
    values, kinds = np.concatenate([ours, theirs]), np.arange(both) >= len(ours)
    return {
        "oos_auroc": _resampled(
            lambda at: auroc(values[at][~kinds[at]], values[at][kinds[at]]), both
        ),
        "oos_recall": _share((theirs >= REJECT).tolist()),
        "oos_fpr95": _share((ours >= np.quantile(theirs, 0.05)).tolist()),
        "accuracy_rejecting": _share(kept),
    }


def _value(answer: Labels) -> float:
    return 0.0 if answer.outside is None else answer.outside


def auroc(ours: Numbers, theirs: Numbers) -> float:
    """The chance that a stranger's value is above one of ours; ties count half (Mann-Whitney)."""
    if not len(ours) or not len(theirs):
        return 0.5
    ordered = np.sort(ours)
    below = np.searchsorted(ordered, theirs, "left") + np.searchsorted(ordered, theirs, "right")
    return float(below.mean() / (2 * len(ordered)))


def macro_f1(said: NDArray[np.str_], true: NDArray[np.str_]) -> float:
    """The mean over the true labels of the harmonic mean of precision and recall."""
    found = []
    for label in np.unique(true):
        both = ((said == label) & (true == label)).sum()
        found.append(2 * both / ((said == label).sum() + (true == label).sum()))
    return float(np.mean(found))


def _brier(answer: Labels, label: str) -> float:
    wrong = sum((chance - (name == label)) ** 2 for name, chance in answer.scores)
    return wrong + (label not in [name for name, _ in answer.scores])


def _share(right: Sequence[bool]) -> Metric:
    return Metric.of(wilson(sum(right), len(right)), len(right))


def _resampled(value: Callable[[NDArray[np.intp]], float], n: int) -> Metric:
    """The value on all cases, and the 95 % interval of a percentile bootstrap over them."""
    generator = np.random.default_rng(0)
    drawn = [value(generator.integers(0, n, n)) for _ in range(RESAMPLES)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Metric(value(np.arange(n)), n, "share", float(low), float(high))


@dataclass(frozen=True, slots=True)
class MostFrequent:
    """The laziest classifier: the most frequent label of `rows`, and one opinion on what is outside."""

    rows: Messages
    outside: float | None

    @property
    def name(self) -> str:
        return "most frequent label"

    async def classify(self, text: str, *, timeout_s: float) -> Labels:  # a protocol
        counts = self._counts()
        whole = len(self.rows.labels)
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return Labels(
            tuple((label, rows / whole) for label, rows in ranked), self.name, self.outside
        )

    def _counts(self) -> Mapping[str, int]:
        names, counts = np.unique(self.rows.labels, return_counts=True)
        return {str(name): int(rows) for name, rows in zip(names, counts, strict=True)}
