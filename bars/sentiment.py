"""Sentiment of tweets (TweetEval's validation rows) and of customers' sentences kept from training.

The head learns from the sample's own rows. How head and lexicon are weighed was fitted on GoEmotions'
dev rows and on the sample's written rows left out in turn: `--weights` fits the weights again.
Beside them: the head and the lexicon (VADER) alone, a head that learned from GoEmotions' train rows,
and the laziest products: always neutral, always positive. `ARRIERO_DATA` names the public data.
"""

from __future__ import annotations

import asyncio
import csv
import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random

import numpy as np

from arriero.apps.support.sample import feelings
from arriero.apps.support.sentiment import SENTIMENTS, features, plain
from arriero.apps.support.settings import SAMPLE
from arriero.bench.report import Metric
from arriero.bench.sentiment import TRAIN, judged, macro_recall, measure, read_rows, recall
from arriero.core.settings import Settings
from arriero.models import catalogue
from arriero.models.encoder import OnnxEncoder
from arriero.models.fit_head import fit
from arriero.models.heads import HeadClassifier, load_head
from bars._trial import count, keep, progress
from bars.result import Figure

Row = tuple[str, str]
SEED = 20_261_124
FOLDS = 5
WRITTEN = 0.25  # the weight of the customers' register beside GoEmotions' in fitting the weights
OTHERS = 6_000  # rows of GoEmotions that the other head learns from
WHAT = "TweetEval's 2,000 validation rows, and 120 customers' sentences kept from training"
# GoEmotions' own grouping (Demszky et al., 2020, figure 2); its ambiguous emotions are neutral here.
POSITIVE = frozenset(
    "admiration amusement approval caring desire excitement gratitude joy love optimism pride"
    " relief".split()
)
NEGATIVE = frozenset(
    "anger annoyance disappointment disapproval disgust embarrassment fear grief nervousness"
    " remorse sadness".split()
)


def main() -> None:
    if sys.argv[1:] == ["--weights"]:
        asyncio.run(_weights())
        return
    keep("sentiment", WHAT, asyncio.run(_measure()))


async def _measure() -> list[Figure]:
    encoder = _encoder()
    tweets, kept = _tweets()[:: count(1, 10)], read_rows(SAMPLE / "sentiment_heldout.csv")
    own = read_rows(TRAIN)[:: count(1, 5)]
    found = await measure(tweets, encoder, own)
    progress("tweets judged; now customers")
    customers = await measure(kept, encoder, own)
    progress("customers judged; now a head that learned from GoEmotions")
    others = await judged(tweets, encoder, _balanced(_emotions("train"), count(OTHERS, 300)))
    await encoder.close()
    truth = [label for _, label in tweets]
    return [
        _figure("macro_recall", found["macro_recall"], ">= 0.66", "head and lexicon: what ships"),
        _figure("accuracy", found["accuracy"]),
        *(_figure(f"recall_{name}", found[f"recall_{name}"]) for name in SENTIMENTS),
        _figure("macro_recall_head", found["macro_recall_head"], note="the head alone"),
        _figure("macro_recall_lexicon", found["macro_recall_lexicon"], note="VADER alone"),
        _figure("macro_recall_goemotions_head", macro_recall(truth, others.head),
                note=f"a head that learned from {OTHERS:,} rows of GoEmotions"),
        _figure("macro_recall_goemotions_both", macro_recall(truth, others.both),
                note="and the lexicon, weighed for the head that ships"),
        _figure("macro_recall_by_lazy_neutral", macro_recall(truth, ["neutral"] * len(truth))),
        _figure("macro_recall_by_lazy_positive", macro_recall(truth, ["positive"] * len(truth))),
        _figure("customers_macro_recall", customers["macro_recall"]),
        _figure("customers_macro_recall_head", customers["macro_recall_head"]),
        _figure("customers_macro_recall_lexicon", customers["macro_recall_lexicon"]),
        _figure("customers_recall_negative", customers["recall_negative"]),
        _figure("p50_ms", found["p50_ms"]),
        _figure("p95_ms", found["p95_ms"]),
    ]  # fmt: skip


def _figure(name: str, metric: Metric, bar: str = "", note: str = "") -> Figure:
    low, high = (round(one, 4) if one is not None else None for one in (metric.low, metric.high))
    return Figure(name, round(metric.value, 4), metric.unit, bar, metric.n, low, high, note)


