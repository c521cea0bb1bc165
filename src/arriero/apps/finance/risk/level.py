"""One level for a stock's risk, by the published table `level.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Measure:
    """A row of the table: beyond `limits[i]` the level is at least `i + 1`."""

    name: str
    unit: str
    limits: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Table:
    levels: tuple[str, ...]
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """A measure of a stock, and the level it stands for."""

    name: str
    value: float
    level: str


@cache
def table() -> Table:
    """The table that comes with the package."""
    read = tomllib.loads(files(__package__).joinpath("level.toml").read_text(encoding="utf-8"))
    measures = tuple(
        Measure(row["name"], row["unit"], tuple(float(limit) for limit in row["limits"]))
        for row in read["measure"]
    )
    return Table(tuple(read["levels"]), measures)


def placed(values: Mapping[str, float | None]) -> tuple[Placed, ...]:
    """Each value that is known in its row, worst first; a name that the table lacks is a `KeyError`."""
    known = table()
    rows = {measure.name: measure for measure in known.measures}
    found = [
        (sum(value > limit for limit in rows[name].limits), name, value)
        for name, value in values.items()
        if value is not None
    ]
    found.sort(key=lambda one: (-one[0], one[1]))
    return tuple(Placed(name, value, known.levels[rank]) for rank, name, value in found)
