"""Where the public data sets lie: the folder that ARRIERO_DATA names, else the one beside the project."""

from __future__ import annotations

import os
from pathlib import Path

from bars.result import HERE


def data(*names: str) -> Path:
    """A file or folder of the public data."""
    named = os.environ.get("ARRIERO_DATA", HERE.parents[1] / "shared" / "data")
    return Path(named).joinpath(*names)
