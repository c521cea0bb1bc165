"""`arriero bench repair`: broken code that a model alone and the pipeline with it put right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arriero.cli.bench import json_option
from arriero.cli.bench_code import Task, kept_in, measured, tell_and_show, trial_options
from arriero.cli.options import load, settings_options
from arriero.cli.progress import Tell

if TYPE_CHECKING:
    from arriero.bench.problems import Problem
    from arriero.bench.report import Metric
    from arriero.core.settings import Settings


@click.command()
@click.option(
    "--problems",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="JSONL in HumanEvalPack's format (Python).",
)
@trial_options
@json_option
@settings_options
def repair(
    problems: Path,
    model: str,
    mode: str,
    limit: int | None,
    at_once: int,
    best_of_n: bool,
    seed: int,
    keep: Path | None,
    out: Path | None,
    config: Path | None,
    data: Path | None,
) -> None:
    """Broken functions repaired with only the prompt's example tests to see; hidden tests only score."""
    from arriero.bench.repair import read_broken  # noqa: PLC0415  # keeps --help fast

    settings, asked = load(config, data), read_broken(problems)[:limit]
    task = Task(
        model, mode, seed, keep or kept_in(settings, "repair", problems), at_once, best_of_n
    )
    tell_and_show(
        "repair", problems, task, out, lambda tell: _repaired(settings, asked, task, tell)
    )


async def _repaired(
    settings: Settings, problems: Sequence[Problem], task: Task, tell: Tell
) -> Mapping[str, Metric]:
    from arriero.bench.repair import renamed  # noqa: PLC0415

    return renamed(await measured(settings, problems, task, tell))
