"""BANKING77 with an encoder tuned to the training rows (all, and ten a label) beside the head (`support train --tune`).

Needs torch (extra `train`) and the model minilm-l6-float. The laziest product names the most frequent label.
`ARRIERO_DATA` names the folder with the public data. `--short` is a trial on few rows.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from pathlib import Path

from arriero.bench.intents import Messages, MostFrequent, measured, read_messages
from arriero.cli.tuning import tuning_source
from arriero.core.settings import Settings
from arriero.models.base import Encoder
from arriero.models.encoder import OnnxEncoder
from arriero.models.fit_head import fit
from arriero.models.fit_tuned import fit_tuned
from arriero.models.heads import HeadClassifier, load_head
from arriero.models.tuned import open_head
from bars._trial import keep, progress
from bars.intents import few, figure, ten_shot
from bars.result import Figure

WHAT = "BANKING77 with a tuned encoder's second opinion"


def main() -> None:
    data = Path(os.environ["ARRIERO_DATA"]) / "banking77"
    train, test = (read_messages(data / f"{part}.csv", part) for part in ("train", "test"))
    keep("intents_tuned", WHAT, asyncio.run(_all(train, test)))


async def _all(train: Messages, test: Messages) -> list[Figure]:
    models = Settings.load().models.folder.expanduser()
    encoder, source = OnnxEncoder(models / "minilm-l6"), tuning_source(models)
    try:
        figures = await _figures(few(train, 800), few(test, 200), encoder, source)
        return [*figures, await ten_shot("10_shot", train, test, encoder, source)]
    finally:
        await encoder.close()


async def _figures(train: Messages, test: Messages, encoder: Encoder, source: Path) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        out, started = Path(folder) / "intents", time.perf_counter()
        report = await fit(train.texts, train.labels, encoder, out)
        progress(f"the head is fitted after {time.perf_counter() - started:.0f} s")
        told = await fit_tuned(out, report.share, source, progress=_tell)
        spent = time.perf_counter() - started
        both = await measured(open_head(out, encoder), test, None)
        alone = await measured(HeadClassifier(load_head(out), encoder), test, None)
    lazy = (await measured(MostFrequent(train, None), test, None))["accuracy"]
    return [
        figure("accuracy", both["accuracy"], ">= 0.95"),
        figure("accuracy_head", alone["accuracy"], note="without the tuned encoder"),
        figure("macro_f1", both["macro_f1"]),
        figure("ece", both["ece"], "<= 0.02"),
        figure("p50_ms", both["p50_ms"]),
        figure("p95_ms", both["p95_ms"], "<= 15"),
        Figure("held_out_accuracy", round(told.both.value, 4), "share", "", told.rows,
               round(told.both.low, 4), round(told.both.high, 4), "of training rows, by the first tuning"),
        Figure("fit_s", round(spent), "s", n=len(train.texts), note="head and both tunings"),
        figure("lazy", lazy, "<= 0.05", "the most frequent label has to fail"),
    ]  # fmt: skip


def _tell(done: int, whole: int) -> None:
    if done % 100 == 0:
        progress(f"step {done} of {whole}")


if __name__ == "__main__":
    main()
