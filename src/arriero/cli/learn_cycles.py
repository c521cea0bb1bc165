"""`arriero learn start | status | explain | abort`: the cycles of the learning loop."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from arriero.cli.options import load, reading, settings_options
from arriero.cli.wide import wide
from arriero.cli.written import write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arriero.core.settings import Settings
    from arriero.learning.cycle import Cycle

SHOWN = 20


@click.command()
@click.argument("app", default="support")
@click.option("--because", default="asked for", show_default=True, help="Kept with the cycle.")
@click.option(
    "--yaml", type=click.Path(path_type=Path), help="Train your own LLaMA-Factory file instead."
)
@click.option("--dataset-dir", type=click.Path(path_type=Path), help="Its datasets (with --yaml).")
@click.option("--role", default="response_generator", show_default=True, help="With --yaml.")
@settings_options
def start(
    app: str,
    because: str,
    yaml: Path | None,
    dataset_dir: Path | None,
    role: str,
    config: Path | None,
    data: Path | None,
) -> None:
    """Begin a cycle of APP now: `arriero up` or `arriero worker` moves it on."""
    if (yaml is None) != (dataset_dir is None):
        raise click.UsageError("--yaml and --dataset-dir go together")
    if yaml is not None and dataset_dir is not None:
        from arriero.cli.own import say, train  # noqa: PLC0415

        say(train(load(config, data), yaml, dataset_dir, app, role))
        return
    from arriero.cli.local import running  # noqa: PLC0415  # keeps --help fast

    settings = load(config, data)
    server = running(settings)
    if server is not None:
        told = server.ask("POST", "/v1/cycles", {"app": app, "because": because})
        click.echo(f"cycle {told['id']} of {app} began; `arriero learn status` follows it")
        return
    made = asyncio.run(_begin(settings, app, because))
    click.echo(
        f"cycle {made.id} of {app} began; start `arriero worker` or `arriero up` to move it on"
    )


async def _begin(settings: Settings, app: str, because: str) -> Cycle:
    from arriero.assembly import open_platform  # noqa: PLC0415
    from arriero.learning.cycle import Trigger  # noqa: PLC0415

    async with open_platform(settings) as platform:
        now = platform.clock.now()
        return await platform.cycles.begin(app, Trigger.PERSON, because, now=now, actor="cli")


@click.command()
@click.argument("app", required=False)
@click.option("--json", "as_json", is_flag=True)
@settings_options
def status(app: str | None, as_json: bool, config: Path | None, data: Path | None) -> None:
    """The newest cycles and where they stand."""
    from rich import box  # noqa: PLC0415  # keeps --help fast
    from rich.table import Table  # noqa: PLC0415

    found = asyncio.run(_cycles(reading(config, data), app))
    if as_json:
        told = [
            {
                "id": it.id,
                "app": it.app,
                "state": it.state,
                "at": it.at.isoformat(),
                "because": it.because,
                "waits": it.waits,
            }
            for it in found
        ]
        click.echo(json.dumps(told, indent=2))
        return
    if not found:
        click.echo(
            "no cycle yet: they begin with enough new feedback, or with `arriero learn start`"
        )
        return
    table = Table("cycle", "app", "state", "since (UTC)", "because", box=box.SIMPLE)
    table.columns[0].no_wrap = True
    for it in found:
        because = f"{it.because}; waits: {it.waits}" if it.waits else it.because
        table.add_row(it.id, it.app, it.state, f"{it.at:%Y-%m-%d %H:%M}", because)
    wide(120).print(table)


async def _cycles(settings: Settings, app: str | None) -> Sequence[Cycle]:
    from arriero.assembly import open_store  # noqa: PLC0415
    from arriero.learning.cycles import Cycles  # noqa: PLC0415

    async with open_store(settings) as ledger:
        return await Cycles(ledger, {}).listed(app, limit=SHOWN)


@click.command()
@click.argument("cycle_id")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write it as a page.")
@settings_options
def explain(cycle_id: str, html: Path | None, config: Path | None, data: Path | None) -> None:
    """Why a cycle went the way it went: data, gate, rollout, examples won and lost."""
    from arriero.learning import report  # noqa: PLC0415  # keeps --help fast

    told: Any = asyncio.run(_explained(reading(config, data), cycle_id))
    if html is None:
        click.echo(report.to_markdown(told))
        return
    write(html, report.to_html(told))
    click.echo(f"{html}: open it in a browser")


async def _explained(settings: Settings, cycle_id: str) -> object:
    from arriero.assembly import TENANT, open_store  # noqa: PLC0415
    from arriero.learning import report  # noqa: PLC0415

    async with open_store(settings) as ledger:
        return await report.gather(ledger, TENANT, cycle_id)


@click.command()
@click.argument("cycle_id")
@settings_options
def abort(cycle_id: str, config: Path | None, data: Path | None) -> None:
    """End an open cycle; the champion goes on serving."""
    made = asyncio.run(_abort(reading(config, data), cycle_id))
    click.echo(f"cycle {made.id} is {made.state}: {made.because}")


async def _abort(settings: Settings, cycle_id: str) -> Cycle:
    from datetime import UTC, datetime  # noqa: PLC0415

    from arriero.assembly import open_store  # noqa: PLC0415
    from arriero.learning.cycles import Cycles  # noqa: PLC0415

    async with open_store(settings) as ledger:
        return await Cycles(ledger, {}).abort(cycle_id, datetime.now(UTC), "cli")
