"""`arriero bench experiment`: how often rollouts promote what they should not, by simulation."""

from __future__ import annotations

from pathlib import Path

import click

from arriero.cli.bench import json_option, show


@click.command()
@click.option(
    "--simulations",
    type=click.IntRange(min=1),
    default=1_000,
    show_default=True,
    help="Rollouts a world; 10,000 take a quarter of an hour.",
)
@json_option
def experiment(simulations: int, out: Path | None) -> None:
    """False promotions, harm and proof of the default rollout, looked at after every rating.

    Simulated ratings go through the code of production; the rule "promote above +5 %" runs beside.
    """
    from arriero.bench.experiment import measure  # noqa: PLC0415  # keeps --help fast
    from arriero.bench.report import report  # noqa: PLC0415

    found = measure(simulations, told=lambda line: click.echo(f"  {line}", err=True))
    show(report("experiment", [], found), out)
