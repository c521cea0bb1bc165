"""How many of the documents that a task needs are found: by words, by vectors, by both.

A document's score is that of its best passage. Recall is averaged over the tasks, with a percentile
bootstrap over tasks (Efron and Tibshirani, "An introduction to the bootstrap", 1993); whether the
fused ranking is ahead is asked of the same resamples for both, pair by pair.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arriero.apps.support.articles import Article, passages_of
from arriero.apps.support.documents import parse
from arriero.bench.draws import draws
from arriero.bench.report import Metric
from arriero.core.errors import InputError
from arriero.core.statistics import Interval, percentile
from arriero.models.base import Encoder
from arriero.retrieval.local import LocalIndex, Scored

DEPTHS = (10, 30)
RESAMPLES = 10_000
RANKERS: Mapping[str, Callable[[Scored], NDArray[np.float32]]] = {
    "bm25": lambda scored: np.where(scored.lexical > 0, scored.lexical, -np.inf),
    "dense": lambda scored: scored.dense,
    "fused": lambda scored: scored.fused,
}
_TEXTS = {".md", ".markdown", ".html", ".htm", ".csv"}


@dataclass(frozen=True, slots=True)
class Task:
    """A question and the ids of the documents without which it cannot be answered."""

    question: str
    required: frozenset[str]


def read_tasks(file: Path) -> tuple[Task, ...]:
    """The tasks of a JSON list: {question, required_documents}, or tau3's tasks as they are.

    A tau3 task's question is what its customer is told (`user_scenario.instructions`). Raises
    `InputError` naming the task that cannot be read.
    """
    rows = _json(file)
    if not isinstance(rows, list) or not rows:
        raise InputError(f"{file.name} has no tasks; give a JSON list of question and documents")
    return tuple(_task(file.name, at, row) for at, row in enumerate(rows))


def read_documents(folder: Path) -> tuple[Article, ...]:
    """The documents of a folder: Markdown, HTML, CSV as `arriero support ingest` reads them, or JSON.

    A JSON file holds one document or a list of them, each with id, title and content (or text); a
    document of another kind is called by its header's id or its path. Files that are none are left
    out; a folder without any is an `InputError`.
    """
    if not folder.is_dir():
        raise InputError(f"{str(folder)!r} is not a folder; name the one with the documents")
    found: dict[str, Article] = {}
    for file in sorted(one for one in folder.rglob("*") if one.is_file()):
        for document in _documents(file, folder):
            if document.id in found:
                raise InputError(f"{file.name}: a second document is called {document.id!r}")
            found[document.id] = document
    if not found:
        raise InputError(f"{str(folder)!r} has no documents (.json, .md, .html, .csv)")
    return tuple(found.values())


async def measure(
    documents: Sequence[Article],
    tasks: Sequence[Task],
    encoder: Encoder,
    folder: Path,
    *,
    seed: int = 0,
) -> Mapping[str, Metric]:
    """Recall at 10 and 30 of each ranker, fused against the better single one, and times.

    `folder` keeps the vectors between runs. Raises `InputError` when a task needs a document that
    is not there.
    """
    ids = {document.id for document in documents}
    for task in tasks:
        if missing := sorted(task.required - ids):
            raise InputError(
                f"the task {task.question[:40]!r} needs {missing[0]!r}, which is not among the "
                f"{len(ids)} documents; give the folder that has it"
            )
    index = await LocalIndex.build(passages_of(documents), encoder, folder)
    ranked: dict[str, list[list[str]]] = {name: [] for name in RANKERS}
    spent = []
    for task in tasks:
        scored = await index.scores(task.question)
        for name, of in RANKERS.items():
            ranked[name].append(_ranking(index, of(scored)))
        started = perf_counter()  # its clauses are remembered: the search without the encoding
        await index.search(task.question, k=DEPTHS[-1])
        spent.append((perf_counter() - started) * 1e3)
    results = compared(tasks, ranked, seed=seed)
    await index.close()
    return {
        **results,
        "documents": Metric(len(documents), len(documents), "documents"),
        "passages": Metric(len(index.passages), len(documents), "passages"),
        "search_p50_ms": Metric(percentile(spent, 50), len(spent), "ms"),
    }


def compared(
    tasks: Sequence[Task], ranked: Mapping[str, Sequence[Sequence[str]]], *, seed: int = 0
) -> Mapping[str, Metric]:
    """`recall10_bm25` and so on, and `gain10`, `gain30`: fused less the better of the others.

    `ranked` holds, for each ranker, the documents found for each task, best first. The difference
    is taken task by task, so that easy and hard tasks cancel; ahead is what has `low` above 0.
    """
    results: dict[str, Metric] = {}
    for depth in DEPTHS:
        recalls = {
            name: np.array(
                [recall(task, ids, depth) for task, ids in zip(tasks, found, strict=True)]
            )
            for name, found in ranked.items()
        }
        for name, values in recalls.items():
            results[f"recall{depth}_{name}"] = _mean(values, seed)
        singles = [name for name in recalls if name != "fused"]
        if "fused" in recalls and singles:
            better = max(singles, key=lambda name: float(recalls[name].mean()))
            results[f"gain{depth}"] = _mean(recalls["fused"] - recalls[better], seed)
    return results


def recall(task: Task, found: Sequence[str], depth: int) -> float:
    """The share of the required documents among the first `depth` that were found."""
    return len(task.required & set(found[:depth])) / len(task.required)


def shown(gain: Metric) -> str:
    """`ahead`, or `not shown` when the interval of the difference reaches 0."""
    return "ahead" if gain.low is not None and gain.low > 0 else "not shown"


def _mean(values: NDArray[np.float64], seed: int) -> Metric:
    means = np.concatenate([values[at].mean(axis=1) for at in draws(len(values), RESAMPLES, seed)])
    low, high = (float(bound) for bound in np.percentile(means, (2.5, 97.5)))
    return Metric.of(Interval(float(values.mean()), low, high), len(values))


def _ranking(index: LocalIndex, scores: NDArray[np.float32]) -> list[str]:
    """The documents by their best passage; those that were not found at all are left out."""
    order = np.argsort(-scores, kind="stable")
    found = (index.passages[at].document for at in order if np.isfinite(scores[at]))
    return list(dict.fromkeys(found))


def _documents(file: Path, folder: Path) -> Sequence[Article]:
    kind = file.suffix.lower()
    if kind in _TEXTS:
        path = file.relative_to(folder).as_posix()
        try:
            return parse(path, file.read_bytes()).articles
        except InputError as error:
            raise InputError(f"{path}: {error.message}") from None
    if kind != ".json":
        return ()
    rows = _json(file)
    return [_document(file.name, row) for row in (rows if isinstance(rows, list) else [rows])]


def _document(name: str, row: Any) -> Article:
    text = row.get("content", row.get("text")) if isinstance(row, dict) else None
    if not isinstance(text, str) or not isinstance(row.get("id"), str):
        raise InputError(f"{name} is no document; it needs id, title and content")
    return Article(row["id"], str(row.get("title") or ""), text, None, None, "", ())


def _task(name: str, at: int, row: Any) -> Task:
    where = f"{name}: task {at + 1}"
    if not isinstance(row, dict):
        raise InputError(f"{where} is no object with question and required_documents")
    told = row.get("question", row.get("user_scenario"))
    if isinstance(told, dict):
        told = told.get("instructions")
    if isinstance(told, dict):  # tau's other domains keep their instructions in parts
        told = "\n".join(str(part) for part in told.values() if part)
    required = row.get("required_documents", row.get("required"))
    if not isinstance(told, str) or not told.strip():
        raise InputError(f"{where} has no question; give it as 'question'")
    if not isinstance(required, list) or not required:
        raise InputError(f"{where} has no documents; list their ids as 'required_documents'")
    return Task(told, frozenset(map(str, required)))


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes())
    except OSError as error:
        raise InputError(f"{str(file)!r} cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise InputError(f"{file.name} is no JSON ({error})") from None


async def measure_files(
    docs: Path, tasks: Path, encoder: Encoder, folder: Path
) -> Mapping[str, Metric]:
    """The same for a folder of documents and a file of tasks."""
    known = await asyncio.to_thread(read_documents, docs)
    return await measure(known, read_tasks(tasks), encoder, folder)
