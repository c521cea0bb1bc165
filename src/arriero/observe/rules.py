"""The alerts of `observe/alerts.py` as Prometheus rules, from the same thresholds: pure text.

Prometheus counts what a server has answered since its first scrape; the ledger counts what it holds. So
close to a threshold one of them may alert some seconds before the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from arriero.core.settings import Thresholds

HEADER = """\
# Written by `arriero alerts rules` from [apps.*.thresholds]; do not edit.
# The same alerts as Arriero raises itself: over all replicas, silent below minimum_runs.
"""
EVERY_S = 15  # as often as Arriero looks itself
SEVERITY = "warning"


@dataclass(frozen=True, slots=True)
class _Rule:
    """`expression` is true while the alert should be on; `says` may use Prometheus' templates."""

    alert: str
    name: str
    expression: str
    says: str


def rules(thresholds: Mapping[str, Thresholds]) -> str:
    """A rule file (YAML) with a group for each app."""
    groups = "".join(_group(app, limits) for app, limits in thresholds.items())
    return f"{HEADER}groups:\n{groups}" if groups else f"{HEADER}groups: []\n"


def _group(app: str, limits: Thresholds) -> str:
    lines = [f"  - name: {_quoted(f'arriero-{app}')}", f"    interval: {EVERY_S}s", "    rules:"]
    for rule in _rules(app, limits):
        lines += [
            f"      - alert: {rule.alert}",
            "        expr: |-",
            *(f"          {line}" for line in rule.expression.splitlines()),
            f"        labels: {{app: {_quoted(app)}, name: {rule.name}, severity: {SEVERITY}}}",
            "        annotations:",
            f"          summary: {_quoted(rule.says)}",
        ]
    return "\n".join(lines) + "\n"


def _rules(app: str, limits: Thresholds) -> Iterator[_Rule]:
    def grown(metric: str) -> str:
        whole = limits.window_s == int(limits.window_s)  # Prometheus knows no 0.5s
        window = f"{limits.window_s:.0f}s" if whole else f"{limits.window_s * 1000:.0f}ms"
        return f"sum(increase({metric}{{app={json.dumps(app)}}}[{window}]))"

    def enough(metric: str) -> str:
        return f"and\n{grown(metric)} >= {limits.minimum_runs}"

    runs, seconds, scores = "arriero_run_seconds_count", "arriero_run_seconds", "arriero_quality"
    over = f"over {limits.window_s:g} s"
    yield _Rule(
        "ArrieroErrorRate",
        "error_rate",
        f"{grown('arriero_run_errors_total')} / {grown(runs)} > {limits.error_rate!r} {enough(runs)}",
        f"{app}: {{{{ $value | humanizePercentage }}}} of runs failed {over} "
        f"(threshold {limits.error_rate:.2%})",
    )
    yield _Rule(
        "ArrieroResponseTime",
        "response_time_ms",
        f"1000 * {grown(seconds + '_sum')} / {grown(runs)} > {limits.response_time_ms!r} {enough(runs)}",
        f'{app}: a run took {{{{ $value | printf "%.0f" }}}} ms in the mean {over} '
        f"(threshold {limits.response_time_ms:g} ms)",
    )
    yield _Rule(
        "ArrieroQuality",
        "quality",
        f"{grown(scores + '_sum')} / {grown(scores + '_count')} < {limits.quality!r} "
        f"{enough(scores + '_count')}",
        f'{app}: quality was {{{{ $value | printf "%.2f" }}}} in the mean {over} '
        f"(threshold {limits.quality:g})",
    )


def _quoted(text: str) -> str:
    """`text` as a double-quoted YAML scalar; JSON's strings are such."""
    return json.dumps(text, ensure_ascii=False)
