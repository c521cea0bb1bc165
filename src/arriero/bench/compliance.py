"""The compliance gate on your texts: which violations are blocked, which clean texts are blocked for nothing.

A row of the JSONL corpus is `{"id", "rule", "kind", "profile", "audience", "text", "record"}`: `rule` is the rule that the
text or its record breaks, null for a clean one; `kind` is violation, paraphrase, split, lookalike, near_miss or clean;
`record` says what is different from the complete record (apps/finance/compliance/RECORD.md). Only `text` has to be there:
a row without rule and kind is clean, without profile and audience a broker-dealer's for retail readers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

from arriero.apps.finance.compliance.base import Audience, Profile, Publication
from arriero.apps.finance.compliance.complete import publication
from arriero.apps.finance.compliance.gate import Encode, heard
from arriero.apps.finance.compliance.pack import shipped
from arriero.bench.jsonl import objects
from arriero.bench.report import Metric
from arriero.core.errors import InputError
from arriero.core.statistics import percentile, wilson

CLEAN = ("near_miss", "clean")
KINDS = ("violation", "paraphrase", "split", "lookalike", *CLEAN)
Judge = Callable[[Publication], frozenset[str]]


@dataclass(frozen=True, slots=True)
class Row:
    """A text with its record; `rule` is what it breaks, None when it is to be released."""

    id: str
    rule: str | None
    kind: str
    publication: Publication


@dataclass(frozen=True, slots=True)
class Said:
    """The rules that failed for a row, and how long that took."""

    row: Row
    failed: frozenset[str] = field(default=frozenset())
    ms: float = 0.0

    @property
    def miss(self) -> bool:
        """A violation that was released, or a clean text that was not."""
        return bool(self.failed) == (self.row.rule is None)


def read_rows(file: Path) -> tuple[Row, ...]:
    """The rows of a corpus; InputError names the line that is wrong."""
    rows = [_row(file, at, row) for at, row in objects(file)]
    if not rows:
        raise InputError(f"{file.name} has no rows; give JSONL with one text a line")
    return tuple(rows)


def judged(rows: Iterable[Row], judge: Judge | None = None) -> tuple[Said, ...]:
    """What `judge` (default: the gate without an encoder) says of each row."""
    found = []
    for row in rows:
        started = perf_counter()
        failed = (judge or gate)(row.publication)
        found.append(Said(row, failed, (perf_counter() - started) * 1_000))
    return tuple(found)


def measure(said: Sequence[Said]) -> Mapping[str, Metric]:
    """`blocked` of the violations, `false_blocks` of the clean texts; the share blocked by the very rule; by kind."""
    bad = [one for one in said if one.row.rule is not None]
    good = [one for one in said if one.row.rule is None]
    found = {
        "blocked": _share([bool(one.failed) for one in bad]),
        "false_blocks": _share([bool(one.failed) for one in good]),
        "by_the_rule": _share([one.row.rule in one.failed for one in bad]),
    }
    for kind in KINDS:
        mine = [bool(one.failed) for one in said if one.row.kind == kind]
        if mine:
            found[f"{'false_blocks' if kind in CLEAN else 'blocked'}_{kind}"] = _share(mine)
    times = sorted(one.ms for one in said)
    found["p50_ms"] = Metric(percentile(times, 50), len(times), "ms")
    found["p95_ms"] = Metric(percentile(times, 95), len(times), "ms")
    return found


def misses(said: Sequence[Said]) -> tuple[str, ...]:
    """A line for each row that was judged wrongly, with the end of its text."""
    return tuple(
        f"{one.row.id}: {_wrongly(one)} ({one.row.kind}): "
        f"{' '.join(one.row.publication.text.split())[-240:]}"
        for one in said
        if one.miss
    )


def _wrongly(one: Said) -> str:
    if one.row.rule is not None:
        return f"released, breaks {one.row.rule}"
    return f"blocked by {', '.join(sorted(one.failed))}"


def gate_with(encode: Encode | None) -> Judge:
    """The rules that fail in the shipped pack, before any repair; without an encoder every doubt stands."""

    def judge(one: Publication) -> frozenset[str]:
        return frozenset(result.id for result in heard(one, shipped(), encode).failed)

    return judge


gate = gate_with(None)


def _share(right: Sequence[bool]) -> Metric:
    return Metric.of(wilson(sum(right), len(right)), len(right)) if right else Metric(0.0, 0)


def _row(file: Path, at: int, row: Mapping[str, Any]) -> Row:
    where = f"{file.name}, line {at}"
    if not isinstance(row.get("text"), str):
        raise InputError(f"{where}: needs an object with a 'text'")
    if not isinstance(row.get("record") or {}, dict):
        raise InputError(f"{where}: record has to be an object; RECORD.md lists its fields")
    rule = row.get("rule")
    kind = row.get("kind") or ("clean" if rule is None else "violation")
    if kind not in KINDS or (rule is None) != (kind in CLEAN):
        raise InputError(
            f"{where}: kind {kind!r} does not go with rule {rule!r}; kinds: {', '.join(KINDS)}"
        )
    try:
        if rule is not None:
            shipped().rule(str(rule))
        one = publication(
            row.get("profile") or Profile.BROKER_DEALER,
            row.get("audience") or Audience.RETAIL,
            row["text"],
            row.get("record") or {},
        )
    except InputError as error:
        raise InputError(f"{where}: {error.message}") from None
    return Row(str(row.get("id", at)), rule, kind, one)
