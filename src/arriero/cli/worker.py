"""`arriero worker`: the periodic work, without a server."""

from __future__ import annotations

from pathlib import Path

import click

from arriero.cli.options import load, settings_options
from arriero.cli.process import prepare, until_ended


@click.command()
@settings_options
def worker(config: Path | None, data: Path | None) -> None:
    """Run jobs until Ctrl-C. Any number may run: a lease gives each job to one of them."""
    prepare()
    from arriero.assembly import open_platform  # noqa: PLC0415  # keeps --help fast

    settings = load(config, data)

    async def work() -> None:
        async with open_platform(settings) as platform:
            runner = platform.jobs()
            click.echo(f"working on {', '.join(job.name for job in runner.jobs)}; Ctrl-C ends it")
            await runner.serve()

    until_ended(work())
