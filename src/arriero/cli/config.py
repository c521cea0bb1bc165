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
    from arriero.assembly import app_settings, configuration  # noqa: PLC0415  # keeps --help fast
    from arriero.security.masking import each_text  # noqa: PLC0415
    from arriero.store.base import without_password  # noqa: PLC0415

    settings = load(config, data)
    table = settings.model_dump(mode="json")
    sections = app_settings(settings)
    table["apps"] = {name: section.model_dump(mode="json") for name, section in sections.items()}
    told = each_text(table, without_password)
    click.echo(json.dumps({"hash": configuration(settings, sections), **told}, indent=2))
