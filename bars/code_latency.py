"""How long one function takes from the request to the answer, with the 0.5b model on this machine.

Requests are the Python functions of `code_requests.jsonl`, each asked once over the flow (the first warms up and
does not count). Validation is the time of all examinations of a run, in whichever stage they are made. Beside it the
product that always draws five drafts and takes the last, which is too slow. `--limit=N` takes the first N requests;
the number is told as n. At 40 tokens a second all of it takes four minutes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from statistics import fmean

from arriero.bench.bare import Written
from arriero.bench.pipeline import Pipeline
from arriero.bench.problems import Asked
from arriero.cli.bench_code import Task, opened
from arriero.core.settings import Settings
from arriero.core.statistics import percentile
from bars._code import option
from bars._requests import FILE
from bars._trial import count, keep, progress
from bars.result import Figure

MODEL = "qwen2.5-coder-0.5b"
DRAFTS = 5
FEW = 3  # requests of the product that is too slow: five answers to each take longer than all of the rest


def main() -> None:
    keep("code_latency", "one Python function with the 0.5b model", asyncio.run(_figures()))


def requests() -> list[Asked]:
    """One to warm up, and those that count."""
    rows = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    asked = [Asked(row["requirement"]) for row in rows if (row["language"], row["kind"]) == ("Python", "function")]  # fmt: skip
    return asked[: 1 + count(int(option("limit", "40")), 3)]


async def _figures() -> list[Figure]:
    asked = requests()
    async with opened(Settings(), Task(MODEL, "both")) as trial:
        assert isinstance(trial.pipeline, Pipeline)
        assert trial.bare is not None
        made, checked = [], []
        workshop = trial.pipeline.app.workshop
        for number, one in enumerate(asked):
            before = workshop.examined_s
            made.append(written := await trial.pipeline(one, 0))
            checked.append((workshop.examined_s - before) * 1e3)
            progress(
                f"{number} of {len(asked) - 1}: {written.seconds:.2f} s, {written.calls} calls, "
                f"{written.tokens_out} tokens, examined in {checked[-1]:.0f} ms"
            )
        lazy = []
        for one in asked[1 : 1 + FEW]:
            drafts = [await trial.bare(one, seed) for seed in range(DRAFTS)]
            lazy.append(sum(draft.seconds for draft in drafts))
            progress(f"five drafts: {lazy[-1]:.2f} s")
    return figures(made[1:], checked[1:], lazy)


def figures(
    made: Sequence[Written], checked: Sequence[float], lazy: Sequence[float]
) -> list[Figure]:
    """Seconds of each request, milliseconds of its examinations."""
    took = [one.seconds for one in made]
    delivered = sum(bool(one.files) for one in made)
    return [
        Figure("mean_s", round(fmean(took), 3), "s", "<= 3.2", len(took)),
        Figure("p50_s", round(percentile(took, 50), 3), "s", "", len(took)),
        Figure("p95_s", round(percentile(took, 95), 3), "s", "", len(took)),
        Figure("validation_ms", round(fmean(checked), 1), "ms", "<= 300", len(checked), note="mean of a request's examinations together"),
        Figure("tokens_mean", round(fmean(one.tokens_out for one in made), 1), "tokens", "", len(made)),
        Figure("calls_mean", round(fmean(one.calls for one in made), 2), "calls", "", len(made)),
        Figure("delivered", round(delivered / len(made), 4), "share", "", len(made)),
        Figure("mean_s_by_five_drafts", round(fmean(lazy), 3), "s", ">= 3.2", len(lazy), note="always five drafts, unchecked; has to be too slow"),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
