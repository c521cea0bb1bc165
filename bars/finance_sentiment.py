"""Tone of financial news: 120 held-out sentences in another manner, by the lexicon and by the head.

The head is fitted on the 400 sentences that ship; the lexicon was looked at beside those, never beside the held-out
ones. The laziest products: always neutral, always positive.
"""

from __future__ import annotations

import asyncio
import csv
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from arriero.apps.finance.news.lexicon import tone
from arriero.apps.finance.settings import NEWS_ROWS
from arriero.core.settings import Settings
from arriero.core.statistics import wilson
from arriero.models import catalogue
from arriero.models.encoder import OnnxEncoder
from arriero.models.fit_head import fit
from arriero.models.heads import HeadClassifier, load_head
from bars._trial import count, keep
from bars.result import HERE, Figure

HELD_OUT = HERE / "finance_news_heldout.jsonl"
CLEAR = 0.15  # a tone nearer to zero is neutral: Alpha Vantage's own bound


def main() -> None:
    keep(
        "finance_sentiment",
        "tone of 120 held-out sentences of financial news",
        asyncio.run(_measured()),
    )


async def _measured() -> list[Figure]:
    lines = HELD_OUT.read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines][:: count(1, 10)]
    texts, truth = [row["text"] for row in rows], [row["label"] for row in rows]
    return [
        _share("accuracy_head", await _by_head(texts), truth),
        _share("accuracy_lexicon", [_word(tone(text)) for text in texts], truth),
        _share("accuracy_always_neutral", ["neutral"] * len(texts), truth),
        _share("accuracy_always_positive", ["positive"] * len(texts), truth),
    ]


async def _by_head(texts: Sequence[str]) -> list[str]:
    with NEWS_ROWS.open(encoding="utf-8", newline="") as lines:
        learned = [(row["text"], row["label"]) for row in csv.DictReader(lines)]
    encoder = OnnxEncoder(catalogue.path("minilm-l6", Settings().models.folder.expanduser()))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "news"
        await fit(
            [text for text, _ in learned],
            [label for _, label in learned],
            encoder,
            out,
            scope=False,
        )
        head = HeadClassifier(load_head(out), encoder)
    return [(await head.classify(text, timeout_s=60.0)).label for text in texts]


def _word(value: float) -> str:
    return "positive" if value > CLEAR else "negative" if value < -CLEAR else "neutral"


def _share(name: str, said: Sequence[str], truth: Sequence[str]) -> Figure:
    seen = wilson(sum(one == two for one, two in zip(said, truth, strict=True)), len(truth))
    value, low, high = (round(number, 4) for number in (seen.value, seen.low, seen.high))
    return Figure(name, value, "share", "", len(truth), low, high)


if __name__ == "__main__":
    main()
