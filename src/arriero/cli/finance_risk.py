"""`arriero finance risk FILE`: the risk factors of a report, what each is about, and what changed since an older one."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from arriero.apps.finance.filings.base import Caption, Changes, RiskText

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("file", type=FILE)
@click.option("--before", type=FILE, help="An older report of the same company to compare with.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON, with offsets.")
def risk(file: Path, before: Path | None, as_json: bool) -> None:
    """Risk factors of FILE, a 10-K in HTML or text (also .gz): sub-captions, types, changes.

    Exit status 1: no risk factors were found in a file that should have them.
    """
    from arriero.apps.finance.filings.base import Absent  # noqa: PLC0415  # keeps --help fast
    from arriero.apps.finance.filings.changes import changes  # noqa: PLC0415
    from arriero.apps.finance.filings.risks import risk_factors  # noqa: PLC0415
    from arriero.bench.risk_factors import read_text  # noqa: PLC0415

    risks = risk_factors(read_text(file))
    old = risk_factors(read_text(before)) if before is not None else None
    seen = changes(old, risks) if old is not None else None
    if as_json:
        click.echo(json.dumps(_told(risks, seen), indent=2, ensure_ascii=False))
    else:
        _show(risks)
        if seen is not None:
            _show_changes(seen)
    lacking = [
        (name, one.reason) for name, one in ((file, risks), (before, old)) if one and one.reason
    ]
    for name, reason in lacking:
        click.echo(f"{name}: {reason.value}", err=True)
    sys.exit(any(reason is not Absent.NOT_REQUIRED for _, reason in lacking))


def _told(risks: RiskText, seen: Changes | None) -> Mapping[str, Any]:
    told: dict[str, Any] = {
        "reason": risks.reason.value if risks.reason else None,
        "place": risks.place,
        "words": risks.words,
        "typed": risks.typed,
        "counts": risks.counts,
        "captions": [_caption(caption, risks) for caption in risks.captions],
    }
    if seen is not None:
        told["changes"] = {
            "added": [caption.title for caption in seen.added],
            "removed": [caption.title for caption in seen.removed],
            "reworded": [
                {"old": pair.old.title, "new": pair.new.title, "likeness": pair.likeness}
                for pair in seen.reworded
            ],
            "kept": len(seen.kept),
            "growth": seen.growth,
            "types_added": list(seen.types_added),
        }
    return told


def _caption(caption: Caption, risks: RiskText) -> Mapping[str, Any]:
    label = caption.label
    return {
        "text": caption.title,
        "start": caption.start,
        "end": caption.end,
        "heading": caption.heading,
        "general": caption.general,
        "type": label.type if label else None,
        "second": label.second if label else None,
        "evidence": [
            {"start": span.start, "end": span.end, "text": span.of(risks.text)}
            for span in (label.evidence if label else ())
        ],
    }


def _show(risks: RiskText) -> None:
    from rich.console import Console  # noqa: PLC0415  # keeps --help fast
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    console = Console()
    if risks.reason is not None:  # which is said for itself; here what stands in its place
        if said := " ".join(risks.text.split()):
            console.print(said[:400], markup=False)
        return
    table = Table("sub-caption", "type", "told by")
    for caption in risks.captions:
        label = caption.label
        words = [span.of(risks.text) for span in label.evidence] if label else []
        table.add_row(
            escape(caption.title), label.name if label else "-", escape(", ".join(words[:4]))
        )
    console.print(table)
    place = f" (from {risks.place})" if risks.place else ""
    console.print(
        f"{len(risks.captions)} sub-captions, {risks.typed:.0%} with a type, {risks.words:,} words{place}",
        markup=False,
    )


def _show_changes(seen: Changes) -> None:
    grown = "" if seen.growth is None else f", the text {seen.growth:+.1%}"
    click.echo(
        f"{len(seen.added)} new, {len(seen.removed)} gone, {len(seen.reworded)} reworded, {len(seen.kept)} kept{grown}"
    )
    for mark, captions in (("+", seen.added), ("-", seen.removed)):
        for caption in captions:
            click.echo(f"{mark} {caption.title}")
    for pair in seen.reworded:
        click.echo(f"~ {pair.old.title}\n  {pair.new.title}")
