"""How long one function takes from the request to the answer, with the 0.5b model on this machine.

Requests are the Python functions of `code_requests.jsonl`, each asked once over the flow (the first warms up and
does not count). Beside it the product that always draws five drafts and takes the last, which is too slow.
"""

from __future__ import annotations

import asyncio
import json

from arriero.bench.problems import Asked
from arriero.cli.bench_code import Task, opened
from arriero.core.settings import Settings
from arriero.core.statistics import percentile
from bars._requests import FILE
from bars._trial import count, keep, progress
from bars.result import Figure

MODEL = "qwen2.5-coder-0.5b"
DRAFTS = 5
CHECKING = ("judge",)


def main() -> None:
    keep("code_latency", "one Python function with the 0.5b model", asyncio.run(_figures()))


async def _figures() -> list[Figure]:
    rows = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    asked = [Asked(row["requirement"]) for row in rows if (row["language"], row["kind"]) == ("Python", "function")]  # fmt: skip
    asked = asked[: count(41, 4)]
    async with opened(Settings(), Task(MODEL, "both")) as trial:
        assert trial.pipeline is not None
        assert trial.bare is not None
        made = [await trial.pipeline(one, 0) for one in asked][1:]
        lazy = []
        for one in asked[1 : count(6, 3)]:
            drafts = [await trial.bare(one, seed) for seed in range(DRAFTS)]
            lazy.append(sum(draft.seconds for draft in drafts))
    took = [one.seconds for one in made]
    checking = [sum(one.times_ms.get(stage, 0.0) for stage in CHECKING) for one in made]
    progress(f"{sum(bool(one.files) for one in made)} of {len(made)} delivered")
    return [
        Figure("mean_s", round(sum(took) / len(took), 3), "s", "<= 3.2", len(took)),
        Figure("p50_s", round(percentile(took, 50), 3), "s", "", len(took)),
        Figure("p95_s", round(percentile(took, 95), 3), "s", "", len(took)),
        Figure("validation_ms", round(sum(checking) / len(checking), 1), "ms", "<= 300", len(took), note="mean of the stage judge, all its rounds"),
        Figure("tokens_mean", round(sum(one.tokens_out for one in made) / len(made), 1), "tokens", "", len(made)),
        Figure("mean_s_by_five_drafts", round(sum(lazy) / len(lazy), 3), "s", ">= 3.2", len(lazy), note="always five drafts, unchecked; has to be too slow"),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
