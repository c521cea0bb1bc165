"""`arriero finance search`, `show` and `hold`: analyses found again, as they stand now, and kept from erasure.

They read and write the ledger alone, so they work whether a server runs or not, without providers and models.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from arriero.cli.options import load, reading, settings_options, user
from arriero.cli.wide import wide
from arriero.core.errors import InputError

if TYPE_CHECKING:
    from arriero.apps.finance.releases import Releases
    from arriero.core.archive import Found
    from arriero.core.settings import Settings
    from arriero.core.words import JsonValue, Task

DAY = click.DateTime(["%Y-%m-%d"])
WIDTH = 140  # columns that a line of the list may need: an id that was cut off could not be copied


@click.command()
@click.option("--client", help="Whom it was made for.")
@click.option("--ticker", help="The company.")
@click.option("--as-of", type=DAY, help="The day that was analysed.")
@click.option("--from", "since", type=DAY, help="Made on this day (UTC) or later.")
@click.option("--to", "until", type=DAY, help="Made on this day (UTC) or earlier.")
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True)
@click.option("--before", metavar="RUN", help="Go on after this run, the last of the page before.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
@settings_options
def search(
    client: str | None,
    ticker: str | None,
    as_of: datetime | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    before: str | None,
    as_json: bool,
    config: Path | None,
    data: Path | None,
) -> None:
    """Find analyses by client, company and day, newest first, with their status and how long they are kept.

    The withheld, rejected and withdrawn ones are among them.
    """
    asked: dict[str, Any] = {"client": client, "ticker": ticker, "limit": limit, "before": before}
    days = {"as_of": as_of, "from": since, "to": until}
    asked |= {name: day.date() for name, day in days.items() if day is not None}
    found = asyncio.run(_search(reading(config, data), asked))
    if as_json:
        click.echo(json.dumps({"data": list(found.rows), "has_more": found.more}, indent=2))
        return
    _list(found.rows)
    if found.more:
        click.echo(f"there are more: --before {found.rows[-1]['run']}")


@click.command()
@click.argument("run")
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the report as one page with charts.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
@settings_options
def show(
    run: str, html: Path | None, as_json: bool, config: Path | None, data: Path | None
) -> None:
    """Show the analysis RUN as it stands now: released by whom, rejected or withdrawn why."""
    from arriero.cli import ask_finance  # noqa: PLC0415  # keeps --help fast
    from arriero.core.words import canonical_json  # noqa: PLC0415

    told = json.loads(canonical_json(asyncio.run(_show(reading(config, data), run))))
    if html is not None:
        ask_finance.write(html, told, _status(told))
    if as_json:
        click.echo(json.dumps(told, indent=2))
        return
    ask_finance.show_text(told)
    click.echo(_standing(told))


@click.command()
@click.argument("subject", required=False, metavar="[CLIENT|RUN]")
@click.option("--reason", default="", help="Why; kept with the hold, and with its end.")
@click.option("--lift", is_flag=True, help="End the hold: name its subject, or the hold's own id.")
@click.option("--actor", help="Who says so (default: the user of this machine).")
@settings_options
def hold(
    subject: str | None,
    reason: str,
    lift: bool,
    actor: str | None,
    config: Path | None,
    data: Path | None,
) -> None:
    """Keep what belongs to a client, or one run, from being erased; without a subject list what is held.

    While a hold is in force, `arriero learn forget` and `support forget` erase nothing of the person. Placing and
    lifting it are events of the audit log.
    """
    if subject is None and (reason or lift):
        raise InputError("name a client or a run, as in: arriero finance hold c-0042 --reason ...")
    tasks = asyncio.run(_hold(load(config, data), subject, reason, actor or user(), lift=lift))
    for task in tasks:
        payload = task.payload
        ended = f"; lifted by {task.actor}: {payload['lifted_because']}" if lift else ""
        click.echo(
            f"{task.id}  {payload['subject']}  held by {payload['placed_by']} since "
            f"{task.created_at:%Y-%m-%d}: {payload['reason']}{ended}"
        )
    if not tasks:
        click.echo("nothing is under legal hold")


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Releases]:
    """Rules, approvals and releases over this data folder's ledger, without providers and models."""
    from arriero.apps.finance.plugin import rating_table, releases_of  # noqa: PLC0415  # keeps --help fast
    from arriero.apps.finance.settings import FinanceSettings  # noqa: PLC0415
    from arriero.assembly import app_settings, open_store  # noqa: PLC0415
    from arriero.core.clock import SystemClock  # noqa: PLC0415
    from arriero.store.records import SqlRecords  # noqa: PLC0415

    section = app_settings(settings)["finance"]
    assert isinstance(section, FinanceSettings)  # noqa: S101  # the plugin says so
    table = await asyncio.to_thread(rating_table, section)
    async with open_store(settings) as ledger:
        yield releases_of(section, table, ledger, SqlRecords(ledger, "finance"), SystemClock())


