"""`arriero bench compliance`: which violations the gate blocks, and which clean texts for nothing."""

from __future__ import annotations

from pathlib import Path

import click

from arriero.cli.bench import json_option, show

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option(
    "--corpus", type=FILE, required=True, help="JSONL: text, rule (null: clean), kind, record."
)
@json_option
def compliance(corpus: Path, out: Path | None) -> None:
    """Violations blocked and clean texts blocked by the compliance gate, on your corpus; lists every miss."""
    from arriero.bench.compliance import judged, measure, misses, read_rows  # noqa: PLC0415  # keeps --help fast
    from arriero.bench.report import report  # noqa: PLC0415

    said = judged(read_rows(corpus))
    show(report("compliance", [corpus], measure(said)), out)
    for line in misses(said):
        click.echo(line)
