"""The options that every command takes, and the settings that they give."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from arriero.core.errors import NotFound
from arriero.core.settings import Settings


def settings_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--config FILE` and `--data FOLDER`; `load(config, data)` turns them into settings."""
    config = click.option(
        "--config", type=click.Path(path_type=Path), help="Settings file (default: ./arriero.toml)."
    )
    data = click.option("--data", type=click.Path(path_type=Path), help="Data folder.")
    return config(data(command))


def load(config: Path | None, data: Path | None) -> Settings:
    """The settings that these two options ask for."""
    return Settings.load(config, **({"data": data} if data else {}))


def reading(config: Path | None, data: Path | None) -> Settings:
    """The settings for a command that reads or erases: it makes no data folder where none is.

    Raises `NotFound` then. A ledger elsewhere needs none.
    """
    settings = load(config, data)
    folder = settings.data.expanduser()
    if not settings.store.ledger and not folder.is_dir():
        raise NotFound(
            f"there is no data folder {str(folder)!r}; name the right one with --data, or begin one: "
            "arriero up"
        )
    return settings


def user() -> str:
    """Who is at this machine: the actor of a change, unless somebody else is named."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return "console"
