"""HumanEval: problems solved by the model alone, by the pipeline with the same model, and by the model sampled at the
pipeline's tokens. The pipeline was tuned on MBPP alone; this file is run only to report (each look is in LOG.md).

`--models=0.5b` and `--limit=N` (the first N problems) make it shorter; the number of problems is told as n.
"""

from __future__ import annotations

import asyncio

from arriero.apps.codegen.sandbox.open import open_sandbox
from arriero.bench.problems import read_problems
from bars._code import by_heart, compared, limited, models
from bars._data import data
from bars._trial import keep
from bars.result import Figure

UPLIFT = {"0.5b": ">= 0.12", "1.5b": ">= 0.1"}


def main() -> None:
    keep("code", "HumanEval: the model alone and the pipeline with it", asyncio.run(_figures()))


async def _figures() -> list[Figure]:
    problems = limited(read_problems(data("humaneval", "HumanEval.jsonl")))
    async with open_sandbox() as probed:
        figures = [await by_heart(problems, probed.sandbox)]
    for size in models():
        promised = {"uplift": UPLIFT[size], "uplift_over_best_of_n": ">= 0.0001", "syntax_errors": "== 0"}  # fmt: skip
        figures += await compared("code", problems, size, promised)
    return figures


if __name__ == "__main__":
    main()
