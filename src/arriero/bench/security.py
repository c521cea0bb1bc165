"""Security scan on your files: which insecure code is flagged, which clean code is flagged for nothing.

A row of either file is JSON with the code in `Insecure_code` (SecurityEval), `origin_code` (CyberSecEval), `code`
(MBPP), or `prompt` + `canonical_solution` (HumanEval), or in `insecure` and `repaired` (our own pairs). An insecure
row names its weakness in `cwe`, `cwe_identifier`, or at the front of `ID`. A file may also be one JSON list.
A row counts as flagged when a weakness of medium severity or above is found in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from arriero.apps.codegen.security.fragment import readable
from arriero.apps.codegen.security.scan import scan
from arriero.bench.jsonl import objects
from arriero.bench.problems import PYTHON, language_of
from arriero.bench.report import Metric
from arriero.core.errors import InputError
from arriero.core.statistics import percentile, wilson

NUMBER = re.compile(r"CWE[-_ ]?0*(\d+)", re.IGNORECASE)
CODE = ("Insecure_code", "insecure", "code", "origin_code")
Judge = Callable[[str], frozenset[int] | None]


@dataclass(frozen=True, slots=True)
class Row:
    """One piece of code; `cwe` is the weakness it is known for (0: none is named)."""

    code: str
    cwe: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """What the scan found in a row: CWE numbers of medium severity or above, None for what is no Python."""

    found: frozenset[int] | None
    ms: float

    @property
    def flagged(self) -> bool:
        return bool(self.found)


def read_rows(file: Path, *, insecure: bool) -> tuple[Row, ...]:
    """The rows of a JSONL file (or a JSON list); rows in another language are left out. InputError names the line."""
    rows = []
    for number, row in objects(file):
        if language_of(row) not in PYTHON:
            continue
        code = _code(row, insecure=insecure)
        if code is None:
            raise InputError(
                f"{file.name}, row {number}: needs the code in Insecure_code, code, or prompt + canonical_solution"
            )
        rows.append(Row(code, _number(row) if insecure else 0))
    if not rows:
        raise InputError(
            f"{file.name} has no rows in Python; give JSONL with one piece of code a line"
        )
    return tuple(rows)


def measure(
    insecure: Sequence[Row], clean: Sequence[Row], judge: Judge | None = None
) -> Mapping[str, Metric]:
    """Recall, false alarms, and how often the very CWE number is found; code that cannot be read counts as not flagged.

    Benchmarks hold fragments: lines that do not parse are read as `pass`.
    """
    bad, good = said(insecure, judge), said(clean, judge)
    named = [(row, one) for row, one in zip(insecure, bad, strict=True) if row.cwe]
    times = sorted(one.ms for one in (*bad, *good))
    return {
        "recall": _share([one.flagged for one in bad]),
        "false_alarms": _share([one.flagged for one in good]),
        "cwe_exact": _share([row.cwe in (one.found or ()) for row, one in named]),
        "unreadable": Metric(
            sum(one.found is None for one in (*bad, *good)), len(bad) + len(good), "rows"
        ),
        "p50_ms": Metric(percentile(times, 50), len(times), "ms"),
        "p95_ms": Metric(percentile(times, 95), len(times), "ms"),
    }


def said(rows: Iterable[Row], judge: Judge | None = None) -> tuple[Said, ...]:
    """What `judge` (the scan) finds in each row, and how long it took."""
    found = []
    asked = judge or ours
    for row in rows:
        started = perf_counter()
        numbers = asked(row.code)
        found.append(Said(numbers, (perf_counter() - started) * 1_000))
    return tuple(found)


def ours(code: str) -> frozenset[int] | None:
    """The CWE numbers of medium severity or above; None when the code cannot be read."""
    text = readable(code)
    if text is None:
        return None
    try:
        return frozenset(one.cwe for one in scan(text).serious)
    except InputError:
        return None


def _share(right: Sequence[bool]) -> Metric:
    return Metric.of(wilson(sum(right), len(right)), len(right)) if right else Metric(0.0, 0)


def _code(row: Mapping[str, Any], *, insecure: bool) -> str | None:
    names = CODE if insecure else ("repaired", *CODE)
    for name in names:
        if isinstance(row.get(name), str):
            return str(row[name])
    if isinstance(row.get("prompt"), str) and isinstance(row.get("canonical_solution"), str):
        return f"{row['prompt']}{row['canonical_solution']}"
    return None


def _number(row: Mapping[str, Any]) -> int:
    for name in ("cwe", "cwe_identifier", "CWE", "ID", "id"):
        told = str(row.get(name, ""))
        if match := NUMBER.search(told):
            return int(match[1])
        if name == "cwe" and told.isdecimal():
            return int(told)
    return 0
