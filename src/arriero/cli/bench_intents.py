"""`arriero bench intents`: fit a classifier on one file, measure it on others."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from arriero.cli.bench import json_option, show
from arriero.cli.options import load, settings_options
from arriero.cli.tuning import tuning_source

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option("--train", type=FILE, required=True, help="CSV with text and label (or category).")
@click.option("--test", type=FILE, required=True, help="The same, not seen in training.")
@click.option("--oos", type=FILE, help="CSV with text: messages that belong to no label.")
@click.option("--tune", "tuned", is_flag=True, help="Tune an encoder to --train, too (minutes).")
@json_option
@settings_options
def intents(
    train: Path,
    test: Path,
    oos: Path | None,
    tuned: bool,
    out: Path | None,
    config: Path | None,
    data: Path | None,
) -> None:
    """Accuracy, calibration, out-of-scope and time of the intent classifier, on your files."""
    from arriero.bench.intents import measure, read_messages  # noqa: PLC0415  # keeps --help fast
    from arriero.bench.report import report  # noqa: PLC0415
    from arriero.models.fit_head import open_encoder  # noqa: PLC0415

    settings = load(config, data)
    rows, seen = read_messages(train, "train"), read_messages(test, "test")
    strangers = read_messages(oos, "oos") if oos is not None else None
    models = settings.models.folder.expanduser()
    source = tuning_source(models) if tuned else None
    encoder = open_encoder(settings.models.encoder, models)
    results = asyncio.run(measure(rows, seen, strangers, encoder, tuned_from=source))
    show(report("intents", [file for file in (train, test, oos) if file], results), out)
