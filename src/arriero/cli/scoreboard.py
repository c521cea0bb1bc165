"""`arriero scoreboard`: what the case studies claim, beside what is measured here."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from arriero.bench.scoreboard import Measured, Row


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def scoreboard(as_json: bool) -> None:
    """Claims of the case studies beside measured values with n, interval and the bar's script."""
    from rich.console import Console  # noqa: PLC0415  # keeps --help fast
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from arriero.bench.scoreboard import rows  # noqa: PLC0415

    found = rows()
    if as_json:
        click.echo(json.dumps([asdict(row) for row in found], indent=2))
        return
    table = Table("system", "what", "claimed", "measured here", "n", "bar, or why not")
    for row in found:
        told = _said(row.measured) if row.measured else _missing(row)
        count = str(row.measured.n) if row.measured and row.measured.n is not None else ""
        why = ", ".join(part for part in (row.bar, row.because) if part)
        table.add_row(row.system, row.what, row.claim, told, count, Text(why))
    Console().print(table)


def _missing(row: Row) -> str:
    return "not measured" if row.bar else "not measurable offline"


def _said(measured: Measured) -> str:
    def one(value: float) -> str:
        return f"{100 * value:.1f} %" if measured.unit == "share" else f"{value:.4g}"

    unit = "" if measured.unit == "share" else f" {measured.unit}"
    if measured.low is None or measured.high is None:
        return f"{one(measured.value)}{unit}"
    return f"{one(measured.value)} [{one(measured.low)}, {one(measured.high)}]{unit}"
