"""`arriero bench sentiment`: macro recall and accuracy on your own texts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arriero.cli.bench import json_option, show
from arriero.cli.options import load, settings_options

if TYPE_CHECKING:
    from arriero.bench.report import Metric
    from arriero.core.settings import Settings

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option(
    "--test",
    type=FILE,
    required=True,
    help="CSV: text, label (negative, neutral, positive; 0, 1, 2); or TweetEval's X_text.txt.",
)
@click.option("--train", type=FILE, help="The same, to fit on (default: the sample shop's rows).")
@json_option
@settings_options
def sentiment(
    test: Path, train: Path | None, out: Path | None, config: Path | None, data: Path | None
) -> None:
    """Macro recall of what support serves, and of the head and the lexicon alone, on your texts."""
    from arriero.bench.report import report  # noqa: PLC0415  # keeps --help fast
    from arriero.bench.sentiment import TEXTS, labels_of  # noqa: PLC0415

    results = asyncio.run(_measured(test, train, load(config, data)))
    given = [file for file in (test, train) if file]
    labels = [labels_of(file) for file in given if file.name.endswith(TEXTS)]
    show(report("sentiment", [*given, *labels], results), out)


async def _measured(test: Path, train: Path | None, settings: Settings) -> Mapping[str, Metric]:
    from arriero.bench.sentiment import TRAIN, measure, read_rows  # noqa: PLC0415
    from arriero.models.fit_head import open_encoder  # noqa: PLC0415

    rows, known = read_rows(test), read_rows(train or TRAIN)
    encoder = open_encoder(settings.models.encoder, settings.models.folder.expanduser())
    try:
        return await measure(rows, encoder, known)
    finally:
        await encoder.close()
