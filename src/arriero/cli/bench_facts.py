"""`arriero bench facts DIR`: statements from companyfacts, cell by cell against what was filed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from arriero.cli.bench import json_option, show


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    default="2015-01-01",
    show_default=True,
    help="Periods that end on this day or later.",
)
@json_option
def facts(folder: Path, since: datetime, out: Path | None) -> None:
    """Cells with a value, identities that hold, and values that are the filed ones, over the companyfacts in FOLDER.

    FOLDER holds EDGAR's CIK##########.json, gzipped or not. What has no value is listed with its reason.
    """
    from rich.console import Console  # noqa: PLC0415  # keeps --help fast
    from rich.table import Table  # noqa: PLC0415

    from arriero.bench.facts import metrics, read, reasons  # noqa: PLC0415
    from arriero.bench.filed import documents  # noqa: PLC0415
    from arriero.bench.report import report  # noqa: PLC0415

    companies = [read(path, since.date()) for path in documents(folder)]
    show(report("facts", [folder], metrics(companies)), out)
    missing = reasons(companies)
    if missing:
        table = Table("company", "line", "reason", "cells", title="cells without a value")
        for (company, line, reason), count in sorted(missing.items()):
            table.add_row(company, line, reason, str(count))
        Console().print(table)
