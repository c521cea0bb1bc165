"""`arriero bench ...`: our evaluations on anybody's files; one file an evaluation.

Each prints a table and, with `--json OUT`, writes DESIGN §6's format. The exit status is 0 unless the
run itself failed: a bad number is a result.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from arriero.cli.lazy import lazily

if TYPE_CHECKING:
    from arriero.bench.report import Report

COMMANDS = {
    "intents": ("bench_intents", "intents", "Intent accuracy, calibration, out-of-scope."),
    "sentiment": ("bench_sentiment", "sentiment", "Sentiment: macro recall and accuracy."),
    "retrieval": ("bench_retrieval", "retrieval", "Recall of required documents, three rankers."),
    "grounding": ("bench_grounding", "grounding", "Are corrupted answers told from true ones?"),
    "code": ("bench_code", "code", "Problems that generated code solves, hidden tests scoring."),
    "repair": ("bench_repair", "repair", "Broken code put right, hidden tests scoring."),
    "sandbox": ("bench_sandbox", "sandbox", "Does the sandbox hold hostile programs?"),
    "security": ("bench_security", "security", "Insecure code found, clean code left alone."),
    "compliance": (
        "bench_compliance",
        "compliance",
        "Violations blocked, clean texts let through.",
    ),
    "trend": ("bench_trend", "trend", "Volatility, P(up) and intervals from prices."),
    "facts": ("bench_facts", "facts", "Statements from companyfacts, against what was filed."),
    "risk-factors": (
        "bench_risk_factors",
        "risk_factors",
        "Sub-captions of Item 1A in filings, and their types.",
    ),
    "audit": ("bench_audit", "audit", "The audit log under load and under attack."),
    "cache": ("bench_cache", "cache", "Hits and false hits of the semantic cache."),
    "experiment": (
        "bench_experiment",
        "experiment",
        "What simulated rollouts promote and take back.",
    ),
}


@click.group(cls=lazily(COMMANDS))
def bench() -> None:
    """Measure Arriero's parts on your own files, with intervals."""


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--json OUT`, which every evaluation takes."""
    option = click.option(
        "--json",
        "out",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Write the results to this file, for machines.",
    )
    return option(command)


def show(report: Report, out: Path | None) -> None:
    """Print the report as a table, and write it to `out`, if that is given."""
    from rich.console import Console  # noqa: PLC0415  # keeps --help fast
    from rich.table import Table  # noqa: PLC0415

    from arriero.bench.report import write  # noqa: PLC0415

    table = Table("metric", "value", "95 % interval", "n", "unit", title=f"bench {report.bench}")
    for name, metric in report.results.items():
        known = metric.n > 0 and metric.low is not None and metric.high is not None
        span = f"{metric.low:.4g} to {metric.high:.4g}" if known else ""
        value = f"{metric.value:.4g}" if metric.n else "-"  # a share of nothing is no 0
        table.add_row(name, value, span, str(metric.n), metric.unit)
    Console().print(table)
    if out is not None:
        write(report, out)
