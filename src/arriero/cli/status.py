"""`arriero status`: what runs over this data folder, what it answered lately, what is wrong."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arriero.cli.local import running
from arriero.cli.options import reading, settings_options

if TYPE_CHECKING:
    from arriero.core.settings import Settings


@click.command()
@settings_options
def status(config: Path | None, data: Path | None) -> None:
    """Server, engines, apps and open alerts; exit status 1 when something is wrong."""
    settings = reading(config, data)
    server = running(settings)
    wrong = False
    if server is None:
        click.echo(f"server   not running over {settings.data} (start it: arriero up)")
    else:
        ready = server.ask("GET", "/health/ready")
        click.echo(f"server   {server.url} (process {server.pid})")
        for name, engine in ready["engines"].items():
            told = engine["error"] or f"well ({engine['ms']:.1f} ms)"
            wrong = wrong or bool(engine["error"])
            click.echo(f"engine   {name}: {told}")
        for name, model in ready.get("needs", {}).items():
            click.echo(f"app      {name} needs: arriero models pull {model}")
    lines, alerts = asyncio.run(_ledger(settings))
    click.echo("\n".join(lines))
    raise SystemExit(1 if wrong or alerts else 0)


async def _ledger(settings: Settings) -> tuple[list[str], int]:
    from arriero.assembly import app_settings, open_store  # noqa: PLC0415  # keeps --help fast

    lines = []
    async with open_store(settings) as ledger:
        for name, section in app_settings(settings).items():
            if not section.enabled:
                lines.append(f"app      {name}: off")
                continue
            since = datetime.now(UTC) - timedelta(seconds=section.thresholds.window_s)
            seen = await ledger.window(name, since)
            told = f"{seen.runs} runs in {section.thresholds.window_s:.0f} s"
            if seen.runs and seen.mean_ms is not None:
                quality = "-" if seen.mean_score is None else f"{seen.mean_score:.2f}"
                errors = seen.errors / seen.runs
                told += f", mean {seen.mean_ms:.0f} ms, errors {errors:.1%}, quality {quality}"
            lines.append(f"app      {name}: {told}")
        alerts = await ledger.alerts()
        for alert in alerts:
            since_text = alert.raised_at.strftime("%H:%M:%S")
            lines.append(
                f"ALERT    {alert.app} {alert.name}: {alert.value:.3g} "
                f"(threshold {alert.threshold:g}) since {since_text} UTC"
            )
    return lines, len(alerts)
