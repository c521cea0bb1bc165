"""Knowledge: are the required documents found, how fast, how fresh, and are contradictions seen?

Recall is that of tau3's banking_knowledge (698 documents, 49 tasks); weights and cuts were chosen on
the sample shop's held-out messages and on TAT-QA's development questions, never on these tasks. The
pairs of statements were written after the detector's thresholds were fixed. `ARRIERO_DATA` names the
folder with the public data.
"""

from __future__ import annotations

import asyncio
import os
import random
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from time import perf_counter

from arriero.apps.support.articles import Article, load
from arriero.apps.support.contradictions import contradictions, statements
from arriero.apps.support.ingest import Ingestion
from arriero.apps.support.knowledge import KnowledgeSource, Store
from arriero.apps.support.settings import SAMPLE
from arriero.bench.report import Metric
from arriero.bench.retrieval import compared, measure, read_documents, read_tasks
from arriero.core.settings import Settings
from arriero.core.statistics import percentile, wilson
from arriero.models.encoder import OnnxEncoder
from arriero.retrieval.base import Passage
from arriero.retrieval.live import LiveIndex
from arriero.retrieval.local import LocalIndex
from bars._contradictions import PAIRS
from bars._trial import count, keep, progress, short
from bars.result import Figure

DAY = date(2026, 6, 15)


def main() -> None:
    data = Path(os.environ["ARRIERO_DATA"]) / "tau3-bench" / "banking_knowledge"
    figures = asyncio.run(_measure(data))
    keep(
        "retrieval",
        "tau3 banking_knowledge with the packaged encoder; search, swap, detector",
        figures,
    )


async def _measure(data: Path) -> list[Figure]:
    encoder = OnnxEncoder(Settings.load().models.folder.expanduser() / "minilm-l6")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        figures = [
            *await _recalls(data, encoder, folder / "tau3"),
            *await _speed(encoder, folder / "speed"),
            await _freshness(encoder, folder / "fresh"),
            *_contradictions(encoder),
        ]
    await encoder.close()
    return figures


async def _recalls(data: Path, encoder: OnnxEncoder, folder: Path) -> list[Figure]:
    documents, tasks = read_documents(data / "documents"), read_tasks(data / "tasks.json")
    if short():
        tasks = tasks[::8]
        needed = frozenset[str]().union(*(one.required for one in tasks))
        documents = tuple(one for one in documents if one.id in needed) + tuple(
            one for one in documents[:40] if one.id not in needed
        )
    progress(f"{len(documents)} documents, {len(tasks)} tasks")
    found = await measure(documents, tasks, encoder, folder)
    ids = sorted(one.id for one in documents)
    rng = random.Random(0)
    lazy = compared(tasks, {"random": [rng.sample(ids, 30) for _ in tasks],
                            "first": [ids[:30] for _ in tasks]})  # fmt: skip
    return [
        *(_figure(name, found[name]) for name in found if name.startswith("recall")),
        _figure("gain10", found["gain10"], "fused less the better of the others, paired"),
        _figure("gain30", found["gain30"], "fused less the better of the others, paired"),
        # The bar is the low end of the interval: "ahead" or "not shown".
        Figure(
            "gain10_low", round(found["gain10"].low or 0.0, 4), "share", ">= 0.0001", len(tasks)
        ),
        Figure(
            "gain30_low", round(found["gain30"].low or 0.0, 4), "share", ">= 0.0001", len(tasks)
        ),
        *(_figure(f"{name}_by_lazy", lazy[name], "random or first documents") for name in lazy),
    ]


