"""HumanEvalPack's broken Python: repaired by the model alone and by the pipeline, only the prompt's tests in sight.

`--models=0.5b` and `--limit=N` make it shorter. The lazy product hands the broken code back.
"""

from __future__ import annotations

import asyncio

from arriero.apps.codegen.sandbox.open import open_sandbox
from arriero.bench.problems import mark
from arriero.bench.repair import NAMES, read_broken
from arriero.core.statistics import wilson
from bars._code import compared, limited, models
from bars._data import data
from bars._trial import keep
from bars.result import Figure


def main() -> None:
    what = "broken functions of HumanEvalPack put right with only the prompt's tests in sight"
    keep("code_repair", what, asyncio.run(_figures()))


async def _figures() -> list[Figure]:
    problems = limited(read_broken(data("humanevalpack", "humanevalpack-python.jsonl")))
    async with open_sandbox() as probed:
        left = [(await mark(one, {one.asked.main: one.asked.code}, probed.sandbox)).passed for one in problems]  # fmt: skip
    share = wilson(sum(left), len(left))
    figures = [
        Figure("repaired_by_nothing", share.value, "share", "<= 0.05", len(left), share.low, share.high, "the broken code; has to fail")
    ]  # fmt: skip
    for size in models():
        promised = {"pass1_pipeline": ">= 0.6"} if size == "1.5b" else {}
        for one in await compared("code_repair", problems, size, promised):
            stem = one.name.removesuffix(f"_{size}")
            name = f"{NAMES.get(stem, stem)}_{size}"
            figures.append(Figure(name, one.value, one.unit, one.bar, one.n, one.low, one.high, one.note))  # fmt: skip
    return figures


if __name__ == "__main__":
    main()
