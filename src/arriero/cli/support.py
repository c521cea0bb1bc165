"""`arriero support ...`: one file a command."""

from __future__ import annotations

import click

from arriero.cli.lazy import lazily

COMMANDS = {
    "train": ("support_train", "train", "Fit the intent classifier on your own messages."),
    "intent": ("support_intent", "intent", "Teach an intent by examples; it is live at once."),
    "ingest": (
        "support_ingest",
        "ingest",
        "Take in a folder of articles: Markdown, HTML, PDF, CSV.",
    ),
    "forget": ("support_forget", "forget", "Erase a customer for good."),
    "mode": ("support_mode", "mode", "Say which intents are answered, suggested or left alone."),
    "chat-token": ("support_chat", "chat_token", "Make a token for a customer's browser."),
    "rehearse": ("support_rehearse", "rehearse", "Answer past tickets without sending anything."),
}


@click.group(cls=lazily(COMMANDS))
def support() -> None:
    """The support app: its classifier, its knowledge, its modes."""
