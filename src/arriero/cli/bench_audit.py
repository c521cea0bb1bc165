"""`arriero bench audit`: the audit log under load and under attack."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import click

from arriero.cli.bench import json_option, show


@click.command()
@click.option("--events", type=click.IntRange(min=600), default=100_000, show_default=True)
@click.option("--tamperings", type=click.IntRange(min=1), default=1_000, show_default=True)
@json_option
def audit(events: int, tamperings: int, out: Path | None) -> None:
    """Appends, proofs, and whether tampering is found, in a ledger of its own."""
    from rich.progress import Progress, TaskID  # noqa: PLC0415  # keeps --help fast

    from arriero.bench.audit import measure  # noqa: PLC0415
    from arriero.bench.report import report  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder, Progress(transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def progress(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=of)
            bar.update(tasks[what], completed=done)

        results = asyncio.run(measure(events, tamperings, Path(folder), progress=progress))
    show(report("audit", [], results), out)
