"""`arriero bench sandbox`: what hostile programs get in the sandbox, and without one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arriero.cli.bench import json_option, show

if TYPE_CHECKING:
    from arriero.bench.report import Metric


@click.command()
@click.option(
    "--python",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The interpreter that boxes show; default: the one beneath this environment.",
)
@json_option
def sandbox(python: Path | None, out: Path | None) -> None:
    """Whether the sandbox of this machine holds hostile programs, and how fast it starts one.

    Each attack is first run without a sandbox, against bait that is made for it, with bounded effect.
    """
    from rich.progress import Progress, TaskID  # noqa: PLC0415  # keeps --help fast

    from arriero.apps.codegen.sandbox.probe import probe  # noqa: PLC0415
    from arriero.bench.report import report  # noqa: PLC0415
    from arriero.bench.sandbox import measure  # noqa: PLC0415

    with Progress(transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def progress(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=of)
            bar.update(tasks[what], completed=done)

        async def measured() -> Mapping[str, Metric]:
            return await measure(await probe(python=python), progress=progress)

        results = asyncio.run(measured())
    show(report("sandbox", [], results), out)
