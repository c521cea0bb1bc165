"""`arriero bench security`: which insecure code is flagged, and which clean code for nothing."""

from __future__ import annotations

from pathlib import Path

import click

from arriero.cli.bench import json_option, show

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option(
    "--insecure", type=FILE, required=True, help="JSONL: Insecure_code or code, and cwe or ID."
)
@click.option(
    "--clean", type=FILE, required=True, help="JSONL: code, or prompt and canonical_solution."
)
@json_option
def security(insecure: Path, clean: Path, out: Path | None) -> None:
    """Recall, false alarms and exact CWE numbers of the security scan, on your code (Python)."""
    from arriero.bench.report import report  # noqa: PLC0415  # keeps --help fast
    from arriero.bench.security import measure, read_rows  # noqa: PLC0415

    bad, good = read_rows(insecure, insecure=True), read_rows(clean, insecure=False)
    show(report("security", [insecure, clean], measure(bad, good)), out)
