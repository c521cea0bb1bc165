"""`arriero learn dataset APP`: the files that a trainer reads, and what was left out and why."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from arriero.cli.options import reading, settings_options
from arriero.cli.progress import progress
from arriero.core.errors import InputError, ModelMissing

if TYPE_CHECKING:
    from arriero.assembly import Platform
    from arriero.core.settings import Settings
    from arriero.learning.dataset.build import Dataset, NotEnough
    from arriero.models.base import Encoder

DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z"])


@click.command()
@click.argument("app")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Copy it here too.")
@click.option(
    "--since", type=DAY, help="Learn from what was said since then; of older only a replayed part."
)
@settings_options
def dataset(
    app: str, out: Path | None, since: datetime | None, config: Path | None, data: Path | None
) -> None:
    """Build a dataset of what people said of APP, in LLaMA-Factory's format.

    The exit status is 1 when there is not enough to train on; the table says what is missing.
    """
    settings = reading(config, data)
    if out is not None and out.exists() and any(out.iterdir()):
        raise InputError(f"{str(out)!r} is not empty; name a new folder with --out")
    with progress() as tell:
        found = asyncio.run(_build(settings, app, since, tell))
    _show(found.manifest)
    from arriero.learning.dataset.build import NotEnough  # noqa: PLC0415  # keeps --help fast

    if isinstance(found, NotEnough):
        click.echo("Not enough to train on yet:")
        for line in found.missing:
            click.echo(f"  {line}")
        raise SystemExit(1)
    click.echo(f"dataset {found.id}")
    click.echo(f"in {found.folder}")
    if out is not None:
        shutil.copytree(found.folder, out, dirs_exist_ok=True)
        click.echo(f"copied to {out}; `arriero learn forget` does not reach that copy")


async def _build(
    settings: Settings,
    app: str,
    since: datetime | None,
    progress: Callable[[str, int, int], None],
) -> Dataset | NotEnough:
    from arriero.assembly import TENANT, datasets, open_platform  # noqa: PLC0415
    from arriero.learning.dataset.build import Place, build  # noqa: PLC0415

    async with open_platform(settings) as platform:
        if app not in platform.plugins:
            raise InputError(f"there is no app {app!r}; there are: {', '.join(platform.plugins)}")
        opened = platform.apps.get(app)
        place = Place(
            TENANT, datasets(settings), platform.sealer.mark(TENANT), "cli",
            benchmarks=[opened.golden] if opened is not None and opened.golden else [],
            encoder=await _encoder(platform),
            progress=progress,
        )  # fmt: skip
        now = platform.clock.now()
        when = None if since is None else since.replace(tzinfo=since.tzinfo or now.tzinfo)
        return await build(
            platform.ledger, app, platform.settings.learning, place, now=now, since=when
        )


async def _encoder(platform: Platform) -> Encoder | None:
    try:
        return await platform.engines.encoder()
    except ModelMissing as missing:
        click.echo(f"texts are compared by their words alone: {missing.message}", err=True)
        return None


def _show(manifest: Mapping[str, Any]) -> None:
    from rich import box  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    said = manifest["feedback"]
    table = Table("what", "how many", box=box.SIMPLE)
    table.add_row("events of feedback", f"{said['events']:,} of {said['people']:,} people")
    table.add_row("set aside: bursts of one person", f"{said['burst']:,}")
    table.add_row("set aside: over the cap of a person", f"{said['over_cap']:,}")
    table.add_row("runs that people said something of", f"{said['runs']:,}")
    table.add_section()
    for why, count in manifest["left_out"].items():
        table.add_row(f"left out: {why}", f"{count:,}")
    table.add_section()
    for file, count in manifest["rows"].items():
        table.add_row(file, f"{count:,} rows")
    for stage, count in manifest["stages"].items():
        table.add_row(f"enough for {stage}", f"{count:,} runs")
    Console().print(table)
