"""`arriero learn forget`: erase a person from runs, datasets and everything else, and say what to retrain."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arriero.cli.options import reading, settings_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arriero.core.settings import Settings
    from arriero.learning.forget import Erased


@click.command()
@click.option("--person", required=True, help="Their id, as runs and feedback carry it.")
@click.option(
    "--value", "values", multiple=True, help="A name, address or number to erase from every vault."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@settings_options
def forget(
    person: str, values: tuple[str, ...], yes: bool, config: Path | None, data: Path | None
) -> None:
    """Erase a person from runs, feedback, vaults, records and datasets, for good.

    Lists the datasets that held rows of theirs, and the adapters that have to be trained again.
    """
    settings = reading(config, data)
    if not yes:
        click.confirm(f"Erase everything of {person!r} for good?", abort=True)
    show(asyncio.run(erase(settings, person, values)))


async def erase(settings: Settings, person: str, values: Sequence[str]) -> Erased:
    """Erase the person from this data folder's stores and datasets.

    Raises `NotFound` where neither the folder nor the key of pseudonyms is, wherever the ledger may be: with
    a new key nobody would be found in what people said and what was learned of it.
    """
    from arriero.assembly import TENANT, datasets, open_store, plugins  # noqa: PLC0415
    from arriero.core.clock import SystemClock  # noqa: PLC0415
    from arriero.core.errors import NotFound  # noqa: PLC0415
    from arriero.learning.forget import forget as erased  # noqa: PLC0415
    from arriero.security.vault import (  # noqa: PLC0415
        KEY_VARIABLE,
        SealedVaults,
        Sealer,
        vault_key,
    )
    from arriero.store.records import SqlRecords  # noqa: PLC0415
    from arriero.store.sealed import SqlSealed  # noqa: PLC0415

    folder = settings.data.expanduser()
    if not folder.is_dir() and KEY_VARIABLE not in os.environ:
        raise NotFound(
            f"there is no data folder {str(folder)!r}, in which datasets and the key of pseudonyms lie; name it "
            f"with --data, or give {KEY_VARIABLE}"
        )
    async with open_store(settings) as ledger:
        sealer = Sealer(vault_key(folder))
        return await erased(
            ledger,
            SealedVaults(SqlSealed(ledger), sealer),
            [SqlRecords(ledger, name) for name in (*plugins(), "webhooks")],
            root=datasets(settings),
            mark=sealer.mark(TENANT),
            tenant=TENANT,
            person=person,
            actor="cli",
            at=SystemClock().now(),
            values=values,
        )


def show(erased: Erased) -> None:
    """What went, line by line."""
    gone = erased.gone
    click.echo(
        f"erased: {gone.runs} runs, {gone.vaults} vaults, {gone.values} single values, "
        f"{gone.records} records"
    )
    for one in erased.datasets:
        after = f"its successor is {one.successor}" if one.successor else "nothing is left of it"
        click.echo(f"dataset {one.id} of {one.app}: {one.rows} rows; {after}")
    for it in erased.retrain:
        click.echo(f"train again: {it.kind} {it.id} of {it.app}, made of dataset {it.dataset}")
    if erased.datasets and not erased.retrain:
        click.echo("nothing was trained on these datasets")
