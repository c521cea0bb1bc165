"""`arriero bench grounding`: can the quality score tell corrupted answers from true ones?"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arriero.cli.bench import json_option, show

if TYPE_CHECKING:
    from arriero.bench.report import Report


@click.command()
@click.option(
    "--docs",
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder of .md, .txt or .json documents (JSON: id, title, content).",
)
@json_option
def grounding(docs: Path, out: Path | None) -> None:
    """Are corrupted answers told from true ones?

    Makes right answers (quoted and reworded sentences) and wrong ones of your documents, and scores
    them as support does: auroc over kinds of errors that the score was not fitted on, auroc_facts
    over swapped numbers, dates and names, its calibration error, and its time.
    """
    show(asyncio.run(_measured(docs)), out)


async def _measured(docs: Path) -> Report:
    from arriero.bench.grounding import evaluate  # noqa: PLC0415  # keeps --help fast
    from arriero.core.settings import Settings  # noqa: PLC0415
    from arriero.models import catalogue  # noqa: PLC0415
    from arriero.models.encoder import OnnxEncoder  # noqa: PLC0415

    folder = Settings.load().models.folder.expanduser()
    encoder = await asyncio.to_thread(OnnxEncoder, catalogue.path("minilm-l6", folder))
    try:
        return await evaluate(docs, encoder)
    finally:
        await encoder.close()
