"""`arriero ask "QUESTION"`: a question to customer support."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from arriero.cli.ask import put, show
from arriero.cli.options import load, settings_options

if TYPE_CHECKING:
    from arriero.core.settings import Settings


@click.command("support")
@click.argument("question")
@click.option("--customer", help="Who asks (default in the sample shop: the owner of order 10234).")
@click.option("--deadline-ms", type=float, help="Give up after this long.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
@settings_options
def ask_support(
    question: str,
    customer: str | None,
    deadline_ms: float | None,
    as_json: bool,
    config: Path | None,
    data: Path | None,
) -> None:
    """Ask customer support QUESTION; prints the answer, then its stages, verdicts and sources."""
    settings = load(config, data)
    note = ""
    if customer is None:
        customer = _sample_customer(settings)
        note = f"asked as customer {customer} of the sample shop; --customer ID asks as another"
    body: dict[str, Any] = {"message": question, "customer": customer}
    if deadline_ms is not None:
        body["deadline_ms"] = deadline_ms
    answer, run = put(settings, "support", "/v1/support/inquiries", body)
    if as_json:
        click.echo(json.dumps({"answer": answer, "run": run}, indent=2))
    else:
        show(answer, run, note)


def _sample_customer(settings: Settings) -> str | None:
    from arriero.assembly import app_settings  # noqa: PLC0415  # keeps --help fast

    section = app_settings(settings)["support"]
    if getattr(section, "directory", "") != "sample:":
        return None
    return str(getattr(section, "sample_customer", "")) or None
