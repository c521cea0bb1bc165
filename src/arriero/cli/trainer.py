"""`arriero trainer ...`: the environment in which adapters are trained."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arriero.cli.options import load, settings_options

if TYPE_CHECKING:
    from arriero.learning.trainers.environment import Environment


@click.group()
def trainer() -> None:
    """LLaMA-Factory in an environment of its own: 5.9 GB, shared by all your data folders."""


@trainer.command()
@settings_options
def install(config: Path | None, data: Path | None) -> None:
    """Make the environment (about three minutes, 12 GB of free disk meanwhile); goes on after a break."""
    from arriero.learning.trainers.install import install as make  # noqa: PLC0415  # keeps --help fast
    from arriero.models.progress import Bar  # noqa: PLC0415

    environment = _environment(config, data)
    with Bar() as progress:
        asyncio.run(make(environment, progress=progress))
    click.echo(f"trainer: {environment.folder}")


@trainer.command()
@settings_options
def status(config: Path | None, data: Path | None) -> None:
    """Whether the environment is there and whole; exit status 1 when it is not."""
    from arriero.learning.trainers.environment import REQUIREMENTS, State  # noqa: PLC0415

    environment = _environment(config, data)
    state = environment.state
    click.echo(f"{state} {environment.folder}")
    click.echo(f"versions {' '.join(REQUIREMENTS)}")
    if state is not State.INSTALLED:
        click.echo("run: arriero trainer install")
    raise SystemExit(0 if state is State.INSTALLED else 1)


@trainer.command()
@settings_options
def remove(config: Path | None, data: Path | None) -> None:
    """Delete the environment; adapters that were trained with it stay."""
    from arriero.learning.trainers.install import remove as delete  # noqa: PLC0415

    environment = _environment(config, data)
    gone = delete(environment)
    click.echo(f"{'removed' if gone else 'nothing to remove at'} {environment.folder}")


def _environment(config: Path | None, data: Path | None) -> Environment:
    from arriero.learning.trainers.environment import Environment  # noqa: PLC0415

    return Environment(load(config, data).learning.trainer.folder.expanduser())
