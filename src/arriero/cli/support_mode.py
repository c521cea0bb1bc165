"""`arriero support mode`: which intents are answered, suggested or left to a person.

Writes a record, so it works whether a server runs or not; a running one reads it within a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arriero.cli.options import load, settings_options, user

if TYPE_CHECKING:
    from arriero.apps.support.modes import ModeChange, Modes
    from arriero.core.settings import Settings
    from arriero.store.base import Ledger

APP = "support"


@click.command()
@click.argument("intent", required=False)
@click.argument("state", metavar="[off|suggest|auto]", required=False)
@click.option("--actor", help="Who decided this (default: the user of this machine).")
@click.option("--force", is_flag=True, help="From suggest to auto, whatever was measured.")
@click.option("--because", default="", help="Why; needed with --force. The history keeps it.")
@click.option("--history", is_flag=True, help="Every change, with its actor and time.")
@settings_options
def mode(
    intent: str | None,
    state: str | None,
    actor: str | None,
    force: bool,
    because: str,
    history: bool,
    config: Path | None,
    data: Path | None,
) -> None:
    """Show or set what happens to answers: off (a person answers), suggest (a person sends), auto.

    INTENT is one of your intents, or one of the tools cancel_order, refund, change_address. From suggest
    to auto it goes when enough suggestions were judged in the inbox and few enough were wrong.
    """
    if force != bool(because.strip()):
        raise click.UsageError("--force and --because go together: say why nothing is measured")
    if history and intent is None:
        raise click.UsageError("--history is that of one intent: name it")
    settings = load(config, data)
    names = [*_names(settings), *asyncio.run(_taught(settings))]
    if intent is None:
        _table(names, asyncio.run(_in_force(settings)), _default(settings))
        return
    who, forced = actor or user(), because.strip()
    told = asyncio.run(_told(settings, names, intent, state, who, forced, history=history))
    click.echo("\n".join(told))


async def _told(
    settings: Settings,
    names: Sequence[str],
    intent: str,
    state: str | None,
    actor: str,
    forced: str,
    *,
    history: bool,
) -> Sequence[str]:
    from arriero.apps.support.modes import Mode, known  # noqa: PLC0415  # keeps --help fast
    from arriero.apps.support.suggestions import change  # noqa: PLC0415
    from arriero.assembly import TENANT  # noqa: PLC0415
    from arriero.core.errors import InputError  # noqa: PLC0415

    known(intent, names)
    if state is not None and state not in list(Mode):
        raise InputError(f"there is no mode {state!r}; use {', '.join(Mode)}", param="mode")
    async with _opened(settings) as (modes, ledger):
        if state is not None:
            made = await change(modes, ledger, TENANT, intent, Mode(state), actor, forced=forced)
            return [f"{intent}: {made.mode} since {_time(made)}, by {made.actor}{_why(made)}"]
        changes = await modes.history(TENANT, intent)
    if history and changes:
        return [f"{_time(one)}  {one.mode:<8}{one.actor}{_why(one)}" for one in changes]
    if not changes:
        return [f"{intent}: {_default(settings)} (the default)"]
    last = changes[-1]
    return [f"{intent}: {last.mode} since {_time(last)}, by {last.actor}{_why(last)}"]


async def _in_force(settings: Settings) -> Mapping[str, ModeChange]:
    from arriero.assembly import TENANT  # noqa: PLC0415

    async with _opened(settings) as (modes, _):
        return await modes.in_force(TENANT)


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[tuple[Modes, Ledger]]:
    """The modes over this data folder's ledger, without apps and models."""
    from arriero.apps.support.modes import Mode, Modes  # noqa: PLC0415
    from arriero.assembly import open_store  # noqa: PLC0415
    from arriero.core.clock import SystemClock  # noqa: PLC0415
    from arriero.store.records import SqlRecords  # noqa: PLC0415

    async with open_store(settings) as ledger:
        yield Modes(SqlRecords(ledger, APP), SystemClock(), Mode(_default(settings))), ledger


def _names(settings: Settings) -> Sequence[str]:
    """The intents that the classifier may answer with, and the tools."""
    from arriero.apps.support.tools import CHANGES  # noqa: PLC0415
    from arriero.assembly import app_settings, plugins  # noqa: PLC0415

    labels = plugins()[APP].labels(app_settings(settings)[APP])["intent_classifier"]
    return sorted({*labels, *(tool.value for tool in CHANGES)})


async def _taught(settings: Settings) -> Sequence[str]:
    """The intents that were taught by examples since the last fit."""
    from arriero.assembly import TENANT  # noqa: PLC0415
    from arriero.cli.support_intent import opened  # noqa: PLC0415

    async with opened(settings) as examples:
        return [one.intent for one in await examples.in_force(TENANT)]


def _default(settings: Settings) -> str:
    from arriero.assembly import app_settings  # noqa: PLC0415

    return str(getattr(app_settings(settings)[APP], "mode", "auto"))


def _time(change: ModeChange) -> str:
    return change.at.strftime("%Y-%m-%d %H:%M:%S UTC")


def _why(change: ModeChange) -> str:
    if not change.because:
        return ""
    return f" ({'forced: ' if change.forced else ''}{change.because})"


def _table(names: Sequence[str], changes: Mapping[str, ModeChange], default: str) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table("intent", "mode", "since", "by", box=None)
    for name in sorted({*names, *changes}):
        if name in changes:
            one = changes[name]
            table.add_row(name, one.mode, _time(one), one.actor)
        else:
            table.add_row(name, default, "", "default", style="dim")
    Console(markup=False).print(table)  # a name may have brackets in it
