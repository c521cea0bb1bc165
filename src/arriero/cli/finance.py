"""`arriero finance ...`: one file a command."""

from __future__ import annotations

import click

from arriero.cli.lazy import lazily

COMMANDS = {
    "facts": ("finance_facts", "facts", "Statements, ratios and a grade, with their filings."),
    "risk": ("finance_risk", "risk", "Risk factors of a report, and what changed since another."),
    "backtest": ("finance_backtest", "backtest", "Forecasts along a stock, and their earnings."),
    "scoreboard": ("finance_track", "scoreboard", "How often ratings were right, beside chance."),
    "portfolio": ("finance_track", "portfolio", "What following the ratings comes to, on paper."),
    "rules": ("finance_rules", "rules", "The compliance gate's rules; a change needs two people."),
    "search": ("finance_archive", "search", "Analyses by client, company and day."),
    "show": ("finance_archive", "show", "One analysis as it stands now."),
    "hold": ("finance_archive", "hold", "Keep a client's runs from being erased (legal hold)."),
    "withdraw": ("finance_rules", "withdraw", "Take back what the gate let through."),
}


@click.group(cls=lazily(COMMANDS))
def finance() -> None:
    """Financial analysis, part by part."""
