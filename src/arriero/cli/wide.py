"""Tables that need their width: a narrow window wraps their lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def wide(columns: int, *, highlight: bool = True) -> Console:
    """A console of so many columns at least: a name or an id that was cut off says nothing, and cannot be copied."""
    from rich.console import Console  # noqa: PLC0415  # keeps --help fast

    console = Console(highlight=highlight)
    console.width = max(console.width, columns)
    return console
