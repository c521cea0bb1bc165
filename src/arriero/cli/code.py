"""`arriero code ...`: one file a command."""

from __future__ import annotations

import click

from arriero.cli.lazy import lazily

COMMANDS = {
    "review": ("code_review", "review", "Find weaknesses in a file, with CWE numbers."),
    "repair": ("code_repair", "repair", "Correct a file until its tests hold."),
}


@click.group(cls=lazily(COMMANDS))
def code() -> None:
    """Code: what is weak in it, and what is wrong with it."""
