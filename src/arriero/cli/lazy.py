"""A click group that imports a command's module when the command is used: `--help` has 0.4 s."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import ClassVar

import click

# command -> (module under arriero.cli, attribute, one line for --help)
Commands = Mapping[str, tuple[str, str, str]]


class LazyGroup(click.Group):
    """Knows its commands by name, in the order in which --help shows them.

    A subclass names them in `commands_there`: click makes the group from the class alone.
    """

    commands_there: ClassVar[Commands] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands_there)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.commands_there:
            return None
        module, attribute, _ = self.commands_there[name]
        command: click.Command = getattr(import_module(f"arriero.cli.{module}"), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in self.commands_there.items()])


def lazily(commands: Commands) -> type[click.Group]:
    """The class of a group that has these commands."""
    return type("Lazy", (LazyGroup,), {"commands_there": commands})
