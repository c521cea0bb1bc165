"""`arriero keys ...`: who may ask. A key's name is the actor of everything done with it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arriero.cli.options import load, reading, settings_options
from arriero.core.errors import InputError, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arriero.core.settings import Settings
    from arriero.store.base import ApiKey


@click.group()
def keys() -> None:
    """The API keys of this data folder; a running server follows within five seconds."""


@keys.command("list")
@settings_options
def list_(config: Path | None, data: Path | None) -> None:
    """Every key: its name, when it was made, and whether it still works. Secrets are not stored."""
    from rich import box  # noqa: PLC0415  # keeps --help fast
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table("name", "tenant", "made (UTC)", "revoked (UTC)", box=box.SIMPLE)
    for key in asyncio.run(_known(reading(config, data))):
        gone = f"{key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else ""
        table.add_row(key.name, key.tenant, f"{key.created_at:%Y-%m-%d %H:%M}", gone)
    Console(markup=False).print(table)  # a name may have brackets in it


@keys.command()
@click.argument("name")
@settings_options
def add(name: str, config: Path | None, data: Path | None) -> None:
    """Make a key of this NAME and print its secret, this once."""
    click.echo(asyncio.run(_add(load(config, data), name)))


@keys.command()
@click.argument("name")
@settings_options
def revoke(name: str, config: Path | None, data: Path | None) -> None:
    """End the key of this NAME. What was done with it stays under its name."""
    asyncio.run(_revoke(reading(config, data), name))
    click.echo(f"key {name!r} is revoked; a running server refuses it within five seconds")


async def _known(settings: Settings) -> Sequence[ApiKey]:
    from arriero.assembly import open_store  # noqa: PLC0415  # keeps --help fast

    async with open_store(settings) as ledger:
        return await ledger.keys()


async def _add(settings: Settings, name: str) -> str:
    from arriero.assembly import TENANT, open_store  # noqa: PLC0415
    from arriero.security.keys import mint  # noqa: PLC0415
    from arriero.store.base import KeySaved  # noqa: PLC0415

    async with open_store(settings) as ledger:
        if any(key.name == name for key in await ledger.keys()):
            raise InputError(f"there is a key {name!r} already; choose another name")
        secret, key = mint(name, TENANT, datetime.now(UTC))
        await ledger.commit(KeySaved(key), durable=True)
    return secret


async def _revoke(settings: Settings, name: str) -> None:
    from arriero.assembly import open_store  # noqa: PLC0415
    from arriero.store.base import KeySaved  # noqa: PLC0415

    async with open_store(settings) as ledger:
        known = await ledger.keys()
        live = [key for key in known if key.name == name and key.revoked_at is None]
        if not live:
            names = ", ".join(key.name for key in known if key.revoked_at is None) or "none"
            raise NotFound(f"there is no live key {name!r}; there are: {names}")
        gone = [KeySaved(replace(key, revoked_at=datetime.now(UTC))) for key in live]
        await ledger.commit(*gone, durable=True)
