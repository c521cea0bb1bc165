"""`arriero learn feedback [APP]`: where quality is lost, and what to fix first."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arriero.cli.options import reading, settings_options
from arriero.cli.wide import wide

if TYPE_CHECKING:
    from arriero.core.settings import Settings
    from arriero.learning.analysis import Analysis, Group

SHOWN = 15
WIDTH = 110  # columns that the table needs


@click.command()
@click.argument("app", required=False)
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
@settings_options
def feedback(app: str | None, as_json: bool, config: Path | None, data: Path | None) -> None:
    """Where the answers of APP (or of every app) were bad: by intent, source, stage and variant."""
    found = asyncio.run(_analyses(reading(config, data), app))
    if as_json:
        told = [asdict(one) | {"advice": one.advice} for one in found]
        click.echo(json.dumps(told, indent=2))
        return
    for one in found:
        _show(one)


async def _analyses(settings: Settings, app: str | None) -> list[Analysis]:
    from arriero.assembly import TENANT, open_store, plugins  # noqa: PLC0415  # keeps --help fast
    from arriero.core.errors import InputError  # noqa: PLC0415
    from arriero.learning.analysis import analyse  # noqa: PLC0415
    from arriero.learning.collect import collect  # noqa: PLC0415
    from arriero.learning.opinion import heard  # noqa: PLC0415

    known = plugins()
    if app is not None and app not in known:
        raise InputError(f"there is no app {app!r}; there are: {', '.join(known)}")
    found = []
    async with open_store(settings) as ledger:
        for name in [app] if app else known:
            rated = [one async for one in collect(ledger, TENANT, name)]
            if rated or app:
                found.append(analyse(name, heard(rated, settings.learning)))
    return found


def _show(found: Analysis) -> None:
    from rich import box  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    click.echo(
        f"{found.app}: {found.bad} of {found.runs} answers with clear feedback were bad "
        f"(95 % interval {found.share.low:.0%} to {found.share.high:.0%}); "
        f"{found.undecided} contradictory, {found.silent} neither good nor bad; "
        f"{found.burst} events set aside as bursts, {found.over_cap} over the cap of a person"
    )
    table = Table("", "what", "", "bad of rated", "share", "expected", "avoidable", box=box.SIMPLE)
    for column in table.columns:
        column.no_wrap = True
    for group in found.groups[:SHOWN]:
        table.add_row(*_row(group))
    if found.groups:
        wide(WIDTH).print(table)
    click.echo(found.advice)
    for id in found.examples:
        click.echo(f"  arriero runs show {id}")


def _row(group: Group) -> tuple[str, ...]:
    span = f"{group.share.value:.0%} ({group.share.low:.0%} to {group.share.high:.0%})"
    mark = "!" if group.stands_out else ""
    return (
        *(mark, group.kind, group.name, f"{group.bad} of {group.n}", span),
        *(f"{group.shrunk:.0%}", f"{group.excess:.1f}"),
    )
