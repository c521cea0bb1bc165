"""Intents: BANKING77 (all rows, ten a label) and CLINC150 with messages from outside its labels.

BANKING77 is fitted on the official training part; CLINC150 on the 15,000 in-scope training rows of
data_full, measured on its validation rows, with every out-of-scope row of both files as messages from
outside. None of those was used in training or for a threshold. The laziest products run beside it.
`ARRIERO_DATA` names the folder with the public data. `--short` is a trial on few rows.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from arriero.bench.intents import (
    Messages,
    MostFrequent,
    measure,
    measured,
    read_messages,
)
from arriero.bench.report import Metric
from arriero.core.settings import Settings
from arriero.models.base import Encoder
from arriero.models.encoder import OnnxEncoder
from arriero.models.fit_head import fit
from arriero.models.heads import HeadClassifier, load_head
from bars._trial import count, keep, progress, short
from bars.result import Figure

SEEDS = range(5)
SHOTS = 10


def main() -> None:
    encoder = OnnxEncoder(Settings.load().models.folder.expanduser() / "minilm-l6")
    data = Path(os.environ["ARRIERO_DATA"])
    figures = asyncio.run(_all(data, encoder))
    keep("intents", "Intents on BANKING77 and CLINC150 without torch", figures)


async def _all(data: Path, encoder: Encoder) -> list[Figure]:
    try:
        train = read_messages(data / "banking77" / "train.csv", "train")
        test = read_messages(data / "banking77" / "test.csv", "test")
        return [
            *await _banking(few(train, 800), few(test, 200), encoder),
            await ten_shot("banking77_10_shot", train, test, encoder),
            *await _clinc(data / "clinc150", encoder),
        ]
    finally:
        await encoder.close()


async def _banking(train: Messages, test: Messages, encoder: Encoder) -> list[Figure]:
    progress(f"BANKING77: {len(train.texts)} rows")
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        report = await fit(train.texts, train.labels, encoder, Path(folder) / "banking77")
        spent = time.perf_counter() - started
        head = HeadClassifier(load_head(Path(folder) / "banking77"), encoder)
        seen = await measured(head, test, None)
    lazy = (await measured(MostFrequent(train, None), test, None))["accuracy"]
    return [
        figure("banking77_accuracy", seen["accuracy"], ">= 0.945"),
        figure("banking77_macro_f1", seen["macro_f1"]),
        figure("banking77_top5", seen["top5"], ">= 0.99"),
        figure("banking77_ece", seen["ece"], "<= 0.02"),
        figure("banking77_brier", seen["brier"]),
        figure("banking77_p50_ms", seen["p50_ms"]),
        figure("banking77_p95_ms", seen["p95_ms"], "<= 15"),
        Figure(
            "banking77_fit_s", round(spent, 1), "s", "<= 600", report.rows, note="with encoding"
        ),
        Figure("banking77_head_mb", round(report.bytes / 1e6, 1), "MB", "<= 25"),
        figure("banking77_lazy", lazy, "<= 0.05", "the most frequent label has to fail"),
    ]


async def ten_shot(
    name: str, train: Messages, test: Messages, encoder: Encoder, tuned_from: Path | None = None
) -> Figure:
    """The mean accuracy of five draws of ten rows a label, with Student's interval."""
    found = []
    for seed in list(SEEDS)[: count(5, 1)]:
        progress(f"BANKING77, {SHOTS} rows a label, draw {seed}")
        drawn = draw(train, SHOTS, seed)
        results = await measure(drawn, few(test, 200), None, encoder, tuned_from=tuned_from)
        found.append(results["accuracy"].value)
    spread = statistics.stdev(found) if len(found) > 1 else 0.0
    mean = statistics.mean(found)
    half = 2.776 * spread / len(found) ** 0.5  # Student's t, four degrees of freedom
    return Figure(
        name, round(mean, 4), "share", ">= 0.87", len(found),
        round(mean - half, 4), round(mean + half, 4), f"mean of {len(found)} draws",
    )  # fmt: skip


async def _clinc(folder: Path, encoder: Encoder) -> list[Figure]:
    train = few(read_messages(folder / "data_full.json", "train"), 1_500)
    test = few(read_messages(folder / "data_full.json", "test"), 300)
    files = [folder / "data_full.json", folder / "data_oos_plus.json"]
    texts = dict.fromkeys(text for file in files for text in read_messages(file, "oos").texts)
    outside = Messages(tuple(texts), ("",) * len(texts))
    progress(f"CLINC150: {len(train.texts)} rows, {len(texts)} from outside")
    seen = await measure(train, test, outside, encoder)
    never = await measured(MostFrequent(train, 0.0), test, outside)
    always = await measured(MostFrequent(train, 1.0), test, outside)
    return [
        figure("clinc150_accuracy", seen["accuracy"], ">= 0.965"),
        figure("clinc150_ece", seen["ece"], "<= 0.02"),
        figure("clinc150_oos_auroc", seen["oos_auroc"], ">= 0.98"),
        figure("clinc150_oos_recall", seen["oos_recall"], ">= 0.9"),
        figure("clinc150_oos_fpr95", seen["oos_fpr95"]),
        figure("clinc150_accuracy_rejecting", seen["accuracy_rejecting"], ">= 0.93"),
        figure("never_reject_recall", never["oos_recall"], "<= 0.5", "has to fail"),
        figure("always_reject_accuracy", always["accuracy_rejecting"], "<= 0.5", "has to fail"),
    ]


def draw(rows: Messages, shots: int, seed: int) -> Messages:
    """`shots` rows of each label, by chance; the same for the same seed."""
    generator = np.random.default_rng(seed)
    labels = np.array(rows.labels)
    places = [
        place
        for label in sorted(set(rows.labels))
        for place in generator.permutation(np.flatnonzero(labels == label))[:shots]
    ]
    return Messages(tuple(rows.texts[at] for at in places), tuple(rows.labels[at] for at in places))


def few(rows: Messages, most: int) -> Messages:
    """In a trial the first rows of each label, about `most` in all."""
    if not short():
        return rows
    return draw(rows, max(2, most // len(set(rows.labels))), seed=0)


def figure(name: str, metric: Metric, bar: str = "", note: str = "") -> Figure:
    low, high = (None if edge is None else round(edge, 4) for edge in (metric.low, metric.high))
    return Figure(name, round(metric.value, 4), metric.unit, bar, metric.n, low, high, note)


if __name__ == "__main__":
    main()
