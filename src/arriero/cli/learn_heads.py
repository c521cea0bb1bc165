"""`arriero learn heads`: an app's classifiers, fitted anew with the labels that people corrected."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from arriero.cli.options import reading, settings_options
from arriero.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arriero.core.settings import Settings
    from arriero.learning.refit import Refitted

ACTOR = "cli"


@click.command()
@click.argument("dataset", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--app", default="support", show_default=True, help="Whose classifiers they are.")
@settings_options
def heads(dataset: Path, app: str, config: Path | None, data: Path | None) -> None:
    """Fit classifiers anew with the corrected labels in DATASET, and register a challenger with each.

    DATASET is a folder that `arriero learn dataset` made. Takes seconds; what serves is not changed by it.
    """
    made = asyncio.run(_refit(reading(config, data), dataset, app))
    if not made:
        raise InputError(
            f"{str(dataset)!r} corrects no label of a classifier of {app}; correct some first, or name another app"
        )
    for one in made:
        _say(one)


async def _refit(settings: Settings, dataset: Path, app: str) -> Sequence[Refitted]:
    from arriero.assembly import TENANT, app_settings, open_platform  # noqa: PLC0415
    from arriero.learning.refit import refit  # noqa: PLC0415
    from arriero.learning.trainers.heads import HeadsTrainer  # noqa: PLC0415
    from arriero.models.engines import learned_heads  # noqa: PLC0415

    async with open_platform(settings) as platform:
        platform.app(app)
        models = platform.settings.models
        with tempfile.TemporaryDirectory(prefix="arriero-heads-") as work:
            return await refit(
                dataset, platform.plugins[app].heads(app_settings(settings)[app]),
                platform.exposures.variant(app, None),
                trainer=HeadsTrainer(models.encoder, models.folder.expanduser()),
                work=Path(work), root=learned_heads(platform.settings),
                ledger=platform.ledger, clock=platform.clock, tenant=TENANT, actor=ACTOR,
            )  # fmt: skip


def _say(made: Refitted) -> None:
    """What it was fitted on, how good it is, and what to do with it."""
    told: Mapping[str, Any] = made.head.body["figures"]
    share, low, high = told["accuracy"]
    click.echo(
        f"{made.head.body['head']}: {told['changed']} labels corrected, {told['added']} rows added"
    )
    for label, count in told["unknown_labels"].items():
        click.echo(f"  left: {count} rows of {label!r}, which the app does not know")
    click.echo(
        f"  {share:.1%} right of rows left out in turn ({low:.1%} to {high:.1%}), ECE {told['ece']:.3f}"
    )
    click.echo(f"challenger {made.challenger.id}")
    click.echo(f"try it: arriero rollout start {made.challenger.id}")
