"""`arriero bench code`: problems solved by a model alone and by the pipeline with it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arriero.cli.bench import json_option, show
from arriero.cli.options import load, settings_options
from arriero.cli.progress import Tell, progress
from arriero.core.errors import InputError

if TYPE_CHECKING:
    from arriero.bench.problems import Problem
    from arriero.bench.report import Metric
    from arriero.core.settings import Settings

MODEL = "qwen2.5-coder-0.5b"


@dataclass(frozen=True, slots=True)
class Task:
    """Which writers are measured, and where what they write is kept."""

    model: str
    mode: str
    seed: int
    keep: Path


@click.command()
@click.option(
    "--problems",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="JSONL in HumanEval's or MBPP's format, or of multi-part tasks.",
)
@click.option(
    "--model", default=MODEL, show_default=True, help="A catalogue name or an engine URL."
)
@click.option(
    "--mode",
    type=click.Choice(["bare"]),
    default="bare",
    show_default=True,
    help="The model alone.",
)
@click.option("--limit", type=click.IntRange(min=1), help="Only the first so many problems.")
@click.option("--seed", default=0, show_default=True, help="The pipeline's seed.")
@click.option(
    "--keep",
    type=click.Path(path_type=Path, dir_okay=False),
    help="JSONL of what was written; given again, the run goes on where it ended.  [default: in the data folder]",
)
@json_option
@settings_options
def code(
    problems: Path,
    model: str,
    mode: str,
    limit: int | None,
    seed: int,
    keep: Path | None,
    out: Path | None,
    config: Path | None,
    data: Path | None,
) -> None:
    """Problems solved at the first try, tokens and time; hidden tests run in the sandbox and only score."""
    from arriero.bench.problems import read_problems  # noqa: PLC0415  # keeps --help fast
    from arriero.bench.report import report  # noqa: PLC0415

    settings = load(config, data)
    asked = read_problems(problems)[:limit]
    file = keep or settings.data.expanduser() / "bench" / f"code-{problems.stem}.jsonl"
    with progress() as tell:
        results = asyncio.run(_measured(settings, asked, Task(model, mode, seed, file), tell))
    click.echo(f"model {model}, seed {seed}, {len(asked)} problems; what was written: {file}")
    told = report("code", [problems], results)
    show(replace(told, environment={**told.environment, "model": model, "seed": str(seed)}), out)


async def _measured(
    settings: Settings, problems: Sequence[Problem], task: Task, tell: Tell
) -> Mapping[str, Metric]:
    from arriero.apps.codegen.sandbox.open import open_sandbox  # noqa: PLC0415
    from arriero.bench.bare import Bare  # noqa: PLC0415
    from arriero.bench.code import Trial  # noqa: PLC0415
    from arriero.bench.kept import Kept  # noqa: PLC0415
    from arriero.core.words import RoleBinding  # noqa: PLC0415
    from arriero.models.engines import Engines  # noqa: PLC0415
    from arriero.store.cache import MemoryCache  # noqa: PLC0415

    kept = Kept(task.keep)
    bound = RoleBinding(task.model if ":" in task.model else f"llama:{task.model}")
    async with AsyncExitStack() as stack:
        probed = await stack.enter_async_context(open_sandbox())
        if not probed.sound:
            raise InputError(f"{probed.told}; {probed.remedy}")
        engines = Engines(settings, MemoryCache())
        stack.push_async_callback(engines.close)
        bare = Bare(engines.generator(bound))
        trial = Trial(bound.model, probed.sandbox, kept, bare=bare, seed=task.seed, tell=tell)
        return await trial.run(problems)
