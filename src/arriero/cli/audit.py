"""`arriero audit`: proofs of what was recorded, for people who do not have to believe us."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arriero.cli.options import reading, settings_options
from arriero.cli.written import write, writing
from arriero.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from arriero.core.settings import Settings
    from arriero.security.audit import AuditLog
    from arriero.security.audit_verify import Verified
    from arriero.store.audit_log import Head
    from arriero.store.ledger import SqlLedger

OUT = click.Path(path_type=Path, dir_okay=False)
FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])


@click.group()
def audit() -> None:
    """Verify, anchor and export the tamper-evident log."""


@audit.command()
@click.option("--anchor", "anchors", type=FILE, multiple=True, help="A head kept elsewhere.")
@click.option("--key", "keys", multiple=True, help="A public key to trust (64 hex digits).")
@click.option("--json", "as_json", is_flag=True)
@settings_options
def verify(
    anchors: Sequence[Path],
    keys: Sequence[str],
    as_json: bool,
    config: Path | None,
    data: Path | None,
) -> None:
    """Compare the log with itself, the ledger's rows, and anchors. Needs no server. Exit status 1: changed."""
    for key in keys:
        if not re.fullmatch("[0-9a-fA-F]{64}", key):
            raise InputError(f"{key!r} is no public key; give the 64 hex digits of audit.pub")
    known = [key.lower() for key in keys]
    told = asyncio.run(_verified(reading(config, data), anchors, known))
    if as_json:
        found = [[it.kind, it.where, it.what] for it in told.findings]
        click.echo(json.dumps({"sound": told.sound, "leaves": told.leaves, "findings": found}))
    else:
        _show(told)
    sys.exit(0 if told.sound else 1)


async def _verified(settings: Settings, anchors: Sequence[Path], keys: Sequence[str]) -> Verified:
    from rich.console import Console  # noqa: PLC0415  # keeps --help fast
    from rich.progress import Progress  # noqa: PLC0415

    from arriero.assembly import open_store  # noqa: PLC0415
    from arriero.security.audit import PUBLIC  # noqa: PLC0415
    from arriero.security.audit_export import read_anchor  # noqa: PLC0415
    from arriero.security.audit_verify import verify as look  # noqa: PLC0415
    from arriero.store.audit_rows import counted  # noqa: PLC0415

    kept = [read_anchor(file) for file in anchors]
    known = settings.data.expanduser() / PUBLIC
    trusted = [*keys, *(head.public_key for head in kept)]
    if not trusted and known.exists():
        trusted = known.read_text(encoding="ascii").split()
    async with open_store(settings) as ledger:
        rows = await ledger.read(counted)
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("verifying", total=rows)
            return await ledger.snapshot(
                lambda connection: look(
                    connection, trusted=trusted, anchors=kept, step=lambda: bar.advance(task)
                )
            )


def _show(told: Verified) -> None:
    for it in told.findings[:50]:
        click.echo(f"{it.kind:8} {it.where}: {it.what}")
    if len(told.findings) > 50:
        click.echo(f"... and {len(told.findings) - 50} more")
    click.echo(
        f"{told.leaves} events, {told.rows} rows, {told.heads} signed heads"
        + (f", {told.unsealed} events not signed yet" if told.unsealed else "")
    )
    for key in told.keys:
        click.echo(f"key      {key}")
    if told.anchored:
        click.echo(f"anchored up to event {told.anchored}")
    else:
        click.echo("no anchor: a tail that was cut off would not show (`arriero audit anchor`)")
    many = "1 finding" if len(told.findings) == 1 else f"{len(told.findings)} findings"
    click.echo("sound" if told.sound else f"NOT SOUND: {many}")


