"""`arriero demo rules`: "promote above +5 %" beside a test, on a model that is not better at all."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.table import Table


@click.command()
@click.option("--trials", type=click.IntRange(min=1), default=1_000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
def rules(trials: int, seed: int) -> None:
    """Simulate a challenger that is exactly the champion, again and again, and count promotions.

    Left: 300 simulated ratings at 90/10, promoted when the mean is above +5 %. Right: our rollout with
    its default settings, up to 1,000 pairs and 300 ratings, looked at after each.
    """
    from rich.console import Console  # noqa: PLC0415  # keeps --help fast
    from rich.live import Live  # noqa: PLC0415

    from arriero.bench.experiment import IDENTICAL, rule, simulate  # noqa: PLC0415
    from arriero.learning.experiment.control import level  # noqa: PLC0415
    from arriero.learning.experiment.findings import DEFAULT  # noqa: PLC0415
    from arriero.learning.rollout import State  # noqa: PLC0415

    chance, theirs, ours = random.Random(seed), 0, 0
    console, alpha = Console(), level(DEFAULT.alpha, 1, 0)
    with Live(_table(0, 0, 0, trials), console=console, refresh_per_second=8) as live:
        for trial in range(1, trials + 1):
            theirs += rule(IDENTICAL, chance)
            ended = simulate(IDENTICAL, 0.1, alpha, chance)
            ours += ended.state is State.PROMOTED
            if trial % 5 == 0 or trial == trials:
                live.update(_table(trial, theirs, ours, trials))
    click.echo(
        f"of {trials} identical models the rule promoted {theirs} ({theirs / trials:.1%}), "
        f"the rollout {ours} ({ours / trials:.1%})"
    )


def _table(trial: int, theirs: int, ours: int, trials: int) -> Table:
    from rich.table import Table  # noqa: PLC0415

    table = Table(
        "promoted though identical", "how many", "share", "", title=f"{trial} of {trials}"
    )
    for name, count in (("rule: above +5 % of 300 ratings", theirs), ("our rollout", ours)):
        share = count / trial if trial else 0.0
        table.add_row(name, str(count), f"{share:.1%}", "█" * round(60 * share))
    return table
