"""Re-quantised copies of smollm2-135m: what each loses against the packaged file, and its speed.

Speed is given twice. Tokens per second of processor time with one thread hardly depend on what else
runs on the machine; tokens per second by the clock, with two threads, do. Rounds are interleaved:
each asks every file once, so that other work slows all of them alike.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from arriero.core.settings import ModelsSettings
from arriero.core.statistics import wilson
from arriero.models import catalogue
from arriero.models.llama_process import Child
from arriero.models.loss import TEXTS, Loss, ask, loss_of, opened
from arriero.models.repack import KINDS, repack
from bars.result import Figure, save

MODEL = "smollm2-135m"
ORIGINAL = "q4_1"
PROMPT_TOKENS, ANSWER_TOKENS = 450, 60
ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens a second: by the clock, and by the processor time of the model's process."""

    clock: float
    processor: float


async def measure(original: Path, folder: Path) -> list[Figure]:
    files = {ORIGINAL: original}
    files |= {kind: repack(original, folder / f"{kind}.gguf", kind) for kind in KINDS}
    figures = [
        Figure(f"{kind} size", file.stat().st_size / 1e6, "MB") for kind, file in files.items()
    ]
    for kind in KINDS:
        figures += _losses(kind, await loss_of(files[kind], original))
    for threads in (1, 2):
        figures += await _speeds(files, threads)
    return figures


async def _speeds(files: Mapping[str, Path], threads: int) -> list[Figure]:
    reads: dict[str, list[Speed]] = {kind: [] for kind in files}
    writes: dict[str, list[Speed]] = {kind: [] for kind in files}
    async with AsyncExitStack() as stack:
        children = {
            kind: await stack.enter_async_context(opened(file, (threads, threads)))
            for kind, file in files.items()
        }
        prompt = await _prompt(children[ORIGINAL])
        for _ in range(ROUNDS):
            for kind, child in children.items():
                reads[kind].append(await _timed(child, prompt, 1, cached=False))
                writes[kind].append(await _timed(child, prompt, ANSWER_TOKENS, cached=True))
    return [
        figure
        for kind in files
        for what, speeds in (("reads", reads[kind]), ("writes", writes[kind]))
        for figure in _fast(f"{kind} {what}, {threads} thread{'s' * (threads > 1)}", speeds)
    ]


async def _timed(child: Child, prompt: Sequence[int], tokens: int, *, cached: bool) -> Speed:
    """Reading `prompt` (not cached, one token out), or writing `tokens` after it (cached)."""
    body = {
        "prompt": list(prompt),
        "n_predict": tokens,
        "temperature": 0,
        "cache_prompt": cached,
        "ignore_eos": True,
    }
    before = _processor_s(child)
    timings = (await ask(child, "/completion", body))["timings"]
    used = _processor_s(child) - before
    if cached:
        return Speed(timings["predicted_per_second"], tokens / used)
    return Speed(timings["prompt_per_second"], len(prompt) / used)


def _processor_s(child: Child) -> float:
    """Processor seconds that the child's threads have used (Linux: see clock_getcpuclockid(3))."""
    return time.clock_gettime((~child.process.pid << 3) | 2)


async def _prompt(child: Child) -> list[int]:
    tokens: list[int] = (await ask(child, "/tokenize", {"content": "\n\n".join(TEXTS * 2)}))[
        "tokens"
    ]
    assert len(tokens) >= PROMPT_TOKENS, len(tokens)
    return tokens[:PROMPT_TOKENS]


def _losses(kind: str, loss: Loss) -> list[Figure]:
    share = wilson(round(loss.agreement * loss.n), loss.n)
    return [
        Figure(f"{kind} same first choice", round(100 * share.value, 1), "%", n=loss.n,
               low=round(100 * share.low, 1), high=round(100 * share.high, 1)),
        Figure(f"{kind} mean |change of log-probability|", round(loss.mean_abs, 3), "nats", n=loss.n),
        Figure(f"{kind} perplexity ratio", round(loss.perplexity_ratio, 3), "x", n=loss.n),
    ]  # fmt: skip


def _fast(name: str, speeds: Sequence[Speed]) -> list[Figure]:
    clock = [speed.clock for speed in speeds]
    processor = statistics.median(speed.processor for speed in speeds)
    best = f"median; best {max(clock):.0f}"
    figures = [Figure(name, round(statistics.median(clock)), "tokens/s", n=len(clock), note=best)]
    if "1 thread" in name:
        figures.append(
            Figure(f"{name}, processor time", round(processor), "tokens/s", n=len(clock))
        )
    return figures


def main() -> None:
    original = catalogue.path(MODEL, ModelsSettings().folder.expanduser())
    load = os.getloadavg()[0]
    with TemporaryDirectory() as folder:
        figures = asyncio.run(measure(original, Path(folder)))
    what = (
        f"re-quantised copies of {MODEL} against the packaged Q4_1: loss over the original's own "
        f"greedy continuations of {len(TEXTS)} texts; speed with {PROMPT_TOKENS} tokens in and "
        f"{ANSWER_TOKENS} out, interleaved; the machine was shared (load {load:.1f} at the start), "
        "so only processor time compares with an idle one"
    )
    save("repack_loss", what, figures)


if __name__ == "__main__":
    main()
