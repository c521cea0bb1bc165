"""`arriero learn exams`: how the champions answered their golden sets."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arriero.cli.options import load, reading, settings_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arriero.core.settings import Settings
    from arriero.store.base import Artefact

SHOWN = 20


@click.command()
@click.argument("app", required=False)
@click.option("--now", is_flag=True, help="Hold one of APP now; the schedule goes on from it.")
@settings_options
def exams(app: str | None, now: bool, config: Path | None, data: Path | None) -> None:
    """The newest exams: value, how many answers were wholly right, which were not."""
    if now and app is None:
        raise click.UsageError("--now needs the name of an app")
    settings = load(config, data) if now else reading(config, data)
    found = (
        [asyncio.run(_held(settings, app))] if now and app else asyncio.run(_kept(settings, app))
    )
    if not found:
        click.echo("no exam yet: they are held once a day, or with `arriero learn exams APP --now`")
    for one in found:
        _say(one)


async def _held(settings: Settings, app: str) -> Artefact:
    from arriero.assembly import open_platform  # noqa: PLC0415  # keeps --help fast

    async with open_platform(settings) as platform:
        platform.app(app)
        return await platform.exams.hold(app, platform.clock.now())


async def _kept(settings: Settings, app: str | None) -> Sequence[Artefact]:
    from arriero.assembly import open_store  # noqa: PLC0415  # keeps --help fast
    from arriero.learning.exams import KIND  # noqa: PLC0415

    async with open_store(settings) as ledger:
        return await ledger.artefacts(KIND, app=app, limit=SHOWN)


def _say(one: Artefact) -> None:
    told = one.body
    least = "" if told["least"] is None else f", alert below {told['least']:.2f}"
    click.echo(
        f"{one.at:%Y-%m-%d %H:%M}  {one.app}  value {told['value']:.2f}{least}  "
        f"{told['right']} of {told['n']} wholly right ({told['low']:.0%} to {told['high']:.0%})  "
        f"{told['variant']}"
    )
    if told["wrong"]:
        click.echo(f"  not right: {', '.join(told['wrong'])}")
