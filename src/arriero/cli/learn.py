"""`arriero learn ...`: one file a command."""

from __future__ import annotations

import click

from arriero.cli.lazy import lazily

COMMANDS = {
    "feedback": ("learn_feedback", "feedback", "Where quality is lost, and what to fix first."),
}


@click.group(cls=lazily(COMMANDS))
def learn() -> None:
    """Feedback in, a provably better variant out."""
