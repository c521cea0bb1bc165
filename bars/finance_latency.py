"""How long a whole analysis takes with template text, over bundles that a copy serves: from question to answer.

The bar is 2.0 s at the median on two cores; the case study claims 4.1 s. With a model's wording the time is the
model's and depends on it, so it is not measured here. A caller who sends his own reports is measured apart.
"""

from __future__ import annotations

import asyncio
from time import perf_counter, process_time

from arriero.core.statistics import percentile
from bars._finance import analyst, asked
from bars._trial import count, keep
from bars.result import Figure


def main() -> None:
    keep(
        "finance_latency",
        "a whole analysis, template text, two cores",
        asyncio.run(_measured(count(100, 6))),
    )


async def _measured(many: int) -> list[Figure]:
    figures = []
    for name, cached in (("frozen", True), ("from_files", False)):
        spent, worked = [], []
        async with analyst(cached=cached) as one:
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
