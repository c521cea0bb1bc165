"""`arriero ask code "..."`: a requirement in words, and code that was run before it is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from arriero.cli.options import load, settings_options


@click.command()
@click.argument("requirement")
@click.option("--language", help="Of the code, when the requirement does not say it.")
@click.option(
    "--repository",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A folder with your code, which the writer may look at.",
)
@click.option("--deadline-ms", type=float, help="Give up after this long.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
@settings_options
def ask_code(
    requirement: str,
    language: str | None,
    repository: Path | None,
    deadline_ms: float | None,
    as_json: bool,
    config: Path | None,
    data: Path | None,
) -> None:
    """Ask for code: REQUIREMENT says what it should do, best with an example such as `f(1) == 2`."""
    from arriero.cli.code_show import asked_for_code  # noqa: PLC0415  # keeps --help fast

    wanted: dict[str, Any] = {"requirement": requirement, "language": language}
    if repository is not None:
        from arriero.apps.codegen.gather.repository import read_folder  # noqa: PLC0415

        read, left = read_folder(repository)
        wanted["repository"] = read.model_dump()
        for line in left:
            click.echo(line, err=True)
    # A whole repository is more than a server takes in one request, so it is read by this process alone.
    asked_for_code(
        load(config, data),
        wanted,
        deadline_ms=deadline_ms,
        as_json=as_json,
        alone=repository is not None,
    )
