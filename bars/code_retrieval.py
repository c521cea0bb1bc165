"""Finding code among a hundred thousand pieces: how long a search takes, and how much of an exact search it finds.

The pieces are functions of the packages that are installed here. Encoding a hundred thousand takes an hour on two busy cores,
so `REAL` of them are encoded, and the rest are varied: a vector between two of theirs (0.6 to 0.95 of the way), their
names and code put together. Questions are the docstrings of further functions, which are not in the index.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter, thread_time

import numpy as np

from arriero.apps.codegen.gather.shelf import DEPTH, Shelf
from arriero.apps.codegen.gather.snippet import Snippet
from arriero.core.settings import Settings
from arriero.core.statistics import percentile
from arriero.models.encoder import OnnxEncoder
from arriero.retrieval.nearest import Nearest, Vectors
from arriero.retrieval.vectors import vectors_of
from bars._functions import functions
from bars._trial import count, keep, progress
from bars.result import Figure

SIZE, REAL, QUESTIONS, TOP = 100_000, 4_800, 200, 10
LINES = 12  # of a function's code by which it is found, beside its name and docstring


def main() -> None:
    size, real = count(SIZE, 3_000), count(REAL, 300)
    taken = functions(count(5_000, 400))
    asked, known = taken[real : real + QUESTIONS], taken[:real]
    vectors = asyncio.run(_encoded(taken))
    questions = vectors[real : real + len(asked)]
    snippets, all_vectors = _varied(known, vectors[:real], size)
    progress(f"{len(snippets):,} pieces, {len(asked)} questions")
    begun = perf_counter()
    shelf = Shelf(snippets, all_vectors)
    built = perf_counter() - begun
    progress(f"built in {built:.0f} s, exact: {shelf.exact}")
    wall, core = _times(shelf, asked, questions)
    exact = Nearest(all_vectors, flat_up_to=size)
    right = [set(exact.search(one, TOP)[0].tolist()) for one in questions]
    recall = _recall(right, [shelf.nearest(one, TOP) for one in questions])
    rng = random.Random(1)
    lazy = _recall(right, [rng.sample(range(size), TOP) for _ in right])
    note = f"{size:,} pieces, both rankings of {DEPTH} fused, without the encoding of the question"
    figures = [
        Figure("search_p50_ms", _ms(wall, 50), "ms", n=len(wall), note=note),
        Figure("search_p95_ms", _ms(wall, 95), "ms", "<= 15", len(wall)),
        Figure("search_p95_core_ms", _ms(core, 95), "ms", n=len(core), note="of one core: what others ran meanwhile is not in it"),
        Figure("recall10", recall, "share", ">= 0.95", len(right), note="of the ten that an exact search by vectors finds"),
        Figure("build_s", round(built, 1), "s", note="of the index, without encoding"),
        Figure("recall10_by_lazy", lazy, "share", "<= 0.05", len(right), note="ten pieces drawn at random; has to fail"),
    ]  # fmt: skip
    flat = shelf.over(exact)
    wall, core = _times(flat, asked, questions)
    figures += [
        Figure("exact_p95_ms", _ms(wall, 95), "ms", n=len(wall), note="the same over an exact search, too slow at this size"),
        Figure("exact_p95_core_ms", _ms(core, 95), "ms", n=len(core)),
    ]  # fmt: skip
    keep("code_retrieval", "code among a hundred thousand pieces, varied from installed packages' functions", figures)  # fmt: skip


async def _encoded(taken: Sequence[Snippet]) -> Vectors:
    """The vectors of the functions; a second run of the bar finds them under the system's temporary folder."""
    encoder = OnnxEncoder(Settings.load().models.folder.expanduser() / "minilm-l6")
    file = Path(tempfile.gettempdir()) / "arriero-code-retrieval" / f"{len(taken)}.safetensors"
    vectors = await vectors_of([one.asks[0] for one in taken], encoder, file)
    await encoder.close()
    return vectors


def _varied(known: Sequence[Snippet], vectors: Vectors, size: int) -> tuple[list[Snippet], Vectors]:
    """`known`, and pieces between two of them until there are `size`."""
    rng = np.random.default_rng(0)
    cut = [replace(one, code="\n".join(one.code.splitlines()[:LINES])) for one in known]
    one, two = rng.integers(0, len(known), (2, size - len(known)))
    share = rng.uniform(0.6, 0.95, (len(one), 1)).astype(np.float32)
    between = share * vectors[one] + (1 - share) * vectors[two]
    between /= np.linalg.norm(between, axis=1, keepdims=True)
    made = [
        replace(cut[a], id=f"varied-{at}", title=f"{cut[a].title}_{cut[b].title}", code=f"{cut[a].code}\n{cut[b].title}")
        for at, (a, b) in enumerate(zip(one.tolist(), two.tolist(), strict=True))
    ]  # fmt: skip
    return [*cut, *made], np.concatenate([vectors, between]).astype(np.float32)


def _recall(right: Sequence[set[int]], found: Sequence[Sequence[int]]) -> float:
    shares = [len(one & set(two)) / TOP for one, two in zip(right, found, strict=True)]
    return round(float(np.mean(shares)), 4)


def _times(
    shelf: Shelf, asked: Sequence[Snippet], vectors: Vectors
) -> tuple[list[float], list[float]]:
    """Milliseconds of each search: as a clock tells them, and of the core's time."""
    wall, core = [], []
    for one, vector in zip(asked, vectors, strict=True):
        begun, spent = perf_counter(), thread_time()
        shelf.find(one.asks[0], vector, 5)
        core.append((thread_time() - spent) * 1e3)
        wall.append((perf_counter() - begun) * 1e3)
    return wall, core


def _ms(times: Sequence[float], at: float) -> float:
    return round(percentile(times, at), 2)


if __name__ == "__main__":
    main()
