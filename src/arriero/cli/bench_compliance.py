"""`arriero bench compliance`: which violations the gate blocks, and which clean texts for nothing."""

from __future__ import annotations

from pathlib import Path

import click

from arriero.apps.finance.compliance.gate import DEAF, Encode
from arriero.cli.bench import json_option, show
from arriero.core.errors import ArrieroError
from arriero.core.settings import Settings

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option(
    "--corpus", type=FILE, required=True, help="JSONL: text, rule (null: clean), kind, record."
)
@json_option
def compliance(corpus: Path, out: Path | None) -> None:
    """Violations blocked and clean texts blocked by the compliance gate, on your corpus; lists every miss."""
    from arriero.bench.compliance import gate_with, judged, measure, misses, read_rows  # noqa: PLC0415  # keeps --help fast
    from arriero.bench.report import report  # noqa: PLC0415

    rows, encode = read_rows(corpus), _encoder()
    if encode is None:
        click.echo(DEAF, err=True)
    said = judged(rows, gate_with(encode))
    show(report("compliance", [corpus], measure(said)), out)
    for line in misses(said):
        click.echo(line)


def _encoder() -> Encode | None:
    """The packaged encoder; None where it is not pulled or cannot run."""
    try:
        from arriero.models.encoder import OnnxEncoder  # noqa: PLC0415  # needs the extra `local`

        return OnnxEncoder(Settings.load().models.folder.expanduser() / "minilm-l6").encode_now
    except ArrieroError:
        return None