def _tweets() -> list[Row]:
    folder = Path(os.environ["ARRIERO_DATA"]) / "tweeteval-sentiment"
    labels = (folder / "val_labels.txt").read_text(encoding="utf-8").split()
    texts = (folder / "val_text.txt").read_text(encoding="utf-8").split("\n")[: len(labels)]
    return [(text, SENTIMENTS[int(label)]) for text, label in zip(texts, labels, strict=True)]


def _emotions(part: str) -> list[Row]:
    """GoEmotions as sentiments; rows that are positive and negative at once are left out."""
    folder = Path(os.environ["ARRIERO_DATA"]) / "goemotions"
    names = (folder / "labels.txt").read_text(encoding="utf-8").split()
    found: dict[str, str] = {}
    with (folder / f"{part}.tsv").open(encoding="utf-8", newline="") as lines:
        for text, numbers, *_ in csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            felt = {names[int(number)] for number in numbers.split(",")}
            good, bad = bool(felt & POSITIVE), bool(felt & NEGATIVE)
            if not (good and bad):
                found.setdefault(text, "positive" if good else "negative" if bad else "neutral")
    return list(found.items())


def _balanced(rows: Sequence[Row], total: int) -> list[Row]:
    shuffled = Random(SEED).sample(list(rows), len(rows))
    each = [[row for row in shuffled if row[1] == name] for name in SENTIMENTS]
    return [row for of_one in each for row in of_one[: total // len(SENTIMENTS)]]


async def _weights() -> None:
    """Prints `arriero.apps.support.sentiment.WEIGHTS` as fitted; no test row is read."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  # only to fit

    encoder = _encoder()
    written = list(feelings.written())
    Random(SEED).shuffle(written)
    dev, left = _emotions("dev"), []
    values = await _features(_read(feelings.rows()), dev, encoder)
    for fold in range(FOLDS):
        out = written[fold::FOLDS]
        kept = [row for row in written if row not in out]
        judged_rows = [*out, *feelings.paired(out)]
        own = _read([*kept, *feelings.made(), *feelings.paired(kept)])
        values += await _features(own, judged_rows, encoder)
        left += [label for _, label in judged_rows]
    await encoder.close()
    truth = [label for _, label in dev]
    weights = _even(truth, 1 - WRITTEN)
    truth += left
    weights += _even(left, WRITTEN)
    scale = len(dev) / sum(weights)
    fitted = LogisticRegression(max_iter=3_000).fit(
        np.array(values), truth, sample_weight=np.array(weights) * scale
    )
    for name, row, constant in zip(fitted.classes_, fitted.coef_, fitted.intercept_, strict=True):
        numbers = ", ".join(f"{value:.2f}" for value in (*row, constant))
        print(f'    "{name}": ({numbers}),')
    print(f"dev macro recall {_left_out(fitted, values[: len(dev)], truth[: len(dev)]):.4f}")


def _read(rows: Iterable[Row]) -> list[Row]:
    """The rows as a head reads them, each once."""
    return list({plain(text): label for text, label in rows}.items())


def _left_out(fitted: object, values: Sequence[Sequence[float]], truth: Sequence[str]) -> float:
    said = fitted.predict(np.array(values))  # type: ignore[attr-defined]
    return float(np.mean([recall(truth, list(said), name).value for name in SENTIMENTS]))


def _even(labels: Sequence[str], whole: float) -> list[float]:
    """Weights by which the sentiments count alike and add up to `whole`."""
    return [whole / len(SENTIMENTS) / labels.count(label) for label in labels]


async def _features(
    train: Sequence[Row], rows: Sequence[Row], encoder: OnnxEncoder
) -> list[tuple[float, ...]]:
    """What is weighed for `rows`, by a head that is fitted on `train`."""
    texts, labels = zip(*train, strict=True)
    with tempfile.TemporaryDirectory() as folder:
        await fit(texts, labels, encoder, Path(folder), scope=False)
        head = HeadClassifier(load_head(Path(folder)), encoder)
    found = []
    for text, _ in rows:
        said = await head.classify(plain(text), timeout_s=60)
        found.append(features(text, dict(said.scores)))
    progress(f"{len(found)} rows")
    return found


def _encoder() -> OnnxEncoder:
    return OnnxEncoder(catalogue.path("minilm-l6", Settings.load().models.folder.expanduser()))


if __name__ == "__main__":
    main()
