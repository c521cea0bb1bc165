"""`arriero demo`: what Arriero does when things go wrong, and how it learns, on this machine."""

from __future__ import annotations

import click

from arriero.cli.lazy import lazily

COMMANDS = {
    "chaos": (
        "demo_chaos",
        "chaos",
        "Kill model, cache and server under load; count what is lost.",
    ),
    "learning": (
        "demo_learning",
        "learning",
        "A model learns from ratings, proves it, and serves.",
    ),
    "rules": ("demo_rules", "rules", "Promote at +5 %, or prove it: on 1,000 identical models."),
}


@click.group(cls=lazily(COMMANDS))
def demo() -> None:
    """See Arriero survive, learn and prove what is better; nothing of yours is touched."""
