"""`arriero support intent`: an intent taught by examples, between one fit and the next.

Writes records, so it works whether a server runs or not; a running one follows within two seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from arriero.cli.options import load, reading, settings_options, user

if TYPE_CHECKING:
    from arriero.apps.support.examples import Example, Examples
    from arriero.core.settings import Settings

APP = "support"
Found = TypeVar("Found")
actor_option = click.option("--actor", help="Who decided this (default: the user of this machine).")


@click.group()
def intent() -> None:
    """Teach an intent by examples; a running server knows it within two seconds.

    Put them into your CSV before the next `arriero support train`, and forget them here.
    """


@intent.command()
@click.argument("name")
@click.option(
    "--example", "texts", multiple=True, required=True, metavar="TEXT",
    help="A message as customers write it; repeatable, five are a good start.",
)  # fmt: skip
@actor_option
@settings_options
def add(
    name: str, texts: tuple[str, ...], actor: str | None, config: Path | None, data: Path | None
) -> None:
    """Give messages the intent NAME, which may be a new one."""
    from arriero.assembly import TENANT  # noqa: PLC0415  # keeps --help fast

    settings = load(config, data)
    _needs_head(settings)
    who = actor or user()
    count = _with(settings, lambda examples: examples.add(TENANT, name, texts, who))
    click.echo(f"{name}: {count} examples, by {who}. A running server knows them in two seconds.")


@intent.command()
@click.argument("name")
@actor_option
@settings_options
def forget(name: str, actor: str | None, config: Path | None, data: Path | None) -> None:
    """Take the examples of the intent NAME back."""
    from arriero.assembly import TENANT  # noqa: PLC0415  # keeps --help fast

    who = actor or user()
    count = _with(reading(config, data), lambda examples: examples.forget(TENANT, name, who))
    click.echo(f"{name}: {count} examples taken back, by {who}.")


@intent.command(name="list")
@click.option("--history", is_flag=True, help="Every change, also what was taken back.")
@settings_options
def list_(history: bool, config: Path | None, data: Path | None) -> None:
    """The examples in force, with who gave them and when."""
    from arriero.assembly import TENANT  # noqa: PLC0415  # keeps --help fast

    def read(examples: Examples) -> Awaitable[Sequence[Example]]:
        return examples.history(TENANT) if history else examples.in_force(TENANT)

    found = _with(reading(config, data), read)
    if not found:
        click.echo("no examples; the classifier knows what it was fitted on")
    for one in found:
        did = "" if one.kept else "  (taken back)"
        at = one.at.strftime("%Y-%m-%d %H:%M:%S UTC")
        click.echo(f"{at}  {one.actor:<12}{one.intent:<24}{one.text}{did}")


def _with(settings: Settings, work: Callable[[Examples], Awaitable[Found]]) -> Found:
    async def run() -> Found:
        async with opened(settings) as examples:
            return await work(examples)

    return asyncio.run(run())


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Examples]:
    """The examples in this data folder's ledger, without apps and models."""
    from arriero.apps.support.examples import Examples  # noqa: PLC0415
    from arriero.assembly import open_store  # noqa: PLC0415
    from arriero.core.clock import SystemClock  # noqa: PLC0415
    from arriero.flow import untaught  # noqa: PLC0415
    from arriero.store.records import SqlRecords  # noqa: PLC0415

    async with open_store(settings) as ledger:
        yield Examples(SqlRecords(ledger, APP), SystemClock(), untaught)


def _needs_head(settings: Settings) -> None:
    """Examples reach a head only. Raises `InputError` where another model names the intents."""
    from arriero.apps.support.examples import HEAD  # noqa: PLC0415
    from arriero.assembly import app_settings  # noqa: PLC0415
    from arriero.core.errors import InputError  # noqa: PLC0415

    models = getattr(app_settings(settings)[APP], "models")  # noqa: B009  # of the app's own class
    if (model := models.intent_classifier.model) != f"head:{HEAD}":
        raise InputError(
            f"intents are named by {model!r}, which learns nothing from examples; "
            f"bind intent_classifier to head:{HEAD} in [apps.support.models]"
        )