async def _speed(encoder: OnnxEncoder, folder: Path) -> list[Figure]:
    """Ten thousand passages of the sample's sentences; the question's encoding is not in it."""
    rng, size = random.Random(0), count(10_000, 500)
    said = [text for one in load(SAMPLE / "articles") for text in one.text.split(". ")]
    texts = [" ".join(rng.sample(said, 4)) for _ in range(size // 10)]
    # Ten passages share a text (and its encoding): the search does not know, the bar takes minutes less.
    passages = [
        Passage(f"p{at}", f"d{at // 6}", "Sample", texts[at % len(texts)]) for at in range(size)
    ]
    index = await LocalIndex.build(passages, encoder, folder)
    spent: list[float] = []
    for question in rng.sample(said, 200):
        await encoder.encode([question])
        started = perf_counter()
        await index.search(question, k=200, day=DAY)
        spent.append((perf_counter() - started) * 1e3)
    return [
        Figure("search_p50_ms", round(percentile(spent, 50), 2), "ms", "<= 5", 200,
               note=f"{size:,} passages, 200 hits, without the encoding"),
        Figure("search_p95_ms", round(percentile(spent, 95), 2), "ms", "", 200),
    ]  # fmt: skip


async def _freshness(encoder: OnnxEncoder, folder: Path) -> Figure:
    """From the end of an ingestion to the first answer of it in a running index; the worst case."""
    docs = folder / "docs"
    docs.mkdir(parents=True)
    for one in load(SAMPLE / "articles"):
        (docs / f"{one.id}.md").write_text(f"# {one.title}\n\n{one.text}")
    work = Ingestion(Store(folder / "knowledge"), encoder, folder / "index", DAY)
    await work.take_in(docs)
    index = await LiveIndex.open(
        KnowledgeSource(work.store),
        lambda passages: LocalIndex.build(passages, encoder, folder / "index"),
    )
    worst = 0.0
    for number in range(count(10, 2)):
        (docs / "new.md").write_text(f"The glacier course number {number} costs {number} EUR.")
        await work.take_in(docs)
        started = perf_counter()
        wanted = f"number {number} costs"
        # A customer has no event to wait for either.
        while wanted not in (await index.search("glacier course", k=1))[0].passage.text:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        worst = max(worst, perf_counter() - started)
    await index.close()
    return Figure("freshness_max_s", round(worst, 2), "s", "<= 2", count(10, 2))


def _contradictions(encoder: OnnxEncoder) -> list[Figure]:
    found = [_differ(encoder, *pair[:4]) for pair in PAIRS]
    true = [said for said, pair in zip(found, PAIRS, strict=True) if pair[4]]
    false = [said for said, pair in zip(found, PAIRS, strict=True) if not pair[4]]
    articles = load(SAMPLE / "articles")
    said = statements(articles)
    alarms = contradictions(said, encoder.encode_now([one.masked for one in said]))
    return [
        _share("contradictions_found", true, ""),
        _share("contradictions_false", false, ""),
        Figure("false_alarms", len(alarms), "pairs", "<= 3", len(said),
               note="among all statements of the sample shop, which contradict nothing"),
        _share("contradictions_found_by_lazy", [False for _ in true], "flags nothing"),
        _share("contradictions_false_by_lazy", [True for _ in false], "flags everything"),
    ]  # fmt: skip


def _differ(encoder: OnnxEncoder, title: str, text: str, other: str, second: str) -> bool:
    said = statements(
        [
            Article("a", title, text, None, None, "", ()),
            Article("b", other, second, None, None, "", ()),
        ]
    )
    return bool(contradictions(said, encoder.encode_now([one.masked for one in said])))


def _share(name: str, right: Sequence[bool], note: str) -> Figure:
    seen = wilson(sum(right), len(right))
    value, low, high = (round(number, 4) for number in (seen.value, seen.low, seen.high))
    return Figure(name, value, "share", "", len(right), low, high, note)


def _figure(name: str, metric: Metric, note: str = "") -> Figure:
    low, high = (None if one is None else round(one, 4) for one in (metric.low, metric.high))
    return Figure(name, round(metric.value, 4), metric.unit, "", metric.n, low, high, note)


if __name__ == "__main__":
    main()
