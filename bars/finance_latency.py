"""How long a whole analysis takes on two cores, from question to answer: template text, and a model's wording.

The compliance gate hears with the packaged encoder. The bar is 2.0 s at the median over bundles that a copy serves,
and 4.1 s, the case study's claim, when the packaged model rewords the text for as long as the settings give it. How
much of the text it reworded stands beside it. The laziest product asks the model for the whole text in one piece and
waits for it.
"""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import suppress
from pathlib import Path
from time import perf_counter, process_time

from arriero.apps.finance.explain import rewrite
from arriero.core.errors import ModelTimeout
from arriero.core.settings import Settings
from arriero.core.statistics import percentile
from arriero.core.words import RoleBinding
from arriero.models.base import Prompt
from arriero.models.engines import Engines
from arriero.store.cache import MemoryCache
from bars._finance import analyst, asked
from bars._trial import count, keep
from bars.result import Figure

MODEL = "smollm2-135m"
ENOUGH_S = 120.0


def main() -> None:
    figures = asyncio.run(_measured(count(100, 6)))
    keep("finance_latency", "a whole analysis, two cores", [*figures, *asyncio.run(_worded())])


async def _worded() -> list[Figure]:
    """With the packaged model's wording: each analysis once over a copy, after one that warms up."""
    bound = RoleBinding(f"llama:{MODEL}", temperature=0.2, max_tokens=1_500)
    with tempfile.TemporaryDirectory() as folder:
        engines = Engines(Settings(data=Path(folder)), MemoryCache())
        generator = engines.generator(bound)
        spent, reworded, whole = [], [], []
        try:
            async with analyst(
                cached=True, writer=generator, encoder=engines.encoder, wording="model"
            ) as one:
                for question in asked(count(20, 3), 3):
                    await one.ask(question)  # the copy is filled, the model is loaded
                    before = perf_counter()
                    told = await one.ask(question)
                    spent.append(perf_counter() - before)
                    reworded.append(told.outcome.answer.wording == "model")
                text = told.outcome.answer.explanation
                prompt = Prompt(rewrite.prompt(text), 1_500, 0.2)
                before = perf_counter()
                with suppress(ModelTimeout):  # then it took at least so long
                    async for _ in generator.stream(prompt, timeout_s=ENOUGH_S):
                        """Wait for the last piece."""
                whole.append(perf_counter() - before)
        finally:
            await engines.close()
    n = len(spent)
    return [
        Figure("p50_s_worded", round(percentile(spent, 50), 3), "s", "<= 4.1", n),
        Figure("p95_s_worded", round(percentile(spent, 95), 3), "s", "", n),
        Figure("reworded", round(sum(reworded) / n, 4), "share", "", n, note="of the analyses, at least a paragraph"),
        Figure("whole_text_at_once_s", round(whole[0], 1), "s", "", 1, note="the laziest product; it waits 120 s at most"),
    ]  # fmt: skip


async def _measured(many: int) -> list[Figure]:
    figures = []
    engines = Engines(Settings(), MemoryCache())
    for name, cached in (("frozen", True), ("from_files", False)):
        spent, worked = [], []
        async with analyst(cached=cached, encoder=engines.encoder) as one:
            questions = asked(many // 2, 3)
            for (
                question
            ) in questions:  # the first pass fills the copies and loads what is loaded once
                await one.ask(question)
            for question in [*questions, *questions]:
                before, busy = perf_counter(), process_time()
                await one.ask(question)
                spent.append(perf_counter() - before)
                worked.append(process_time() - busy)
        bar = "<= 2.0" if name == "frozen" else ""
        figures += [
            Figure(f"p50_s_{name}", round(percentile(spent, 50), 3), "s", bar, len(spent)),
            Figure(f"p95_s_{name}", round(percentile(spent, 95), 3), "s", "", len(spent)),
            Figure(f"processor_s_{name}", round(percentile(worked, 50), 3), "s", "", len(worked), note="median"),
        ]  # fmt: skip
    return figures


if __name__ == "__main__":
    main()
