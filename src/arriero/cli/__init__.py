"""`arriero ...`: the sync face. One file a command.

A command's module is imported when it is used, because `arriero --help` has to answer in 0.4 s.
"""

from __future__ import annotations

import os
import sys

import click

from arriero.cli.lazy import lazily
from arriero.core.errors import ArrieroError

COMMANDS = {
    "up": ("up", "up", "Start the server: apps, models, jobs."),
    "ask": ("ask", "ask", "Ask an app a question and see how it was answered."),
    "runs": ("runs", "runs", "List, show and replay what was answered."),
    "feedback": ("feedback", "feedback", "Say what became of an answer."),
    "learn": ("learn", "learn", "From feedback to a better variant."),
    "rollout": ("rollout", "rollout", "Expose a challenger step by step."),
    "models": ("models", "models", "List, pull and verify models."),
    "trainer": ("trainer", "trainer", "Make the environment that adapters are trained in."),
    "keys": ("keys", "keys", "List, add and revoke API keys."),
    "status": ("status", "status", "What is running, and what is wrong."),
    "doctor": ("doctor", "doctor", "Check this machine and say what to do."),
    "config": ("config", "config", "Print the settings in force."),
    "scoreboard": ("scoreboard", "scoreboard", "Claims beside what was measured here."),
    "support": ("support", "support", "Train, fill and steer the support app."),
    "finance": ("finance", "finance", "Analyse reports; the rules of what may be said."),
    "code": ("code", "code", "Review and repair code."),
    "bench": ("bench", "bench", "Measure our parts on your own files."),
    "alerts": ("alerts", "alerts", "Prometheus rules and webhook secrets."),
    "judge": ("judge", "judge", "Judge two answers without knowing whose."),
    "audit": ("audit", "audit", "Verify, anchor and export the tamper-evident log."),
    "backup": ("backup", "backup", "Copy ledger and apps into one file, while all runs."),
    "restore": ("restore", "restore", "Put a backup into a data folder."),
    "demo": ("demo", "demo", "Watch it survive kills, learn, and prove what is better."),
    "worker": ("worker", "worker", "Run periodic jobs without serving."),
}


@click.group(cls=lazily(COMMANDS), context_settings={"help_option_names": ["-h", "--help"]})
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
