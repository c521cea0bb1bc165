"""`arriero support forget`: erase a customer from everything that Arriero keeps."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from arriero.cli.learn_forget import erase, show
from arriero.cli.options import reading, settings_options


@click.command()
@click.option("--customer", required=True, help="The customer's id, as inquiries carry it.")
@click.option(
    "--value", "values", multiple=True, help="A name, address or number to erase from every vault."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@settings_options
def forget(
    customer: str, values: tuple[str, ...], yes: bool, config: Path | None, data: Path | None
) -> None:
    """Erase a customer's messages, answers, private values, records and what is learned from, for good.

    Your own directory is yours: delete the customer there too.
    """
    settings = reading(config, data)
    if not yes:
        click.confirm(f"Erase everything of customer {customer!r} for good?", abort=True)
    show(asyncio.run(erase(settings, customer, values)))
