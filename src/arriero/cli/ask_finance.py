"""`arriero ask finance TICKER`: a whole analysis, as text, JSON or one HTML page with charts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from arriero.cli import written
from arriero.cli.ask import only, put
from arriero.cli.options import load, settings_options
from arriero.core.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from arriero.core.settings import Settings

SAMPLE = ("XTAM", "XPUN")
PATH = "/v1/finance/analyses"


@click.command("finance")
@click.argument("ticker", required=False)
@click.option("--sample", is_flag=True, help="Analyse two invented companies, offline.")
@click.option("--as-of", help="Only what was known by this day, as 2025-03-01 (default: today).")
@click.option(
    "--horizon",
    type=click.Choice(["21", "63", "126", "252"]),
    default="63",
    show_default=True,
    help="Trading days.",
)
@click.option(
    "--audience",
    type=click.Choice(["retail", "institutional"]),
    default="institutional",
    show_default=True,
    help="Who reads it.",
)
@click.option("--client", help="Whom it is made for; `arriero finance search` finds it by this.")
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the report as one page with charts.",
)
@click.option("--deadline-ms", type=float, help="Give up after this long.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
@settings_options
def ask_finance(
    ticker: str | None,
    sample: bool,
    as_of: str | None,
    horizon: str,
    audience: str,
    client: str | None,
    html: Path | None,
    deadline_ms: float | None,
    as_json: bool,
    config: Path | None,
    data: Path | None,
) -> None:
    """Analyse the company TICKER; prints the rating, what it rests on, and what is missing."""
    settings = only(load(config, data), "finance")
    if sample:
        from arriero.apps.finance.settings import SAMPLE_DAY  # noqa: PLC0415  # keeps --help fast

        settings = _over_the_sample(settings)
        as_of = as_of or SAMPLE_DAY
    elif ticker is None:
        raise InputError(
            "name a company, as in: arriero ask finance AAPL, or try: arriero ask finance --sample"
        )
    asked = (ticker,) if ticker else SAMPLE
    if html is not None and len(asked) > 1:
        raise InputError(
            "one page holds one company: name it, as in: arriero ask finance --sample XTAM --html out.html"
        )
    told = []
    for name in asked:
        body: dict[str, Any] = {"ticker": name, "horizon": int(horizon), "audience": audience}
        body |= {"as_of": as_of} if as_of else {}
        body |= {"client": client} if client else {}
        body |= {"deadline_ms": deadline_ms} if deadline_ms is not None else {}
        answer, run = put(settings, "finance", PATH, body, alone=sample)
        told.append({"answer": answer, "run": run})
        if html is not None:
            write(html, answer)
        if not as_json:
            _show(answer, run)
    if as_json:
        click.echo(json.dumps(told[0] if len(told) == 1 else told, indent=2))


def _over_the_sample(settings: Settings) -> Settings:
    """The same settings, except that the evidence is the sample's."""
    from arriero.apps.finance.evidence.open import SAMPLE as FOLDER  # noqa: PLC0415

    mine = dict(settings.apps.get("finance", {}))
    mine["evidence"] = {"providers": ["files"], "files": str(FOLDER)}
    return settings.model_copy(update={"apps": {**settings.apps, "finance": mine}})


def write(file: Path, answer: Mapping[str, Any], status: str = "") -> None:
    """The answer as one HTML page; `status` is how it stands now, where it is an older one."""
    from arriero.apps.finance.door import analysis_of  # noqa: PLC0415
    from arriero.apps.finance.report.page import page  # noqa: PLC0415
    from arriero.core.words import Source  # noqa: PLC0415

    sources = [Source(**one) for one in answer["sources"]]
    text = page(analysis_of(answer), sources, run=answer["run_id"], status=status)
    written.write(file, text)
    click.echo(f"report: {file}", err=True)


def show_text(answer: Mapping[str, Any]) -> None:
    """The text with its rating, notices, sources, and what the gate said."""
    from rich.console import Console  # noqa: PLC0415
    from rich.panel import Panel  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from arriero.apps.finance.values import standing_rating  # noqa: PLC0415

    console = Console()
    confidence = answer["confidence"]
    sure = (
        "no confidence"
        if confidence is None
        else f"{confidence * 100:.1f} % ({answer['confidence_kind']})"
    )
    rating = standing_rating(answer["recommendation"], answer["compliance_status"])
    title = f"{answer['name'] or answer['ticker']} · {rating} · {sure}"
    if answer["former"]:
        console.print(Text(f"formerly {', '.join(answer['former'])}", style="dim"))
    console.print(Panel(Text(answer["explanation"]), title=title, title_align="left"))
    for notice in answer["notices"]:
        console.print(Text(notice, style="dim"))
    console.print(
        Text(
            f"compliance: {answer['compliance_status']}"
            + (f" ({answer['reason']})" if answer["reason"] else "")
        )
    )
    _sources(console, answer)
    if answer["gaps"]:
        count = len(answer["gaps"])
        told = "1 gap; --json names it" if count == 1 else f"{count} gaps; --json names each"
        console.print(Text(told, style="dim"))


def _show(answer: Mapping[str, Any], run: Mapping[str, Any] | None) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    show_text(answer)
    console = Console()
    if run is None:
        console.print("not recorded", style="red")
        return
    stages = ", ".join(f"{one['stage']} {one['ms']:.0f}" for one in run["stages"])
    console.print(Text(f"{run['duration_ms'] / 1e3:.2f} s ({stages} ms)", style="dim"))
    console.print(Text(f"run {run['id']} · proof {answer['proof']}", style="dim"), soft_wrap=True)


def _sources(console: Console, answer: Mapping[str, Any]) -> None:
    from rich.text import Text  # noqa: PLC0415

    for number, one in enumerate(answer["sources"], 1):
        title = one["title"].partition(" https://")[0]  # the link is in the JSON and on the page
        console.print(Text(f"[{number}] {one['quote']} ({title})", style="dim"))
