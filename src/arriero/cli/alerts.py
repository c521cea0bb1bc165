"""`arriero alerts`: what other systems need to know of our alerts."""

from __future__ import annotations

from pathlib import Path

import click

from arriero.cli.lazy import lazily
from arriero.cli.options import load, settings_options

COMMANDS = {
    "rules": ("alerts", "rules", "Print Prometheus rules for the same thresholds."),
    "secret": ("alerts", "secret", "Print a new secret for a webhook."),
}


@click.group(cls=lazily(COMMANDS))
def alerts() -> None:
    """Carry alerts into other systems; `arriero status` shows those that are open."""


@click.command()
@settings_options
def rules(config: Path | None, data: Path | None) -> None:
    """Print the alerts of every enabled app as a Prometheus rule file."""
    from arriero.assembly import app_settings  # noqa: PLC0415  # keeps --help fast
    from arriero.observe.rules import rules as written  # noqa: PLC0415

    sections = app_settings(load(config, data))
    click.echo(
        written(
            {name: section.thresholds for name, section in sections.items() if section.enabled}
        ),
        nl=False,
    )


@click.command()
def secret() -> None:
    """Print a secret; both sides of a webhook need the same one. It is stored nowhere."""
    from arriero.security.webhooks import new_secret  # noqa: PLC0415

    click.echo(new_secret())
