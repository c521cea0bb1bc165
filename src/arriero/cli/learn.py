"""`arriero learn ...`: one file a command."""

from __future__ import annotations

import click

from arriero.cli.lazy import lazily

COMMANDS = {
    "start": ("learn_cycles", "start", "Begin a cycle now."),
    "status": ("learn_cycles", "status", "The newest cycles and where they stand."),
    "explain": ("learn_cycles", "explain", "Why a cycle went the way it went."),
    "abort": ("learn_cycles", "abort", "End an open cycle; the champion goes on."),
    "exams": ("learn_exams", "exams", "What champions answered their golden sets."),
    "feedback": ("learn_feedback", "feedback", "Where quality is lost, and what to fix first."),
    "dataset": ("learn_dataset", "dataset", "Build a dataset of what people said."),
    "heads": ("learn_heads", "heads", "Fit classifiers anew with corrected labels."),
    "import": ("learn_import", "import_", "Take in logs of an OpenAI-compatible service."),
    "forget": ("learn_forget", "forget", "Erase a person, and say what to train again."),
}


@click.group(cls=lazily(COMMANDS))
def learn() -> None:
    """Feedback in, a provably better variant out."""
