"""`arriero backup`: ledger and apps in one file, while everything runs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arriero.cli.options import load, settings_options

if TYPE_CHECKING:
    from arriero.core.settings import Settings


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--without-heads", is_flag=True, help="Leave fitted classifiers out: they refit.")
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@settings_options
def backup(
    file: Path, without_heads: bool, force: bool, config: Path | None, data: Path | None
) -> None:
    """Copy ledger, keys and app folders into FILE. It holds private data: only its owner may read it."""
    from arriero.observe.metrics import this_version  # noqa: PLC0415  # keeps --help fast
    from arriero.store.backup import back_up, file_sha256  # noqa: PLC0415

    settings = load(config, data)
    made = back_up(
        settings.data.expanduser(),
        ledger_url(settings),
        file,
        version=this_version(),
        now=datetime.now(UTC),
        heads=not without_heads,
        overwrite=force,
    )
    click.echo(
        f"{file}: {made.runs} runs, {made.feedback} feedback events, {len(made.files)} files, "
        f"{file.stat().st_size / 1e6:.1f} MB\nsha256 {file_sha256(file)}"
    )


def ledger_url(settings: Settings) -> str:
    """The URL of the ledger in force: the settings', or the file in the data folder."""
    from arriero.store.engine import sqlite_url  # noqa: PLC0415

    return settings.store.ledger or sqlite_url(settings.data.expanduser() / "ledger.db")
