"""`arriero runs`: what was answered, one by one, and whether it would be answered so again."""

from __future__ import annotations

import asyncio
import json
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from arriero.cli.options import reading, settings_options
from arriero.cli.wide import wide

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arriero.core.words import JsonValue, Run
    from arriero.store.base import Ledger

QUESTIONS = ("message", "requirement", "text")  # what was asked in words, by app
WIDTH = 120  # columns that a line of the list may need


@click.group()
def runs() -> None:
    """List, show and replay runs."""


@runs.command("list")
@click.option("--app", help="Only this app's.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
@click.option(
    "--all", "every", is_flag=True, help="Also what nobody was shown: shadow runs and replays."
)
@settings_options
def list_(app: str | None, limit: int, every: bool, config: Path | None, data: Path | None) -> None:
    """The newest runs that somebody was answered by."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from arriero.assembly import TENANT, open_store  # noqa: PLC0415
    from arriero.core.words import Mode  # noqa: PLC0415
    from arriero.store.base import Sought  # noqa: PLC0415

    async def read() -> list[Run]:
        async with open_store(reading(config, data)) as ledger:
            sought = Sought(mode=None if every else Mode.LIVE)
            return list(await ledger.runs(TENANT, app=app, limit=limit, sought=sought))

    table = Table("run", "at (UTC)", "app", "outcome", "how", "score", "ms", "actor", box=None)
    if every:
        table.add_column("mode")
    for column in table.columns:
        column.no_wrap = True
    for run in asyncio.run(read()):
        score = "" if run.score is None else f"{run.score:.2f}"
        at = run.started_at.strftime("%Y-%m-%d %H:%M:%S")
        told = (
            run.id,
            at,
            run.app,
            run.ended,
            run.origin,
            score,
            f"{run.duration_ms:.0f}",
            Text(run.actor),  # a key's name may have brackets in it
        )
        table.add_row(*told, *([run.mode] if every else []))
    wide(WIDTH).print(table)


@runs.command()
@click.argument("run_id")
@click.option("--json", "as_json", is_flag=True, help="The whole record with its trace.")
@settings_options
def show(run_id: str, as_json: bool, config: Path | None, data: Path | None) -> None:
    """One run: its answer, stages, verdicts and sources."""
    from arriero.assembly import open_store  # noqa: PLC0415
    from arriero.cli.ask import TEXTS  # noqa: PLC0415
    from arriero.cli.ask import show as print_run  # noqa: PLC0415
    from arriero.core.words import canonical_json  # noqa: PLC0415

    async def read() -> tuple[bytes, bytes, bytes]:
        async with open_store(reading(config, data)) as ledger:
            run = await _found(ledger, run_id)
            trace = await ledger.trace(run) if as_json else None
            tasks = await ledger.tasks(run.tenant, run=run.id)
            return canonical_json(run), canonical_json(trace), canonical_json(tasks)

    run, trace, tasks = (json.loads(text) for text in asyncio.run(read()))
    if as_json:
        click.echo(json.dumps({"run": run, "trace": trace, "tasks": tasks}, indent=2))
        return
    click.echo(f"asked: {_asked(run['input'])}")
    answer = run["answer"]
    if not any(answer.get(key) for key in TEXTS):
        answer = {"text": _plain(answer)}
    print_run({**answer, "outcome": run["ended"], "origin": run["origin"]}, run)
    texts: set[str] = set()
    for task in tasks:
        _show_task(task, texts)


def _asked(given: dict[str, Any]) -> str:
    """What somebody wrote; of an app that is given no text, what it was given."""
    return next((given[key] for key in QUESTIONS if given.get(key)), None) or _plain(given)


def _plain(told: dict[str, Any]) -> str:
    """What is told in `told` as JSON; nothing for nothing."""
    given = {name: value for name, value in told.items() if value not in (None, "", [], {})}
    return json.dumps(given, ensure_ascii=False) if given else ""


def _show_task(task: dict[str, Any], texts: set[str]) -> None:
    """A task about the run: what it is, how it stands, who had it last and why; below it the text it is about.

    A text that is among `texts` stands above: what was approved is what was published.
    """
    told = task["payload"]
    why = told.get("note") or told.get("reason") or ""
    by = f" by {task['actor']}" if task["actor"] else ""
    click.echo(f"{task['kind']} {task['id']}: {task['state']}{by}" + (f": {why}" if why else ""))
    text = str(told.get("text", ""))
    if text and text not in texts:
        texts.add(text)
        click.echo(textwrap.indent(text, "    "))


@runs.command()
@click.argument("run_id")
@settings_options
def replay(run_id: str, config: Path | None, data: Path | None) -> None:
    """Tell a run again from its recorded calls and evidence: identical, or what came out different."""
    from arriero.apps.chat.logs import IMPORTED  # noqa: PLC0415
    from arriero.assembly import open_platform  # noqa: PLC0415
    from arriero.core.errors import InputError, NotFound  # noqa: PLC0415

    async def again() -> list[str]:
        async with open_platform(reading(config, data)) as platform:
            run = await _found(platform.ledger, run_id)
            if run.config == IMPORTED:
                raise InputError(
                    f"run {run_id!r} came in with `learn import`: another service answered it, so there is "
                    "nothing to tell again here"
                )
            trace = await platform.ledger.trace(run)
            if trace is None:
                raise NotFound(f"run {run_id!r} has no trace, so it cannot be replayed")
            found = await platform.flow.replay(platform.app(run.app), run, trace)
            return ["\n  ".join((str(one.stage), *changed(one.was, one.now))) for one in found]

    differences = asyncio.run(again())
    click.echo("\n".join(differences) or "identical")
    sys.exit(1 if differences else 0)


def changed(was: JsonValue, now: JsonValue, at: str = "") -> Iterator[str]:
    """Each place in which two values differ, as `path: was VALUE, now VALUE`; what they share is not told."""
    if isinstance(was, dict) and isinstance(now, dict) and was.keys() == now.keys():
        for key in was:
            yield from changed(was[key], now[key], f"{at}.{key}" if at else str(key))
    elif isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        for place, (one, other) in enumerate(zip(was, now, strict=True)):
            yield from changed(one, other, f"{at}[{place}]")
    elif was != now:
        told = f"was {json.dumps(was)}, now {json.dumps(now)}"
        yield f"{at}: {told}" if at else told


async def _found(ledger: Ledger, run_id: str) -> Run:
    from arriero.assembly import TENANT  # noqa: PLC0415
    from arriero.core.errors import NotFound  # noqa: PLC0415
    from arriero.core.ids import run_named  # noqa: PLC0415

    run = await ledger.run(TENANT, run_named(run_id))
    if run is None:
        raise NotFound(f"there is no run {run_id!r} here; `arriero runs list` shows the newest")
    return run
