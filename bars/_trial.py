"""How much of a bar is run: all of it, or with --short just enough to see that it works."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bars.result import Figure, save

SHORT = "--short"


def short() -> bool:
    """Whether this is a trial: few repetitions, and nothing is written under bars/results."""
    return SHORT in sys.argv[1:]


def count(full: int, few: int) -> int:
    """`full` repetitions, or `few` in a trial."""
    return few if short() else full


def keep(bar: str, what: str, figures: Sequence[Figure]) -> None:
    """Save a full run; of a trial only print the figures."""
    if not short():
        save(bar, what, figures)
        return
    with tempfile.TemporaryDirectory() as folder:
        save(bar, what, figures, Path(folder))
    print(f"({bar}: a trial; nothing was kept)")


def progress(text: str) -> None:
    print(f"   {text}", flush=True)
