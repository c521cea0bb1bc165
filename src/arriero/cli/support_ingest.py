"""`arriero support ingest DIR`: a folder of articles into the knowledge that answers come from."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arriero.cli.options import load, settings_options
from arriero.cli.progress import progress

if TYPE_CHECKING:
    from arriero.apps.support.ingest import Ingestion, Report
    from arriero.core.settings import Settings

MOST_SHOWN = 40  # rows of a table; the rest is counted


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--forget", is_flag=True, help="Drop what was taken in from DIR.")
@click.option(
    "--trust",
    multiple=True,
    metavar="FILE",
    help="Take this file in although it looks suspicious (its path within DIR; repeatable).",
)
@click.option(
    "--review-days",
    type=click.IntRange(1),
    default=365,
    show_default=True,
    help="Flag articles that nobody has reviewed for so many days.",
)
@settings_options
def ingest(
    folder: Path,
    forget: bool,
    trust: tuple[str, ...],
    review_days: int,
    config: Path | None,
    data: Path | None,
) -> None:
    """Take in a folder of Markdown, HTML, PDF and CSV articles; a running server follows by itself.

    Only files that changed are encoded again; files that are gone leave the index.
    """
    told = asyncio.run(_run(load(config, data), folder, forget, frozenset(trust), review_days))
    show(told, datetime.now(UTC).date())


async def _run(
    settings: Settings, folder: Path, forget: bool, trusted: frozenset[str], review_days: int
) -> Report:
    from arriero.apps.support.ingest import Ingestion  # noqa: PLC0415  # keeps --help fast
    from arriero.apps.support.knowledge import Store  # noqa: PLC0415
    from arriero.assembly import writable  # noqa: PLC0415
    from arriero.models.engines import Engines  # noqa: PLC0415
    from arriero.store.cache import open_cache  # noqa: PLC0415

    home = writable(settings.data)
    place = home / "support"
    cache = open_cache("memory://")
    engines = Engines(settings, cache)
    try:
        with progress() as tell:
            work = Ingestion(
                store=Store(place / "knowledge"),
                encoder=await engines.encoder(),
                vectors=place / "index",
                today=datetime.now(UTC).date(),
                trusted=trusted,
                review_days=review_days,
                progress=tell,
                data=home,
            )
            return await _work(work, folder, forget)
    finally:
        await engines.close()
        await cache.close()


async def _work(work: Ingestion, folder: Path, forget: bool) -> Report:
    return await (work.forget(folder) if forget else work.take_in(folder))


def show(report: Report, today: date) -> None:
    """Print what became of the files, and what somebody should look at."""
    from rich.console import Console  # noqa: PLC0415
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    console = Console()
    told = Table("file", "", "articles", "why", title="knowledge")
    rows = [row for row in report.rows if row.state != "unchanged" or row.reason]
    for row in rows[:MOST_SHOWN]:
        told.add_row(escape(row.path), row.state.value, str(row.articles), escape(row.reason))
    if rows:
        console.print(told)
    if len(rows) > MOST_SHOWN:
        console.print(f"... and {len(rows) - MOST_SHOWN} more files")
    if report.stale:
        old = Table("article", "owner", "why", title=f"to be reviewed ({today})")
        for one in report.stale[:MOST_SHOWN]:
            old.add_row(escape(one.article), escape(one.owner), one.reason)
        console.print(old)
    if report.contradictions:
        both = Table("one", "the other", "they differ in", title="contradictions")
        for pair in report.contradictions[:MOST_SHOWN]:
            told_by = zip(pair.passages, pair.quotes, strict=True)
            first, second = (escape(f"{id}: {quote}") for id, quote in told_by)
            both.add_row(first, second, escape(pair.reason))
        console.print(both)
    counts = ", ".join(f"{count} {state.value}" for state, count in report.counts.items())
    console.print(
        f"files: {counts}\n{len(report.stale)} stale, {len(report.contradictions)} contradictions; "
        f"{report.articles} articles with {report.passages} passages are in force ({report.version})"
    )
