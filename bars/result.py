"""What a bar measured, as a file under bars/results/ that says where and when it was measured."""

from __future__ import annotations

import json
import operator
import os
import platform
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. `bar` is what it has to be (`<= 5`); empty: shown, not promised.

    `low` and `high` bound the 95 % interval, when the bar works one out from `n` observations.
    """

    name: str
    value: float
    unit: str
    bar: str = ""
    n: int | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if self.bar:
            _parsed(self.bar)

    @property
    def holds(self) -> bool | None:
        """Whether the bar is met, which nothing measured never is; None without a bar."""
        if not self.bar:
            return None
        if self.n == 0:
            return False
        compare, limit = _parsed(self.bar)
        return compare(self.value, limit)


@dataclass(frozen=True, slots=True)
class Result:
    """All figures of one bar. `what` is the claim in a sentence, `machine` where it was measured."""

    bar: str
    what: str
    figures: tuple[Figure, ...]
    at: str = ""
    commit: str = ""
    machine: str = ""

    @property
    def holds(self) -> bool:
        return all(figure.holds is not False for figure in self.figures)


def save(bar: str, what: str, figures: Sequence[Figure], folder: Path = RESULTS) -> Result:
    """Write `folder/BAR.json`, stamped with time, commit and machine, and print the figures."""
    result = Result(bar, what, tuple(figures), _now(), commit(), machine())
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(result), indent=2, ensure_ascii=False)
    (folder / f"{bar}.json").write_text(text + "\n", encoding="utf-8")
    for figure in result.figures:
        print(said(figure))
    return result


def load(path: Path) -> Result:
    """Read what `save` wrote."""
    table = json.loads(path.read_text(encoding="utf-8"))
    figures = tuple(Figure(**figure) for figure in table.pop("figures"))
    return replace(Result(figures=(), **table), figures=figures)


def said(figure: Figure) -> str:
    """`p50 3.1 ms (<= 5: met)`"""
    words = f"{figure.name}: {figure.value:g} {figure.unit}"
    if figure.holds is None:
        return words
    return f"{words} ({figure.bar}: {'met' if figure.holds else 'MISSED'})"


def commit() -> str:
    """The commit that was measured, with `+` when files differed from it."""
    head = _git("rev-parse", "--short=10", "HEAD")
    if not head:
        return "unknown"
    return head + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")


def machine() -> str:
    """Cores, processor and memory: what a number depends on, and nothing that names the host."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores, {_processor()}, {memory:.0f} GiB, Python {platform.python_version()}"


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.machine()


def _parsed(bar: str) -> tuple[Callable[[float, float], bool], float]:
    sign, _, limit = bar.partition(" ")
    if sign not in COMPARE:
        raise ValueError(f"a bar reads like '<= 5', not {bar!r}")
    return COMPARE[sign], float(limit)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _git(*argv: str) -> str:
    done = subprocess.run(
        ["git", *argv], capture_output=True, text=True, cwd=HERE, timeout=30, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else ""
