"""`arriero bench trend`: forecasts from your prices, walked forward, beside what lazy rules reach."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from arriero.cli.bench import json_option, show


@click.command()
@click.option(
    "--prices",
    type=click.Path(path_type=Path),
    required=True,
    help="CSV with date, close, volume; or a folder or tar.gz of them, a file a stock.",
)
@click.option(
    "--split",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Fit before this day, test from it on. Default: the middle day.",
)
@json_option
def trend(prices: Path, split: datetime | None, out: Path | None) -> None:
    """Direction of volatility, P(up), 90 % intervals and VaR on your prices, each with base rate and interval."""
    from arriero.apps.finance.trend.files import read_prices  # noqa: PLC0415  # keeps --help fast
    from arriero.bench.report import report  # noqa: PLC0415
    from arriero.bench.trend import measure  # noqa: PLC0415

    panel = list(read_prices(prices).values())
    found = measure(panel, split.date() if split else None)
    show(report("trend", [prices], found), out)
