"""`arriero judge [CYCLE]`: opens the page on which people judge two answers without knowing whose."""

from __future__ import annotations

import asyncio
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arriero.cli.options import reading, settings_options
from arriero.core.errors import NotFound

if TYPE_CHECKING:
    from arriero.core.settings import Settings


@click.command()
@click.argument("cycle_id", required=False)
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@settings_options
def judge(cycle_id: str | None, no_browser: bool, config: Path | None, data: Path | None) -> None:
    """Judge the answers of a cycle's challenger (default: the one that waits for it, else the newest)."""
    from arriero.cli.local import running  # noqa: PLC0415  # keeps --help fast

    settings = reading(config, data)
    evaluation = asyncio.run(_evaluation(settings, cycle_id))
    server = running(settings)
    if server is None:
        raise NotFound("no server runs over this data folder; start one: arriero up")
    url = f"{server.url}/console/judge?evaluation={evaluation}"
    click.echo(f"{url}\nkeys: left arrow, right arrow, down arrow for no difference")
    if not no_browser:
        webbrowser.open(url)


async def _evaluation(settings: Settings, cycle_id: str | None) -> str:
    from arriero.assembly import TENANT, open_store  # noqa: PLC0415
    from arriero.learning.judging import Judging  # noqa: PLC0415

    async with open_store(settings) as ledger:
        judging = Judging(ledger, TENANT)
        return (await (judging.newest() if cycle_id is None else judging.evaluation(cycle_id))).id
