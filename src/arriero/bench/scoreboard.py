"""The case studies' claims beside what is measured here: read from committed results, never typed in."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arriero.core.errors import InputError

CLAIMS = Path(__file__).with_name("scoreboard.toml")
# Results are committed with the source; an installed wheel has none and says so row by row.
RESULTS = Path(__file__).parents[3] / "bars" / "results"


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric of a committed result, with its 95 % interval where it has one."""

    value: float
    low: float | None
    high: float | None
    n: int | None
    unit: str
    commit: str
    machine: str


@dataclass(frozen=True, slots=True)
class Row:
    """A claim, and either what was measured by which bar, or why nothing was."""

    system: str
    what: str
    claim: str
    measured: Measured | None
    bar: str
    because: str


def rows(claims: Path = CLAIMS, results: Path = RESULTS) -> Sequence[Row]:
    """Every claim with its measured value; a claim whose result is not there says so."""
    table = tomllib.loads(claims.read_text(encoding="utf-8"))["claim"]
    return [_row(claim, results) for claim in table]


def _row(claim: Mapping[str, Any], folder: Path) -> Row:
    name, metric = claim.get("measured", ("", ""))
    measured = _measured(folder, name, metric) if name else None
    bar = f"bars/{name}.py" if name else ""
    if measured:
        because = claim.get("note", "")
    else:
        because = "no committed result" if name else claim["because"]
    return Row(claim["system"], claim["what"], claim["claim"], measured, bar, because)


def _measured(folder: Path, name: str, metric: str) -> Measured | None:
    file = folder / f"{name}.json"
    if not file.exists():
        return None
    result = json.loads(file.read_text(encoding="utf-8"))
    figures = {figure["name"]: figure for figure in result["figures"]}
    if metric not in figures:
        raise InputError(f"{file} has no figure {metric!r}; it has: {', '.join(figures)}")
    given = figures[metric]
    return Measured(
        value=given["value"],
        low=given["low"],
        high=given["high"],
        n=given["n"],
        unit=given["unit"],
        commit=result["commit"],
        machine=result["machine"],
    )
