"""`arriero support forget`: erase a customer from everything that Arriero keeps."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from arriero.cli.options import load, settings_options


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
    """Erase a customer's messages, answers, private values and records, for good.

    Your own directory is yours: delete the customer there too.
    """
    from arriero.assembly import TENANT, open_store, plugins  # noqa: PLC0415  # keeps --help fast
    from arriero.core.clock import SystemClock  # noqa: PLC0415
    from arriero.security.privacy_forget import Forgotten  # noqa: PLC0415
    from arriero.security.privacy_forget import forget as erase  # noqa: PLC0415
    from arriero.security.vault import SealedVaults, Sealer, vault_key  # noqa: PLC0415
    from arriero.store.records import SqlRecords  # noqa: PLC0415
    from arriero.store.sealed import SqlSealed  # noqa: PLC0415

    settings = load(config, data)
    if not yes:
        click.confirm(f"Erase everything of customer {customer!r} for good?", abort=True)

    async def run() -> Forgotten:
        async with open_store(settings) as ledger:
            sealer = Sealer(vault_key(settings.data.expanduser()))
            return await erase(
                ledger,
                SealedVaults(SqlSealed(ledger), sealer),
                [SqlRecords(ledger, name) for name in (*plugins(), "webhooks")],
                tenant=TENANT,
                customer=customer,
                actor="cli",
                at=SystemClock().now(),
                values=values,
            )

    gone = asyncio.run(run())
    click.echo(
        f"erased: {gone.runs} runs, {gone.vaults} vaults, {gone.values} single values, "
        f"{gone.records} records"
    )
