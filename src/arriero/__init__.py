"""Arriero takes fine-tuned language models into production and keeps them improving there.

`async with arriero.open_platform() as platform:` opens everything that the settings name.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from arriero.assembly import open_platform
    from arriero.core.settings import Settings

__all__ = ["Settings", "open_platform"]

_HOMES = {"Settings": "arriero.core.settings", "open_platform": "arriero.assembly"}


def __getattr__(name: str) -> Any:
    """Public names are imported when they are first used, so that `import arriero` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'arriero' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
