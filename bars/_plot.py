"""A series as text, so that its shape can be seen in a log."""

from __future__ import annotations

from collections.abc import Sequence


def plot(values: Sequence[float], *, width: int = 72, height: int = 8) -> str:
    """`values` from left to right as columns of dots, the scale at the left; empty for no values.

    Each column shows the largest of the values that fall into it: a peak is never averaged away.
    """
    if not values:
        return ""
    columns = [max(part) for part in _parts(values, min(width, len(values)))]
    low, high = min(columns), max(columns)
    step = (high - low) / (height - 1) or 1.0
    rows = [round((value - low) / step) for value in columns]
    return "\n".join(
        f"{low + row * step:9.1f} |" + "".join("*" if at == row else " " for at in rows)
        for row in reversed(range(height))
    )


def _parts(values: Sequence[float], count: int) -> list[Sequence[float]]:
    edges = [len(values) * at // count for at in range(count + 1)]
    return [values[edges[at] : edges[at + 1]] for at in range(count)]
