"""`arriero bench cache`: hits and false hits of the semantic cache, on your pairs of questions."""

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


@click.command()
@click.option(
    "--pairs",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="JSONL or CSV: question (approved), asked, same (true or false), intent.",
)
@json_option
@settings_options
def cache(pairs: Path, out: Path | None, config: Path | None, data: Path | None) -> None:
    """Hits and false hits of the semantic cache of approved answers, on your pairs.

    Thresholds are fitted on half of the approved questions (and on the sample shop's pairs) and
    reported on the other half, both ways round.
    """
    from arriero.bench.report import report  # noqa: PLC0415  # keeps --help fast

    results = asyncio.run(_measured(pairs, load(config, data)))
    show(report("cache", [pairs], results), out)


async def _measured(file: Path, settings: Settings) -> Mapping[str, Metric]:
    from arriero.bench.cache import EVIDENCE, measure, read_pairs  # noqa: PLC0415
    from arriero.models.fit_head import open_encoder  # noqa: PLC0415

    pairs, evidence = read_pairs(file), read_pairs(EVIDENCE)
    encoder = open_encoder(settings.models.encoder, settings.models.folder.expanduser())
    try:
        return await measure(pairs, encoder, evidence=evidence)
    finally:
        await encoder.close()
