"""`arriero bench retrieval`: recall of the documents that tasks need, by words, vectors and both."""

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
    "--docs",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder of documents: Markdown, HTML, CSV, or JSON with id, title, content.",
)
@click.option(
    "--tasks",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="JSON list of {question, required_documents}, or tau3's tasks.json.",
)
@json_option
@settings_options
def retrieval(
    docs: Path, tasks: Path, out: Path | None, config: Path | None, data: Path | None
) -> None:
    """Recall at 10 and 30 of the required documents: BM25, dense and fused."""
    from arriero.bench.report import report  # noqa: PLC0415  # keeps --help fast
    from arriero.bench.retrieval import shown  # noqa: PLC0415

    results = asyncio.run(_measure(load(config, data), docs, tasks))
    show(report("retrieval", [docs, tasks], results), out)
    for depth in (10, 30):
        click.echo(
            f"fused against the better single ranker, first {depth}: {shown(results[f'gain{depth}'])}"
        )


async def _measure(settings: Settings, docs: Path, tasks: Path) -> Mapping[str, Metric]:
    from arriero.assembly import writable  # noqa: PLC0415
    from arriero.bench.retrieval import measure_files  # noqa: PLC0415
    from arriero.models.engines import Engines  # noqa: PLC0415
    from arriero.store.cache import open_cache  # noqa: PLC0415

    cache = open_cache("memory://")
    engines = Engines(settings, cache)
    try:
        place = writable(settings.data) / "bench" / "retrieval"
        return await measure_files(docs, tasks, await engines.encoder(), place)
    finally:
        await engines.close()
        await cache.close()
