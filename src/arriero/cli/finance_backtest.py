"""`arriero finance backtest FILE`: the forecasts along one stock's prices, with what they would have earned."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from arriero.cli.wide import wide

WIDTH = 100  # columns that the table needs

if TYPE_CHECKING:
    from arriero.apps.finance.trend.trading import Earned


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--cost", type=float, default=0.001, show_default=True, help="Of what is traded.")
def backtest(file: Path, cost: float) -> None:
    """Forecasts along the prices of FILE (CSV: date, close, volume): how often right, what earned."""
    from arriero.apps.finance.trend.files import read_prices  # noqa: PLC0415  # keeps --help fast
    from arriero.bench.backtest import backtest as run  # noqa: PLC0415
    from arriero.bench.report import report  # noqa: PLC0415
    from arriero.cli.bench import show  # noqa: PLC0415
    from arriero.core.errors import InputError  # noqa: PLC0415

    if not 0 <= cost < 0.1:
        raise InputError(f"--cost {cost:g} is no share of what is traded; give 0.001 for 0.1 %")
    stocks = read_prices(file)
    if len(stocks) > 1:
        raise InputError(f"{file.name} has {len(stocks)} stocks; give the file of one")
    ((name, prices),) = stocks.items()
    found = run(prices, cost=cost)
    click.echo(f"{name}: {found.start} to {found.end}, filled one day later, costs {cost:.2%}")
    if found.seen:
        click.echo("The model was fitted to days of this time: these figures flatter it.")
    for remark in prices.remarks:
        click.echo(f"{remark.flaw.value}: {remark.detail}")
    show(report("backtest", [file], found.accuracy), None)
    _show(found.earned)
    click.echo("Hypothetical results of a model; past results say nothing certain of later ones.")


def _show(earned: tuple[Earned, ...]) -> None:
    from rich.table import Table  # noqa: PLC0415

    heads = "a year,volat.,Sharpe,Sortino,fall,trades,in,not luck"
    table = Table("way", *heads.split(","), title="what it would have earned a year, after costs")
    for column in table.columns:
        column.no_wrap = True
    for one in earned:
        table.add_row(
            one.name,
            f"{one.yearly:.1%}",
            f"{one.volatility:.1%}",
            f"{one.sharpe:.2f}",
            f"{one.sortino:.2f}",
            f"{one.worst:.1%}",
            f"{one.turnover:.1f}",
            f"{one.invested:.0%}",
            f"{one.deflated:.2f}",
        )
    wide(WIDTH).print(table)
