"""`arriero ask`: one question, the answer, and how it came about. A first word that names an app asks that app."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import click

from arriero.cli.lazy import Commands, LazyGroup
from arriero.cli.local import running
from arriero.core.errors import InputError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from arriero.core.settings import Settings

SUPPORT = "support"
# An answer's own words, by app.
TEXTS = ("response", "explanation", "code", "documentation", "text")


class _Ask(LazyGroup):
    """Without an app's name the words are a question to customer support."""

    commands_there: ClassVar[Commands] = {
        SUPPORT: ("ask_support", "ask_support", "Ask customer support (the default)."),
        "code": ("ask_code", "ask_code", "Ask for code that was run before it is shown."),
        "finance": ("ask_finance", "ask_finance", "Analyse a company as of a day."),
    }

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in {*self.commands_there, "-h", "--help"}:
            args = [SUPPORT, *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Ask)
def ask() -> None:
    """Ask an app: `arriero ask "Where is my order?"`, `arriero ask finance AAPL`."""


def put(
    settings: Settings, app: str, path: str, body: Mapping[str, Any], *, alone: bool = False
) -> tuple[Any, Any]:
    """The answer and its run, from the server over this data folder or else from a platform of its own."""
    server = None if alone else running(settings)
    if server is None:
        return asyncio.run(_alone(settings, app, body))
    answer = server.ask("POST", path, body)
    return answer, server.ask("GET", f"/v1/runs/{answer['run_id']}") if answer["run_id"] else None


def only(settings: Settings, app: str) -> Settings:
    """The same settings with every other app closed: one question to one app needs no other's models."""
    from arriero.assembly import plugins  # noqa: PLC0415  # keeps --help fast

    closed = {name: {"enabled": False} for name in plugins() if name != app}
    apps = {name: {**settings.apps.get(name, {}), **shut} for name, shut in closed.items()}
    return settings.model_copy(update={"apps": {**settings.apps, **apps}})


async def _alone(settings: Settings, app: str, body: Mapping[str, Any]) -> tuple[Any, Any]:
    """No server runs here: open the platform for this one question; it answers as the door does."""
    from arriero.assembly import TENANT, open_platform  # noqa: PLC0415
    from arriero.core.words import canonical_json  # noqa: PLC0415
    from arriero.flow import Case  # noqa: PLC0415

    async with open_platform(settings) as platform:
        opened, door = platform.app(app), platform.plugins[app].door
        if door is None:
            raise InputError(f"the app {app!r} has no door to ask at")
        asked = door.asked(_checked(door.request, body))
        case = Case(TENANT, "cli", asked.input, asked.unit, asked.deadline_ms)
        result = await platform.flow.run(opened, case)
        outcome = result.outcome
        told = {
            **door.present(outcome, result.run),
            "run_id": result.run_id,
            "outcome": outcome.ended,
            "reason": outcome.reason,
            "origin": outcome.origin,
            "verdicts": outcome.verdicts,
            "sources": outcome.sources,
            "degraded": result.degraded,
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
    words = next((str(answer[key]) for key in TEXTS if answer.get(key)), "")
    console.print(Panel(Text(words), title=title, title_align="left"))
    for missed in answer.get("degraded", ()):
        console.print(Text(missed, style="red"))
    if run is None:
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
