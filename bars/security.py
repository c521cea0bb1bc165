"""Security scan: pairs of insecure code and its repaired twin, false alarms on references and on packages, time.

Half of the pairs (`security_pairs_first.jsonl`) was written before the rules, the second half before they were
tuned, the third after the last change of a rule; each half's figures stand apart, because only the third is
blind. Beside it: bandit alone, flag all, flag none. MBPP's references were looked at while tuning, HumanEval's not.
"""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter

from arriero.apps.codegen.security import linters
from arriero.apps.codegen.security.findings import Severity
from arriero.apps.codegen.security.scan import scan
from arriero.bench.security import Judge, ours, read_rows, said
from arriero.core.errors import InputError
from arriero.core.statistics import percentile, wilson
from bars._data import data
from bars._trial import count, keep, progress, short
from bars.result import HERE, Figure

HALVES = ("first", "second", "third")
# Ten packages that the tests install anyway; chosen before any of them was scanned.
PACKAGES = (
    *("click", "httpx", "starlette", "rich", "anyio"),
    *("pydantic", "sqlalchemy", "cryptography", "urllib3", "packaging"),
)
Pair = Mapping[str, str]


def main() -> None:
    pairs = {half: pairs_of(half)[:: count(1, 10)] for half in HALVES}
    every = [pair for half in HALVES for pair in pairs[half]]
    figures = [*pair_figures(every, ours, "", promised=True)]
    for half in HALVES:
        figures += pair_figures(pairs[half], ours, f"_{half}", promised=half == "third")
    figures += [
        Figure("pairs", len(every), "pairs", ">= 200" if not short() else "", len(every)),
        Figure(
            "cwes", len({pair["cwe"] for pair in every}), "CWEs", ">= 60" if not short() else ""
        ),
    ]
    for name, judge in (("bandit", bandit), ("flag_all", flag_all), ("flag_none", flag_none)):
        figures += pair_figures(every, judge, f"_by_{name}", promised=False)
    figures += references()
    figures += packages()
    figures += times(every)
    keep("security", "security scan on pairs of insecure and repaired Python code", figures)


def pairs_of(half: str) -> list[Pair]:
    """The pairs of one half, in the order in which they were written."""
    text = (HERE / f"security_pairs_{half}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def pair_figures(
    pairs: Sequence[Pair], judge: Judge, suffix: str, *, promised: bool
) -> list[Figure]:
    """Pairs right (insecure flagged, twin not), exact CWE, recall, twins flagged."""
    bad = [judge(pair["insecure"]) or frozenset() for pair in pairs]
    good = [bool(judge(pair["repaired"])) for pair in pairs]
    numbers = [int(pair["cwe"].removeprefix("CWE-")) for pair in pairs]
    right = [bool(one) and not twin for one, twin in zip(bad, good, strict=True)]
    exact = [number in one for number, one in zip(numbers, bad, strict=True)]
    return [
        share(f"pairs_right{suffix}", right, ">= 0.75" if promised else ""),
        share(f"cwe_exact{suffix}", exact, ">= 0.6" if promised else ""),
        share(f"recall{suffix}", [bool(one) for one in bad], ">= 0.85" if promised else ""),
        share(f"twins_flagged{suffix}", good, ""),
    ]


def references() -> list[Figure]:
    """Reference solutions that are flagged; left out when the public files are not there."""
    folder = data()
    figures = []
    for name, file in (("humaneval", "HumanEval.jsonl"), ("mbpp", "mbpp.jsonl")):
        path = folder / name / file
        if not path.exists():
            progress(f"{name} is not there; set ARRIERO_DATA")
            continue
        rows = read_rows(path, insecure=False)[:: count(1, 20)]
        figures.append(share(f"flagged_{name}", [one.flagged for one in said(rows)], "<= 0.02"))
    return figures


def packages() -> list[Figure]:
    """Findings of medium severity or above per 1,000 lines of well-kept packages."""
    found, lines = 0, 0
    for name in PACKAGES[:: count(1, 9)]:
        mine, length = _package(name)
        progress(f"{name}: {mine} in {length:,} lines")
        found, lines = found + mine, lines + length
    per = round(found / max(lines, 1) * 1_000, 3)
    return [
        Figure("findings_per_1000_lines", per, "findings", "<= 1", lines, note=f"{found} findings")
    ]


def _package(name: str) -> tuple[int, int]:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.submodule_search_locations
    found, lines = 0, 0
    for file in sorted(Path(spec.submodule_search_locations[0]).rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        lines += text.count("\n")
        try:
            found += len(scan(text).serious)
        except InputError as error:
            progress(f"{file.name}: {error.message}")
    return found, lines


def times(pairs: Sequence[Pair]) -> list[Figure]:
    """Milliseconds of a scan of one usual function: on the clock, and of a processor (with ruff's child)."""
    scan("x = 1\n")
    spent, worked = [], []
    for pair in pairs[:: count(2, 20)]:
        started, before = perf_counter(), os.times()
        scan(pair["insecure"])
        spent.append((perf_counter() - started) * 1_000)
        worked.append(sum(now - then for now, then in zip(os.times()[:4], before[:4], strict=True)))
    mean = sum(worked) / len(worked) * 1_000
    return [
        Figure("p50_ms", round(percentile(spent, 50), 1), "ms", "<= 100", len(spent)),
        Figure("p95_ms", round(percentile(spent, 95), 1), "ms", "", len(spent)),
        Figure("processor_ms", round(mean, 1), "ms", "", len(worked), note="mean"),
    ]


def share(name: str, right: Sequence[bool], bar: str) -> Figure:
    """A share with its Wilson interval."""
    seen = wilson(sum(right), len(right))
    value, low, high = (round(number, 4) for number in (seen.value, seen.low, seen.high))
    return Figure(name, value, "share", bar, len(right), low, high)


def bandit(code: str) -> frozenset[int] | None:
    """Bandit alone, in its own severities and numbers."""
    heard = linters.bandit(code) or []
    return frozenset(one.cwe for one in heard if one.severity is not Severity.LOW)


def flag_all(_code: str) -> frozenset[int] | None:
    """The laziest product that finds everything."""
    return frozenset({89})


def flag_none(_code: str) -> frozenset[int] | None:
    """The laziest product that raises no alarm."""
    return frozenset()


if __name__ == "__main__":
    main()
