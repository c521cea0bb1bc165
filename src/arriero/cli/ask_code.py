"""`arriero ask code "..."`: a requirement in words, and code that was run before it is shown."""

from __future__ import annotations

from pathlib import Path

import click

from arriero.cli.options import load, settings_options


@click.command()
@click.argument("requirement")
@click.option("--language", help="Of the code, when the requirement does not say it.")
@click.option("--deadline-ms", type=float, help="Give up after this long.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
@settings_options
def ask_code(
    requirement: str,
    language: str | None,
    deadline_ms: float | None,
    as_json: bool,
    config: Path | None,
    data: Path | None,
) -> None:
    """Ask for code: REQUIREMENT says what it should do, best with an example such as `f(1) == 2`."""
    from arriero.cli.code_show import asked_for_code  # noqa: PLC0415  # keeps --help fast

    wanted = {"requirement": requirement, "language": language}
    asked_for_code(load(config, data), wanted, deadline_ms=deadline_ms, as_json=as_json)
