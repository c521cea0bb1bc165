"""Intents: is the right one named, is its confidence true, is what lies outside told apart?"""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

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
Placed = tuple[str, str, str]  # where a message stands, its text, its label


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

    `part` is train, test or oos; of oos only the texts count, and each text once. Raises `InputError`,
    which names a row that lacks its text or label: left out, it would count neither right nor wrong.
    """
    rows = _json_rows(path, part) if path.suffix == ".json" else _csv_rows(path, part)
    if not rows:
        raise InputError(f"{path.name} holds no message to {part} on; give one with text and label")
    for where, text, label in rows:
        if not text or not (label or part == "oos"):
            raise InputError(
                f"{path.name}, {where}: the text or its label is empty; fill it in or drop the row"
            )
    found = Messages(tuple(text for _, text, _ in rows), tuple(label for _, _, label in rows))
    return found if part == "test" else found.once()


def _csv_rows(path: Path, part: str) -> list[Placed]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = reader.fieldnames or ()
            column = "" if part == "oos" and "text" in columns else label_column(path, columns)
            return [_placed(path, reader.line_num, row, column) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{str(path)!r} cannot be read ({error}); give a CSV in UTF-8") from error


def _placed(path: Path, line: int, row: Mapping[str | None, Any], column: str) -> Placed:
    if any(row.get(None) or ()):
        raise InputError(
            f"{path.name}, line {line}: has more fields than the header; put a text with commas in quotes"
        )
    return f"line {line}", (row["text"] or "").strip(), (row.get(column) or "").strip()


def _json_rows(path: Path, part: str) -> list[Placed]:
    try:
        table = json.loads(path.read_text(encoding="utf-8-sig"))
        if not isinstance(table, dict):
            raise TypeError("it holds no table of parts")  # noqa: TRY301  # as any other of these
        if part == "oos":
            names = [name for name in table if name.startswith("oos")]
        else:
            names = [name for name in JSON_PARTS[part] if name in table][:1]
        return [
            (f"{name}, row {number}", str(text).strip(), str(label).strip())
            for name in names
            for number, (text, label) in enumerate(table[name], 1)
        ]
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

    `rows_also_fitted` are messages of `test` that stand in `train` word for word: they flatter. With `tuned_from`, the folder of an encoder's float weights, it gets a tuned second opinion.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "intents"
        report = await fit(train.texts, train.labels, encoder, out, seed=seed)
        if tuned_from is not None:
            from arriero.models.fit_tuned import fit_tuned  # noqa: PLC0415  # needs torch

            await fit_tuned(out, report.share, tuned_from, seed=seed)
        found = await measured(open_head(out, encoder), test, oos)
    return {**found, "rows_also_fitted": also_fitted(test.texts, train.texts)}


def also_fitted(test: Sequence[str], train: Sequence[str]) -> Metric:
    """How many texts of `test` were learned from."""
    learned = frozenset(train)
    return Metric(sum(text in learned for text in test), len(test), "rows")


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
    said, true = _numbered([answer.label for answer in answers], truth)
    hits = np.array(right)
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
    95 % of the strangers or more are. A classifier that cannot tell rejects nothing.
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
        "oos_fpr95": _share((ours >= np.sort(theirs)[len(theirs) // 20]).tolist()),
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


def _numbered(
    said: Sequence[str], true: Sequence[str]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Labels as numbers: texts would be compared hundreds of times in the resamples."""
    places = {label: at for at, label in enumerate(dict.fromkeys((*said, *true)))}
    one, two = (np.array([places[label] for label in some], np.intp) for some in (said, true))
    return one, two


def macro_f1(said: NDArray[np.intp], true: NDArray[np.intp]) -> float:
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
