"""`arriero finance facts TICKER`: what a company's reports say on a day, each number with its filing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from arriero.cli.options import load, settings_options
from arriero.cli.wide import wide
from arriero.core.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from arriero.apps.finance.evidence.base import Bundle
    from arriero.apps.finance.evidence.open import EvidenceSettings
    from arriero.apps.finance.reports.analyse import Reports
    from arriero.apps.finance.reports.value import Value

SHARES = (
    *("margin", "return_", "growth", "yield", "payout", "accruals", "to_assets", "dupont_"),
    "capital_spending_to_revenue",
)
MILLION = 1e6
WIDTH = 100  # columns that five periods need


@click.command()
@click.argument("ticker")
@click.option("--as-of", help="Only what was filed by this day, as 2025-03-01 (default: today).")
@click.option(
    "--files",
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder of EDGAR's files in place of the settings' providers.",
)
@click.option("--quarters", is_flag=True, help="The last quarters in place of the years.")
@click.option("--sources", is_flag=True, help="The filing behind each line of the last period.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
@settings_options
def facts(
    ticker: str,
    as_of: str | None,
    files: Path | None,
    quarters: bool,
    sources: bool,
    as_json: bool,
    config: Path | None,
    data: Path | None,
) -> None:
    """Statements, ratios, scores and a grade from the reports of TICKER (or of a CIK).

    What has no value says why. The providers are those of [apps.finance.evidence]; left alone they know two invented
    companies, XTAM and XPUN.
    """
    from rich.markup import escape  # noqa: PLC0415

    bundle, found = asyncio.run(_analysed(ticker, as_of, _settings(ticker, config, data, files)))
    if as_json:
        click.echo(json.dumps(_plain(bundle, found), indent=2, default=str))
        return
    console = wide(WIDTH, highlight=False)
    _statements(console, bundle, found, quarters=quarters)
    _ratios(console, found)
    if sources:
        _sources(console, found)
    for gap in dict.fromkeys((*bundle.gaps, *found.gaps)):
        told = f"[dim]missing: {gap.part}: {gap.reason}[/] {escape(gap.detail)}"
        console.print(told, soft_wrap=True)


def _settings(
    ticker: str, config: Path | None, data: Path | None, files: Path | None
) -> EvidenceSettings:
    """Where to look. InputError for a name on the restricted list, which `ask finance` refuses in the same words."""
    from arriero.apps.finance.app import CIK_UNKNOWN, NOTHING_SAID  # noqa: PLC0415  # keeps --help fast
    from arriero.apps.finance.evidence.edgar import given_cik  # noqa: PLC0415
    from arriero.apps.finance.evidence.open import EvidenceSettings  # noqa: PLC0415
    from arriero.apps.finance.settings import FinanceSettings  # noqa: PLC0415
    from arriero.core.settings import parse  # noqa: PLC0415

    told = parse(FinanceSettings, load(config, data).apps.get("finance", {}), "[apps.finance]")
    if told.restricts(ticker):
        raise InputError(NOTHING_SAID)
    if told.restricted and given_cik(ticker) is not None:
        raise InputError(CIK_UNKNOWN)
    return EvidenceSettings(providers=("files",), files=files) if files else told.evidence


async def _analysed(
    ticker: str, as_of: str | None, settings: EvidenceSettings
) -> tuple[Bundle, Reports]:
    from arriero.apps.finance.evidence.freeze import freeze  # noqa: PLC0415  # keeps --help fast
    from arriero.apps.finance.evidence.open import open_providers  # noqa: PLC0415
    from arriero.apps.finance.reports.analyse import analyse  # noqa: PLC0415
    from arriero.apps.finance.reports.lines import TAGS  # noqa: PLC0415
    from arriero.core.clock import SystemClock  # noqa: PLC0415

    clock = SystemClock()
    providers = open_providers(settings, clock)
    try:
        bundle = await freeze(
            ticker,
            _day(as_of) or clock.now().date(),
            providers,
            clock,
            tags=TAGS,
            price_days=settings.price_days,
            cross_check=settings.cross_check,
            hedge_s=settings.hedge_s,
            timeout_s=settings.timeout_s,
        )
    finally:
        for provider in providers:
            await provider.close()
    return bundle, analyse(bundle)


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise InputError(f"--as-of {text!r} is no day; write it like 2025-03-01") from None


def _statements(console: Console, bundle: Bundle, found: Reports, *, quarters: bool) -> None:
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    from arriero.apps.finance.reports.lines import LINES, Kind  # noqa: PLC0415

    entity = bundle.entity
    served = next((one.provider for one in bundle.sources if one.part == "facts"), "nobody")
    said = f"{entity.name} ({entity.ticker}, CIK {entity.cik or 'unknown'}) on {bundle.as_of}, from {served}"
    console.print(f"[bold]{escape(said)}[/]", soft_wrap=True)
    shown = (found.quarters if quarters else found.years)[-5:]
    if not shown:
        console.print("no report by that day")
        return
    title = f"{found.currency}, money and shares in millions"
    table = Table(title=title, box=None, pad_edge=False)
    table.add_column("line", no_wrap=True)
    for one in shown:
        table.add_column(str(one.period.end), justify="right")
    for line in LINES:
        values = [one[line.name] for one in shown]
        if any(value.known for value in values):
            unit = 1.0 if line.kind is Kind.EACH else MILLION
            table.add_row(line.name, *(_number(value, unit) for value in values))
    console.print(table)


def _ratios(console: Console, found: Reports) -> None:
    from rich.table import Table  # noqa: PLC0415

    if found.ratios:
        table = Table(box=None, pad_edge=False)
        table.add_column("ratio", no_wrap=True)
        for one in found.ratios:
            table.add_column(str(one.period.end), justify="right")
        for name in found.ratios[-1].values:
            values = [one[name] for one in found.ratios]
            if any(value.known for value in values):
                table.add_row(name, *(_figure(name, value) for value in values))
        console.print(table)
    for name, value in found.valuation.items():
        console.print(f"{name}: {_figure(name, value)} [dim]{value.reason or ''}[/]")
    for name, score in found.scores.items():
        shown = "none" if score.value.value is None else f"{score.value.value:.2f} ({score.zone})"
        console.print(f"{name}: {shown} [dim]{score.bounds} {score.value.reason or ''}[/]")
    grade = found.grade
    if grade.letter is None:
        console.print(f"grade: none, {grade.reason}")
    else:
        console.print(
            f"grade: [bold]{grade.letter}[/] ({grade.score:.0%} of the points, table {grade.table})"
        )


def _sources(console: Console, found: Reports) -> None:
    if not found.years:
        return
    for name, value in found.years[-1].lines.items():
        for cite in value.sources:
            where = cite.link or cite.accession
            told = f"{name}: {value.how}: {cite.concept}, filed {cite.filed}: {where}"
            console.print(told, soft_wrap=True)


def _number(value: Value, unit: float) -> str:
    if value.value is None:
        return "-"
    return f"{value.value / unit:,.2f}" if unit == 1.0 else f"{value.value / unit:,.1f}"


def _figure(name: str, value: Value) -> str:
    if value.value is None:
        return "-"
    if name in {"free_cash_flow", "market_value", "enterprise_value"}:
        return f"{value.value / MILLION:,.1f} M"
    if any(word in name for word in SHARES) and name not in {"dupont_turnover", "dupont_leverage"}:
        return f"{value.value:.1%}"
    return f"{value.value:,.2f}"


def _plain(bundle: Bundle, found: Reports) -> Mapping[str, Any]:
    """Everything, for machines: dates are ISO text, a value has its sources."""
    return {
        "entity": asdict(bundle.entity),
        "as_of": bundle.as_of.isoformat(),
        "bundle": bundle.hash,
        "sources": [asdict(one) for one in bundle.sources],
        "evidence_gaps": [asdict(one) for one in bundle.gaps],
        "reports": asdict(found),
    }
