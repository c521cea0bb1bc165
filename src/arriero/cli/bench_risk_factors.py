"""`arriero bench risk-factors DIR`: sub-captions of Item 1A in your filings."""

from __future__ import annotations

from pathlib import Path

import click

from arriero.cli.bench import json_option, show


@click.command("risk-factors")
@click.argument("place", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--labels",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    help="JSONL: file, start, end, and kind or type. May be given several times.",
)
@click.option("--list", "listed", is_flag=True, help="Print what was missed and what is false.")
@json_option
def risk_factors(place: Path, labels: tuple[Path, ...], listed: bool, out: Path | None) -> None:
    """Sub-captions found in DIR's 10-Ks or Item 1A texts (.txt, .html, .gz), quoted, typed; with labels, how right."""
    from arriero.apps.finance.filings.risks import risk_factors as read  # noqa: PLC0415  # --help
    from arriero.bench.report import report  # noqa: PLC0415
    from arriero.bench.risk_factors import (  # noqa: PLC0415
        compare,
        measure,
        read_documents,
        read_marks,
    )

    documents = read_documents(place)
    marks = read_marks(labels, documents)
    show(report("risk-factors", [place, *labels], measure(documents, marks)), out)
    if listed:
        texts = {document.name: document.text for document in documents}
        for one in compare([(document, read(document.text)) for document in documents], marks):
            for what, spans in (("missed", one.missed), ("false", one.false)):
                for span in spans:
                    quoted = " ".join(span.of(texts[one.name]).split())
                    click.echo(f"{one.name} {span.start}-{span.end} {what}: {quoted}")
