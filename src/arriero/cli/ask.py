"""`arriero ask`: one question, the answer, and how it came about."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from arriero.cli.local import running
from arriero.cli.options import load, settings_options
from arriero.core.errors import InputError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from arriero.core.settings import Settings


@click.command()
@click.argument("question")
@click.option("--customer", help="Who asks (default in the sample shop: the owner of order 10234).")
@click.option("--deadline-ms", type=float, help="Give up after this long.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
@settings_options
def ask(
    question: str,
    customer: str | None,
    deadline_ms: float | None,
    as_json: bool,
    config: Path | None,
    data: Path | None,
) -> None:
    """Ask customer support QUESTION; prints the answer, then its stages, verdicts and sources."""
    settings = load(config, data)
    note = ""
    if customer is None:
        customer = _sample_customer(settings)
        note = f"asked as customer {customer} of the sample shop; --customer ID asks as another"
    body: dict[str, Any] = {"message": question, "customer": customer}
    if deadline_ms is not None:
        body["deadline_ms"] = deadline_ms
    server = running(settings)
    if server is not None:
        answer = server.ask("POST", "/v1/support/inquiries", body)
        run = server.ask("GET", f"/v1/runs/{answer['run_id']}") if answer["run_id"] else None
    else:
        answer, run = asyncio.run(_alone(settings, body))
    if as_json:
        click.echo(json.dumps({"answer": answer, "run": run}, indent=2))
    else:
        show(answer, run, note)


def _sample_customer(settings: Settings) -> str | None:
    from arriero.assembly import app_settings  # noqa: PLC0415  # keeps --help fast

    section = app_settings(settings)["support"]
    if getattr(section, "directory", "") != "sample:":
        return None
    return str(getattr(section, "sample_customer", "")) or None


async def _alone(settings: Settings, body: Mapping[str, Any]) -> tuple[Any, Any]:
    """No server runs here: open the platform for this one question; it answers as the door does."""
    from arriero.assembly import TENANT, open_platform  # noqa: PLC0415
    from arriero.core.words import canonical_json  # noqa: PLC0415
    from arriero.flow import Case  # noqa: PLC0415

    async with open_platform(settings) as platform:
        app, door = platform.app("support"), platform.plugins["support"].door
        if door is None:
            raise InputError("the app 'support' has no door to ask at")
        asked = door.asked(_checked(door.request, body))
        case = Case(TENANT, "cli", asked.input, asked.unit, asked.deadline_ms)
        result = await platform.flow.run(app, case)
        outcome = result.outcome
        told = {
            **door.present(outcome, result.run),
            "run_id": result.run_id,
            "outcome": outcome.ended,
            "reason": outcome.reason,
            "origin": outcome.origin,
            "verdicts": outcome.verdicts,
            "sources": outcome.sources,
        }
        run = result.run if result.run_id else None
        return json.loads(canonical_json(told)), json.loads(canonical_json(run))


def _checked(kind: type[BaseModel], body: Mapping[str, Any]) -> BaseModel:
    from pydantic import ValidationError  # noqa: PLC0415

    try:
        return kind.model_validate(body)
    except ValidationError as error:
        told = (
            f"{'.'.join(map(str, one['loc']))!r}: {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors()
        )
        raise InputError(f"the question cannot be asked: {'; '.join(told)}") from None


def show(answer: Mapping[str, Any], run: Mapping[str, Any] | None, note: str = "") -> None:
    """The answer as a person reads it, and the run as tables."""
    from rich.console import Console  # noqa: PLC0415
    from rich.panel import Panel  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console()
    title = f"{answer['outcome']} · {answer.get('origin') or '-'}"
    console.print(Panel(Text(str(answer["response"])), title=title, title_align="left"))
    if run is None:
        console.print("not recorded: the ledger could not be reached", style="red")
        return
    if run["reason"]:
        console.print(Text(f"why: {run['reason']}"))
    stages = Table("stage", "ms", "note", box=None, header_style="bold")
    for stage in run["stages"]:
        stages.add_row(stage["stage"], f"{stage['ms']:.1f}", Text(stage["error"] or ""))
    stages.add_row("total", f"{run['duration_ms']:.1f}", "", style="bold")
    console.print(stages)
    verdicts = Table("check", "verdict", "score", "reason", box=None, header_style="bold")
    for verdict in run["verdicts"]:
        passed = "[green]pass[/]" if verdict["passed"] else "[red]fail[/]"
        verdicts.add_row(
            verdict["check"], passed, f"{verdict['score']:.2f}", Text(verdict["reason"])
        )
    if run["verdicts"]:
        console.print(verdicts)
    for source in run["sources"]:
        console.print(Text(f"source {source['id']}: {source['title']}", style="dim"))
    labels = ", ".join(f"{name} {value}" for name, value in run["labels"].items())
    tokens = f"{run['tokens_in']} tokens in, {run['tokens_out']} out"
    console.print(Text(f"{labels} · {tokens}", style="dim"))
    console.print(Text(f"run {run['id']}", style="dim"), soft_wrap=True)
    if note:
        console.print(Text(note, style="dim"))
