"""`arriero restore`: a backup into a data folder, checked before it takes its place."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from arriero.cli.backup import ledger_url
from arriero.cli.local import running
from arriero.cli.options import load, settings_options
from arriero.cli.up import _only_one
from arriero.core.errors import Busy, InputError


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--force", is_flag=True, help="The folder is not empty: keep what is there beside it."
)
@click.option("--sha256", help="Refuse FILE unless this is its SHA-256, as `backup` printed it.")
@settings_options
def restore(
    file: Path, force: bool, sha256: str | None, config: Path | None, data: Path | None
) -> None:
    """Check the backup FILE and unpack it into the data folder. No server may run there."""
    from arriero.store.backup import file_sha256, read_manifest  # noqa: PLC0415  # keeps --help fast
    from arriero.store.backup import restore as unpack  # noqa: PLC0415

    settings = load(config, data)
    if (server := running(settings)) is not None:
        raise Busy(
            f"a server (process {server.pid}) runs over {str(settings.data)!r}; end it, or choose "
            "another folder with --data"
        )
    told = read_manifest(file)
    if sha256 is not None and file_sha256(file) != sha256.strip().lower():
        raise InputError(
            f"the SHA-256 of {str(file)!r} is another one; take the file that was made"
        )
    folder = settings.data.expanduser()
    with _only_one(folder):
        done = unpack(file, folder, ledger_url(settings), now=datetime.now(UTC), force=force)
    click.echo(
        f"restored {told.runs} runs and {told.feedback} feedback events of {told.made_at} "
        f"into {settings.data}: hashes, ledger and counts are right"
    )
    if done.kept is not None:
        click.echo(f"what was there before lies in {done.kept}")
