"""`arriero support train`: fit the intent classifier on the company's own messages."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arriero.cli.options import load, settings_options
from arriero.cli.tuning import tuning_source

if TYPE_CHECKING:
    from arriero.core.settings import Settings
    from arriero.models.fit_head import Report
    from arriero.models.fit_tuned import TunedReport

SHOWN = 5


@click.command()
@click.argument("csv", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--name", default="support-intents", help="The head's name: head:NAME in the settings."
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Another folder.")
@click.option(
    "--tune",
    "tuned",
    is_flag=True,
    help="Tune an encoder to the rows, too: better, for minutes more (needs arriero[train]).",
)
@settings_options
def train(
    csv: Path, name: str, out: Path | None, tuned: bool, config: Path | None, data: Path | None
) -> None:
    """Fit the intent classifier on CSV (columns text and label), and say how good it is.

    Without --out it lies where the server looks for it, so that the next start does not fit.
    """
    from rich.console import Console  # noqa: PLC0415  # keeps --help fast

    from arriero.models.head_rows import read_rows  # noqa: PLC0415

    settings = load(config, data)
    source = tuning_source(settings.models.folder.expanduser()) if tuned else None
    texts, labels, repeated = read_rows(csv)  # complains before the models are opened
    console = Console(stderr=True)
    with console.status(f"fitting on {len(texts):,} messages with {len(set(labels))} labels"):
        report, folder = asyncio.run(_fit(csv, name, out, settings))
    _show(report, repeated)
    if source is not None:
        _show_tuned(asyncio.run(_tune(folder, report, source)))
    click.echo(f"The head is in {folder}.")
    if out is None and _named(settings, name, csv):
        click.echo("[apps.support] intents names this file: the next start serves it.")
    elif out is None:
        click.echo(f'To serve it: [apps.support] intents = "{csv.resolve()}" in arriero.toml.')


def _named(settings: Settings, name: str, csv: Path) -> bool:
    """Whether the settings in force serve the head that was fitted on this file."""
    from arriero.apps.support.examples import HEAD  # noqa: PLC0415
    from arriero.assembly import app_settings  # noqa: PLC0415

    section = app_settings(settings)["support"]
    intents = getattr(section, "intents")  # noqa: B009  # of the app's own class
    return name == HEAD and Path(intents).expanduser().resolve() == csv.resolve()


async def _fit(csv: Path, name: str, out: Path | None, settings: Settings) -> tuple[Report, Path]:
    from arriero.models.engines import head_folder  # noqa: PLC0415
    from arriero.models.fit_head import fit_in_child, open_encoder  # noqa: PLC0415

    models = settings.models.folder.expanduser()
    if out is None:
        encoder = open_encoder(settings.models.encoder, models)
        out = head_folder(settings, name, await asyncio.to_thread(csv.read_bytes), encoder)
        await encoder.close()
    return await fit_in_child(csv, out, settings.models.encoder, models), out


async def _tune(folder: Path, report: Report, source: Path) -> TunedReport:
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    from arriero.models.child import NICENESS  # noqa: PLC0415
    from arriero.models.fit_tuned import fit_tuned  # noqa: PLC0415

    os.nice(NICENESS)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("tuning the encoder", total=None)
        return await fit_tuned(
            folder, report.share, source,
            progress=lambda done, whole: bar.update(task, completed=done, total=whole),
        )  # fmt: skip


def _show_tuned(report: TunedReport) -> None:
    head, encoder, both = (one.value for one in (report.head, report.encoder, report.both))
    click.echo(
        f"Of {report.rows:,} rows held out of the tuning {head:.1%} are right without it, "
        f"{encoder:.1%} by the tuned encoder alone, {both:.1%} by both (95 % interval "
        f"{report.both.low:.1%} to {report.both.high:.1%}), ECE {report.ece:.3f}; "
        f"{report.bytes / 1e6:.0f} MB, {report.seconds:.0f} s."
    )


def _show(report: Report, repeated: int) -> None:
    from rich import box  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table("what", "measured on rows left out in turn", box=box.SIMPLE)
    span = f"95 % interval {report.low:.1%} to {report.high:.1%}"
    table.add_row("accuracy", f"{report.accuracy:.1%} ({span})")
    table.add_row("calibration error (ECE)", f"{report.ece:.3f}")
    table.add_row("out of scope", _scope(report))
    table.add_row("rows, labels", f"{report.rows:,}, {report.labels}{_left(report, repeated)}")
    table.add_row("most often mistaken", _confused(report))
    table.add_row("size, time", f"{report.bytes / 1e6:.1f} MB, {report.seconds:.0f} s")
    Console(markup=False).print(table)  # a label may have brackets in it
    if report.suspects:
        shown = len(report.suspects)
        click.echo(
            f"{report.suspected} rows look mislabelled; the surest {shown} (correct the CSV, not the"
            " report):"
        )
    for row in report.suspects:
        click.echo(f"  {row.text[:80]!r}: {row.label} ({row.chance:.0%}), rather {row.better}")


def _scope(report: Report) -> str:
    if report.scope_recall is None or report.scope_kept is None:
        return "cannot tell: that takes 8 labels with 2 rows each"
    return (
        f"{report.scope_recall:.0%} of messages of labels left out rejected,"
        f" {report.scope_kept:.1%} of the others kept (AUROC {report.scope_auroc:.3f})"
    )


def _left(report: Report, repeated: int) -> str:
    again = f"; {repeated} repeated rows counted once" if repeated else ""
    return again + ("; a sample of the rows" if report.sampled else "")


def _confused(report: Report) -> str:
    pairs = [f"{row.label} as {row.taken_for} ({row.rows})" for row in report.confusions[:SHOWN]]
    return "\n".join(pairs) or "none"
