"""`arriero support chat-token`: a token for a customer's browser, without a running server."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from arriero.cli.options import load, settings_options

APP = "support"


@click.command()
@click.option("--customer", help="Whom the browser speaks for (default: a stranger).")
@click.option(
    "--minutes",
    type=click.FloatRange(0, 1_440, min_open=True),
    help="Good for (default: settings).",
)
@settings_options
def chat_token(
    customer: str | None, minutes: float | None, config: Path | None, data: Path | None
) -> None:
    """Print a token for the web chat. It opens that customer's chat and nothing else."""
    from arriero.assembly import TENANT, app_settings, writable  # noqa: PLC0415  # keeps --help fast
    from arriero.core.clock import SystemClock  # noqa: PLC0415
    from arriero.core.settings import WebChat  # noqa: PLC0415
    from arriero.security.vault import Sealer, vault_key  # noqa: PLC0415
    from arriero.security.visitors import Tokens  # noqa: PLC0415

    settings = load(config, data)
    chat = getattr(app_settings(settings)[APP], "web_chat", WebChat())
    tokens = Tokens(Sealer(vault_key(writable(settings.data))), SystemClock())
    good_for = timedelta(minutes=minutes or chat.token_minutes)
    click.echo(tokens.mint(TENANT, APP, customer, good_for)[0])
