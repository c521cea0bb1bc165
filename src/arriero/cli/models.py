"""`arriero models ...`: what there is, what is here, and how to get it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arriero.cli.lazy import lazily
from arriero.cli.options import load, settings_options
from arriero.core.errors import ArrieroError, MissingExtra, ModelError

# Imports inside functions: `arriero --help` has 0.4 s, Rich's tables and the catalogue take 0.2 s.
if TYPE_CHECKING:
    from arriero.core.settings import Settings
    from arriero.models.catalogue import Entry, Repacked
    from arriero.models.progress import Progress


COMMANDS = {
    "list": ("models", "list_", "All models with their licence and origin, and what is here."),
    "pull": ("models", "pull", "Pull models, verify them, prepare their copies."),
    "verify": ("models", "verify", "Hash the files of models anew."),
    "path": ("models", "path", "What is loaded for a model."),
    "adopt": ("own", "adopt", "Take a LLaMA-Factory output and register a challenger with it."),
}


@click.group(cls=lazily(COMMANDS))
def models() -> None:
    """The models that can be pulled to this machine."""


@click.command("list")
@settings_options
def list_(config: Path | None, data: Path | None) -> None:
    """All models with their licence and origin, and what is here of each."""
    from rich import box  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    from arriero.models.catalogue import entries  # noqa: PLC0415

    folder = _folder(config, data)
    table = Table("name", "kind", "size", "licence", "origin", "here", box=box.SIMPLE)
    for entry in entries(folder).values():
        size = f"{entry.size / 1e6:,.0f} MB"
        here = _here(entry, folder)
        table.add_row(entry.name, entry.kind, size, entry.licence, entry.origin, here)
    # Piped output is not cut to a terminal's width: programs read it.
    width = None if sys.stdout.isatty() else 200
    Console(width=width).print(table)
    _list_adapters(load(config, data))


def _list_adapters(settings: Settings) -> None:
    """The adapters whose card lies in the data folder, which may not be there yet."""
    from arriero.models.adapters import adapters_folder  # noqa: PLC0415
    from arriero.models.files import read_json  # noqa: PLC0415

    for file in sorted(adapters_folder(settings.data).glob("*.json")):
        card = read_json(file)
        parity = card.get("parity", {}).get("adapter", {}).get("mean_abs", float("nan"))
        click.echo(
            f"adapter {card.get('id')} of {card.get('base')} for {card.get('app')}, rank"
            f" {card.get('rank')}, {card.get('licence')}, {card.get('origin')}, served"
            f" {parity:.3f} nats from what was trained"
        )


def _here(entry: Entry, folder: Path) -> str:
    from arriero.models.catalogue import path, repacked_copy  # noqa: PLC0415

    try:
        path(entry.name, folder)
    except ArrieroError as error:
        return "no" if error.code == "model_missing" else "CORRUPT, pull it again"
    copy = repacked_copy(entry, folder)
    return f"yes; {entry.gain} copy {copy.said}" if copy else "yes"


@click.command()
@click.argument("names", nargs=-1)
@click.option("--from", "local", type=click.Path(path_type=Path), help="File or folder to copy.")
@settings_options
def pull(
    names: tuple[str, ...], local: Path | None, config: Path | None, data: Path | None
) -> None:
    """Pull models (default: the ones that `arriero up` needs), verify them, prepare their copies."""
    from arriero.models.catalogue import DEFAULTS, entry_of  # noqa: PLC0415

    settings = load(config, data)
    folder = settings.models.folder.expanduser()
    chosen = [entry_of(name, folder) for name in names or DEFAULTS]
    if local is not None and len(chosen) != 1:
        raise click.UsageError("--from takes exactly one NAME")
    asyncio.run(_pull(chosen, folder, local, repack=settings.models.repack))


async def _pull(chosen: list[Entry], folder: Path, local: Path | None, *, repack: bool) -> None:
    from arriero.models.progress import Bar  # noqa: PLC0415
    from arriero.models.pull import pull as fetch  # noqa: PLC0415

    with Bar() as progress:
        for entry in chosen:
            where = await fetch(entry, folder, progress=progress, local=local)
            click.echo(f"{entry.name}: {where} ({entry.licence}, sha256 verified)")
            if repack and entry.repack:
                await _copy(entry, folder, progress)


async def _copy(entry: Entry, folder: Path, progress: Progress) -> None:
    try:
        from arriero.models.copies import prepare  # noqa: PLC0415

        copy: Repacked = await prepare(entry, folder, progress=progress)
    except (MissingExtra, ModelError) as error:  # what was pulled serves without it
        click.echo(f"{entry.name}: no {entry.gain} copy: {error.message}", err=True)
        return
    click.echo(f"{entry.name}: {entry.gain} copy {copy.path.name}: {copy.said}")


@click.command()
@click.argument("names", nargs=-1)
@settings_options
def verify(names: tuple[str, ...], config: Path | None, data: Path | None) -> None:
    """Hash the files of models anew (default: all); exit status 1 when one is corrupt."""
    from arriero.models.catalogue import State, entries, entry_of  # noqa: PLC0415
    from arriero.models.catalogue import verify as check  # noqa: PLC0415

    folder = _folder(config, data)
    chosen = [entry_of(name, folder) for name in names] or list(entries(folder).values())
    found = [check(entry, folder) for entry in chosen]
    for one in found:
        remedy = f"; run: arriero models pull {one.name}" if one.state is State.CORRUPT else ""
        why = f": {one.why}{remedy}" if one.why else ""
        click.echo(f"{one.state:<8} {one.name} ({one.size:,} bytes){why}")
    sys.exit(1 if any(one.state is State.CORRUPT for one in found) else 0)


@click.command()
@click.argument("name")
@settings_options
def path(name: str, config: Path | None, data: Path | None) -> None:
    """What is loaded for a model: its file, or the folder of its files; the copy if there is one."""
    from arriero.models import catalogue  # noqa: PLC0415

    settings = load(config, data)
    folder = settings.models.folder.expanduser()
    click.echo(catalogue.path(name, folder, repacked=settings.models.repack))


def _folder(config: Path | None, data: Path | None) -> Path:
    return load(config, data).models.folder.expanduser()
