"""`arriero config`: what is in force, and the hash that every run carries."""

from __future__ import annotations

import json
from pathlib import Path

import click

from arriero.cli.options import load, settings_options


@click.command()
@settings_options
def config(config: Path | None, data: Path | None) -> None:
    """Print the settings in force as JSON, with every app's section filled in."""
    from arriero.assembly import app_settings  # noqa: PLC0415  # keeps --help fast

    settings = load(config, data)
    table = settings.model_dump(mode="json")
    table["apps"] = {
        name: section.model_dump(mode="json") for name, section in app_settings(settings).items()
    }
    click.echo(json.dumps({"hash": settings.hash(), **table}, indent=2))
