"""Sentiment: is what a text feels told, by the head, by the lexicon, and by both together?

Macro recall is the mean of the three recalls, TweetEval's measure (Barbieri et al., 2020); its interval
is a percentile bootstrap over the rows (Efron and Tibshirani, 1993).
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from arriero.apps.support.sentiment import SENTIMENTS, lexicon_says, plain, weighed
from arriero.apps.support.settings import SAMPLE
from arriero.bench.draws import draws
from arriero.bench.intents import also_fitted
from arriero.bench.report import Metric
from arriero.core.errors import InputError
from arriero.core.statistics import Interval, percentile, wilson
from arriero.models.base import Encoder
from arriero.models.fit_head import fit
from arriero.models.heads import HeadClassifier, load_head

TRAIN = SAMPLE / "sentiment.csv"
RESAMPLES = 2_000
WAIT_S = 60.0
TEXTS = "_text.txt"
_NUMBERS = dict(zip(("0", "1", "2"), SENTIMENTS, strict=True))  # TweetEval's labels


@dataclass(frozen=True, slots=True)
class Said:
    """What each judge said of the rows, in their order; `ms` are times of head and lexicon together."""

    both: tuple[str, ...]
    head: tuple[str, ...]
    lexicon: tuple[str, ...]
    ms: tuple[float, ...]


def read_rows(file: Path) -> tuple[tuple[str, str], ...]:
    """(text, label) of a CSV; 0, 1, 2 are negative, neutral, positive. `InputError` names the line.

    TweetEval's own files are read as they are: a text a line in `X_text.txt`, with `X_labels.txt` beside it.
    """
    if file.name.endswith(TEXTS):
        return _tweets(file, labels_of(file))
    found = []
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            if not {"text", "label"} <= set(reader.fieldnames or ()):
                columns = ", ".join(reader.fieldnames or ()) or "(none)"
                raise InputError(f"{file.name} has the columns {columns}; it needs text and label")
            for row in reader:
                label = (row["label"] or "").strip().lower()
                label = _NUMBERS.get(label, label)
                if label not in SENTIMENTS or not (row["text"] or "").strip():
                    raise InputError(
                        f"{file.name}, line {reader.line_num}: needs a text and one of negative, "
                        f"neutral, positive (or 0, 1, 2), not {row['label']!r}"
                    )
                found.append((row["text"], label))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{str(file)!r} cannot be read ({error}); give a CSV in UTF-8") from None
    if not found:
        raise InputError(f"{file.name} has no rows; give texts with their labels")
    return tuple(found)


def labels_of(file: Path) -> Path:
    """Where the labels of TweetEval's `X_text.txt` lie."""
    return file.with_name(f"{file.name.removesuffix(TEXTS)}_labels.txt")


def _tweets(texts: Path, labels: Path) -> tuple[tuple[str, str], ...]:
    try:
        said, told = (
            file.read_bytes()
            .decode("utf-8-sig")
            .replace("\r\n", "\n")
            .removesuffix("\n")
            .split("\n")
            for file in (texts, labels)
        )
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{texts.name} needs its labels in {labels.name}, both in UTF-8 ({error})"
        ) from None
    if len(said) != len(told):
        raise InputError(
            f"{texts.name} has {len(said)} lines, but {labels.name} {len(told)}; give a label a line"
        )
    for line, (text, label) in enumerate(zip(said, told, strict=True), 1):
        if label.strip() not in _NUMBERS or not text.strip():
            raise InputError(
                f"{texts.name}, line {line}: needs a text, and in {labels.name} 0, 1 or 2, not {label!r}"
            )
    return tuple((text, _NUMBERS[label.strip()]) for text, label in zip(said, told, strict=True))


async def measure(
    test: Sequence[tuple[str, str]], encoder: Encoder, train: Sequence[tuple[str, str]]
) -> Mapping[str, Metric]:
    """Fit a head on `train` and judge `test`: what support serves, the head alone, the lexicon alone."""
    said = await judged(test, encoder, train)
    truth = [label for _, label in test]
    right = sum(one == label for one, label in zip(said.both, truth, strict=True))
    return {
        "macro_recall": macro_recall(truth, said.both),
        "accuracy": Metric.of(wilson(right, len(truth)), len(truth)),
        **{f"recall_{name}": recall(truth, said.both, name) for name in SENTIMENTS},
        "macro_recall_head": macro_recall(truth, said.head),
        "macro_recall_lexicon": macro_recall(truth, said.lexicon),
        "p50_ms": Metric(percentile(said.ms, 50), len(said.ms), "ms"),
        "p95_ms": Metric(percentile(said.ms, 95), len(said.ms), "ms"),
        "rows_also_fitted": also_fitted([text for text, _ in test], [text for text, _ in train]),
    }


async def judged(
    test: Sequence[tuple[str, str]], encoder: Encoder, train: Sequence[tuple[str, str]]
) -> Said:
    """What is said of each test row by a head that is fitted on `train`, each text once."""
    rows = dict(train)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "sentiment"
        await fit(list(rows), list(rows.values()), encoder, out, scope=False)
        classifier = HeadClassifier(load_head(out), encoder)
    both, head, lexicon, times = [], [], [], []
    for text, _ in test:
        started = perf_counter()
        labels = await classifier.classify(plain(text), timeout_s=WAIT_S)
        both.append(weighed(text, labels.scores)[0][0])
        times.append((perf_counter() - started) * 1e3)
        head.append(labels.label)
        lexicon.append(lexicon_says(text))
    return Said(tuple(both), tuple(head), tuple(lexicon), tuple(times))


def macro_recall(truth: Sequence[str], said: Sequence[str], *, seed: int = 0) -> Metric:
    """The mean recall of the sentiments that occur, with its 95 % interval."""
    told, right = np.array(truth), np.array(truth) == np.array(said)
    sides = [(told == name, (told == name) & right) for name in SENTIMENTS if name in truth]
    means = [
        np.mean(
            [hit[at].sum(axis=1) / np.maximum(mine[at].sum(axis=1), 1) for mine, hit in sides],
            axis=0,
        )
        for at in draws(len(told), RESAMPLES, seed)
    ]
    low, high = np.percentile(np.concatenate(means), (2.5, 97.5))
    value = float(np.mean([right[mine].mean() for mine, _ in sides]))
    return Metric.of(Interval(value, float(low), float(high)), len(told))


def recall(truth: Sequence[str], said: Sequence[str], name: str) -> Metric:
    """The share of the rows of one sentiment that were told so."""
    mine = [one == name for one, label in zip(said, truth, strict=True) if label == name]
    return Metric.of(wilson(sum(mine), len(mine)), len(mine))