async def _search(settings: Settings, asked: Mapping[str, Any]) -> Found:
    from pydantic import ValidationError  # noqa: PLC0415

    from arriero.apps.finance.archive import Analyses  # noqa: PLC0415
    from arriero.apps.finance.door import WantedAnalyses  # noqa: PLC0415
    from arriero.assembly import TENANT  # noqa: PLC0415

    try:
        wanted = WantedAnalyses.model_validate(asked)
    except ValidationError as error:
        raise InputError(error.errors()[0]["msg"].removeprefix("Value error, ")) from None
    async with opened(settings) as releases:
        return await Analyses(releases.ledger, releases).search(TENANT, wanted)


async def _show(settings: Settings, run: str) -> Mapping[str, JsonValue]:
    from arriero.apps.finance.archive import Analyses  # noqa: PLC0415
    from arriero.assembly import TENANT  # noqa: PLC0415

    async with opened(settings) as releases:
        return await Analyses(releases.ledger, releases).show(TENANT, run)


async def _hold(
    settings: Settings, subject: str | None, reason: str, actor: str, *, lift: bool
) -> Sequence[Task]:
    from arriero.assembly import TENANT, open_store  # noqa: PLC0415
    from arriero.core.clock import SystemClock  # noqa: PLC0415
    from arriero.security.holds import Holds  # noqa: PLC0415

    async with open_store(settings) as ledger:
        holds = Holds(ledger, SystemClock())
        if subject is None:
            return await holds.held(TENANT)
        if lift:
            return await holds.lift(TENANT, subject, reason=reason, actor=actor)
        return [await holds.place(TENANT, subject, reason=reason, actor=actor)]


def _list(rows: Sequence[Mapping[str, JsonValue]]) -> None:
    from rich.table import Table  # noqa: PLC0415

    table = Table(
        "run", "made", "client", "company", "as of", "rating", "status", "kept", "until", box=None
    )
    for column in table.columns:
        column.no_wrap = True
    for row in rows:
        kept = "held" if row["holds"] else row["retention"] or "-"
        table.add_row(
            row["run"], row["made_at"][:10], row["client"] or "-", row["ticker"], row["as_of"],
            row["recommendation"] or "-", row["status"], kept, row["kept_until"] or "-",
        )  # fmt: skip
    wide(WIDTH).print(table)


def _status(told: Mapping[str, Any]) -> str:
    by = f" by {told['status_by']}" if told["status_by"] else ""
    at = f" on {told['status_at'][:10]}" if told["status_at"] else ""
    why = f": {told['status_why']}" if told["status_why"] else ""
    return f"status: {told['status']}{by}{at}{why}"


def _standing(told: Mapping[str, Any]) -> str:
    kept = f"kept as {told['retention'] or 'no class'}" + (
        f" until {told['kept_until']}" if told["kept_until"] else ""
    )
    held = f"; under legal hold ({', '.join(told['holds'])})" if told["holds"] else ""
    return f"{_status(told)}\n{kept}{held}"
