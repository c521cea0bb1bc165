"""Re-quantised copies of smollm2-135m: what each loses, and how fast it reads and writes.

Interleaved: each round asks every file once, so that other work on the machine slows all alike. The
best of the rounds is close to an idle machine, the median is what was there.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from arriero.core.settings import ModelsSettings
from arriero.models import catalogue
from arriero.models.llama_process import Child
from arriero.models.loss import TEXTS, Loss, Speed, ask, loss_of, opened, speed_of
from arriero.models.repack import KINDS, repack
from bars.result import Figure, save

MODEL = "smollm2-135m"
PROMPT_TOKENS, ANSWER_TOKENS = 450, 60
ROUNDS = 7
ORIGINAL = "q4_1"


async def measure(folder: Path) -> list[Figure]:
    original = catalogue.path(MODEL, ModelsSettings().folder.expanduser())
    files = {ORIGINAL: original}
    files |= {kind: repack(original, folder / f"{kind}.gguf", kind) for kind in KINDS}
    figures = []
    for kind in KINDS:
        figures += _losses(kind, await loss_of(files[kind], original))
    for threads in (1, 2):
        for kind, speeds in (await _speeds(files, threads)).items():
            figures += _fast(kind, threads, speeds)
    return figures


async def _speeds(files: Mapping[str, Path], threads: int) -> dict[str, list[Speed]]:
    found: dict[str, list[Speed]] = {kind: [] for kind in files}
    async with AsyncExitStack() as stack:
        children: dict[str, Child] = {}
        for kind, file in files.items():
            children[kind] = await stack.enter_async_context(opened(file, (threads, threads)))
        prompt = await _prompt(children[ORIGINAL])
        for _ in range(ROUNDS):
            for kind, child in children.items():
                found[kind].append(await speed_of(child, prompt, ANSWER_TOKENS))
    return found


async def _prompt(child: Child) -> list[int]:
    text = "\n\n".join(TEXTS)
    tokens: list[int] = (await ask(child, "/tokenize", {"content": text}))["tokens"]
    assert len(tokens) * 2 >= PROMPT_TOKENS, len(tokens)
    return (tokens * 2)[:PROMPT_TOKENS]


def _losses(kind: str, loss: Loss) -> list[Figure]:
    low, high = _interval(loss.agreement, loss.n)
    return [
        Figure(
            f"{kind} same first choice", 100 * loss.agreement, "%", n=loss.n, low=low, high=high
        ),
        Figure(f"{kind} mean |change of log-probability|", loss.mean_abs, "nats", n=loss.n),
        Figure(f"{kind} perplexity ratio", loss.perplexity_ratio, "x", n=loss.n),
    ]


def _interval(share: float, n: int) -> tuple[float, float]:
    from arriero.core.statistics import wilson

    return wilson(share, n)


def _fast(kind: str, threads: int, speeds: list[Speed]) -> list[Figure]:
    where = f"{threads} thread{'s' * (threads > 1)}"
    return [
        Figure(
            f"{kind} {what}, {where}",
            statistics.median(values),
            "tokens/s",
            n=len(values),
            note=f"best {max(values):.0f}",
        )  # fmt: skip
        for what, values in {
            "prefill": [speed.prefill for speed in speeds],
            "decode": [speed.decode for speed in speeds],
        }.items()
    ]


def main() -> None:
    with TemporaryDirectory() as folder:
        figures = asyncio.run(measure(Path(folder)))
    save("repack_loss", "", figures)


if __name__ == "__main__":
    main()
