"""Are corrupted answers told from true ones? On documents and kinds of corruption not fitted on.

The documents are the 698 of tau3-bench's bank (`ARRIERO_DATA`); the score was fitted on the sample
shop's articles (`python -m arriero.bench.fit_quality`) with other kinds of corruption and rewording.
The laziest products beside it: always certain, always refusing, the encoder's cosine of answer and
source, and the word coverage that came before.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from arriero.bench import grounding
from arriero.bench.report import Metric
from arriero.bench.specimens import Document, Specimen
from arriero.checks.base import Exhibit
from arriero.checks.grounding import is_covered_by_its_sources
from arriero.core.settings import Settings
from arriero.core.statistics import expected_calibration_error
from arriero.models import catalogue
from arriero.models.encoder import OnnxEncoder
from bars._trial import keep, progress, short
from bars.result import Figure

TRIAL = 40  # documents
BARS = {"auroc": ">= 0.9", "auroc_facts": ">= 0.99", "ece": "<= 0.05", "ms_per_sentence": "<= 10"}
WHAT = "answers made of tau3-bench's bank documents, right and corrupted in ways not fitted on"


def main() -> None:
    docs = Path(os.environ["ARRIERO_DATA"]) / "tau3-bench" / "banking_knowledge" / "documents"
    if not short():
        keep("grounding", WHAT, asyncio.run(_measure(docs)))
        return
    with tempfile.TemporaryDirectory() as folder:
        for file in sorted(docs.glob("*.json"))[:: len(list(docs.glob("*.json"))) // TRIAL]:
            (Path(folder) / file.name).write_bytes(file.read_bytes())
        keep("grounding", WHAT, asyncio.run(_measure(Path(folder))))


async def _measure(docs: Path) -> list[Figure]:
    encoder = OnnxEncoder(catalogue.path("minilm-l6", Settings.load().models.folder.expanduser()))
    found = await grounding.evaluate(docs, encoder)
    progress("scored; now the laziest products")
    documents = grounding.load(docs)
    lazy = await _lazy(documents, encoder)
    await encoder.close()
    return [*(_figure(name, metric) for name, metric in found.results.items()), *lazy]


def _figure(name: str, metric: Metric) -> Figure:
    low, high = (round(one, 4) if one is not None else None for one in (metric.low, metric.high))
    value = round(metric.value, 4)
    return Figure(name, value, metric.unit, BARS.get(name, ""), metric.n, low, high)


async def _lazy(documents: Sequence[Document], encoder: OnnxEncoder) -> list[Figure]:
    unseen = grounding.unseen_kinds(documents)
    facts = grounding.swapped_facts(documents, grounding.SEED + 1)  # those that ours is measured on
    found = []
    for name, score in products(encoder).items():
        scores = [await score(one) for one in unseen]
        right = [one.right for one in unseen]
        of_facts = grounding.auroc(
            [await score(one) for one in facts], [one.right for one in facts]
        )
        ece = expected_calibration_error(scores, right)
        found += [
            Figure(
                f"auroc_by_{name}", round(grounding.auroc(scores, right), 4), "share", n=len(right)
            ),
            Figure(f"auroc_facts_by_{name}", round(of_facts, 4), "share", n=len(facts)),
            Figure(f"ece_by_{name}", round(ece, 4), "share", n=len(right)),
        ]
    return found


def products(encoder: OnnxEncoder) -> Mapping[str, Callable[[Specimen], Awaitable[float]]]:
    """The laziest products: what a score has to be better than."""
    return {
        "always_certain": _always(1.0),
        "always_refusing": _always(0.0),
        "cosine": _Cosine(encoder),
        "word_coverage": _coverage,
    }


def _always(value: float) -> Callable[[Specimen], Awaitable[float]]:
    async def score(_specimen: Specimen) -> float:
        return value

    return score


async def _coverage(specimen: Specimen) -> float:
    exhibit = Exhibit(specimen.question, specimen.answer, sources=specimen.sources)
    return is_covered_by_its_sources.judge(exhibit).score


class _Cosine:
    """Similarity alone: what most tools call groundedness."""

    def __init__(self, encoder: OnnxEncoder) -> None:
        self._encoder = encoder

    async def __call__(self, specimen: Specimen) -> float:
        texts = [specimen.answer, *(source.quote for source in specimen.sources)]
        answer, *sources = await self._encoder.encode(texts)
        return max(0.0, float(np.max([answer @ one for one in sources])))


if __name__ == "__main__":
    main()
