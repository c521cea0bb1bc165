"""What an evaluation gives: metrics with intervals, and what they were measured on (DESIGN §6)."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from math import isfinite
from pathlib import Path

from arriero.core.errors import InputError
from arriero.core.statistics import Interval


@dataclass(frozen=True, slots=True)
class Metric:
    """A measured value with its 95 % interval (None where none was worked out) from `n` cases."""

    value: float
    n: int
    unit: str = "share"
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, interval: Interval, n: int, unit: str = "share") -> Metric:
        return cls(interval.value, n, unit, interval.low, interval.high)


@dataclass(frozen=True, slots=True)
class Report:
    """One evaluation: `inputs` maps each file's name to the SHA-256 of what was in it."""

    bench: str
    inputs: Mapping[str, str]
    environment: Mapping[str, str]
    results: Mapping[str, Metric]


def report(bench: str, inputs: Sequence[Path], results: Mapping[str, Metric]) -> Report:
    """`results` with the hashes of `inputs` (files or folders) and this environment.

    A second input of the same name and other content is called `NAME (2)`.
    """
    hashes: dict[str, str] = {}
    for path in inputs:
        name, digest = path.absolute().name, fingerprint(path)
        names = (name, *(f"{name} ({number})" for number in range(2, len(inputs) + 1)))
        hashes[next(one for one in names if hashes.get(one, digest) == digest)] = digest
    return Report(bench, hashes, environment(), results)


def fingerprint(path: Path) -> str:
    """SHA-256 of a file; of a folder, of its files' names and hashes, in order of the names."""
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    if not path.is_dir():
        raise InputError(f"{str(path)!r} does not exist; give a file or a folder that does")
    files = sorted(file for file in path.rglob("*") if file.is_file())
    lines = (f"{file.relative_to(path).as_posix()} {fingerprint(file)}\n" for file in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def environment() -> Mapping[str, str]:
    """What a number depends on, and nothing that names the machine."""
    return {
        "arriero": version("arriero"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": str(
            len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        ),
    }


def write(report: Report, out: Path) -> None:
    """Write `report` as JSON; one sentence when `out` cannot be written. What is no finite number is null."""
    told = asdict(report)
    for metric in told["results"].values():
        for name in ("value", "low", "high"):
            if metric[name] is not None and not isfinite(metric[name]):
                metric[name] = None
    try:
        out.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{str(out)!r} cannot be written ({error.strerror}); choose another"
        ) from None
