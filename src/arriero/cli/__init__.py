"""`arriero ...`: the sync face. One file a command.

A command's module is imported when it is used, because `arriero --help` has to answer in 0.4 s.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

from arriero.core.errors import ArrieroError

# command -> (module, attribute, one line for --help), in the order in which --help shows them
COMMANDS = {
    "up": ("up", "up", "Start the server: apps, models, jobs."),
    "ask": ("ask", "ask", "Ask an app a question and see how it was answered."),
    "runs": ("runs", "runs", "List, show and replay what was answered."),
    "models": ("models", "models", "List, pull and verify models."),
    "status": ("status", "status", "What is running, and what is wrong."),
    "doctor": ("doctor", "doctor", "Check this machine and say what to do."),
    "config": ("config", "config", "Print the settings in force."),
    "scoreboard": ("scoreboard", "scoreboard", "Claims beside what was measured here."),
    "worker": ("worker", "worker", "Run periodic jobs without serving."),
}


class _Lazy(click.Group):
    """Knows its commands by name and imports one only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[name]
        command: click.Command = getattr(import_module(f"arriero.cli.{module}"), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in COMMANDS.items()])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="arriero")
def _arriero() -> None:
    """Take fine-tuned language models into production and keep them improving there."""


def main() -> None:
    """The entry point: an error of ours is one sentence on stderr and exit status 2."""
    try:
        _arriero(standalone_mode=False)
    except ArrieroError as error:
        click.echo(f"arriero: {error.message}", err=True)
        sys.exit(2)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:  # `arriero ... | head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