@audit.command()
@click.option("--out", type=OUT, help="A file; keep it where the ledger's owner cannot write.")
@settings_options
def anchor(out: Path | None, config: Path | None, data: Path | None) -> None:
    """Sign a head over everything recorded so far and print it."""
    from arriero.security.audit import head_json  # noqa: PLC0415

    async def make() -> str:
        async with _log(reading(config, data)) as (log, _):
            return json.dumps(head_json(_there(await log.seal())), indent=2)

    told = asyncio.run(make())
    if out is None:
        click.echo(told)
    else:
        write(out, told + "\n")
        click.echo(f"{out}: {json.loads(told)['size']} events")


@audit.command()
@click.argument("run_id")
@click.option("--html", type=OUT, help="Write a page that checks itself instead of JSON.")
@settings_options
def receipt(run_id: str, html: Path | None, config: Path | None, data: Path | None) -> None:
    """The receipts of one run."""
    from arriero.assembly import TENANT  # noqa: PLC0415
    from arriero.core.errors import NotFound  # noqa: PLC0415
    from arriero.core.words import canonical_json  # noqa: PLC0415
    from arriero.security.audit_export import page  # noqa: PLC0415

    async def make() -> object:
        async with _log(reading(config, data)) as (log, ledger):
            run = await ledger.run(TENANT, run_id)
            contents = [] if run is None else [canonical_json(run)]
            bundle = await log.receipts(TENANT, run_id, contents)
            if bundle is None:
                raise NotFound(
                    f"there is no run {run_id!r} here; `arriero runs list` shows the newest"
                )
            return bundle

    bundle = asyncio.run(make())
    if html is None:
        click.echo(json.dumps(bundle, indent=2))
    else:
        write(html, page(bundle))
        click.echo(f"{html}: open it in a browser; it checks itself")


@audit.command()
@click.argument("out", type=OUT)
@click.option("--from", "since", type=DAY, help="First day, UTC (default: the beginning).")
@click.option("--to", "until", type=DAY, help="Up to, not including, this day, UTC.")
@settings_options
def export(
    out: Path,
    since: datetime | None,
    until: datetime | None,
    config: Path | None,
    data: Path | None,
) -> None:
    """One zip with receipts, proofs, keys, a page, and a verify.py that needs no Arriero."""
    from arriero.assembly import TENANT  # noqa: PLC0415
    from arriero.security.audit_export import write_zip  # noqa: PLC0415

    start = (since or datetime(1970, 1, 1)).replace(tzinfo=UTC)  # noqa: DTZ001  # it gets one here
    end = (until or datetime(9999, 1, 1)).replace(tzinfo=UTC)  # noqa: DTZ001
    if start >= end:
        raise InputError(
            f"--from {start.date()} is not before --to {end.date()}, and the day of --to is not "
            f"included: for {start.date()} alone give --to {(start + timedelta(days=1)).date()}"
        )

    async def make() -> int:
        async with _log(reading(config, data)) as (log, _):
            seqs = await log.store.between(TENANT, start, end)
            bundle = await log.bundle(_there(await log.seal()), seqs)
            with writing(out):
                write_zip(out, bundle)
            return len(seqs)

    count = asyncio.run(make())
    click.echo(f"{out}: {count} events; python3 verify.py inside it checks them")
    if not count and until is not None:
        click.echo(f"nothing was recorded in that time; {end.date()} is not included")


@asynccontextmanager
async def _log(settings: Settings) -> AsyncIterator[tuple[AuditLog, SqlLedger]]:
    from arriero.assembly import open_store  # noqa: PLC0415
    from arriero.core.clock import SystemClock  # noqa: PLC0415
    from arriero.security.audit import AuditLog, audit_key  # noqa: PLC0415
    from arriero.store.audit_log import SqlAudit  # noqa: PLC0415

    async with open_store(settings) as ledger:
        key = audit_key(settings.data.expanduser())
        yield AuditLog(SqlAudit(ledger), key, SystemClock()), ledger


def _there(head: Head | None) -> Head:
    from arriero.core.errors import NotFound  # noqa: PLC0415

    if head is None:
        raise NotFound("nothing is recorded yet; ask something first: `arriero ask`")
    return head
