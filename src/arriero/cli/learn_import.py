"""`arriero learn import LOGS.jsonl`: what a service answered before, as runs with their feedback."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arriero.cli.options import load, settings_options
from arriero.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from arriero.apps.chat.take_in import TakenIn
    from arriero.core.settings import Settings

SHOWN = 20  # bad lines


@click.command("import")
@click.argument("logs", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--at", type=click.DateTime(["%Y-%m-%d"]), help="The day of lines that carry no time (UTC)."
)
@settings_options
def import_(logs: Path, at: datetime | None, config: Path | None, data: Path | None) -> None:
    """Take in LOGS: a JSON line for each exchange, as request and response or as messages.

    Beside them may stand created, user, thumb, rating, edit, comment, resolved and recontact. Private
    values are masked and not kept. A line that is there already is not taken again.
    """
    from rich.console import Console  # noqa: PLC0415  # keeps --help fast
    from rich.progress import Progress  # noqa: PLC0415

    settings = load(config, data)
    try:
        size = logs.stat().st_size
    except OSError as error:
        raise InputError(f"{str(logs)!r} cannot be read: {error.strerror}") from None
    with Progress(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(f"reading {logs.name}", total=size)
        moment = None if at is None else at.replace(tzinfo=UTC)
        taken = asyncio.run(
            _take(settings, logs, moment, lambda done: bars.update(task, completed=done))
        )
    _show(taken)
    if taken.bad and not taken.runs and not taken.repeated:
        raise SystemExit(1)


async def _take(
    settings: Settings, logs: Path, at: datetime | None, progress: Callable[[int], None]
) -> TakenIn:
    from arriero.apps.chat.take_in import take_in  # noqa: PLC0415
    from arriero.assembly import TENANT, open_store  # noqa: PLC0415
    from arriero.core.clock import SystemClock  # noqa: PLC0415
    from arriero.security.masking import PatternMasker  # noqa: PLC0415
    from arriero.security.vault import Sealer, vault_key  # noqa: PLC0415

    async with open_store(settings) as ledger:
        mark = Sealer(vault_key(settings.data.expanduser())).mark(TENANT)
        return await take_in(
            ledger, logs, tenant=TENANT, masker=PatternMasker(), mark=mark,
            now=SystemClock().now(), at=at, progress=progress,
        )  # fmt: skip


def _show(taken: TakenIn) -> None:
    click.echo(
        f"{taken.runs:,} runs with {taken.feedback:,} events of feedback taken in; "
        f"{taken.repeated:,} were there already; {len(taken.bad):,} bad lines"
    )
    for bad in taken.bad[:SHOWN]:
        click.echo(f"  line {bad.number}: {bad.why}")
    if len(taken.bad) > SHOWN:
        click.echo(f"  and {len(taken.bad) - SHOWN:,} more")
