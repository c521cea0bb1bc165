"""Generated code as a person reads it: the code, what stands against it, and how its score came about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from arriero.cli.ask import only, put

PATH = "/v1/code/generations"  # of the app's door

if TYPE_CHECKING:
    from rich.console import Console

    from arriero.core.settings import Settings


def asked_for_code(
    settings: Settings,
    wanted: Mapping[str, Any],
    *,
    deadline_ms: float | None = None,
    as_json: bool = False,
    alone: bool = False,
    files: bool = True,
) -> Mapping[str, Any]:
    """Ask for what is `wanted`, print the answer, and return it. `alone`: no running server is asked.

    Without `files` a person is told of the code, and not shown it.
    """
    settings = only(settings, "codegen") if alone else settings
    body = {name: value for name, value in wanted.items() if value is not None}
    if deadline_ms is not None:
        body["deadline_ms"] = deadline_ms
    answer, run = put(settings, "codegen", PATH, body, alone=alone)
    if as_json:
        click.echo(json.dumps({"answer": answer, "run": run}, indent=2))
    else:
        show(answer, run, files=files)
    told: Mapping[str, Any] = answer
    return told


def show(answer: Mapping[str, Any], run: Mapping[str, Any] | None, *, files: bool = True) -> None:
    """The files, warnings, the terms of the score and the times of the stages."""
    from rich.console import Console  # noqa: PLC0415  # keeps --help fast
    from rich.text import Text  # noqa: PLC0415

    console = Console()
    if answer["code"] and files:
        for name, text in {answer["main"]: answer["code"], **answer["files"]}.items():
            console.rule(name, align="left", style="dim")
            console.print(Text(text.rstrip()))
        console.rule(style="dim")
    elif not answer["code"]:
        told = answer["documentation"] or answer["reason"]
        console.print(Text(" ".join(answer["questions"]) or told))
    for warning in answer["warnings"]:
        console.print(Text(f"warning: {warning}", style="yellow"))
    decision = answer["decision"] or answer["outcome"]
    console.print(Text(f"{decision} \u00b7 {answer['validation_score']:.1f} of 10", style="bold"))
    _terms(answer, console)
    for missed in answer.get("degraded", ()):
        console.print(Text(missed, style="red"))
    if run is None:
        return
    stages = ", ".join(f"{stage['stage']} {stage['ms']:.0f} ms" for stage in run["stages"])
    tokens = f"{run['tokens_in']} tokens in, {run['tokens_out']} out"
    seconds = run["duration_ms"] / 1e3
    console.print(Text(f"{stages}; {seconds:.1f} s \u00b7 {tokens}", style="dim"))
    console.print(Text(f"run {run['id']}", style="dim"), soft_wrap=True)


def _terms(answer: Mapping[str, Any], console: Console) -> None:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    if not answer["terms"]:
        return
    table = Table("term", "score", "why", box=None, header_style="bold")
    for term in answer["terms"]:
        score = "-" if term["left_out"] else f"{term['got']:.2f} of {term['out_of']:g}"
        table.add_row(term["name"], score, Text(term["why"]))
    console.print(table)
    if answer["cap"]:
        console.print(Text(f"capped: {answer['cap']}"))
