"""32 tasks of several functions in two or more files, written for this project, with tests that no writer sees.

Of the 40 that there are the first eight are for development and not counted. `--models=0.5b` and `--limit=N` make it shorter; the number of tasks is told as n.
"""

from __future__ import annotations

import asyncio

from arriero.apps.codegen.sandbox.open import open_sandbox
from bars._code import by_heart, compared, limited, models
from bars._parts import held_out
from bars._trial import keep
from bars.result import Figure

PROMISED = {"uplift": ">= 0.15"}


def main() -> None:
    what = "multi-part tasks: the model alone and the pipeline with it"
    keep("code_parts", what, asyncio.run(_figures()))


async def _figures() -> list[Figure]:
    problems = limited([part.problem for part in held_out()])
    async with open_sandbox() as probed:
        figures = [await by_heart(problems, probed.sandbox)]
    for size in models():
        figures += await compared("code_parts", problems, size, PROMISED)
    return figures


if __name__ == "__main__":
    main()
