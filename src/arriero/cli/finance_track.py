"""`arriero finance scoreboard` and `arriero finance portfolio`: what became of the ratings."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arriero.cli.ask import only
from arriero.cli.options import load, settings_options

if TYPE_CHECKING:
    from arriero.apps.finance.track.portfolio import Paper
    from arriero.apps.finance.track.predictions import Prediction
    from arriero.apps.finance.track.scoreboard import Score
    from arriero.core.settings import Settings
    from arriero.core.statistics import Interval


@click.command()
@click.option(
    "--backdated", is_flag=True, help="Count analyses of earlier days instead; they prove nothing."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
@settings_options
def scoreboard(backdated: bool, as_json: bool, config: Path | None, data: Path | None) -> None:
    """How often ratings were right, by horizon and sector, beside their base rate.

    What is due is scored first. Every prediction counts, the withdrawn ones too.
    """
    rows, caution = asyncio.run(_scores(only(load(config, data), "finance"), backdated=backdated))
    if as_json:
        told = {"caution": caution, "rows": [asdict(row) for row in rows]}
        click.echo(json.dumps(told, indent=2))
    else:
        _show_scores(rows, caution)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
@settings_options
def portfolio(as_json: bool, config: Path | None, data: Path | None) -> None:
    """What following the released ratings would have come to, after costs. No money is in it."""
    paper = asyncio.run(_paper(only(load(config, data), "finance")))
    if as_json:
        click.echo(json.dumps(asdict(paper), indent=2, default=str))
    else:
        _show_paper(paper)


async def _scores(settings: Settings, *, backdated: bool) -> tuple[Sequence[Score], float]:
    from arriero.apps.finance.app import FinanceApp  # noqa: PLC0415  # keeps --help fast
    from arriero.apps.finance.track.scoreboard import scoreboard as count  # noqa: PLC0415
    from arriero.assembly import TENANT, open_platform  # noqa: PLC0415

    async with open_platform(settings) as platform:
        app = platform.app("finance")
        assert isinstance(app, FinanceApp)  # noqa: S101
        now = platform.clock.now()
        await app.watch.look(now)  # what it scores here, no later look would judge
        made = await app.predictions.all(TENANT)
        return count(made, backdated=backdated), await app.watch.caution(TENANT, now.date())


async def _paper(settings: Settings) -> Paper:
    from arriero.apps.finance.app import FinanceApp  # noqa: PLC0415
    from arriero.apps.finance.track.portfolio import Limits, follow  # noqa: PLC0415
    from arriero.assembly import TENANT, open_platform  # noqa: PLC0415

    async with open_platform(settings) as platform:
        app = platform.app("finance")
        assert isinstance(app, FinanceApp)  # noqa: S101
        made = await app.predictions.all(TENANT)
        limits = app.settings.paper
        closes = await _closes(app, made, platform.clock.now().date())
        return follow(made, closes, Limits(limits.single_name, limits.sector, limits.cost))


async def _closes(
    app: object, made: Sequence[Prediction], today: date
) -> Mapping[str, Sequence[tuple[date, float]]]:
    """Daily prices of every name that was ever rated; a name without any is left out, and said."""
    from arriero.apps.finance.app import FinanceApp  # noqa: PLC0415
    from arriero.apps.finance.prices import closes_of  # noqa: PLC0415
    from arriero.core.errors import ArrieroError  # noqa: PLC0415

    assert isinstance(app, FinanceApp)  # noqa: S101
    found = {}
    for ticker in sorted({one.ticker for one in made}):
        try:
            bars = await app.watch.bars(ticker, today)
        except ArrieroError as error:
            click.echo(f"arriero: {ticker} is left out: {error.message}", err=True)
            continue
        found[ticker] = list(zip((bar.day for bar in bars), closes_of(bars), strict=True))
    return found


def _show_scores(rows: Sequence[Score], caution: float) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(
        "group", "made", "scored", "rated", "right", "rose", "n_eff",
        "HOLD", "skill", "inside", box=None, header_style="bold",
    )  # fmt: skip
    for row in rows:
        table.add_row(
            row.group, str(row.made), str(row.scored), _percent(row.coverage), _interval(row.right),
            _percent(row.always_up), f"{row.effective:.1f}", _interval(row.held_right),
            "-" if row.brier_skill is None else f"{row.brier_skill:+.3f}", _interval(row.inside),
        )  # fmt: skip
    console = Console()
    console.print(table)
    console.print(
        "rated: share of the scored with BUY or SELL; right: how many of those were, beside how often the price\n"
        "rose; n_eff: independent ones; HOLD: within its band; skill: Brier, against the base rate; inside: interval",
        style="dim",
    )
    if caution:
        console.print(
            f"a drift alarm is open: {caution * 100:.0f} points are added to the edge that a rating needs"
        )


def _show_paper(paper: Paper) -> None:
    from rich.console import Console  # noqa: PLC0415

    console = Console()
    if not paper.days:
        console.print("no rating has been followed yet: ask for an analysis of today first")
        return
    console.print(
        f"{paper.days[0]} to {paper.days[-1]}, {len(paper.days)} days, on paper, after costs"
    )
    for name, value in (
        ("time-weighted return", _percent(paper.twr)), ("a year", _percent(paper.yearly)),
        ("volatility a year", _percent(paper.volatility)), ("Sharpe ratio", _ratio(paper.sharpe)),
        ("Sortino ratio", _ratio(paper.sortino)), ("deepest fall", _percent(paper.max_drawdown)),
        ("turnover, times a year", f"{paper.turnover:.2f}"),
    ):  # fmt: skip
        console.print(f"{name:24} {value}")
    for name, weight in paper.weights.items():
        held = paper.held_back.get(name)
        console.print(f"{name:24} {_percent(weight)}" + (f" (limit: {held})" if held else ""))


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value * 100:.1f} %"


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _interval(seen: Interval | None) -> str:
    if seen is None:
        return "-"
    return f"{seen.value * 100:.0f} % ({seen.low * 100:.0f}-{seen.high * 100:.0f})"
