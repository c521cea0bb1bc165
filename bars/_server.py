"""A real `arriero up` on a free port over a data folder, ended by its process id."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from arriero.cli.started import Server, model_process, start, wait

__all__ = ["FAKES", "PROGRAM", "ROOT", "Server", "arriero", "fakes", "lazy", "model_process"]

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = Path(sys.executable).with_name("arriero")

# Fakes of every model: what is left is the platform. An open question goes to the generator first.
FAKES = """
[models]
encoder = "fake:encoder"
[apps.support]
wording = "free"
[apps.support.models]
intent_classifier = { model = "fake:INTENT" }
sentiment_analyzer = { model = "fake:neutral" }
response_generator = { model = "GENERATOR", temperature = 0.3, max_tokens = 60 }
[apps.chat.models]
chat = { model = "GENERATOR" }
"""


def fakes(intent: str, generator: str = "fake:echo") -> str:
    """Settings in which every message has this intent."""
    return FAKES.replace("INTENT", intent).replace("GENERATOR", generator)


@contextmanager
def arriero(data: Path, settings: str, *, within_s: float = 600.0) -> Iterator[Server]:
    """`arriero up` with `settings` (TOML) over `data`; ended with the block if it still runs."""
    data.mkdir(parents=True, exist_ok=True)
    config = data / "bar.toml"
    config.write_text(settings, encoding="utf-8")
    command = [str(PROGRAM), "up", "--port", "0", "--config", str(config), "--data", str(data)]
    yield from _running(command, data, within_s)


@contextmanager
def lazy(data: Path, kind: str) -> Iterator[Server]:
    """The laziest product that looks like a server (`bars/_lazy.py`)."""
    data.mkdir(parents=True, exist_ok=True)
    yield from _running([sys.executable, "-m", "bars._lazy", kind, str(data)], data, 60.0)


def _running(command: Sequence[str], data: Path, within_s: float) -> Iterator[Server]:
    server = wait(start(command, data, cwd=ROOT), data, within_s)
    try:
        yield server
    finally:
        server.end()
