"""`arriero code review FILE`: what is weak in a file, as a table, JSON or SARIF."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arriero.core.errors import InputError

if TYPE_CHECKING:
    from arriero.apps.codegen.security.findings import Findings

KINDS = {".py": "python", ".pyi": "python", ".pyw": "python"}
COLOURS = {"high": "red", "medium": "yellow", "low": "dim"}


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@click.option("--language", help="The language, when the file's name does not say it.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option("--sarif", "as_sarif", is_flag=True, help="Print the findings as SARIF 2.1.0.")
def review(file: Path, language: str | None, as_json: bool, as_sarif: bool) -> None:
    """Find weaknesses in FILE (- is standard input); nothing of it is run.

    Exit status 1 when one of medium severity or above is found.
    """
    from arriero.apps.codegen.requirement_words import spelt  # noqa: PLC0415  # keeps --help fast
    from arriero.apps.codegen.security.sarif import sarif  # noqa: PLC0415
    from arriero.apps.codegen.security.scan import scan  # noqa: PLC0415

    if as_json and as_sarif:
        raise InputError("SARIF is JSON of another form; choose --json or --sarif")
    code = read_text(file)
    found = scan(code, spelt(language) if language else _language(file))
    if as_sarif:
        click.echo(json.dumps(sarif(found, file.as_posix()), indent=2))
    elif as_json:
        click.echo(json.dumps(_rows(found), indent=2))
    else:
        _show(found, file)
    sys.exit(1 if found.flagged else 0)


def read_text(file: Path) -> str:
    """The text of a file, `-` is standard input; `InputError` when it cannot be read or is not UTF-8."""
    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise InputError(
            f"{str(file)!r} cannot be read ({error.strerror}); name a file that can"
        ) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{str(file)!r} is not UTF-8 (byte {error.start}); save it as UTF-8 and review it again"
        ) from None


def _language(file: Path) -> str:
    return (
        "python"
        if str(file) == "-"
        else KINDS.get(file.suffix.lower(), file.suffix.lower() or "a file without a suffix")
    )


def _rows(found: Findings) -> dict[str, object]:
    return {
        "language": found.language,
        "tools": list(found.tools),
        "flagged": found.flagged,
        "weaknesses": [asdict(one) for one in found.weaknesses],
    }


def _show(found: Findings, file: Path) -> None:
    from rich.console import Console  # noqa: PLC0415  # keeps --help fast
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    console = Console()
    if found.weaknesses:
        table = Table(
            "line", "severity", "CWE", "what is weak", "the safe way", title=escape(str(file))
        )
        for one in found.weaknesses:
            colour = COLOURS[one.severity]
            table.add_row(
                f"{one.span.line}:{one.span.column}",
                f"[{colour}]{one.severity}[/{colour}]",
                str(one.cwe),
                escape(one.message),
                escape(one.safe),
            )
        console.print(table)
    console.print(
        f"{len(found.serious)} of medium severity or above, {len(found.weaknesses) - len(found.serious)} of low; heard: {', '.join(found.tools)}"
    )
    missing = {"bandit", "ruff"} - set(found.tools)
    if missing:
        console.print(
            f"{' and '.join(sorted(missing))} not heard; run: pip install 'arriero[codegen]'",
            markup=False,
        )
