"""What the bars of code generation share: their writers, what they keep, and the lazy product that learns examples by heart."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping, Sequence

from arriero.apps.codegen.requirement_reading import read
from arriero.apps.codegen.sandbox.base import Sandbox
from arriero.apps.codegen.wanted import Wanted
from arriero.bench.problems import Asked, Problem, mark
from arriero.bench.report import Metric
from arriero.cli.bench_code import Task, opened
from arriero.core.settings import Settings
from arriero.core.statistics import wilson
from bars._trial import progress, short
from bars.result import HERE, Figure

AT_ONCE = (
    4  # problems under way together: what is right is measured here; `code_latency` has the times
)
MODELS = ("0.5b", "1.5b")
BUILD = HERE.parent / "build" / "bars"


def option(name: str, default: str) -> str:
    """`--name=value` of the command line."""
    start = f"--{name}="
    return next((word.removeprefix(start) for word in sys.argv[1:] if word.startswith(start)), default)  # fmt: skip


def limited(problems: Sequence[Problem]) -> Sequence[Problem]:
    """The first `--limit=N` of them (all without it; three in a trial)."""
    return problems[: 3 if short() else int(option("limit", str(len(problems))))]


def models() -> Sequence[str]:
    """The sizes of `--models=0.5b,1.5b`."""
    return option("models", ",".join(MODELS)).split(",")


async def compared(
    bar: str, problems: Sequence[Problem], size: str, promised: Mapping[str, str]
) -> list[Figure]:
    """Both writers on `problems` with one model. What they wrote is kept under build/bars, and gone on with."""
    keep = BUILD / f"{bar}-{size}.jsonl"
    task = Task(
        f"qwen2.5-coder-{size}",
        "both",
        keep=keep,
        at_once=AT_ONCE,
        best_of_n=option("best-of-n", "yes") == "yes",
    )
    async with opened(Settings(), task, tell) as trial:
        results = await trial.run(problems)
    return [figure(f"{name}_{size}", metric, promised.get(name, "")) for name, metric in results.items()]  # fmt: skip


def figure(name: str, metric: Metric, bar: str = "", note: str = "") -> Figure:
    """A metric as a figure."""
    low, high = (None if one is None else round(one, 4) for one in (metric.low, metric.high))
    return Figure(name, round(metric.value, 4), metric.unit, bar, metric.n, low, high, note)


async def by_heart(problems: Sequence[Problem], sandbox: Sandbox) -> Figure:
    """The share that the lazy product solves: a table of the examples that are shown, and nothing else."""
    passed = [(await mark(one, learned(one.asked), sandbox)).passed for one in problems]
    share = wilson(sum(passed), len(passed))
    note = "a table of the examples; has to fail"
    return Figure("pass1_by_heart", round(share.value, 4), "share", "<= 0.2", len(passed), round(share.low, 4), round(share.high, 4), note)  # fmt: skip


def learned(asked: Asked) -> Mapping[str, str]:
    """Functions that give what the examples show, and None for anything else."""
    seen = read(Wanted(requirement=asked.requirement), languages=frozenset({"python"}), longest=50_000)  # fmt: skip
    tables: dict[str, list[str]] = {asked.entry: []} if asked.entry else {}
    for example in seen.examples:
        call = ast.parse(example.call, mode="eval").body if example.call else None
        if isinstance(call, ast.Call) and example.expected:
            given = "".join(f"{ast.unparse(one)}, " for one in call.args)
            tables.setdefault(ast.unparse(call.func), []).append(f"(({given}), {example.expected})")
    code = "".join(
        f"def {name}(*given):\n"
        f"    return next((told for known, told in [{', '.join(rows)}] if known == given), None)\n\n\n"
        for name, rows in tables.items()
        if name.isidentifier()
    )
    return dict.fromkeys(asked.files, code)


def tell(what: str, done: int, of: int) -> None:
    """Each tenth of them."""
    if done % 10 == 0:
        progress(f"{what} {done} of {of}")
