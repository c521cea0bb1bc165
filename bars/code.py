"""HumanEval: problems solved by the 0.5b alone, by the pipeline with it, and by the model sampled at the pipeline's
tokens. The pipeline was tuned on MBPP alone; this file is run only to report (each look is in LOG.md).

`--limit=N` (the first N problems) makes it shorter; the number of problems is told as n. The 1.5b has a bar of its
own, `code_larger`: either may be run again without the other.
"""

from __future__ import annotations

import asyncio

from arriero.apps.codegen.sandbox.open import open_sandbox
from arriero.bench.problems import read_problems
from bars._code import by_heart, compared, limited
from bars._data import data
from bars._trial import keep
from bars.result import Figure

UPLIFT = {"0.5b": ">= 0.12", "1.5b": ">= 0.1"}


def main() -> None:
    keep(
        "code", "HumanEval: the model alone and the pipeline with it", asyncio.run(figures("0.5b"))
    )


async def figures(size: str) -> list[Figure]:
    """Both writers with the model of that size, and the lazy product beside them."""
    problems = limited(read_problems(data("humaneval", "HumanEval.jsonl")))
    async with open_sandbox() as probed:
        lazy = await by_heart(problems, probed.sandbox)
    promised = {"uplift": UPLIFT[size], "uplift_over_best_of_n": ">= 0.0001", "syntax_errors": "== 0"}  # fmt: skip
    return [lazy, *await compared("code", problems, size, promised)]


if __name__ == "__main__":
    main()
